package postgres

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// attacker has what nobody should have: SQL of his own, stacked, in a tenant's transaction under the scoped login. He wants the
// rows of another tenant.
type attacker struct {
	t           *testing.T
	f           *fixture
	mine, other uuid.UUID
	session     *session
	pid         uint32
}

// attack takes the rows of another tenant if the wall lacks what weaken takes out of it, and only then.
type attack struct {
	name string
	// weaken and repair are SQL of the superuser. Where weaken is "", the policy is that of an unsigned wall.
	weaken, repair string
	try            func(a *attacker) error
}

// The parts of erp.current_tenant() that an attack shows to be needed.
var (
	macCheck    = [2]string{"= sha256(convert_to('/' ||", "<> sha256(convert_to('!' ||"}
	pidCheck    = [2]string{"split_part(token, '/', 2) = pg_backend_pid()::text", "true"}
	timeCheck   = [2]string{"NOT BETWEEN 1 AND 2 *", "NOT BETWEEN -1000000000000000 AND 1000000::bigint *"}
	grantCheck  = [2]string{"IF split_part(token, '/', 4) NOT IN ('', '" + dutyToken + "') THEN", "IF false THEN"}
	retireCheck = [2]string{" AND (k.retired_at IS NULL OR k.retired_at > clock_timestamp())", ""}
)

func currentTenant() function { return signedFunctions()[0] }

// without is current_tenant() with a part taken out.
func without(parts ...[2]string) string {
	f := currentTenant()
	for _, p := range parts {
		changed := strings.Replace(f.body, p[0], p[1], 1)
		if changed == f.body {
			panic("current_tenant() has no " + p[0])
		}
		f.body = changed
	}
	return f.create()[0]
}

// searchesFirst is current_tenant() if it named its table by search path, and somebody could put something into that.
func searchesFirst(path string) string {
	return strings.Replace(without([2]string{"FROM erp_wall.signing_keys AS k", "FROM signing_keys AS k"}), "SET search_path = ", "SET search_path = "+path+", ", 1)
}

// unsigned is what the policy asked before it was signed, in the form that takes a token too.
func unsigned() string {
	f := currentTenant()
	f.body = "BEGIN RETURN split_part(current_setting('erp.tenant'), '/', 1)::uuid; END"
	return f.create()[0]
}

func newAttacker(t *testing.T, f *fixture, mine, other uuid.UUID) *attacker {
	t.Helper()
	a := &attacker{t: t, f: f, mine: mine, other: other, session: f.session(t, mine, false)}
	var got []thing
	require.NoError(t, a.session.Run(t.Context(), []*tenancy.Statement{read(things, mine, &got)}))
	require.NoError(t, a.session.use(func(c *conn) error { a.pid = c.pg.PID(); return nil }))
	return a
}

// sql sends stacked statements past all that would refuse them, and gives the last one's rows.
func (a *attacker) sql(format string, args ...any) (rows [][][]byte, err error) {
	err = a.session.use(func(c *conn) error {
		var results []*pgconn.Result
		results, err := c.pg.Exec(a.t.Context(), fmt.Sprintf(format, args...)).ReadAll()
		if err == nil {
			rows = results[len(results)-1].Rows
		}
		return err
	})
	return rows, err
}

// loot looks for the other tenant's rows after what the statements did.
func (a *attacker) loot(format string, args ...any) error {
	rows, err := a.sql(format+`; SELECT code FROM testmod.things WHERE tenant_id = '%s'`, append(args, a.other)...)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errNoLoot
	}
	return nil
}

var errNoLoot = fmt.Errorf("no row of the other tenant was seen: %w", tenancy.ErrNotFound)

// set is the plainest attack with a token.
func (a *attacker) set(token string) error { return a.loot("SET LOCAL erp.tenant = '%s'", token) }

// own is the attacker's own token, in parts.
func (a *attacker) own() []string {
	rows, err := a.sql("SELECT current_setting('erp.tenant')")
	require.NoError(a.t, err)
	return strings.Split(string(rows[0][0]), "/")
}

