package access

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// keyRow is an API key.
type keyRow struct {
	ID          uuid.UUID `bun:"id,pk"`
	KeyHash     string    `bun:"key_hash" privacy:"credential,delete"`
	TenantID    uuid.UUID `bun:"tenant_id"`
	UserID      uuid.UUID `bun:"user_id"`
	Name        string    `bun:"name" privacy:"free-text,delete"`
	Hint        string    `bun:"hint" privacy:"none"`
	Permissions string    `bun:"permissions" privacy:"none"`
	CreatedAt   time.Time `bun:"created_at"`
	LastUsedAt  time.Time `bun:"last_used_at,nullzero"`
	ExpiresAt   time.Time `bun:"expires_at"`
	RevokedAt   time.Time `bun:"revoked_at,nullzero"`
}

// Key is an API key of a tenant.
type Key struct {
	ID uuid.UUID
	// Secret is the key itself. It is known once, when it is made; what is stored is its hash.
	Secret string
	// Hint is how the secret ends, to tell keys apart.
	Hint string
	Name string
	// UserID is whose key it is: it can do what it lists and they may do, now.
	UserID      uuid.UUID
	Permissions tenancy.Permissions
	CreatedAt   time.Time
	LastUsedAt  time.Time // to the minute; zero: never
	ExpiresAt   time.Time
	RevokedAt   time.Time // zero: it is not
}

func (r *keyRow) key() Key {
	return Key{ID: r.ID, Hint: r.Hint, Name: r.Name, UserID: r.UserID, Permissions: permissionsOf(r.Permissions), CreatedAt: r.CreatedAt,
		LastUsedAt: r.LastUsedAt, ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt}
}

// NewKey is the input of [Service.CreateKey].
type NewKey struct {
	// Name says what the key is for: 1 to 200 characters.
	Name string
	// Permissions are what it can do: no more than the maker may, and nothing that makes an owner ("*", "tenancy.*"): those decide in
	// person about the tenant's life and who gets into it. Required.
	Permissions tenancy.Permissions
	// ExpiresAt is its end: at most 366 days away. Default: in 90 days.
	ExpiresAt time.Time
}

const (
	keyLife    = 90 * 24 * time.Hour
	maxKeyLife = 366 * 24 * time.Hour
	maxKeys    = 200 // of a tenant, that are not revoked
)

// CreateKey makes an API key of the tenant for the member who calls. It can do what it lists as long as they may do it
// themselves: their roles are asked at each request, and with their membership it ends.
//
// Permission: access.keys, in a session: a key makes no keys. Errors: access.bad_input, access.grants_more, access.limit,
// access.wrong_credential, tenancy.closed (a suspended or cancelled tenant's keys are revoked, and none made).
func (s *Service) CreateKey(ctx context.Context, in NewKey) (Key, error) {
	const op = "access.CreateKey"
	var row *keyRow
	secret, hash := newSecret(keyPrefix)
	_, err := tenancy.Act(ctx, s.db, PermKeys, func(ctx context.Context, tx *tenancy.Tx) (_ bool, err error) {
		if row, err = s.newKey(op, in); err != nil {
			return false, err
		}
		me, err := s.self(ctx, op)
		if err != nil || me.TenantID != tx.Scope().TenantID() || actorOf(me.UserID) != tx.Scope().Actor() {
			return false, ErrWrongCredential.New(op, "a key is made by a member, in a session")
		}
		for _, p := range in.Permissions {
			if !tx.Scope().Can(p) {
				return false, ErrGrantsMore.New(op, "you do not hold %s", p)
			}
		}
		row.KeyHash, row.Hint, row.TenantID, row.UserID = hash, secret[len(secret)-4:], me.TenantID, me.UserID
		return true, control.Record(tx, tableKeys, row.ID, true)
	})
	if err != nil {
		return Key{}, err
	}
	if err := s.putKey(ctx, op, row); err != nil {
		return Key{}, err
	}
	out := row.key()
	out.Secret = secret
	return out, nil
}

// newKey checks what a key is to be.
func (s *Service) newKey(op string, in NewKey) (*keyRow, error) {
	now := s.control.Now()
	if in.ExpiresAt.IsZero() {
		in.ExpiresAt = now.Add(keyLife)
	}
	name, err := cleanName(op, in.Name)
	if err != nil {
		return nil, err
	}
	if err := checkPermissions(op, in.Permissions); err != nil {
		return nil, err
	}
	if len(in.Permissions) == 0 || !in.ExpiresAt.After(now) || in.ExpiresAt.After(now.Add(maxKeyLife)) {
		return nil, ErrBadInput.New(op, "a key has permissions, and an end within the next 366 days")
	}
	if in.Permissions.Allow(permOwn) || in.Permissions.Allow("tenancy.grant") {
		return nil, ErrBadInput.New(op, "a key is no owner: list what it is for, such as sales.*")
	}
	perms := slices.Compact(slices.Sorted(slices.Values(in.Permissions)))
	return &keyRow{ID: newID(), Name: name, Permissions: strings.Join(namesOf(perms), ","), CreatedAt: now, ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond)}, nil
}

