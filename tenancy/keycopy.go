package tenancy

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"io"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy/internal/seal"
)

// maxKeyCopy is far more than the versions of one tenant's key take.
const maxKeyCopy = 1 << 20

// keyCopy is a tenant's key as it lies beside a backup, encrypted to the operator's recipients.
type keyCopy struct {
	Tenant uuid.UUID   `json:"tenant"`
	Keys   []copiedKey `json:"keys"`
}

type copiedKey struct {
	Version   int64     `json:"version"`
	State     KeyState  `json:"state"`
	Secret    []byte    `json:"secret"`
	CreatedAt time.Time `json:"created_at"`
}

// CopyKey writes all versions of the tenant's key to w, encrypted in the age format to recipients: with the one identity and this, a sealed archive opens without this
// control database ([Restoration].KeyCopy). Wherever it lies it has to be destroyed when the tenant is purged, and nowhere else does it matter.
//
// Permission: tenancy.backup, in the tenant's scope. Errors: the unscoped codes, tenancy.forbidden, tenancy.bad_input (no recipient), tenancy.key (the program has no Keys),
// tenancy.key_destroyed, and w's own.
func (b *Backups) CopyKey(ctx context.Context, w io.Writer, recipients ...age.Recipient) error {
	const op = "tenancy.Backups.CopyKey"
	s, err := b.scope(ctx, op)
	if err != nil {
		return err
	}
	if len(recipients) == 0 {
		return ErrBadInput.New(op, "a key is copied for somebody, and never in the clear")
	}
	if _, _, err := b.db.keyrings.sealing(ctx, op, s.tenant); err != nil { // makes the first one
		return err
	}
	rows, err := b.db.keyrings.rows(ctx, op, s.tenant)
	if err != nil {
		return err
	}
	c := keyCopy{Tenant: s.tenant}
	for i := range rows {
		if rows[i].State == KeyDestroyed {
			return ErrKeyDestroyed.New(op, "")
		}
		secret, err := b.db.keyrings.unwrap(ctx, op, &rows[i])
		if err != nil {
			return err
		}
		c.Keys = append(c.Keys, copiedKey{rows[i].Version, rows[i].State, secret, rows[i].CreatedAt.UTC()})
	}
	text, err := json.Marshal(c)
	if err != nil {
		return ErrKey.Wrap(op, err, "")
	}
	out, err := age.Encrypt(w, recipients...)
	if err != nil {
		return err
	}
	if _, err := out.Write(text); err != nil {
		return err
	}
	return out.Close()
}

// openKeyCopy reads what CopyKey wrote, of this tenant.
func openKeyCopy(op string, tenant uuid.UUID, r io.Reader, identities []age.Identity) (*keyCopy, error) {
	plain, err := age.Decrypt(io.LimitReader(r, maxKeyCopy), identities...)
	if err != nil {
		return nil, ErrKey.Wrap(op, err, "the copy of the key is damaged, or for other identities")
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		return nil, ErrKey.Wrap(op, err, "the copy of the key is damaged, or cut off")
	}
	c := new(keyCopy)
	if err := json.Unmarshal(text, c); err != nil {
		return nil, ErrKey.Wrap(op, err, "the copy of the key is none of ours")
	}
	if c.Tenant != tenant || len(c.Keys) == 0 {
		return nil, ErrKey.New(op, "the copy of the key is another tenant's")
	}
	for _, k := range c.Keys {
		if k.Version < 1 || len(k.Secret) != seal.KeySize || k.State != KeyActive && k.State != KeyRetiring && k.State != KeyRetired {
			return nil, ErrKey.New(op, "the copy of the key is none of ours")
		}
	}
	return c, nil
}

// adopt takes versions of a key in that are not here, wrapped by this program's Keys. What is here stays, and must be the same; what was destroyed here does not come back.
func (k *keyrings) adopt(ctx context.Context, op string, c *keyCopy) error {
	if k.port == nil {
		return ErrKey.New(op, "the program has no Keys")
	}
	rows, err := k.rows(ctx, op, c.Tenant)
	if err != nil {
		return err
	}
	here, active := map[int64]*keyRow{}, false
	for i := range rows {
		if rows[i].State == KeyDestroyed {
			return ErrKeyDestroyed.New(op, "")
		}
		here[rows[i].Version], active = &rows[i], active || rows[i].State == KeyActive
	}
	defer k.forget(c.Tenant)
	for _, v := range c.Keys {
		if row := here[v.Version]; row != nil {
			secret, err := k.unwrap(ctx, op, row)
			if err != nil {
				return err
			}
			if subtle.ConstantTimeCompare(secret, v.Secret) != 1 {
				return ErrKey.New(op, "the tenant has another key of version %d here", v.Version)
			}
			continue
		}
		now := k.db.now()
		row := &keyRow{TenantID: c.Tenant, Version: v.Version, State: v.State, WrappedAt: now, CreatedAt: v.CreatedAt.UTC().Truncate(time.Microsecond), ChangedAt: now}
		if active && row.State == KeyActive { // it was rotated since
			row.State = KeyRetired
		}
		if row.Wrapped, err = k.wrap(ctx, v.Secret, c.Tenant, v.Version); err != nil {
			return err
		}
		if _, err := k.db.control.Control().NewInsert().Model(row).ModelTableExpr(k.table()).On("CONFLICT DO NOTHING").Exec(ctx); err != nil {
			return k.db.control.Fault(op, err)
		}
	}
	return nil
}