// others is a token of the other tenant as the program signs it, changed.
func (a *attacker) others(change func(on *scope, at *backend)) string {
	key, err := a.f.store.keys.get(a.t.Context())
	require.NoError(a.t, err)
	on, at := &scope{tenant: a.other}, backend{pid: a.pid, now: time.Now().UnixMicro()}
	change(on, &at)
	return key.token(on, at)
}

// altered replaces a part of a token, whose MAC stays.
func altered(token string, part int, by string) string {
	parts := strings.Split(token, "/")
	parts[part] = by
	return strings.Join(parts, "/")
}

const (
	partTenant = iota
	partPID
	partExpiry
	partGrant
	partKey
	partMAC
)

var attacks = []attack{
	{name: "SET LOCAL", try: func(a *attacker) error { return a.set(a.other.String()) }},
	{name: "SET", try: func(a *attacker) error { return a.loot("SET erp.tenant = '%s'", a.other) }},
	{name: "set_config", try: func(a *attacker) error { return a.loot("SELECT set_config('erp.tenant', '%s', true)", a.other) }},
	{name: "set_config for the session", try: func(a *attacker) error { return a.loot("SELECT set_config('erp.tenant', '%s', false)", a.other) }},
	{name: "RESET ROLE", try: func(a *attacker) error {
		return a.loot("RESET ROLE; SET erp.tenant = '%s'; SET ROLE erp_app", a.other)
	}},
	{name: "a transaction of its own", try: func(a *attacker) error {
		return a.loot("ROLLBACK; BEGIN; SET LOCAL ROLE erp_app; SET LOCAL erp.tenant = '%s'", a.other)
	}},
	{name: "a function with the rights of the role", try: func(a *attacker) error {
		return a.loot("CREATE FUNCTION pg_temp.f() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN PERFORM set_config('erp.tenant', '%s', true); END $$; SELECT pg_temp.f()", a.other)
	}},
	{name: "a forged token", try: func(a *attacker) error {
		own := a.own()
		own[partTenant], own[partMAC] = a.other.String(), strings.Repeat("ab", 32)
		return a.set(strings.Join(own, "/"))
	}},
	{name: "what is no token", try: func(a *attacker) error { return a.set(a.other.String() + "/1/2//4/5") }},
	{name: "what is no MAC", try: func(a *attacker) error {
		return a.set(altered(altered(strings.Join(a.own(), "/"), partTenant, a.other.String()), partMAC, strings.Repeat("g", 64)))
	}},
	{name: "a forged token of an invented key", try: func(a *attacker) error {
		own := a.own()
		k := &signingKey{id: tenancy.NewID().String(), inner: make([]byte, macBlock), outer: make([]byte, macBlock)}
		own[partTenant], own[partKey] = a.other.String(), k.id
		text := strings.Join(own[:partMAC], "/")
		return a.set(text + "/" + k.mac(text))
	}},
	{name: "another tenant in one's own token", weaken: without(macCheck), try: func(a *attacker) error {
		return a.set(altered(strings.Join(a.own(), "/"), partTenant, a.other.String()))
	}},
	{name: "another tenant's token of another connection", weaken: without(pidCheck), try: func(a *attacker) error {
		return a.set(a.others(func(_ *scope, at *backend) { at.pid++ }))
	}},
	{name: "the same with one's own connection in it", weaken: without(macCheck), try: func(a *attacker) error {
		return a.set(altered(a.others(func(_ *scope, at *backend) { at.pid++ }), partPID, strconv.Itoa(int(a.pid))))
	}},
	{name: "another tenant's token of this connection, expired", weaken: without(timeCheck), try: func(a *attacker) error {
		return a.set(a.others(func(_ *scope, at *backend) { at.now -= 2*tokenLife.Microseconds() + 1 }))
	}},
	{name: "the same with a later expiry", weaken: without(macCheck), try: func(a *attacker) error {
		old := a.others(func(_ *scope, at *backend) { at.now -= 2 * tokenLife.Microseconds() })
		return a.set(altered(old, partExpiry, strconv.FormatInt(time.Now().Add(time.Minute).UnixMicro(), 10)))
	}},
	{name: "a token that was signed before the server's clock was set back", weaken: without(timeCheck), try: func(a *attacker) error {
		return a.set(a.others(func(_ *scope, at *backend) { at.now += 2 * tokenLife.Microseconds() }))
	}},
	{name: "a token under a grant that has ended", weaken: without(grantCheck), try: func(a *attacker) error { return a.set(a.granted(time.Hour, true)) }},
	{name: "a token under a grant that has expired", weaken: without(grantCheck), try: func(a *attacker) error { return a.set(a.granted(-time.Second, false)) }},
	{name: "a token under a grant for another tenant", weaken: without(grantCheck), try: func(a *attacker) error {
		a.other, a.mine = a.mine, a.other
		of := a.granted(time.Hour, false)
		a.other, a.mine = a.mine, a.other
		return a.set(a.others(func(on *scope, _ *backend) { on.grant = uuid.MustParse(strings.Split(of, "/")[partGrant]) }))
	}},
	{name: "a token under a grant that is not known", weaken: without(grantCheck), try: func(a *attacker) error {
		return a.set(a.others(func(on *scope, _ *backend) { on.grant = tenancy.NewID() }))
	}},
	{name: "a token without its grant", weaken: without(macCheck), try: func(a *attacker) error { return a.set(altered(a.granted(time.Hour, true), partGrant, "")) }},
	{name: "a token of a retired key", weaken: without(retireCheck), try: func(a *attacker) error {
		token := a.others(func(*scope, *backend) {})
		require.NoError(a.t, RotateSigningKey(a.t.Context(), a.f.url, RotateOptions{AtOnce: true}))
		a.f.store.keys.refused(a.f.store.keys.key)
		return a.set(token)
	}},
	{name: "calling sign", weaken: "GRANT EXECUTE ON FUNCTION erp.sign(uuid) TO erp_app", repair: "REVOKE EXECUTE ON FUNCTION erp.sign(uuid) FROM erp_app", try: func(a *attacker) error {
		return a.loot("SELECT set_config('erp.tenant', erp.sign('%s'), true)", a.other)
	}},
	{name: "asking for the key", weaken: "GRANT EXECUTE ON FUNCTION erp.signing_key() TO erp_app", repair: "REVOKE EXECUTE ON FUNCTION erp.signing_key() FROM erp_app", try: func(a *attacker) error {
		return a.withKey("SELECT id, encode(inner_pad, 'hex'), encode(outer_pad, 'hex') FROM erp.signing_key()")
	}},
	{name: "reading the key", weaken: "GRANT USAGE ON SCHEMA erp_wall TO erp_app; GRANT SELECT ON erp_wall.signing_keys TO erp_app",
		repair: "REVOKE ALL ON erp_wall.signing_keys FROM erp_app; REVOKE ALL ON SCHEMA erp_wall FROM erp_app", try: func(a *attacker) error {
			return a.withKey("SELECT id, encode(inner_pad, 'hex'), encode(outer_pad, 'hex') FROM erp_wall.signing_keys WHERE retired_at IS NULL")
		}},
	{name: "a function in front of PostgreSQL's own", weaken: "ALTER FUNCTION erp.current_tenant() RESET search_path", try: func(a *attacker) error {
		own := a.own()
		own[partTenant], own[partMAC] = a.other.String(), strings.Repeat("00", 32)
		return a.loot(`CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT pg_catalog.decode(repeat('00', 32), 'hex') $$;
			SET LOCAL search_path = public, pg_catalog; SET LOCAL erp.tenant = '%s'`, strings.Join(own, "/"))
	}},
	{name: "a temporary table in front of the keys", weaken: searchesFirst("pg_temp, erp_wall"), try: func(a *attacker) error {
		own := a.own()
		k := &signingKey{id: "mine", inner: make([]byte, macBlock), outer: make([]byte, macBlock)}
		own[partTenant], own[partKey] = a.other.String(), k.id
		text := strings.Join(own[:partMAC], "/")
		zero := strings.Repeat("00", macBlock)
		return a.loot(`CREATE TEMP TABLE signing_keys AS SELECT 'mine'::text AS id, decode('%s', 'hex') AS inner_pad, decode('%s', 'hex') AS outer_pad,
			now() AS created_at, NULL::timestamptz AS retired_at; GRANT SELECT ON signing_keys TO PUBLIC; SET LOCAL erp.tenant = '%s'`, zero, zero, text+"/"+k.mac(text))
	}},
}

