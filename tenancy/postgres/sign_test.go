package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/opsmatiq/erp/tenancy"
)

func TestTheMACIsHMAC(t *testing.T) {
	for _, key := range [][]byte{nil, []byte("short"), make([]byte, macBlock)} {
		k := &signingKey{}
		k.inner, k.outer = pads(key)
		h := hmac.New(sha256.New, key)
		h.Write([]byte("what is signed"))
		require.Equal(t, hex.EncodeToString(h.Sum(nil)), k.mac("what is signed"))
	}
}

// The database and the program sign alike.
func TestTheDatabaseSignsForItself(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	tx, err := f.admin(t).BeginTx(ctx, nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	var theirs string
	require.NoError(t, tx.QueryRowContext(ctx, "SELECT erp.sign($1)", tenant.String()).Scan(&theirs))
	require.Equal(t, f.token(t, tx, tenant), theirs)
	for _, dsn := range []string{f.eng.DSN, f.eng.ControlDSN} {
		db := f.connect(t, dsn)
		_, err := db.ExecContext(ctx, "SELECT erp.sign($1)", tenant.String())
		require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
	}
	_, err = f.connect(t, f.eng.DSN).ExecContext(ctx, "SET ROLE erp_app; SELECT * FROM erp.signing_key()")
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
}

// look reads once in a session of its own.
func (f *fixture) look(t *testing.T, opt tenancy.SessionOptions) error {
	t.Helper()
	s, err := f.store.Session(t.Context(), opt)
	if err != nil {
		return err
	}
	return errors.Join(s.Run(t.Context(), []*tenancy.Statement{read(things, opt.Tenant, new([]thing))}), s.Rollback(t.Context()))
}

func TestKeysAreReplacedUnderARunningProgram(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	opt := tenancy.SessionOptions{Tenant: f.tenant(t)}
	first := f.store.keys.key
	require.NoError(t, f.look(t, opt))

	require.NoError(t, RotateSigningKey(ctx, f.eng.MigrateDSN, RotateOptions{}))
	require.NoError(t, f.look(t, opt), "the old key is taken for a while")
	require.Same(t, first, f.store.keys.key)
	f.store.keys.readAt = time.Now().Add(-keyMaxAge)
	require.NoError(t, f.look(t, opt))
	second := f.store.keys.key
	require.NotEqual(t, first.id, second.id, "the new one is noticed by its age")

	require.NoError(t, RotateSigningKey(ctx, f.eng.MigrateDSN, RotateOptions{AtOnce: true}))
	open := f.session(t, opt.Tenant, false)
	err := open.Run(ctx, []*tenancy.Statement{read(things, opt.Tenant, new([]thing))})
	require.True(t, f.store.Retryable(err), err)
	require.ErrorIs(t, f.store.Fault("test", err), tenancy.ErrBusy)
	require.NoError(t, open.Rollback(ctx))
	require.NoError(t, f.look(t, opt), "the refusal has told of the third")
	require.NotEqual(t, second.id, f.store.keys.key.id)

	// A transaction that is open when its key is retired ends there.
	open = f.session(t, opt.Tenant, false)
	require.NoError(t, open.Run(ctx, []*tenancy.Statement{read(things, opt.Tenant, new([]thing))}))
	require.NoError(t, RotateSigningKey(ctx, f.eng.MigrateDSN, RotateOptions{AtOnce: true}))
	require.True(t, f.store.Retryable(open.Run(ctx, []*tenancy.Statement{read(things, opt.Tenant, new([]thing))})))
	require.NoError(t, open.Rollback(ctx))

	// A joined transaction cannot be run again: the key is tried before anything is done with it.
	require.NoError(t, RotateSigningKey(ctx, f.eng.MigrateDSN, RotateOptions{AtOnce: true}))
	tx, err := f.admin(t).BeginTx(ctx, nil)
	require.NoError(t, err)
	s, err := f.store.Join(ctx, opt, tx)
	require.NoError(t, err)
	stands(t, s, opt.Tenant, "joined")
	require.NoError(t, s.Commit(ctx, nil))
	require.NoError(t, tx.Rollback())

	// A purge goes on under the new key.
	gone := f.tenant(t)
	require.NoError(t, f.session(t, gone, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, gone, nil, newThing(gone, "x"))}))
	require.NoError(t, RotateSigningKey(ctx, f.eng.MigrateDSN, RotateOptions{AtOnce: true}))
	require.NoError(t, f.store.MoveGate(ctx, gone, tenancy.GateClosed, 1))
	require.NoError(t, f.store.Purge(ctx, gone, []*tenancy.Model{things}))

	// The control database is not there for a moment: the key that is known goes on being used.
	known := f.store.keys.key
	f.store.keys.read = func(context.Context) (*signingKey, error) { return nil, errCaptured }
	f.store.keys.readAt = time.Now().Add(-keyMaxAge)
	require.NoError(t, f.look(t, opt))
	f.store.keys.refused(known)
	require.ErrorIs(t, f.look(t, opt), errCaptured)
}

