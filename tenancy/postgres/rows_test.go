package postgres

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// newThing is a row with something in every column that must have it.
func newThing(tenant uuid.UUID, code string) *thing {
	return &thing{Row: tenancy.Row{TenantID: tenant, ID: tenancy.NewID()}, Code: code, Amount: 100, Day: date.Must("2026-11-23"),
		At: time.Date(2026, 11, 23, 20, 46, 1, 123456000, time.UTC), Price: decimal.RequireFromString("1.10")}
}

func write[T any](verb tenancy.Verb, m *tenancy.Model, tenant uuid.UUID, changed []string, rows ...*T) *tenancy.Statement {
	st := &tenancy.Statement{Verb: verb, Model: m, Tenant: tenant}
	for _, r := range rows {
		st.Rows = append(st.Rows, reflect.ValueOf(r).Elem())
	}
	var err error
	if st.Changed, err = m.NamedColumns(changed...); err != nil {
		panic(err)
	}
	return st
}

// read selects into dest as the core does.
func read[T any](m *tenancy.Model, tenant uuid.UUID, dest *[]T, conds ...tenancy.Cond) *tenancy.Statement {
	return &tenancy.Statement{Verb: tenancy.VerbSelect, Model: m, Tenant: tenant, Conds: conds,
		Row: func(scan func(...any) error) error {
			var row T
			v := reflect.ValueOf(&row).Elem()
			targets := make([]any, len(m.Columns))
			for i, c := range m.Columns {
				targets[i] = v.FieldByIndex(c.Index).Addr().Interface()
				if c.Nullable {
					targets[i] = &nullable{targets[i]}
				}
			}
			if err := scan(targets...); err != nil {
				return err
			}
			*dest = append(*dest, row)
			return nil
		}}
}

// nullable is a target that accepts NULL, of the kind that the core hands over.
type nullable struct{ dest any }

func (n *nullable) Scan(src any) error {
	if src == nil {
		reflect.ValueOf(n.dest).Elem().SetZero()
		return nil
	}
	if s, ok := n.dest.(interface{ Scan(any) error }); ok {
		return s.Scan(src)
	}
	v := reflect.ValueOf(n.dest).Elem()
	if b, ok := src.([]byte); ok {
		src = string(b)
	}
	if t, ok := src.(time.Time); ok {
		v.Set(reflect.ValueOf(t))
		return nil
	}
	if reflect.TypeOf(src).ConvertibleTo(v.Type()) {
		v.Set(reflect.ValueOf(src).Convert(v.Type()))
		return nil
	}
	return errCaptured
}

// oddThings are rows whose values have broken encoders before.
func oddThings(tenant uuid.UUID) []*thing {
	full := newThing(tenant, `quote " backslash \ comma , brace { } ' null NULL`)
	full.Color, full.Flag, full.DueDay, full.Counted = "crimson", true, date.Must("1999-12-31"), -7
	full.SeenAt = time.Date(1, 1, 2, 0, 0, 0, 1000, time.UTC)
	full.Price, full.Rebate = decimal.RequireFromString("-123456789012345678901234567890.000000000000000001"), decimal.RequireFromString("0.5")
	full.Parent = full.ID
	early := newThing(tenant, "NULL")
	early.Day, early.At = date.Must("0001-01-01"), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
	late := newThing(tenant, "zoë 🏪\n\t")
	late.Day, late.At, late.Amount = date.Last, time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), 1<<63-1
	empty := newThing(tenant, "")
	empty.Price = decimal.Zero
	return []*thing{full, early, late, empty}
}

func sameThings(t *testing.T, want []*thing, got []thing) {
	t.Helper()
	require.Len(t, got, len(want))
	byID := map[uuid.UUID]thing{}
	for _, g := range got {
		byID[g.ID] = g
	}
	for _, w := range want {
		g := byID[w.ID]
		require.True(t, w.Price.Equal(g.Price), "price %s, want %s", g.Price, w.Price)
		require.True(t, w.Rebate.Equal(g.Rebate), "rebate")
		g.Price, g.Rebate = w.Price, w.Rebate
		require.Equal(t, *w, g)
	}
}

func TestEveryTypeComesBackAsItWent(t *testing.T) {
	for _, unprepared := range []bool{false, true} {
		f := newFixture(t, func(e *Engine) { e.Unprepared = unprepared })
		tenant := f.tenant(t)
		want := oddThings(tenant)
		require.NoError(t, f.session(t, tenant, false).Commit(t.Context(), []*tenancy.Statement{write(tenancy.VerbInsert, things, tenant, nil, want...)}))

		var got []thing
		s := f.session(t, tenant, true)
		require.NoError(t, s.Run(t.Context(), []*tenancy.Statement{read(things, tenant, &got)}))
		sameThings(t, want, got)

		var viaBun []thing
		require.NoError(t, s.DB().NewSelect().Conn(s.Conn()).Model(&viaBun).
			ModelTableExpr(`(SELECT * FROM testmod.things WHERE tenant_id = ?) AS "thing"`, tenant).Scan(t.Context()))
		sameThings(t, want, viaBun)
	}
}

