package tenancy

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/internal/seal"
)

const tableKeys = "erp_control.tenant_keys"

// KeyState is where a version of a tenant's key stands.
type KeyState string

// The states of a version of a tenant's key.
const (
	KeyActive    KeyState = "active"    // seals and opens; a tenant has at most one
	KeyRetiring  KeyState = "retiring"  // opens; rows under it are being sealed anew
	KeyRetired   KeyState = "retired"   // opens what cannot be sealed anew: rows that never change, archives, backups
	KeyDestroyed KeyState = "destroyed" // gone, and what was sealed under it with it
)

type keyRow struct {
	TenantID uuid.UUID `bun:"tenant_id,pk"`
	Version  int64     `bun:"version,pk"`
	State    KeyState  `bun:"state"`
	// Wrapped is the key under the master key, in base64; "" when it was destroyed.
	Wrapped string `bun:"wrapped,nullzero"`
	// WrappedAt is when the wrapping was begun: a master key that was current after it is not the one that was used.
	WrappedAt time.Time `bun:"wrapped_at"`
	CreatedAt time.Time `bun:"created_at"`
	ChangedAt time.Time `bun:"changed_at"`
}

// dataKey is one version of a tenant's key in this process. It is unwrapped when it is first needed.
type dataKey struct {
	keyRow
	mu     sync.Mutex
	secret []byte
}

// keyring is what is known of a tenant's keys.
type keyring struct {
	versions  map[int64]*dataKey
	active    *dataKey // nil when there is none
	destroyed bool
	readAt    time.Time
}

// keyrings keeps tenants' keys in memory for as long as they may be out of date: an old key still opens, and seals what the
// next pass of the re-sealing finds.
type keyrings struct {
	db     *DB
	port   Keys
	maxAge time.Duration
	mu     sync.Mutex
	known  map[uuid.UUID]*keyring
	turn   uint64 // as the directory's
	swept  time.Time

	progress map[uuid.UUID]*resealing
	piece    int // rows that one piece of the re-sealing writes
}

const (
	// keyringMaxAge is how long another process's change of a key may go unnoticed here.
	keyringMaxAge = time.Minute
	// keyringIdle is how long the keys of a tenant stay in memory whom nobody needs them for.
	keyringIdle = 10 * time.Minute
	// maxKeyrings bounds the memory for keys; beyond it, it starts again.
	maxKeyrings = 10_000
)

func newKeyrings(db *DB, port Keys) *keyrings {
	return &keyrings{db: db, port: port, maxAge: keyringMaxAge, known: map[uuid.UUID]*keyring{}, progress: map[uuid.UUID]*resealing{}, piece: resealRows}
}

func (k *keyrings) forget(tenant uuid.UUID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.known, tenant)
	k.turn++
}

// of is a tenant's ring: the one in memory, unless it is too old, or fresh asks for the control database's.
func (k *keyrings) of(ctx context.Context, op string, tenant uuid.UUID, fresh bool) (*keyring, error) {
	if k.port == nil {
		return nil, ErrKey.New(op, "the program has no Keys")
	}
	k.mu.Lock()
	old, turn := k.known[tenant], k.turn
	k.mu.Unlock()
	if old != nil && !fresh && time.Since(old.readAt) < k.maxAge {
		return old, nil
	}
	ring := &keyring{versions: map[int64]*dataKey{}, readAt: time.Now()}
	rows, err := k.rows(ctx, op, tenant)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		key := &dataKey{keyRow: row}
		if old != nil {
			key = old.kept(key)
		}
		ring.versions[row.Version] = key
		switch row.State { //nolint:exhaustive // the others open, and no more
		case KeyActive:
			ring.active = key
		case KeyDestroyed:
			ring.destroyed = true
		}
	}
	if len(rows) > 0 { // unknown ids are not kept: they would let strangers fill the memory
		k.remember(tenant, ring, turn)
	}
	return ring, nil
}

// remember keeps a ring, unless something was forgotten while it was read, and lets go of those that nobody has asked for.
func (k *keyrings) remember(tenant uuid.UUID, ring *keyring, turn uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.swept) > k.maxAge {
		k.swept = time.Now()
		maps.DeleteFunc(k.known, func(_ uuid.UUID, r *keyring) bool { return time.Since(r.readAt) > keyringIdle })
	}
	if k.turn != turn {
		return
	}
	if len(k.known) >= maxKeyrings {
		clear(k.known)
	}
	k.known[tenant] = ring
}

// kept carries over what was unwrapped before: a version's key never changes, only its wrapping and its state do.
func (r *keyring) kept(key *dataKey) *dataKey {
	if old := r.versions[key.Version]; old != nil && key.State != KeyDestroyed {
		old.mu.Lock()
		key.secret = old.secret
		old.mu.Unlock()
	}
	return key
}

func (k *keyrings) rows(ctx context.Context, op string, tenant uuid.UUID) ([]keyRow, error) {
	var rows []keyRow
	err := k.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(k.table()+" AS ?TableAlias").
		Where("tenant_id = ?", tenant).OrderExpr("version").Scan(ctx)
	return rows, k.db.control.Fault(op, err)
}

func (k *keyrings) table() string { return k.db.control.TableName(tableKeys) }