// granted is a token of the other tenant under a grant.
func (a *attacker) granted(left time.Duration, ended bool) string {
	g := tenancy.StoredGrant{ID: tenancy.NewID(), TenantID: a.other, ExpiresAt: time.Now().Add(left)}
	require.NoError(a.t, a.f.store.PutGrant(a.t.Context(), g))
	if ended {
		require.NoError(a.t, a.f.store.EndGrant(a.t.Context(), g.ID))
	}
	return a.others(func(on *scope, _ *backend) { on.grant = g.ID })
}

// withKey signs with a key that a query gives.
func (a *attacker) withKey(query string) error {
	rows, err := a.sql("%s", query)
	if err != nil {
		return err
	}
	k := &signingKey{id: string(rows[0][0])}
	k.inner, _ = hex.DecodeString(string(rows[0][1]))
	k.outer, _ = hex.DecodeString(string(rows[0][2]))
	return a.set(k.token(&scope{tenant: a.other}, backend{pid: a.pid, now: time.Now().UnixMicro()}))
}

func TestInjectedSQLCannotSwitchTenant(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	mine, other := f.tenant(t), f.tenant(t)
	for _, tenant := range []uuid.UUID{mine, other} {
		require.NoError(t, f.session(t, tenant, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, newThing(tenant, "x"))}))
	}
	f.exec(t, "GRANT CREATE ON SCHEMA public TO PUBLIC") // as clusters have it that were upgraded from before version 15
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) {
			try := func() error {
				a := newAttacker(t, f, mine, other)
				defer func() { require.NoError(t, a.session.Rollback(ctx)) }()
				return attack.try(a)
			}
			weaken, repair := attack.weaken, attack.repair
			if weaken == "" {
				weaken = unsigned()
			}
			if repair == "" {
				repair = currentTenant().create()[0]
			}
			defer f.exec(t, repair)
			f.exec(t, weaken)
			require.NoError(t, try(), "the attack must work where the wall is not")
			f.exec(t, repair)
			err := asFault("test", try())
			require.Error(t, err)
			require.NotErrorIs(t, err, errNoLoot, "it is refused, and not just in vain")
			require.True(t, isAny(err, tenancy.ErrWall, tenancy.ErrGrantEnded, tenancy.ErrBusy), err)
		})
	}
	_, err := f.eng.Open(ctx, f.reg, tenancy.EngineOptions{})
	require.NoError(t, err, "the wall is whole again")
}

