package tenancy_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// The models of these tests have sealed columns in every kind of row that can have them.

type Contact struct {
	tenancy.Row
	Name  string `bun:"name" privacy:"identity,pseudonymise"`
	Email string `bun:"email,nullzero" privacy:"contact,delete,sealed"`
	Phone string `bun:"phone" privacy:"contact,delete,sealed"`
}

// Twin has the columns of Contact in another table.
type Twin struct {
	tenancy.Row
	Name  string `bun:"name" privacy:"identity,pseudonymise"`
	Email string `bun:"email,nullzero" privacy:"none"`
	Phone string `bun:"phone" privacy:"contact,delete,sealed"`
}

type Slip struct {
	tenancy.Row
	Number string `bun:"number" privacy:"none"`
	Signer string `bun:"signer" privacy:"identity,keep,sealed"`
}

type SlipText struct {
	tenancy.Owned
	SlipID uuid.UUID `bun:"slip_id,pk"`
	Payer  string    `bun:"payer" privacy:"identity,pseudonymise,sealed"`
}

// Badge has a key of several types, and sums.
type Badge struct {
	tenancy.Owned
	Door   string    `bun:"door,pk" privacy:"none"`
	Day    date.Date `bun:"day,pk"`
	Seq    int64     `bun:"seq,pk"`
	Holder string    `bun:"holder" privacy:"identity,pseudonymise,sealed"`
	Visits int64     `bun:"visits"`
}

