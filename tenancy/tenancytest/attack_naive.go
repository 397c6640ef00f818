package tenancytest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"github.com/uptrace/bun/schema"

	"github.com/opsmatiq/erp/internal/pgtest"
)

// Naive is a store without walls, written as multi-tenant stores on bun usually are: one set of tables with a tenant column and
// keys of their own, a predicate that a hook or the programmer adds, a tenant that travels under a string key, a connection with
// every power. Nothing in it is made worse than what is found in the wild; nothing is made better.
type Naive struct {
	TB testing.TB
	// Secret stands in the victim's rows, as in [Walled].
	Secret string

	engine           string
	db               *bun.DB
	intruder, victim naiveRows
	cache            map[string]any // by what is asked for, as caches are
	current          string         // the tenant that "the connection" was set to
}

type naiveRows struct{ tenant, owner, box, receipt, title string }

type naiveOwner struct {
	bun.BaseModel `bun:"table:naive_owners,alias:o"`
	ID            string `bun:"id,pk"`
	TenantID      string `bun:"tenant_id"`
	Name          string `bun:"name"`
}

type naiveBox struct {
	bun.BaseModel `bun:"table:naive_boxes,alias:b"`
	ID            string        `bun:"id,pk"`
	TenantID      string        `bun:"tenant_id"`
	OwnerID       string        `bun:"owner_id"`
	Title         string        `bun:"title"`
	Content       string        `bun:"content"`
	Weight        int64         `bun:"weight"`
	Number        int64         `bun:"number"`
	Owner         *naiveOwner   `bun:"rel:belongs-to,join:owner_id=id"`
	Labels        []*naiveLabel `bun:"rel:has-many,join:id=box_id"`
}

type naiveLabel struct {
	bun.BaseModel `bun:"table:naive_labels,alias:l"`
	ID            string `bun:"id,pk"`
	TenantID      string `bun:"tenant_id"`
	BoxID         string `bun:"box_id"`
	Text          string `bun:"text"`
}

// BeforeSelect is bun's own multi-tenant example: a hook that adds the predicate when the context has a tenant.
func (*naiveBox) BeforeSelect(ctx context.Context, q *bun.SelectQuery) error {
	if tenant, ok := ctx.Value("tenant_id").(string); ok { // a string key, as in the wild
		q.Where("?TableAlias.tenant_id = ?", tenant)
	}
	return nil
}

var _ bun.BeforeSelectHook = (*naiveBox)(nil)

func newNaive(tb testing.TB, env *Env) *Naive {
	tb.Helper()
	n := &Naive{TB: tb, Secret: "canary-" + uuid.NewString(), engine: env.Name, cache: map[string]any{}}
	var db *sql.DB
	var dialect schema.Dialect = pgdialect.New()
	var err error
	if env.Name == "sqlite" {
		db, err = sql.Open("sqlite", "file:"+filepath.Join(tb.TempDir(), "naive.db")+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
		dialect = sqlitedialect.New()
	} else {
		db, err = sql.Open("pgx", naiveDatabase(tb))
	}
	require.NoError(tb, err)
	db.SetMaxOpenConns(1)
	tb.Cleanup(func() { _ = db.Close() })
	n.db = bun.NewDB(db, dialect)
	if env.Name == "postgres" { // a schema for each attack: making a database takes ten times as long
		name := "naive_" + strings.ReplaceAll(uuid.NewString(), "-", "")
		_, err := db.Exec("CREATE SCHEMA " + name + "; SET search_path = " + name)
		require.NoError(tb, err)
	}
	for _, text := range strings.Split(naiveSchema, ";\n") {
		_, err := db.Exec(text)
		require.NoError(tb, err)
	}
	n.intruder, n.victim = n.fill("own-"+uuid.NewString()), n.fill(n.Secret)
	return n
}

// naiveDatabase is the address of one database without walls, shared by the attacks of a process.
func naiveDatabase(tb testing.TB) string {
	tb.Helper()
	naiveOnce.Do(func() {
		url, drop, err := pgtest.Start(tb).CreateDatabase(context.Background())
		require.NoError(tb, err)
		naiveURL = url
		shared.Lock()
		defer shared.Unlock()
		shared.atEnd = append(shared.atEnd, func() error { return drop(context.Background()) })
	})
	return naiveURL
}

var (
	naiveOnce sync.Once
	naiveURL  string
)

const naiveSchema = `CREATE TABLE naive_owners (id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE naive_boxes (id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, owner_id TEXT NOT NULL REFERENCES naive_owners (id), title TEXT NOT NULL UNIQUE,
	content TEXT NOT NULL, weight BIGINT NOT NULL, number BIGINT NOT NULL);
CREATE TABLE naive_labels (id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, box_id TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE naive_receipts (id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE naive_events (seq BIGINT PRIMARY KEY, tenant_id TEXT NOT NULL, actor TEXT NOT NULL, act TEXT NOT NULL);
CREATE TABLE naive_tenants (id TEXT PRIMARY KEY, state TEXT NOT NULL)`

func (n *Naive) fill(secret string) naiveRows {
	n.TB.Helper()
	r := naiveRows{uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), secret}
	for _, q := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO naive_tenants VALUES (?, 'active')", []any{r.tenant}},
		{"INSERT INTO naive_owners VALUES (?, ?, ?)", []any{r.owner, r.tenant, secret}},
		{"INSERT INTO naive_boxes VALUES (?, ?, ?, ?, ?, 1, (SELECT count(*) + 1 FROM naive_boxes))", []any{r.box, r.tenant, r.owner, secret, secret}},
		{"INSERT INTO naive_labels VALUES (?, ?, ?, ?)", []any{uuid.NewString(), r.tenant, r.box, secret}},
		{"INSERT INTO naive_receipts VALUES (?, ?, ?)", []any{r.receipt, r.tenant, secret}},
		{"INSERT INTO naive_events VALUES ((SELECT count(*) + 1 FROM naive_events), ?, 'user:1', 'box.create')", []any{r.tenant}},
	} {
		n.must(q.text, q.args...)
	}
	return r
}

// as is a context as such a store knows it.
func (n *Naive) as(tenant string) context.Context {
	return context.WithValue(context.Background(), "tenant_id", tenant) //nolint:staticcheck // a string key, as in the wild
}

// me is the intruder's context.
func (n *Naive) me() context.Context { return n.as(n.intruder.tenant) }

func (n *Naive) must(text string, args ...any) {
	n.TB.Helper()
	_, err := n.db.Exec(text, args...)
	require.NoError(n.TB, err, text)
}

// try runs a statement and gives what came of it: for the intruder, an error is an answer too.
func (n *Naive) try(text string, args ...any) any {
	rows, err := n.db.Query(text, args...)
	if err != nil {
		return err
	}
	out, err := lines(rows)
	if err != nil {
		return err
	}
	return out
}

// digest is a hash over the victim's rows, wherever they are now.
func (n *Naive) digest() string {
	n.TB.Helper()
	h := sha256.New()
	for _, table := range []string{"naive_owners", "naive_boxes", "naive_labels", "naive_receipts", "naive_events"} {
		_, _ = fmt.Fprintln(h, n.try("SELECT * FROM "+table+" WHERE tenant_id = ?", n.victim.tenant))
	}
	return hex.EncodeToString(h.Sum(nil))
}