func isAny(err error, of ...error) bool {
	for _, o := range of {
		if strings.Contains(err.Error(), o.Error()) {
			return true
		}
	}
	return false
}

// What one's own tenant is signed as is no secret, and worth nothing elsewhere; but another tenant's is not even seen: the
// statements of all connections of a login can be read by each of them.
func TestTokensAreNotSeenByOthers(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	mine, other := f.tenant(t), f.tenant(t)
	victim := f.session(t, other, false)
	a := newAttacker(t, f, mine, other)
	require.NotEqual(t, a.pid, pidOf(t, victim))
	seen := func() bool {
		rows, err := a.sql("RESET ROLE; SELECT pg_stat_clear_snapshot(); SELECT query FROM pg_stat_activity WHERE query LIKE '%%%s%%' AND pid <> pg_backend_pid()", other)
		require.NoError(t, err)
		return len(rows) > 0
	}
	preamble := func(change func(*trip)) {
		require.NoError(t, victim.use(func(c *conn) error {
			tr := trip{c: c}
			require.NoError(t, tr.begin(ctx))
			for i := len(tr.steps) - 1; tr.steps[i].text != signedSettings; i-- { // it is to be the last that is said
				tr.steps = tr.steps[:i]
			}
			change(&tr)
			return tr.run(ctx)
		}))
		require.NoError(t, victim.Rollback(ctx))
		victim = f.session(t, other, false)
	}
	text := func(tr *trip) {
		tr.steps = append(tr.steps[:len(tr.steps)-1], step{text: "SET LOCAL erp.tenant = " + quoteText(tr.c.token)})
	}
	saw := make(chan bool, 1)
	for _, how := range []struct {
		change func(*trip)
		want   bool
	}{{text, true}, {func(*trip) {}, false}} {
		preamble(func(tr *trip) {
			how.change(tr)
			require.NoError(t, tr.run(ctx))
			saw <- seen() // the victim's transaction is open, and this its last statement
			tr.steps = nil
			tr.plain("SELECT 1")
		})
		require.Equal(t, how.want, <-saw)
	}
}

