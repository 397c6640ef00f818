package privacy

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Hold is what keeps a row though the person in it asked to be forgotten: a rule of retention, or a legal hold. The zero Hold: nothing does.
type Hold struct {
	// Rule names what holds, such as "DE voucher": a rule's key, or a legal hold's reference. It is stored, and names nobody.
	Rule string
	// Source is the law and article that the rule rests on, such as "HGB section 257(4)".
	Source string
	// Until is the first day on which the row is held no more. Zero: not known while the rule is suspended, or under a legal hold.
	Until date.Date
	// Why says it in a sentence, to be read by people.
	Why string
}

// holds asks what holds rows, at most [chunk] of them.
func (s *Service) holds(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any) ([]Hold, error) {
	if s.opt.Holds == nil {
		return make([]Hold, len(rows)), nil
	}
	held, err := s.opt.Holds(ctx, tx, m, rows)
	if err == nil && len(held) != len(rows) {
		err = ErrHolds.New("privacy.Holds", "%d rows of %s have %d holds", len(rows), m.Table, len(held))
	}
	if err == nil && m.Table == correctionTextTable {
		err = s.inherit(ctx, tx, rows, held)
	}
	return held, err
}

// inherit has what was corrected of a row held for as long as the row is: it is all that tells what the row said before.
func (s *Service) inherit(ctx context.Context, tx *tenancy.Tx, rows []any, held []Hold) error {
	at := map[uuid.UUID]int{} // by the correction
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		text, ok := row.(*correctionText)
		if !ok {
			return ErrHolds.New("privacy.Holds", "%T is no text of a correction", row)
		}
		ids[i], at[text.CorrectionID] = text.CorrectionID, i
	}
	done, err := tenancy.Find[correctionRow](ctx, tx, tenancy.In("id", ids), tenancy.OrderBy("table_name", "row_id"))
	if err != nil {
		return err
	}
	for len(done) > 0 {
		n := slices.IndexFunc(done, func(r correctionRow) bool { return r.TableName != done[0].TableName })
		if n < 0 {
			n = len(done)
		}
		var part []correctionRow
		part, done = done[:n], done[n:]
		m := s.db.Registry().Table(part[0].TableName)
		if m == nil { // of a module that the program has no more
			continue
		}
		of := map[uuid.UUID][]int{}
		var about []uuid.UUID
		for _, r := range part {
			of[r.RowID] = append(of[r.RowID], at[r.ID])
			about = append(about, r.RowID)
		}
		corrected, err := m.Verbs().Find(ctx, tx, tenancy.In(m.Keys[1].Name, slices.Compact(about)))
		if err != nil {
			return err
		}
		by, err := s.holds(ctx, tx, m, corrected)
		if err != nil {
			return err
		}
		for i, row := range corrected {
			for _, j := range of[field[uuid.UUID](row, m.Keys[1])] {
				held[j] = longer(held[j], by[i])
			}
		}
	}
	return nil
}

// longer is the hold of two that ends last; one whose end is not known outlasts any other.
func longer(a, b Hold) Hold {
	switch {
	case b == (Hold{}):
		return a
	case a == (Hold{}) || b.Until.IsZero() || !a.Until.IsZero() && b.Until.After(a.Until):
		return b
	}
	return a
}