func TestStatementsDoWhatTheirVerbsSay(t *testing.T) {
	f := newFixture(t)
	tenant := f.tenant(t)
	ctx := t.Context()
	a, b := newThing(tenant, "a"), newThing(tenant, "b")
	s := f.session(t, tenant, false)
	insert := write(tenancy.VerbInsert, things, tenant, nil, a, b)
	accrue := func(total int64) *tenancy.Statement {
		return write(tenancy.VerbAccrue, tallies, tenant, []string{"total"}, &tally{ThingID: a.ID, Year: 2026, Total: total}, &tally{ThingID: b.ID, Year: 2026, Total: 1})
	}
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{insert, accrue(5), accrue(-2)}))
	require.EqualValues(t, 2, insert.Affected)

	a.Code, a.Price, a.Color = "A", decimal.RequireFromString("2.50"), ""
	missing := newThing(tenant, "missing")
	update := write(tenancy.VerbUpdate, things, tenant, []string{"code", "price", "color"}, a, missing)
	remove := write(tenancy.VerbDelete, tallies, tenant, nil, &tally{ThingID: b.ID, Year: 2026}, &tally{ThingID: b.ID, Year: 2027})
	var left []tally
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{update, remove, read(tallies, tenant, &left)}))
	require.EqualValues(t, 1, update.Affected, "the missing row is not counted")
	require.EqualValues(t, 1, remove.Affected)
	require.Equal(t, []tally{{Owned: tenancy.Owned{TenantID: tenant}, ThingID: a.ID, Year: 2026, Total: 3}}, left)

	for name, c := range map[string]struct {
		conds []tenancy.Cond
		want  string
	}{
		"equal":       {[]tenancy.Cond{{Column: "code", Op: tenancy.OpEq, Value: "b"}}, "b"},
		"not equal":   {[]tenancy.Cond{{Column: "code", Op: tenancy.OpNe, Value: "b"}}, "A"},
		"less":        {[]tenancy.Cond{{Column: "code", Op: tenancy.OpLt, Value: color("b")}}, "A"},
		"at least":    {[]tenancy.Cond{{Column: "day", Op: tenancy.OpGe, Value: date.Must("2026-11-24")}}, ""},
		"in ids":      {[]tenancy.Cond{{Column: "id", Op: tenancy.OpIn, Value: []uuid.UUID{b.ID, tenancy.NewID()}}}, "b"},
		"in texts":    {[]tenancy.Cond{{Column: "code", Op: tenancy.OpIn, Value: []color{"A", "x"}}}, "A"},
		"in nothing":  {[]tenancy.Cond{{Column: "amount_minor", Op: tenancy.OpIn, Value: []int64{}}}, ""},
		"null":        {[]tenancy.Cond{{Column: "color", Op: tenancy.OpIsNull}}, "A b"},
		"not null":    {[]tenancy.Cond{{Column: "color", Op: tenancy.OpNotNull}}, ""},
		"both":        {[]tenancy.Cond{{Column: "amount_minor", Op: tenancy.OpGt, Value: int64(1)}, {Column: "at", Op: tenancy.OpLe, Value: a.At}}, "A b"},
		"empty value": {[]tenancy.Cond{{Column: "code", Op: tenancy.OpEq, Value: ""}}, ""},
	} {
		var got []thing
		st := read(things, tenant, &got, c.conds...)
		st.Order = []tenancy.Order{{Column: "code"}}
		st.Lock = true
		require.NoError(t, s.Run(ctx, []*tenancy.Statement{st}), name)
		var codes []string
		for _, g := range got {
			codes = append(codes, g.Code)
		}
		require.Equal(t, c.want, strings.Join(codes, " "), name)
		require.EqualValues(t, len(got), st.Affected, name)
	}
	var last []thing
	st := read(things, tenant, &last)
	st.Order, st.Limit = []tenancy.Order{{Column: "code", Descending: true}}, 1
	require.NoError(t, s.Run(ctx, []*tenancy.Statement{st}))
	require.Equal(t, "b", last[0].Code)
}

func TestManyRowsAreOneStatement(t *testing.T) {
	const many = 40_000
	f := newFixture(t)
	tenant := f.tenant(t)
	rows := make([]*tally, many)
	for i := range rows {
		rows[i] = &tally{ThingID: tenancy.NewID(), Year: 2026, Total: int64(i)}
	}
	st := write(tenancy.VerbAccrue, tallies, tenant, []string{"total"}, rows...)
	started := time.Now()
	require.NoError(t, f.session(t, tenant, false).Commit(t.Context(), []*tenancy.Statement{st}))
	t.Logf("%d rows accrued in %s", many, time.Since(started))
	require.EqualValues(t, many, st.Affected)
	update := write(tenancy.VerbUpdate, tallies, tenant, []string{"total"}, rows...)
	require.NoError(t, f.session(t, tenant, false).Commit(t.Context(), []*tenancy.Statement{update}))
	require.EqualValues(t, many, update.Affected)
}
