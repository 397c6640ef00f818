package tenancytest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// The suite's own models: boxes in a vault, each of an owner, with labels, and papers in it.

type owner struct {
	tenancy.Row
	Name string `bun:"name" privacy:"identity,pseudonymise"`
}

type box struct {
	tenancy.Row
	OwnerID uuid.UUID `bun:"owner_id"`
	Title   string    `bun:"title" privacy:"none"` // unique in the tenant
	Content string    `bun:"content" privacy:"free-text,delete"`
	Weight  int64     `bun:"weight"`
}

type label struct {
	tenancy.Owned
	BoxID uuid.UUID `bun:"box_id,pk"`
	Text  string    `bun:"text,pk" privacy:"none"`
	Count int64     `bun:"count"`
}

type receipt struct {
	tenancy.Row
	BoxID uuid.UUID `bun:"box_id"`
	Text  string    `bun:"text" privacy:"none"`
}

var attacked = tenancy.Module{
	Name: "attacked",
	Models: []*tenancy.Model{
		tenancy.Define[owner](tenancy.Spec{Table: "attacked.owners", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "self"}),
		tenancy.Define[box](tenancy.Spec{Table: "attacked.boxes", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "owner_id"}),
		tenancy.Define[label](tenancy.Spec{Table: "attacked.labels", Class: tenancy.Master, Controller: tenancy.ByHost, Derived: true}),
		tenancy.Define[receipt](tenancy.Spec{Table: "attacked.receipts", Class: tenancy.Voucher, Controller: tenancy.ByHost, Writes: tenancy.AppendOnly}),
	},
	Migrations: fstest.MapFS{"59001_attacked.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA attacked;
CREATE TABLE attacked.owners (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE attacked.boxes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    owner_id UUID NOT NULL,
    title TEXT NOT NULL COLLATE "C",
    content TEXT NOT NULL,
    weight BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT attacked_boxes_title UNIQUE (tenant_id, title),
    CONSTRAINT attacked_boxes_owner FOREIGN KEY (tenant_id, owner_id) REFERENCES attacked.owners (tenant_id, id)
);
CREATE TABLE attacked.labels (
    tenant_id UUID NOT NULL,
    box_id UUID NOT NULL,
    text TEXT NOT NULL COLLATE "C",
    count BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, box_id, text),
    CONSTRAINT attacked_labels_box FOREIGN KEY (tenant_id, box_id) REFERENCES attacked.boxes (tenant_id, id)
);
CREATE TABLE attacked.receipts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    box_id UUID NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT attacked_receipts_box FOREIGN KEY (tenant_id, box_id) REFERENCES attacked.boxes (tenant_id, id)
);
`)}},
}

// Walled is the real store with two fresh tenants in it, filled alike.
type Walled struct {
	TB  testing.TB
	Env *Env
	// Intruder and Victim are the two tenants' scopes, with all permissions.
	Intruder, Victim context.Context //nolint:containedctx // the two sides of the attack
	// Secret stands in every text of the victim's rows, and nowhere else; OwnSecret in the intruder's.
	Secret, OwnSecret string
	// Surface is what [Options] gave.
	Surface Surface

	own, foreign rows
	web          Web
}

// rows are the ids of what a tenant has.
type rows struct {
	tenant                uuid.UUID
	owner, box, receiptID uuid.UUID
	title                 string
}

func newWalled(tb testing.TB, env *Env) *Walled {
	tb.Helper()
	w := &Walled{TB: tb, Env: env, Intruder: env.Tenant(tb), Victim: env.Tenant(tb), Secret: "canary-" + uuid.NewString(), OwnSecret: "own-" + uuid.NewString()}
	w.own, w.foreign = w.fill(w.Intruder, w.OwnSecret), w.fill(w.Victim, w.Secret)
	return w
}

// fill gives a tenant a box with everything.
func (w *Walled) fill(ctx context.Context, secret string) rows {
	w.TB.Helper()
	o := &owner{Name: secret}
	b := &box{Title: secret, Content: secret, Weight: 1}
	r := &receipt{Text: secret}
	require.NoError(w.TB, w.Env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		o.ID, b.ID = tenancy.NewID(), tenancy.NewID()
		b.OwnerID, r.BoxID = o.ID, b.ID
		batch := tx.Batch()
		tenancy.Put(batch, []*owner{o})
		tenancy.Put(batch, []*box{b})
		tenancy.Put(batch, []*label{{BoxID: b.ID, Text: secret, Count: 1}})
		tenancy.Put(batch, []*receipt{r})
		return batch.Run(ctx)
	}))
	return rows{tenancy.ScopeOf(ctx).TenantID(), o.ID, b.ID, r.ID, secret}
}

// tx runs fn in a transaction of the intruder's.
func (w *Walled) tx(fn func(ctx context.Context, tx *tenancy.Tx) error) error {
	return w.Env.DB.Tx(w.Intruder, fn)
}

// digest is a hash over all rows of the victim, as the victim sees them, but for the trail, which grows by looking.
func (w *Walled) digest() string {
	w.TB.Helper()
	h := sha256.New()
	db := w.Env.watcher(w.TB, w.foreign.tenant)
	for _, m := range w.Env.DB.Registry().Models {
		if m.Table == "erp.audit_events" {
			continue
		}
		rows, err := tenantRows(w.Env, db, w.foreign.tenant, m)
		require.NoError(w.TB, err, m.Table)
		_, _ = fmt.Fprintln(h, m.Table, rows)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// tenantRows are a tenant's rows of a table as the tables' owner sees them, in no particular order but always the same one.
func tenantRows(env *Env, db *sql.DB, tenant uuid.UUID, m *tenancy.Model) ([]string, error) {
	rows, err := db.Query(env.SQL("SELECT * FROM "+m.Table+" WHERE tenant_id = "+placeholder(env.Name, 1)), tenant.String())
	if err != nil {
		return nil, err
	}
	return lines(rows)
}

// lines is every row as text, sorted.
func lines(rows *sql.Rows) (out []string, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(sql.NullString)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		line := ""
		for _, v := range values {
			if s, ok := v.(*sql.NullString); ok {
				line += fmt.Sprintf("%t %q ", s.Valid, s.String)
			}
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out, rows.Err()
}

func placeholder(engine string, n int) string {
	if engine == "sqlite" {
		return "?"
	}
	return fmt.Sprint("$", n)
}
