package privacy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// EraseParty makes a person unknown to the tenant, in one transaction (GDPR Art. 17). It finds everything by the registry:
//
//   - Rows that lead to the person, by however many columns: what their classes say is deleted or pseudonymised, in issued
//     documents' companion rows under registered erasures. Figures, numbers and dates stay as they are.
//   - The person's own row: removed when nothing refers to it, else pseudonymised. The pseudonym is the same everywhere, so
//     that the books still tell one customer from another.
//   - Free text that leads to nobody: the names and addresses that the person was known by are taken out of it.
//
// What a class says to keep stays, and the report says so. Cost grows with the person's rows and with all free text.
//
// The same reference again gives the same report. Permission: privacy.erase. Errors: privacy.bad_input,
// privacy.reference_taken, privacy.no_path, tenancy.not_found (no such person; an erased one that was removed included),
// tenancy.reference (somebody began to refer to the person in this very moment: try again).
func (s *Service) EraseParty(ctx context.Context, in Erasure) (ErasureReport, error) {
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (ErasureReport, error) {
		const op = "privacy.EraseParty"
		if in.PartyID == uuid.Nil || in.Reference == "" || len(in.Reference) > 200 || strings.TrimSpace(in.Reason) == "" || len(in.Reason) > 500 {
			return ErasureReport{}, ErrBadInput.New(op, "an erasure names a party, a reference of at most 200 characters and a reason of at most 500")
		}
		if again, err := replay(ctx, tx, in); again != nil || err != nil {
			return deref(again), err
		}
		e, err := s.newEraser(ctx, tx, in)
		if err != nil {
			return ErasureReport{}, err
		}
		if again, err := replay(ctx, tx, in); again != nil || err != nil { // a rival was faster, and we waited for it
			return deref(again), err
		}
		for _, step := range []func(context.Context) error{e.learn, e.linked, e.own, e.unlinked} {
			if err := step(ctx); err != nil {
				return ErasureReport{}, err
			}
		}
		return e.finish(ctx)
	})
}

func deref(r *ErasureReport) ErasureReport {
	if r == nil {
		return ErasureReport{}
	}
	return *r
}

func replay(ctx context.Context, tx *tenancy.Tx, in Erasure) (*ErasureReport, error) {
	row, err := tenancy.First[request](ctx, tx, tenancy.Eq("reference", in.Reference))
	if tenancy.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if row.SubjectID != in.PartyID {
		return nil, ErrReferenceTaken.New("privacy.EraseParty", "the reference %q was used for another person", in.Reference)
	}
	out := &ErasureReport{}
	if err := json.Unmarshal([]byte(row.Report), out); err != nil {
		return nil, err
	}
	out.Replayed = true
	return out, nil
}

// eraser is one erasure under way.
type eraser struct {
	finder
	in     Erasure
	row    any // the person's own
	known  known
	report ErasureReport
	counts map[ErasureLine]int64
}

func (s *Service) newEraser(ctx context.Context, tx *tenancy.Tx, in Erasure) (*eraser, error) {
	refs, err := tx.References(ctx)
	if err != nil {
		return nil, err
	}
	id := in.PartyID.String()
	e := &eraser{in: in, counts: map[ErasureLine]int64{},
		finder: finder{paths: paths{s.db.Registry(), refs}, tx: tx, id: in.PartyID, found: map[*tenancy.Model][]uuid.UUID{}, busy: map[*tenancy.Model]bool{}},
		// In lower case, so that it is its own form for searching.
		known:  known{values: map[string]bool{}, pseudonym: "erased " + id[len(id)-12:]},
		report: ErasureReport{ID: tenancy.NewID(), PartyID: in.PartyID, Reference: in.Reference, ErasedAt: tx.Now()},
	}
	for _, m := range e.reg.Models {
		if m.Subject != "self" || m.Column("id") == nil {
			continue
		}
		// Locked: nobody begins to refer to the person meanwhile.
		if e.row, err = m.Verbs().Lock(ctx, tx, in.PartyID); err == nil {
			e.self = m
			return e, nil
		}
		if !tenancy.IsNotFound(err) {
			return nil, err
		}
	}
	return nil, tenancy.ErrNotFound.New("privacy.EraseParty", "")
}

// personal are the models with personal columns.
func (e *eraser) personal() []*tenancy.Model {
	return slices.DeleteFunc(slices.Clone(e.reg.Models), func(m *tenancy.Model) bool {
		return !slices.ContainsFunc(m.Columns, func(c *tenancy.Column) bool { return c.Privacy.Personal() })
	})
}

