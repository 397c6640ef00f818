package tenancytest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
)

// injected is a connection in the state in which injected SQL finds one on PostgreSQL: the scoped login, in a transaction,
// under the application role, with the intruder's tenant set by right. Whatever is said on it is said as the application says
// it. (It is a superuser's connection that has given itself up, since only so can it be set by right from outside: what it may
// not say is RESET SESSION AUTHORIZATION. Package postgres tries that on a real session.)
type injected struct {
	w    *Walled
	conn *sql.Conn
}

// inject opens one, of the intruder's tenant.
func (w *Walled) inject() *injected {
	w.TB.Helper()
	ctx := context.Background()
	conn, err := w.Env.Owner(w.TB, w.own.tenant).Conn(ctx)
	require.NoError(w.TB, err)
	w.TB.Cleanup(func() { _ = conn.Close() })
	i := &injected{w, conn}
	i.must("SELECT pg_catalog.set_config('attack.tenant', erp.sign('" + w.own.tenant.String() + "'), false)")
	i.must("SET SESSION AUTHORIZATION " + w.login())
	i.begin()
	return i
}

// login is the name that the scoped pool logs in by.
func (w *Walled) login() string {
	eng, ok := w.Env.Engine.(postgres.Engine)
	require.True(w.TB, ok)
	u, err := url.Parse(eng.DSN)
	require.NoError(w.TB, err)
	return `"` + u.User.Username() + `"`
}

func (i *injected) begin() {
	i.must("BEGIN")
	i.must("SET LOCAL ROLE erp_app")
	i.must("SELECT pg_catalog.set_config('erp.tenant', pg_catalog.current_setting('attack.tenant'), true)")
}

func (i *injected) must(text string) {
	i.w.TB.Helper()
	_, err := i.conn.ExecContext(context.Background(), text)
	require.NoError(i.w.TB, err, text)
}

// say runs SQL, several statements if it has several, in a savepoint, and gives everything that came back: the rows of each
// statement, what COPY sent, and the error.
func (i *injected) say(text string) any {
	ctx := context.Background()
	var out []string
	err := i.conn.Raw(func(driver any) error {
		conn, ok := driver.(*stdlib.Conn)
		require.True(i.w.TB, ok)
		pg := conn.Conn().PgConn()
		if _, err := pg.Exec(ctx, "SAVEPOINT attack").ReadAll(); err != nil {
			return err
		}
		var err error
		if strings.HasPrefix(text, "COPY") {
			var sent strings.Builder
			_, err = pg.CopyTo(ctx, &sent, text)
			out = append(out, sent.String())
		} else {
			var results []*pgconn.Result
			results, err = pg.Exec(ctx, text).ReadAll() // as the simple protocol has it: stacked
			for _, r := range results {
				for _, row := range r.Rows {
					out = append(out, fmt.Sprintf("%s", row))
				}
			}
		}
		end := "RELEASE SAVEPOINT attack"
		if err != nil {
			end = "ROLLBACK TO SAVEPOINT attack"
		}
		_, _ = pg.Exec(ctx, end).ReadAll()
		return err
	})
	return []any{out, err}
}

// all says several things one after the other, and commits.
func (i *injected) all(texts ...string) []any {
	i.w.TB.Helper()
	out := []any{i.say("SELECT content FROM attacked.boxes")} // the attack is alive: the intruder's own box is seen
	for _, text := range texts {
		out = append(out, text, i.say(text))
	}
	_, err := i.conn.ExecContext(context.Background(), "COMMIT")
	return append(out, err)
}

// hostSays runs SQL as the host, in a transaction of the intruder's.
func (w *Walled) hostSays(text string) (seen any, err error) {
	err = w.tx(func(ctx context.Context, tx *tenancy.Tx) error {
		return tx.Host(ctx, func(host *sql.Tx) error {
			rows, err := host.QueryContext(ctx, text)
			if err != nil {
				return err
			}
			out, err := lines(rows)
			seen = out
			return err
		})
	})
	return seen, err
}

// hostConn is a host's own pool on the same PostgreSQL database, under a login that may become the application role, as Join
// asks for.
func (w *Walled) hostConn() *sql.DB {
	w.TB.Helper()
	ctx := context.Background()
	owner := w.Env.Owner(w.TB, w.own.tenant)
	var name string
	require.NoError(w.TB, owner.QueryRowContext(ctx, "SELECT 'host_' || md5(random()::text)").Scan(&name))
	_, err := owner.ExecContext(ctx, "CREATE ROLE "+name+" LOGIN NOINHERIT; GRANT erp_app TO "+name)
	require.NoError(w.TB, err)
	w.TB.Cleanup(func() { _, _ = owner.ExecContext(ctx, "DROP ROLE "+name) })
	u, err := url.Parse(w.Env.ownerURL)
	require.NoError(w.TB, err)
	u.User = url.User(name)
	query := u.Query()
	query.Del("user")
	query.Del("password")
	u.RawQuery = query.Encode()
	db, err := sql.Open("pgx", u.String())
	require.NoError(w.TB, err)
	w.TB.Cleanup(func() { _ = db.Close() })
	return db
}
