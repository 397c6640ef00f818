package register

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
)

// TraceQuery says which acts [Service.Trace] looks at: those between two instants, To not included, and of these the ones of an actor and about a table, where they are named.
type TraceQuery struct {
	// From and To are at most 400 days apart. Both are required.
	From, To time.Time
	// Actor is the opaque id of who acted: a user, a program's key, "grant:ID". Default: everybody. (A session is its user, between its beginning and its end.)
	Actor string
	// Table is "schema.name". Default: all.
	Table string
}

// Trace is what was seen and changed, and whose data that were.
type Trace struct {
	// Events is how many acts the trail has of it.
	Events int64
	// Tables are those that they were about, sorted.
	Tables []TracedTable
	// Persons are whose data it certainly was, by the ids of their own rows, sorted. Where a table has Unnamed rows there may be others: anybody in it.
	Persons []uuid.UUID
	// Actors are who acted.
	Actors []string
	// Looks are what was looked at under break-glass grants, as the trail has it: columns, comparisons, ids and how many rows. At most 1,000.
	Looks []string
	// Visits are the actor's lines of the access log, where one is asked for and the log is known ([Options].Accesses).
	Visits []Visit
}

// TracedTable is what happened with one table.
type TracedTable struct {
	Table string
	// Writes are rows that were written, Read those that were read, as far as reads of it are on record ([tenancy.Spec].RecordReads, and under a grant).
	Writes, Read int64
	// Named is how many different rows the trail names; Unnamed how many were read that it does not.
	Named, Unnamed int64
	// Persons is how many people the named rows are about.
	Persons int
	// ReadsRecorded says that every read of it is on record. Of a table of which they are not, nobody can say what else was seen.
	ReadsRecorded bool
}

// Visit is a line of the access log.
type Visit struct {
	At            time.Time
	Page, Address string
}

const (
	actBreakGlass = "tenancy.break_glass"
	maxTraced     = 200_000
	maxLooks      = 1000
	maxTraceDays  = 400
)

// Trace finds who was affected (GDPR Art. 33(3)(a), 34(1)): which acts the tenant's audit trail has between two instants, of which tables, and whose data these rows are. It follows each row to a person by the models'
// [tenancy.Spec].Subject and the live foreign keys, so that a new table is covered. What it cannot follow it counts.
//
// Permission: register.trace. It writes nothing, but reads of models whose reads are recorded are on record. Errors: register.bad_input (no span, a longer one than 400 days, more than 200,000 rows: ask for
// less), and those of [Options].Accesses.
func (s *Service) Trace(ctx context.Context, q TraceQuery) (Trace, error) {
	const op = "register.Trace"
	return tenancy.View(ctx, s.db, PermTrace, func(ctx context.Context, tx *tenancy.Tx) (Trace, error) {
		if q.From.IsZero() || !q.From.Before(q.To) || q.To.Sub(q.From) > maxTraceDays*24*time.Hour {
			return Trace{}, ErrBadInput.New(op, "a trace is from one instant to a later one, at most %d days on", maxTraceDays)
		}
		opts := []tenancy.Option{tenancy.Ge("occurred_at", q.From.UTC()), tenancy.Lt("occurred_at", q.To.UTC())}
		if q.Actor != "" {
			opts = append(opts, tenancy.Eq("actor", q.Actor))
		}
		if q.Table != "" {
			if s.db.Registry().Table(q.Table) == nil {
				return Trace{}, ErrBadInput.New(op, "there is no table %q", q.Table)
			}
			opts = append(opts, tenancy.Eq("model", q.Table))
		}
		t := &tracer{op: op, reg: s.db.Registry(), tx: tx, tables: map[string]*traced{}, actors: map[string]bool{}}
		if err := tenancy.Stream(ctx, tx, t.event, opts...); err != nil {
			return Trace{}, err
		}
		if err := t.follow(ctx); err != nil {
			return Trace{}, err
		}
		var err error
		if q.Actor != "" && s.opt.Accesses != nil {
			t.out.Visits, err = s.opt.Accesses(ctx, q.Actor, q.From.UTC(), q.To.UTC())
		}
		return t.out, err
	})
}

// traced gathers what happened with a table.
type traced struct {
	TracedTable
	rows    map[uuid.UUID]bool
	guessed map[uuid.UUID]bool // ids in the filter of a look, which may be of its rows or of people
}