// sealing is the version under which values are sealed now, with its secret. It is made when there is none.
func (k *keyrings) sealing(ctx context.Context, op string, tenant uuid.UUID) (*dataKey, []byte, error) {
	return k.use(ctx, op, tenant, func(r *keyring) *dataKey { return r.active }, func() error { return k.make(ctx, op, tenant) })
}

// opening is the version that a sealed value names, with its secret.
func (k *keyrings) opening(ctx context.Context, op string, tenant uuid.UUID, version int64) (*dataKey, []byte, error) {
	return k.use(ctx, op, tenant, func(r *keyring) *dataKey { return r.versions[version] }, func() error { return nil })
}

// use gives the key that pick finds, unwrapped. What is missing, or does not unwrap any more, may be another process's doing, so
// it is asked for once more.
func (k *keyrings) use(ctx context.Context, op string, tenant uuid.UUID, pick func(*keyring) *dataKey, missing func() error) (*dataKey, []byte, error) {
	err := error(ErrKey.New(op, "the tenant has no such key here"))
	for _, fresh := range []bool{false, true} {
		ring, failed := k.of(ctx, op, tenant, fresh)
		if failed != nil {
			return nil, nil, failed
		}
		if ring.destroyed {
			return nil, nil, ErrKeyDestroyed.New(op, "")
		}
		key := pick(ring)
		if key == nil {
			if failed := missing(); failed != nil {
				return nil, nil, failed
			}
			continue
		}
		secret, failed := k.open(ctx, op, key)
		if failed == nil {
			return key, secret, nil
		}
		err = failed
	}
	return nil, nil, err
}

// make gives the tenant its first key. Of two who do at once, the first one's stays; and a tenant whose data are going or
// gone gets none.
func (k *keyrings) make(ctx context.Context, op string, tenant uuid.UUID) error {
	row, err := k.fresh(ctx, tenant, 1)
	if err != nil {
		return err
	}
	_, err = k.db.control.Control().NewRaw(`INSERT INTO ? (tenant_id, version, state, wrapped, wrapped_at, created_at, changed_at)
		SELECT ?, 1, ?, ?, ?, ?, ? FROM ? AS t WHERE t.id = ? AND t.state NOT IN (?, ?) ON CONFLICT DO NOTHING`,
		bun.Safe(k.table()), tenant, string(row.State), row.Wrapped, row.WrappedAt, row.CreatedAt, row.ChangedAt,
		bun.Safe(k.db.control.TableName(tableTenants)), tenant, string(StatePurging), string(StatePurged)).Exec(ctx)
	k.forget(tenant)
	return k.db.control.Fault(op, err)
}

// fresh is a new key, wrapped.
func (k *keyrings) fresh(ctx context.Context, tenant uuid.UUID, version int64) (*keyRow, error) {
	secret := make([]byte, seal.KeySize)
	_, _ = rand.Read(secret) // never fails: the program would have ended
	now := k.db.now()
	wrapped, err := k.wrap(ctx, secret, tenant, version)
	return &keyRow{TenantID: tenant, Version: version, State: KeyActive, Wrapped: wrapped, WrappedAt: now, CreatedAt: now, ChangedAt: now}, err
}

// keyBinding ties a wrapped key to its tenant and version, so that another's cannot be put in its place.
func keyBinding(tenant uuid.UUID, version int64) string {
	return fmt.Sprintf("erp tenant key %s %d", tenant, version)
}

func (k *keyrings) wrap(ctx context.Context, secret []byte, tenant uuid.UUID, version int64) (string, error) {
	wrapped, err := k.port.Wrap(ctx, secret, keyBinding(tenant, version))
	return base64.StdEncoding.EncodeToString(wrapped), err
}

func (k *keyrings) unwrap(ctx context.Context, op string, row *keyRow) ([]byte, error) {
	wrapped, err := base64.StdEncoding.DecodeString(row.Wrapped)
	if err != nil {
		return nil, ErrKey.Wrap(op, err, "a wrapped key is malformed")
	}
	secret, err := k.port.Unwrap(ctx, wrapped, keyBinding(row.TenantID, row.Version))
	if err != nil {
		return nil, err
	}
	if len(secret) != seal.KeySize {
		return nil, ErrKey.New(op, "a wrapped key is not of %d bytes", seal.KeySize)
	}
	return secret, nil
}

// open gives a version's secret.
func (k *keyrings) open(ctx context.Context, op string, key *dataKey) ([]byte, error) {
	key.mu.Lock()
	defer key.mu.Unlock()
	if key.secret != nil {
		return key.secret, nil
	}
	secret, err := k.unwrap(ctx, op, &key.keyRow)
	if err != nil {
		return nil, err
	}
	key.secret = secret
	return secret, nil
}

// check refuses to begin with Keys that cannot unwrap what is there: the oldest wrapping and the youngest.
func (k *keyrings) check(ctx context.Context, op string) error {
	if k.port == nil {
		return nil
	}
	for _, order := range []string{"wrapped_at", "wrapped_at DESC"} {
		var rows []keyRow
		err := k.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(k.table() + " AS ?TableAlias").
			Where("wrapped IS NOT NULL").OrderExpr(order).Limit(1).Scan(ctx)
		if err != nil {
			return k.db.control.Fault(op, err)
		}
		for i := range rows {
			if _, err := k.unwrap(ctx, op, &rows[i]); err != nil {
				return ErrKey.Wrap(op, err, "Keys does not unwrap the tenants' keys: another master key, or one that was dropped too early")
			}
		}
	}
	return nil
}