// Two rotate at once, and transactions go on meanwhile.
func TestRaceKeysAreReplacedUnderLoad(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	var all errgroup.Group
	for range 2 {
		all.Go(func() error {
			for range 5 {
				if err := RotateSigningKey(t.Context(), f.eng.MigrateDSN, RotateOptions{AtOnce: true}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for range 4 {
		all.Go(func() error {
			for range 50 {
				err := f.look(t, tenancy.SessionOptions{Tenant: tenant})
				if err != nil && !f.store.Retryable(err) {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	var valid, kept int
	require.NoError(t, f.admin(t).QueryRowContext(t.Context(), "SELECT count(*) FILTER (WHERE retired_at IS NULL), count(*) FROM erp_wall.signing_keys").Scan(&valid, &kept))
	require.Equal(t, [2]int{1, 11}, [2]int{valid, kept})
	f.exec(t, "UPDATE erp_wall.signing_keys SET retired_at = retired_at - interval '31 days'")
	require.NoError(t, RotateSigningKey(t.Context(), f.eng.MigrateDSN, RotateOptions{}))
	require.NoError(t, f.admin(t).QueryRowContext(t.Context(), "SELECT count(*) FROM erp_wall.signing_keys").Scan(&kept))
	require.Equal(t, 2, kept)
}

func TestWithoutAKeyNothingIsOpened(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	f.exec(t, "DELETE FROM erp_wall.signing_keys")
	_, err := f.eng.Open(ctx, f.reg, tenancy.EngineOptions{})
	require.ErrorIs(t, err, ErrNotInstalled)
	require.NoError(t, f.open(t, true).scoped.Ping(), "Migrate makes one")

	empty := &fixture{}
	empty.newDatabase(t)
	require.ErrorIs(t, RotateSigningKey(ctx, empty.url, RotateOptions{}), ErrNotInstalled)
	require.ErrorIs(t, RotateSigningKey(ctx, "", RotateOptions{}), ErrConfiguration)
	require.ErrorIs(t, RotateSigningKey(ctx, "postgres://x@/x?host=/nowhere", RotateOptions{}), ErrConnect)

	f.exec(t, "DROP TABLE erp_wall.signing_keys")
	for _, migrate := range []bool{false, true} {
		_, err = f.eng.Open(ctx, f.reg, tenancy.EngineOptions{Migrate: migrate})
		require.ErrorIs(t, err, tenancy.ErrCatalogue)
		require.ErrorContains(t, err, "table erp_wall.signing_keys is missing")
	}
}

// The server's clock is what counts. Whoever sets it, or ours drifts from it, has the transaction run again on a connection that
// has read it anew.
func TestClocksThatJump(t *testing.T) {
	f := newFixture(t)
	f.counted(t)
	opt := tenancy.SessionOptions{Tenant: f.tenant(t)}
	for _, jump := range []time.Duration{-time.Hour, -tokenLife - time.Second, -tokenLife + 10*time.Second, 0, tokenLife - 10*time.Second, tokenLife + time.Second, time.Hour} {
		s := f.session(t, opt.Tenant, false)
		before := pidOf(t, s)
		require.NoError(t, s.use(func(c *conn) error { c.clock.micros += jump.Microseconds(); return nil }))
		require.NoError(t, s.Rollback(t.Context()))
		err := f.look(t, opt)
		if jump.Abs() < tokenLife {
			require.NoError(t, err, jump)
		} else {
			require.True(t, f.store.Retryable(err), jump)
			require.ErrorIs(t, f.store.Fault("test", err), tenancy.ErrBusy)
			require.NoError(t, f.look(t, opt), jump)
			next := f.session(t, opt.Tenant, false)
			require.NotEqual(t, before, pidOf(t, next))
			require.NoError(t, next.Rollback(t.Context()))
		}
		require.NoError(t, f.store.scoped.Close())
		f.counted(t)
	}
}

// What the database itself says of a session under a grant, whatever the program believes.
func TestTheDatabaseChecksGrants(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	tenant := f.tenant(t)
	put := func(of uuid.UUID, left time.Duration) uuid.UUID {
		g := tenancy.StoredGrant{ID: tenancy.NewID(), TenantID: of, ExpiresAt: time.Now().Add(left)}
		require.NoError(t, f.store.PutGrant(ctx, g))
		return g.ID
	}
	for name, id := range map[string]uuid.UUID{"expired": put(tenant, 0), "another tenant's": put(f.tenant(t), time.Hour), "unknown": tenancy.NewID()} {
		err := f.look(t, tenancy.SessionOptions{Tenant: tenant, Grant: id})
		require.ErrorIs(t, f.store.Fault("test", err), tenancy.ErrGrantEnded, name)
		require.False(t, f.store.Retryable(err), name)
	}
	for _, readOnly := range []bool{false, true} {
		id := put(tenant, time.Hour)
		s, err := f.store.Session(ctx, tenancy.SessionOptions{Tenant: tenant, Grant: id, ReadOnly: readOnly})
		require.NoError(t, err)
		ask := func() error { return s.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))}) }
		require.NoError(t, ask())
		require.NoError(t, ask())
		require.NoError(t, f.store.EndGrant(ctx, id))
		require.ErrorIs(t, f.store.Fault("test", ask()), tenancy.ErrGrantEnded, "in the transaction that is open")
		require.NoError(t, s.Rollback(ctx))
	}
	// In a read-only session under a grant, as in any other, nothing is written.
	s, err := f.store.Session(ctx, tenancy.SessionOptions{Tenant: tenant, Grant: put(tenant, time.Hour), ReadOnly: true})
	require.NoError(t, err)
	err = s.Run(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "y"))})
	require.ErrorIs(t, asFault("test", err), tenancy.ErrReadOnly)
	require.NoError(t, s.Rollback(ctx))

	// The same through a transaction that the host began.
	id := put(tenant, time.Hour)
	tx, err := f.admin(t).BeginTx(ctx, nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	joined, err := f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant, Grant: id}, tx)
	require.NoError(t, err)
	require.NoError(t, f.store.EndGrant(ctx, id))
	err = joined.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))})
	require.ErrorIs(t, asFault("test", err), tenancy.ErrGrantEnded)
	require.NoError(t, joined.Rollback(ctx))
}