func (s *Service) putKey(ctx context.Context, op string, row *keyRow) error {
	n, err := s.control.DB.NewSelect().Model((*keyRow)(nil)).ModelTableExpr(s.aliased(tableKeys)).Where("tenant_id = ?", row.TenantID).
		Where("revoked_at IS NULL").Where("expires_at > ?", row.CreatedAt).Count(ctx)
	if err != nil {
		return s.fault(op, err)
	}
	if n >= maxKeys {
		return ErrLimit.New(op, "a tenant has at most %d keys: revoke some", maxKeys)
	}
	_, err = s.control.DB.NewInsert().Model(row).ModelTableExpr(s.control.Table(tableKeys)).Exec(ctx)
	return s.fault(op, err)
}

// Keys lists the tenant's API keys, the revoked and expired ones too until they are cleared away, oldest first.
//
// Permission: access.read.
func (s *Service) Keys(ctx context.Context) ([]Key, error) {
	const op = "access.Keys"
	tenant, err := tenancy.View(ctx, s.db, PermRead, func(_ context.Context, tx *tenancy.Tx) (uuid.UUID, error) { return tx.Scope().TenantID(), nil })
	if err != nil {
		return nil, err
	}
	var rows []keyRow
	err = s.control.DB.NewSelect().Model(&rows).ModelTableExpr(s.aliased(tableKeys)).Where("tenant_id = ?", tenant).OrderExpr("id").Limit(tenancy.MaxRows).Scan(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	out := make([]Key, len(rows))
	for i := range rows {
		out[i] = rows[i].key()
	}
	return out, nil
}

// RevokeKey ends a key of the tenant, from the next request on. Revoking again changes nothing.
//
// Permission: access.keys. Errors: tenancy.not_found.
func (s *Service) RevokeKey(ctx context.Context, key uuid.UUID) error {
	const op = "access.RevokeKey"
	tenant, err := tenancy.Act(ctx, s.db, PermKeys, func(ctx context.Context, tx *tenancy.Tx) (uuid.UUID, error) {
		tenant := tx.Scope().TenantID()
		n, err := s.control.DB.NewSelect().Model((*keyRow)(nil)).ModelTableExpr(s.aliased(tableKeys)).Where("id = ?", key).Where("tenant_id = ?", tenant).Count(ctx)
		if err != nil {
			return tenant, s.fault(op, err)
		}
		if n == 0 {
			return tenant, tenancy.ErrNotFound.New(op, "")
		}
		return tenant, control.Record(tx, tableKeys, key, false)
	})
	if err != nil {
		return err
	}
	_, err = s.control.DB.NewRaw("UPDATE ? SET revoked_at = ? WHERE id = ? AND tenant_id = ? AND revoked_at IS NULL", s.table(tableKeys), s.control.Now(), key, tenant).Exec(ctx)
	return s.fault(op, err)
}

// foundKey is a key with what is known of whose it is.
type foundKey struct {
	keyRow
	Link string `bun:"link"`
}

// authenticateKey enters the tenant of a key, as far as the key lists and its member may.
func (s *Service) authenticateKey(ctx context.Context, op string, c Credential) (context.Context, error) {
	hash, ok := hashOf(c.Secret, keyPrefix)
	if !ok {
		return nil, ErrNoCredential.New(op, "")
	}
	var rows []foundKey
	err := s.control.DB.NewRaw(`SELECT k.*, COALESCE(l.state, '') AS link
		FROM ? AS k JOIN ? AS u ON u.id = k.user_id LEFT JOIN ? AS l ON l.user_id = k.user_id AND l.tenant_id = k.tenant_id
		WHERE k.key_hash = ? AND u.state = ? AND k.revoked_at IS NULL`, s.table(tableKeys), s.table(tableUsers), s.table(tableTenants), hash, userActive).Scan(ctx, &rows)
	if err != nil {
		return nil, s.fault(op, err)
	}
	now := s.control.Now()
	if len(rows) == 0 || !now.Before(rows[0].ExpiresAt) {
		return nil, ErrNoCredential.New(op, "")
	}
	found := &rows[0]
	member, err := s.memberFor(ctx, op, c, found.UserID, found.TenantID, found.Link)
	if err != nil {
		return nil, err
	}
	perms, _ := s.powers(words(member.Roles))
	in := control.Entering{Tenant: found.TenantID, Actor: keyActor(found.ID), Permissions: namesOf(common(permissionsOf(found.Permissions), perms)), Expires: found.ExpiresAt}
	if day := now.Truncate(24 * time.Hour); found.LastUsedAt.Before(day) {
		in.Act = actKeyUsed
	}
	inside, err := control.Enter(ctx, s.db, in)
	if err != nil {
		return nil, err
	}
	if now.Sub(found.LastUsedAt) >= time.Minute {
		_, err := s.control.DB.NewRaw(`UPDATE ? SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)`, s.table(tableKeys), now, found.ID, now).Exec(ctx)
		if err != nil {
			return nil, s.fault(op, err)
		}
	}
	return s.with(inside, Identity{UserID: found.UserID, KeyID: found.ID, TenantID: found.TenantID}), nil
}