type tracer struct {
	op     string
	reg    *tenancy.Registry
	tx     *tenancy.Tx
	tables map[string]*traced
	actors map[string]bool
	named  int
	paths  *tenancy.Paths
	out    Trace
}

var idForm = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// event takes one act into account.
func (t *tracer) event(e *tenancy.Event) error {
	t.out.Events++
	t.actors[e.Actor] = true
	m := t.reg.Table(e.Model)
	if m == nil { // an act without a row
		return nil
	}
	of := t.tables[e.Model]
	if of == nil {
		of = &traced{TracedTable: TracedTable{Table: e.Model, ReadsRecorded: m.RecordReads}, rows: map[uuid.UUID]bool{}, guessed: map[uuid.UUID]bool{}}
		t.tables[e.Model] = of
	}
	switch {
	case e.Act == actBreakGlass:
		t.look(of, e)
	case e.Verb == string(tenancy.VerbRead):
		of.Read += e.Rows
		if e.RowID == uuid.Nil {
			of.Unnamed += e.Rows
		}
		t.name(of.rows, e.RowID)
	case e.Verb != "":
		of.Writes++
		t.name(of.rows, e.RowID)
	}
	if t.named > maxTraced {
		return ErrBadInput.New(t.op, "more than %d rows: ask for less", maxTraced)
	}
	return nil
}

func (t *tracer) name(rows map[uuid.UUID]bool, id uuid.UUID) {
	if id != uuid.Nil && !rows[id] {
		rows[id] = true
		t.named++
	}
}

// look takes a look under a grant into account: the event names the look, and the ids in its words may be of rows.
func (t *tracer) look(of *traced, e *tenancy.Event) {
	if len(t.out.Looks) < maxLooks {
		t.out.Looks = append(t.out.Looks, e.Model+": "+e.Columns)
	}
	of.Unnamed++
	if _, filter, ok := bytes.Cut([]byte(e.Columns), []byte(" rows of ")); ok {
		for _, text := range idForm.FindAllString(string(filter), -1) {
			t.name(of.guessed, uuid.MustParse(text))
		}
	}
}

// follow finds whose the rows are.
func (t *tracer) follow(ctx context.Context) error {
	var err error
	if t.paths, err = t.tx.Paths(ctx); err != nil {
		return err
	}
	all := map[uuid.UUID]bool{}
	for _, table := range slices.Sorted(maps.Keys(t.tables)) {
		of := t.tables[table]
		found := map[uuid.UUID]bool{}
		if err := t.persons(ctx, t.reg.Table(table), of.rows, found); err != nil {
			return err
		}
		if err := t.guess(ctx, t.reg.Table(table), of, found); err != nil {
			return err
		}
		of.Named, of.Persons = int64(len(of.rows)), len(found)
		maps.Copy(all, found)
		t.out.Tables = append(t.out.Tables, of.TracedTable)
	}
	t.out.Persons, t.out.Actors = idsOf(all), slices.Sorted(maps.Keys(t.actors))
	return nil
}

// guess follows the ids in the words of looks: to rows of the table, and to people.
func (t *tracer) guess(ctx context.Context, m *tenancy.Model, of *traced, found map[uuid.UUID]bool) error {
	if len(of.guessed) == 0 {
		return nil
	}
	if m.Subject != "self" {
		if err := t.persons(ctx, m, of.guessed, found); err != nil {
			return err
		}
	}
	there, err := t.tx.Persons(ctx, false, idsOf(of.guessed)...)
	for id := range there {
		found[id] = true
	}
	return err
}

// persons adds whom rows of a model are about, by what the trail calls the rows.
func (t *tracer) persons(ctx context.Context, m *tenancy.Model, rows, found map[uuid.UUID]bool) error {
	whose, err := people.WhoseKeys(ctx, t.tx, t.paths, m, idsOf(rows))
	for _, id := range whose {
		found[id] = true
	}
	return err
}

func idsOf(set map[uuid.UUID]bool) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(set), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

// Of finds what happened with a table. The zero TracedTable when nothing did.
func (t *Trace) Of(table string) TracedTable {
	i, ok := slices.BinarySearchFunc(t.Tables, table, func(of TracedTable, name string) int { return cmp.Compare(of.Table, name) })
	if !ok {
		return TracedTable{}
	}
	return t.Tables[i]
}