var vault = tenancy.Module{
	Name: "vault",
	Models: []*tenancy.Model{
		tenancy.Define[Contact](tenancy.Spec{Table: "vault.contacts", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[Twin](tenancy.Spec{Table: "vault.twins", Class: tenancy.Master, Subject: "self"}),
		tenancy.Define[Slip](tenancy.Spec{Table: "vault.slips", Class: tenancy.Voucher, Writes: tenancy.AppendOnly}),
		tenancy.Define[SlipText](tenancy.Spec{Table: "vault.slip_texts", Class: tenancy.Voucher, Subject: "slip_id", Writes: tenancy.Companion, PartOf: "vault.slips"}),
		tenancy.Define[Badge](tenancy.Spec{Table: "vault.badges", Class: tenancy.Log, Writes: tenancy.Keep}),
	},
	Migrations: fstest.MapFS{"50001_vault.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA vault;
CREATE TABLE vault.contacts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL COLLATE "C",
    email TEXT,
    phone TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE vault.twins (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL COLLATE "C",
    email TEXT,
    phone TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE vault.slips (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    number TEXT NOT NULL,
    signer TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE vault.slip_texts (
    tenant_id UUID NOT NULL,
    slip_id UUID NOT NULL,
    payer TEXT NOT NULL,
    PRIMARY KEY (tenant_id, slip_id),
    CONSTRAINT vault_slip_texts_slip FOREIGN KEY (tenant_id, slip_id) REFERENCES vault.slips (tenant_id, id)
);
CREATE TABLE vault.badges (
    tenant_id UUID NOT NULL,
    door TEXT NOT NULL COLLATE "C",
    day DATE NOT NULL,
    seq BIGINT NOT NULL,
    holder TEXT NOT NULL,
    visits BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, door, day, seq)
);
`)}},
}

func eachVault(t *testing.T, fn func(t *testing.T, env *tenancytest.Env)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{vault}}, fn)
}

func within(t *testing.T, env *tenancytest.Env, ctx context.Context, fn func(ctx context.Context, tx *tenancy.Tx)) {
	t.Helper()
	require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { fn(ctx, tx); return nil }))
}

const canary = "canary@example.org"

func day() date.Date { return date.Of(2026, 3, 4) }

// fillVault gives a tenant a row of everything, all with the canary in their sealed columns.
func fillVault(t *testing.T, env *tenancytest.Env, ctx context.Context) *Contact {
	t.Helper()
	c := &Contact{Name: "Ada", Email: canary, Phone: canary}
	within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
		slip := &Slip{Row: tenancy.Row{ID: tenancy.NewID()}, Number: "S-1", Signer: canary}
		b := tx.Batch()
		tenancy.Put(b, []*Contact{c})
		tenancy.Put(b, []*Twin{{Name: "Ada", Phone: canary}})
		tenancy.Put(b, []*Slip{slip})
		tenancy.Put(b, []*SlipText{{SlipID: slip.ID, Payer: canary}})
		tenancy.Accrue(b, []*Badge{{Door: "north", Day: day(), Seq: 1, Holder: canary, Visits: 1}}, "visits")
		require.NoError(t, b.Run(ctx))
	})
	return c
}

// stored is a column as the tables' owner sees it.
func stored(t *testing.T, env *tenancytest.Env, tenant uuid.UUID, table, column string) []sql.NullString {
	t.Helper()
	rows, err := env.Owner(t, tenant).Query(env.SQL("SELECT " + column + " FROM " + table + " WHERE tenant_id = '" + tenant.String() + "' ORDER BY 1"))
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var out []sql.NullString
	for rows.Next() {
		var s sql.NullString
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}

func TestSealedColumnsLieSealed(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		c := fillVault(t, env, ctx)
		require.Equal(t, canary, c.Email, "the caller's own is left as it was")
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			require.NoError(t, tenancy.Insert(ctx, tx, &Contact{Name: "Bob"}))
			c.Phone = "0" + canary
			require.NoError(t, tenancy.Update(ctx, tx, c, "phone"))
			require.Equal(t, "0"+canary, c.Phone)
		})
		tenant := tenantOf(ctx)
		for _, at := range []string{"vault.contacts email", "vault.contacts phone", "vault.twins phone", "vault.slips signer", "vault.slip_texts payer", "vault.badges holder"} {
			table, column, _ := strings.Cut(at, " ")
			n := 0
			for _, s := range stored(t, env, tenant, table, column) {
				if s.String != "" {
					n++
					require.Regexp(t, `^erp1:1:[A-Za-z0-9_-]{40,}$`, s.String, at)
				}
			}
			require.Equal(t, 1, n, at)
		}
		emails := stored(t, env, tenant, "vault.contacts", "email")
		require.Contains(t, emails, sql.NullString{}, "nothing stays NULL")
		require.Contains(t, stored(t, env, tenant, "vault.contacts", "phone"), sql.NullString{Valid: true}, "empty stays empty")

		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			n, err := tenancy.Count[Contact](ctx, tx, tenancy.NotNull("email"))
			require.NoError(t, err)
			require.EqualValues(t, 1, n, "whether there is a value can be asked")
		})
		if env.Dir() != "" { // all that there is of the tenant, byte by byte
			files, err := filepath.Glob(filepath.Join(env.Dir(), "tenants", tenant.String()+"*"))
			require.NoError(t, err)
			require.NotEmpty(t, files)
			found := false
			for _, f := range files {
				data, err := os.ReadFile(f)
				require.NoError(t, err)
				require.NotContains(t, string(data), canary, f)
				found = found || strings.Contains(string(data), "erp1:1:")
			}
			require.True(t, found, "the search sees what is there")
		} else {
			for _, m := range env.DB.Registry().Models {
				for _, row := range stored(t, env, tenant, m.Table+" AS t", "t::text") {
					require.NotContains(t, row.String, canary, m.Table)
				}
			}
		}
	})
}

// reads are all ways in which a contact comes out of the store.
func reads(id uuid.UUID) map[string]func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error) {
	one := func(c *Contact, err error) ([]Contact, error) {
		if err != nil {
			return nil, err
		}
		return []Contact{*c}, nil
	}
	untyped := func(tx *tenancy.Tx) tenancy.Verbs { return vault.Models[0].Verbs() }
	return map[string]func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error){
		"get": func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error) {
			return one(tenancy.Get[Contact](ctx, tx, id))
		},
		"lock": func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error) {
			return one(tenancy.Lock[Contact](ctx, tx, id))
		},
		"first": func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error) {
			return one(tenancy.First[Contact](ctx, tx, tenancy.OrderBy("name")))
		},
		"find": func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error) { return tenancy.Find[Contact](ctx, tx) },
		"page": func(ctx context.Context, tx *tenancy.Tx) ([]Contact, error) {
			p, err := tenancy.Page[Contact](ctx, tx, tenancy.PageRequest{Sort: "name"})
			return p.Items, err
		},
		"stream": func(ctx context.Context, tx *tenancy.Tx) (out []Contact, err error) {
			err = tenancy.Stream(ctx, tx, func(c *Contact) error { out = append(out, *c); return nil })
			return out, err
		},
		"load": func(ctx context.Context, tx *tenancy.Tx) (out []Contact, err error) {
			b := tx.Batch()
			tenancy.Load(b, &out, tenancy.ForUpdate())
			return out, func() error { err := b.Run(ctx); return err }()
		},
		"untyped": func(ctx context.Context, tx *tenancy.Tx) (out []Contact, err error) {
			rows, err := untyped(tx).Find(ctx, tx)
			for _, r := range rows {
				out = append(out, *r.(*Contact)) //nolint:forcetypeassert // it is one
			}
			return out, err
		},
	}
}

func TestEveryReadOpens(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		c := fillVault(t, env, ctx)
		for name, read := range reads(c.ID) {
			within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
				rows, err := read(ctx, tx)
				require.NoError(t, err, name)
				require.Equal(t, []Contact{*c}, rows, name)
			})
		}
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			slip, err := tenancy.First[Slip](ctx, tx)
			require.NoError(t, err)
			require.Equal(t, canary, slip.Signer)
			text, err := tenancy.First[SlipText](ctx, tx)
			require.NoError(t, err)
			require.Equal(t, canary, text.Payer)
			// An accrual of a row that is there adds, and leaves its text.
			b := tx.Batch()
			tenancy.Accrue(b, []*Badge{{Door: "north", Day: day(), Seq: 1, Holder: "another", Visits: 2}}, "visits")
			require.NoError(t, b.Run(ctx))
			badge, err := tenancy.First[Badge](ctx, tx, tenancy.Eq("door", "north"))
			require.NoError(t, err)
			require.Equal(t, canary, badge.Holder)
			require.EqualValues(t, 3, badge.Visits)
		})
	})
}

// What was moved, altered or never sealed fails every read, and says nothing of the value.
func TestASealedValueOpensInItsPlaceAlone(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ours, theirs := env.Tenant(t), env.Tenant(t)
		c, other := fillVault(t, env, ours), &Contact{Name: "Zoe", Email: "zoe@example.org", Phone: "1"}
		foreign := &Contact{Row: tenancy.Row{ID: c.ID}, Name: "Ada", Email: canary, Phone: "1"} // of the very same id
		within(t, env, ours, func(ctx context.Context, tx *tenancy.Tx) {
			require.NoError(t, tenancy.Insert(ctx, tx, other))
			twin := &Twin{Row: tenancy.Row{ID: c.ID}, Name: "Ada", Phone: canary}
			require.NoError(t, tenancy.Insert(ctx, tx, twin))
		})
		within(t, env, theirs, func(ctx context.Context, tx *tenancy.Tx) { require.NoError(t, tenancy.Insert(ctx, tx, foreign)) })
		value := func(ctx context.Context, table, column string, id uuid.UUID) (out string) {
			require.NoError(t, env.Owner(t, tenantOf(ctx)).QueryRow(env.SQL("SELECT "+column+" FROM "+table+" WHERE tenant_id = '"+tenantOf(ctx).String()+
				"' AND id = '"+id.String()+"'")).Scan(&out))
			return out
		}
		good := value(ours, "vault.contacts", "email", c.ID)
		set := func(v string) {
			_, err := env.Owner(t, tenantOf(ours)).Exec(env.SQL("UPDATE vault.contacts SET email = '" + v + "' WHERE tenant_id = '" + tenantOf(ours).String() + "' AND id = '" + c.ID.String() + "'"))
			require.NoError(t, err)
		}
		for what, v := range map[string]string{
			"of another row":    value(ours, "vault.contacts", "email", other.ID),
			"of another column": value(ours, "vault.contacts", "phone", c.ID),
			"of another table":  value(ours, "vault.twins", "phone", c.ID),
			"of another tenant": value(theirs, "vault.contacts", "email", c.ID),
			"altered":           good[:20] + "A" + good[21:],
			"cut off":           good[:len(good)-4],
			"another version":   strings.Replace(good, "erp1:1:", "erp1:2:", 1),
			"never sealed":      "plain@example.org",
			"another form":      strings.Replace(good, "erp1:", "erp2:", 1),
		} {
			if v == good {
				continue // one in 64 times, the altered one
			}
			set(v)
			for name, read := range reads(c.ID) {
				err := env.DB.Tx(ours, func(ctx context.Context, tx *tenancy.Tx) error {
					rows, err := read(ctx, tx)
					for _, r := range rows {
						require.NotContains(t, r.Email, "erp", "%s: %s", what, name)
					}
					return err
				})
				require.ErrorIs(t, err, tenancy.ErrKey, "%s: %s", what, name)
				require.NotContains(t, err.Error(), v)
			}
		}
		set(good)
		within(t, env, ours, func(ctx context.Context, tx *tenancy.Tx) {
			again, err := tenancy.Get[Contact](ctx, tx, c.ID)
			require.NoError(t, err)
			require.Equal(t, c, again, "nothing else was in the way")
		})
	})
}

func TestSealedColumnsAreNotForQueries(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		fillVault(t, env, ctx)
		for name, opt := range map[string]tenancy.Option{
			"eq": tenancy.Eq("email", canary), "ne": tenancy.Ne("email", canary), "lt": tenancy.Lt("phone", "x"), "ge": tenancy.Ge("phone", ""),
			"in": tenancy.In("email", []string{canary}), "order": tenancy.OrderBy("phone"), "order down": tenancy.OrderBy("-phone"),
		} {
			_ = env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				_, err := tenancy.Find[Contact](ctx, tx, opt)
				require.ErrorIs(t, err, tenancy.ErrBadQuery, name)
				var rows []Contact
				b := tx.Batch()
				tenancy.Load(b, &rows, opt)
				require.ErrorIs(t, b.Run(ctx), tenancy.ErrBadQuery, name)
				return errOops
			})
		}
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			_, err := tenancy.Page[Contact](ctx, tx, tenancy.PageRequest{Sort: "phone"})
			require.ErrorIs(t, err, tenancy.ErrBadInput, "what a user may have asked for")
			for _, query := range []string{
				"SELECT c.email FROM {contacts} AS c", "SELECT c.name FROM {contacts} AS c WHERE c.phone > ?", "SELECT c.name FROM {contacts} AS c ORDER BY EMAIL",
				"WITH x AS (SELECT email FROM {contacts}) SELECT x.email FROM x", "SELECT MAX(phone) FROM {contacts}", "SELECT t.phone FROM {twins} AS t JOIN {contacts} AS c ON c.id = t.id",
			} {
				_, err := tenancy.Report[string](ctx, tx, query)
				require.ErrorIs(t, err, tenancy.ErrBadQuery, query)
			}
			names, err := tenancy.Report[string](ctx, tx, "SELECT c.name FROM {contacts} AS c WHERE c.name = ?", "Ada")
			require.NoError(t, err)
			require.Equal(t, []string{"Ada"}, names)
			// A column of the same name that is not sealed can be read; the sealed one beside it is not there.
			n, err := tenancy.Report[int64](ctx, tx, "SELECT COUNT(t.email) FROM {twins} AS t JOIN {contacts} AS c ON c.name = t.name")
			require.NoError(t, err)
			require.Zero(t, n[0])
		})
		require.Error(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			_, err := tenancy.Report[string](ctx, tx, "SELECT c.email FROM {twins} AS t JOIN {contacts} AS c ON c.name = t.name")
			return err
		}))
		within(t, env, ctx, func(ctx context.Context, tx *tenancy.Tx) {
			rows, err := tenancy.Report[struct { // a column beside these would be refused
				TenantID uuid.UUID `bun:"tenant_id"`
				ID       uuid.UUID `bun:"id"`
				Name     string    `bun:"name"`
			}](ctx, tx, "SELECT c.* FROM {contacts} AS c")
			require.NoError(t, err)
			require.Len(t, rows, 1)
			require.NotEmpty(t, rows[0].Name)
		})
	})
}

func TestADryRunShowsNoSealedValue(t *testing.T) {
	eachVault(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		c := &Contact{Name: "Ada", Email: canary, Phone: canary}
		changes, err := env.DB.DryRun(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, c))
			return tenancy.Update(ctx, tx, c, "phone")
		})
		require.NoError(t, err)
		require.Len(t, changes.Rows, 2)
		require.Equal(t, Contact{Row: c.Row, Name: "Ada"}, changes.Rows[0].Row)
		require.Equal(t, []string{"phone"}, changes.Rows[1].Columns)
		require.Equal(t, canary, c.Email)
	})
}

func TestWhatCannotBeSealed(t *testing.T) {
	type numbers struct {
		tenancy.Row
		Amount int64 `bun:"amount" privacy:"financial,keep,sealed"`
	}
	type keys struct {
		tenancy.Owned
		Door string `bun:"door,pk" privacy:"identity,keep,sealed"`
	}
	type text struct {
		tenancy.Row
		Text string `bun:"text" privacy:"identity,keep,sealed"`
	}
	type other struct {
		tenancy.Row
		Text string `bun:"text" privacy:"identity,keep,hidden"`
	}
	spec := tenancy.Spec{Table: "vault.x", Class: tenancy.Master}
	require.PanicsWithError(t, `tenancy: model tenancy_test.numbers: column amount: privacy class "financial,keep,sealed": only text can be sealed, not a BIGINT`, func() { tenancy.Define[numbers](spec) })
	require.PanicsWithError(t, `tenancy: model tenancy_test.keys: column door: a key cannot be sealed, for rows are found by it`, func() { tenancy.Define[keys](spec) })
	require.Panics(t, func() { tenancy.Define[other](spec) })
	require.NotPanics(t, func() { tenancy.Define[text](spec) })
	spec.Writes = tenancy.ReadOnly
	require.PanicsWithError(t, `tenancy: model tenancy_test.text: column text is sealed, but rows of vault.x are not written through the store`, func() { tenancy.Define[text](spec) })
	spec.Writes, spec.System = tenancy.Mutable, true
	require.Panics(t, func() { tenancy.Define[text](spec) })
}