func pidOf(t testing.TB, s *session) (pid uint32) {
	t.Helper()
	require.NoError(t, s.use(func(c *conn) error { pid = c.pg.PID(); return nil }))
	return pid
}

// A trap laid on the connection for whoever comes next: statements of the attacker under the names of ours, and settings.
func TestTrapsDoNotOutliveTheirTenant(t *testing.T) {
	f := newFixture(t)
	f.counted(t) // one connection for both
	ctx := t.Context()
	mine, other := f.tenant(t), f.tenant(t)
	require.NoError(t, f.session(t, other, false).Commit(ctx, []*tenancy.Statement{write(tenancy.VerbInsert, things, other, nil, newThing(other, "secret"))}))
	spring := func() (err error) { // the other tenant reads, as the attacker did before, and is run again if it must
		var got []tally
		for range 2 {
			s := f.session(t, other, false)
			if err = s.Commit(ctx, []*tenancy.Statement{read(tallies, other, &got)}); err == nil {
				return nil
			}
			require.True(t, f.store.Retryable(err), err)
			require.NoError(t, s.Rollback(ctx))
		}
		return err
	}
	lay := func() {
		s := f.session(t, mine, false)
		var got []tally
		require.NoError(t, s.Run(ctx, []*tenancy.Statement{read(tallies, mine, &got)}))
		_, err := s.Conn().ExecContext(ctx, "SELECT 1 /* what carries the injection */")
		require.NoError(t, err)
		a := &attacker{t: t, f: f, session: s}
		rows, err := a.sql("SELECT name, statement FROM pg_prepared_statements WHERE statement LIKE '%%tallies%%'")
		require.NoError(t, err)
		name, columns := string(rows[0][0]), "tenant_id, thing_id, year, total"
		_, err = a.sql("COMMIT")
		require.NoError(t, err)
		_, err = a.sql(`CREATE TEMP TABLE IF NOT EXISTS loot (code text); GRANT ALL ON loot TO PUBLIC; SET work_mem = '65kB';
			DEALLOCATE %s; SET ROLE erp_app; PREPARE %s (uuid) AS WITH x AS (INSERT INTO pg_temp.loot SELECT code FROM testmod.things RETURNING 1) SELECT %s FROM testmod.tallies; RESET ROLE`, name, name, columns)
		require.NoError(t, err)
		require.NoError(t, s.Rollback(ctx))
	}
	caught := func() (n string) {
		s := f.session(t, mine, false)
		a := &attacker{t: t, f: f, session: s}
		_, err := s.Conn().ExecContext(ctx, "SELECT 1")
		require.NoError(t, err)
		rows, err := a.sql("SELECT coalesce(to_regclass('pg_temp.loot')::text, 'gone')")
		require.NoError(t, err)
		if string(rows[0][0]) != "gone" {
			rows, err = a.sql("SELECT count(*) || ' at ' || current_setting('work_mem') FROM pg_temp.loot")
			require.NoError(t, err)
		}
		require.NoError(t, s.Rollback(ctx))
		return string(rows[0][0])
	}
	f.exec(t, "CREATE OR REPLACE FUNCTION erp.forget_planted() RETURNS void LANGUAGE plpgsql AS 'BEGIN END'")
	lay()
	require.NoError(t, spring())
	require.Contains(t, caught(), "1 at", "the trap must work where nobody looks for it")
	f.exec(t, plantedFunction.create()[0])
	require.NoError(t, f.store.scoped.Close())
	f.counted(t)
	lay()
	require.NoError(t, spring())
	require.Equal(t, "gone", caught(), "the connection is another")
}