// learn gathers what the person was known by, in all their rows, before any of it is gone.
func (e *eraser) learn(ctx context.Context) error {
	e.known.add(e.self, e.row)
	for _, m := range e.personal() {
		if m == e.self || m.Subject == "" || m.Subject == "self" {
			continue
		}
		err := e.rows(ctx, m, func(rows []any) error {
			for _, r := range rows {
				e.known.add(m, r)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	e.known.compile()
	return nil
}

// linked treats the rows that lead to the person.
func (e *eraser) linked(ctx context.Context) error {
	for _, m := range e.personal() {
		if m == e.self || m.Subject == "" || m.Subject == "self" {
			continue
		}
		if err := e.rows(ctx, m, func(rows []any) error { return e.treat(ctx, m, rows) }); err != nil {
			return err
		}
	}
	return nil
}

// own removes the person's own row, or treats it.
func (e *eraser) own(ctx context.Context) error {
	referred, err := e.referred(ctx)
	if err != nil {
		return err
	}
	if referred || e.self.Writes != tenancy.Mutable {
		return e.treat(ctx, e.self, []any{e.row})
	}
	for _, c := range e.self.Columns {
		if c.Privacy.Personal() && !reflect.ValueOf(e.row).Elem().FieldByIndex(c.Index).IsZero() {
			e.count(e.self, c, Deleted, "nothing refers to the row, so it is gone")
		}
	}
	e.report.Removed = true
	b := e.tx.Batch()
	e.self.Verbs().Remove(b, []any{e.row})
	return b.Run(ctx)
}

// treat does to rows about the person what the classes of their columns say.
func (e *eraser) treat(ctx context.Context, m *tenancy.Model, rows []any) error {
	var columns []string
	for _, c := range m.Columns {
		if m.Erasable(c) {
			columns = append(columns, c.Name)
		}
	}
	var changed []any
	for _, row := range rows {
		touched := false
		for _, c := range m.Columns {
			if !c.Privacy.Personal() {
				continue
			}
			v := reflect.ValueOf(row).Elem().FieldByIndex(c.Index)
			if !m.Erasable(c) {
				if !v.IsZero() {
					e.count(m, c, Kept, "its class keeps it until its retention rule ends")
				}
				continue
			}
			how, to := e.replacement(c, v)
			if v.IsZero() || reflect.DeepEqual(v.Interface(), to.Interface()) {
				continue // nothing stands there, or it was erased before
			}
			v.Set(to)
			touched = true
			e.count(m, c, how, "its class, "+string(c.Privacy.Category)+","+string(c.Privacy.Erasure))
		}
		if touched {
			changed = append(changed, row)
		}
	}
	return e.tx.Erase(ctx, m, changed, columns...)
}

var firstDay = date.Of(1, 1, 1)

// replacement is what takes a value's place: the pseudonym for a name, nothing for the rest. Where a column cannot hold
// nothing, it is the least that it can.
func (e *eraser) replacement(c *tenancy.Column, v reflect.Value) (Treatment, reflect.Value) {
	zero := reflect.Zero(v.Type())
	switch {
	case c.Type == tenancy.Text && c.Privacy.Erasure == tenancy.ErasePseudonymise:
		return Pseudonymised, reflect.ValueOf(e.known.pseudonym).Convert(v.Type())
	case c.Type == tenancy.Date && !c.Nullable:
		return Deleted, reflect.ValueOf(firstDay)
	case c.Type == tenancy.Timestamp && !c.Nullable:
		return Deleted, reflect.ValueOf(time.Time{})
	}
	return Deleted, zero
}

// unlinked takes what the person was known by out of all free text that is left.
func (e *eraser) unlinked(ctx context.Context) error {
	for _, m := range e.personal() {
		var texts []*tenancy.Column
		var names []string
		for _, c := range m.Columns {
			if c.Type == tenancy.Text && c.Privacy.Category == tenancy.FreeText && m.Erasable(c) {
				texts, names = append(texts, c), append(names, c.Name)
			}
		}
		if len(texts) == 0 || e.known.pattern == nil {
			continue
		}
		var hits []any
		err := m.Verbs().Stream(ctx, e.tx, func(row any) error {
			if e.redact(m, texts, row) {
				hit := reflect.New(m.Type)
				hit.Elem().Set(reflect.ValueOf(row).Elem())
				hits = append(hits, hit.Interface())
			}
			return nil
		})
		if err != nil {
			return err
		}
		for part := range slices.Chunk(hits, chunk) {
			if err := e.tx.Erase(ctx, m, part, names...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *eraser) redact(m *tenancy.Model, texts []*tenancy.Column, row any) bool {
	hit := false
	for _, c := range texts {
		before := field[string](row, c)
		after := e.known.redact(before)
		if after == before {
			continue
		}
		hit = true
		reflect.ValueOf(row).Elem().FieldByIndex(c.Index).SetString(after)
		e.count(m, c, Redacted, "the text names the person")
	}
	return hit
}

func (e *eraser) count(m *tenancy.Model, c *tenancy.Column, how Treatment, why string) {
	e.counts[ErasureLine{Table: m.Table, Column: c.Name, Category: c.Privacy.Category, Treatment: how, Why: why}]++
}

// finish registers the erasure and its report.
func (e *eraser) finish(ctx context.Context) (ErasureReport, error) {
	for line, n := range e.counts {
		line.Rows = n
		e.report.Lines = append(e.report.Lines, line)
	}
	slices.SortFunc(e.report.Lines, func(a, b ErasureLine) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Column, b.Column), strings.Compare(string(a.Treatment), string(b.Treatment)))
	})
	text, err := json.Marshal(e.report)
	if err != nil {
		return ErasureReport{}, fmt.Errorf("privacy: %w", err)
	}
	if err := e.tx.RecordErasure(ctx, e.self, e.id); err != nil {
		return ErasureReport{}, err
	}
	return e.report, tenancy.Insert(ctx, e.tx, &request{Row: tenancy.Row{ID: e.report.ID}, Reference: e.in.Reference, SubjectTable: e.self.Table,
		SubjectID: e.id, Reason: e.known.redact(e.in.Reason), Report: string(text), ErasedAt: e.report.ErasedAt})
}