// A duty is a part of what is signed: whoever can say SET cannot make one of a session that does none.
func TestADutyIsSigned(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	tenant := f.tenant(t)
	require.NoError(t, f.look(t, tenancy.SessionOptions{Tenant: tenant, Duty: true}))
	s, err := f.store.Session(ctx, tenancy.SessionOptions{Tenant: tenant})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Rollback(ctx)) }()
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))}))
	_, err = s.Conn().ExecContext(ctx, "SELECT pg_catalog.set_config('erp.tenant', pg_catalog.replace(pg_catalog.current_setting('erp.tenant'), '//', '/duty/'), true)")
	require.NoError(t, err)
	err = s.Run(ctx, []*tenancy.Statement{read(things, tenant, new([]thing))})
	require.ErrorIs(t, asFault("test", err), tenancy.ErrWall)
}

// otherPID gives the connection another process id than the server's, as a pooler does.
type otherPID struct {
	net.Conn
	done bool
}

func (c *otherPID) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	for i := 0; !c.done && i+13 <= n; i++ { // BackendKeyData: 'K', a length of 12, the process id, a secret
		if b[i] == 'K' && binary.BigEndian.Uint32(b[i+1:]) == 12 {
			b[i+5] ^= 0x40
			c.done = true
		}
	}
	return n, err
}

func TestBehindAPooler(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	tenant := f.tenant(t)
	config, err := parseDSN("DSN", f.eng.DSN)
	require.NoError(t, err)
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &otherPID{Conn: c}, err
	}
	pool := func(pooler bool) {
		f.eng.Pooler = pooler
		f.onePool(t, config, nil)
	}
	require.ErrorIs(t, f.store.checkLogin(ctx, f.eng, scopedLogin(f.eng), config), ErrConfiguration)
	pool(false)
	require.ErrorIs(t, asFault("test", f.look(t, tenancy.SessionOptions{Tenant: tenant})), tenancy.ErrWall)
	pool(true)
	for _, readOnly := range []bool{true, false} {
		require.NoError(t, f.look(t, tenancy.SessionOptions{Tenant: tenant, ReadOnly: readOnly}))
	}
	s := f.session(t, tenant, false)
	stands(t, s, tenant, "x")
	require.NoError(t, s.Commit(ctx, nil))
	s = f.session(t, tenant, false) // bun's text first
	n, err := s.DB().NewSelect().Conn(s.Conn()).TableExpr("testmod.things").Count(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoError(t, s.Rollback(ctx))
	s = f.session(t, tenant, false)
	require.NoError(t, s.Commit(ctx, nil), "a session that says nothing still says nothing")

	// Who used the backend before us is not known, so what SQL has prepared there is forgotten each time.
	a := newAttacker(t, f, tenant, tenant)
	_, err = a.sql("PREPARE planted AS SELECT 1")
	require.NoError(t, err)
	require.NoError(t, a.session.Commit(ctx, nil))
	a = newAttacker(t, f, tenant, tenant)
	rows, err := a.sql("SELECT name FROM pg_prepared_statements WHERE from_sql")
	require.NoError(t, err)
	require.Empty(t, rows)
}