// The login may give itself a search path of its own, and somebody may have let it create. Nothing of ours is then found by a
// name that is not its own: not before the search path is set, and not after.
func TestNothingIsFoundWhereOthersCanWrite(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	tenant := f.tenant(t)
	f.exec(t, "GRANT CREATE ON SCHEMA public TO PUBLIC")
	attacker := f.connect(t, f.eng.DSN)
	attacker.SetMaxOpenConns(1)
	for _, text := range []string{
		"ALTER ROLE CURRENT_USER SET search_path = public, pg_catalog", "CREATE SEQUENCE public.called", "GRANT ALL ON SEQUENCE public.called TO PUBLIC",
		"CREATE FUNCTION public.equal(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT pg_catalog.nextval('public.called') > 0 $$",
		"CREATE FUNCTION public.times(numeric, integer) RETURNS numeric LANGUAGE sql AS $$ SELECT pg_catalog.nextval('public.called')::numeric $$",
		"CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.equal)",
		"CREATE OPERATOR public.* (LEFTARG = numeric, RIGHTARG = integer, FUNCTION = public.times)",
		"CREATE FUNCTION public.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$ SELECT pg_catalog.nextval('public.called')::text $$",
	} {
		_, err := attacker.ExecContext(ctx, text)
		require.NoError(t, err, text)
	}
	called := func() (n int) {
		require.NoError(t, f.admin(t).QueryRowContext(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.called").Scan(&n))
		return n
	}
	victim := f.connect(t, f.eng.DSN)
	for _, text := range []string{"SELECT nullif($1::text, '')", "SELECT set_config('a.b', $1, true)", "SELECT extract(epoch FROM now() + $1::interval) * 1000000"} {
		before := called()
		_, err := victim.ExecContext(ctx, text, "1s")
		require.NoError(t, err, text)
		require.Greater(t, called(), before, "the trap must work for who names things as usual")
	}
	before := called()
	for _, pooler := range []bool{false, true} {
		f.eng.Pooler = pooler
		store := f.open(t, false)
		s, err := store.Session(ctx, tenancy.SessionOptions{Tenant: tenant, StatementTimeout: time.Minute})
		require.NoError(t, err)
		stands(t, s, tenant, fmt.Sprint(pooler))
		require.NoError(t, s.Host(ctx, func(*sql.Tx) error { return nil }))
		stands(t, s, tenant, fmt.Sprint("again ", pooler))
		require.NoError(t, s.Commit(ctx, nil))
	}
	tx, err := victim.BeginTx(ctx, nil)
	require.NoError(t, err)
	j, err := f.store.Join(ctx, tenancy.SessionOptions{Tenant: tenant, StatementTimeout: time.Minute}, tx)
	require.NoError(t, err)
	stands(t, j, tenant, "joined")
	require.NoError(t, j.Commit(ctx, nil))
	require.NoError(t, tx.Commit())
	require.Equal(t, before, called())
}

// Settings that change how text is read are noticed without a question, and the connection is dropped.
func TestConnectionsThatReadTextOtherwiseAreDropped(t *testing.T) {
	f := newFixture(t)
	f.counted(t)
	ctx := t.Context()
	mine, other := f.tenant(t), f.tenant(t)
	for _, setting := range []string{"SET client_encoding = 'SJIS'", "SET standard_conforming_strings = off", "SET timezone = 'Asia/Tokyo'"} {
		a := newAttacker(t, f, mine, other)
		for _, text := range []string{"COMMIT", setting} {
			_, err := a.sql("%s", text)
			require.NoError(t, err)
		}
		require.NoError(t, a.session.Rollback(ctx))
		next := f.session(t, other, false)
		require.NotEqual(t, a.pid, pidOf(t, next), setting)
		require.NoError(t, next.Rollback(context.Background()))
	}
}
