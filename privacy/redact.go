package privacy

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
)

// Redaction asks that a record names nobody any more, though it is about nobody, or about somebody else.
type Redaction struct {
	// Table and RowID are the record: a registered table, and the id that its key begins with after the tenant's.
	Table string
	RowID uuid.UUID
	// Reference is the idempotency key, among those of erasures; 1 to 200 characters. Required.
	Reference string
	// Reason says on what ground, and that the record does not need the name any more; at most 500 characters, required. It names nobody.
	Reason string
}

// Redact takes out of one record what an erasure passes over, because it is not the person's own: a recipient's name and address in a register, an account's number. Whoever answers for the data decides that the record does not need it any more, which no rule can know:
// Art. 30 and Art. 15(1)(c) ask for recipients by name for as long as they are told of. Of a record that is about nobody every personal text goes; of one that is about somebody only what is of class keep, for the rest is theirs ([Service.Erase]).
// Names are replaced by a pseudonym, all else is emptied; the record, its numbers and dates stay.
//
// It is on record as an erasure of the row, and done again on what is restored from a backup. The same reference again gives the same report. Permission: privacy.erase. Errors: privacy.bad_input, privacy.reference_taken, privacy.redaction_held (a rule or a legal hold keeps the record),
// privacy.nothing_to_redact (its columns never change, are not personal, or are empty), tenancy.not_found.
func (s *Service) Redact(ctx context.Context, in Redaction) (ErasureReport, error) {
	const op = "privacy.Redact"
	asked := Erasure{PersonID: in.RowID, Reference: in.Reference, Reason: in.Reason}
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (ErasureReport, error) {
		m := s.db.Registry().Table(in.Table)
		switch {
		case in.RowID == uuid.Nil || in.Reference == "" || len(in.Reference) > 200 || strings.TrimSpace(in.Reason) == "" || len(in.Reason) > 500:
			return ErasureReport{}, ErrBadInput.New(op, "a redaction names a record, a reference of at most 200 characters and a reason of at most 500")
		case m == nil || m.Subject == "self" || len(m.Keys) < 2 || m.Keys[1].Type != tenancy.UUID:
			return ErasureReport{}, ErrBadInput.New(op, "%.60q is no table of records with an id, or its rows are people: see Erase", in.Table)
		}
		if again, err := replay(ctx, tx, asked); again != nil || err != nil {
			return deref(again), err
		}
		if !slices.ContainsFunc(m.Columns, m.Erasable) {
			return ErasureReport{}, ErrNothingToRedact.New(op, "rows of %s never change, or hold nothing personal", m.Table)
		}
		rows, err := m.Verbs().Find(ctx, tx, tenancy.Eq(m.Keys[1].Name, in.RowID), tenancy.ForUpdate())
		if err != nil {
			return ErasureReport{}, err
		}
		if again, err := replay(ctx, tx, asked); again != nil || err != nil { // a rival was faster, and we waited for it
			return deref(again), err
		}
		if len(rows) == 0 {
			return ErasureReport{}, tenancy.ErrNotFound.New(op, "")
		}
		return s.redactRows(ctx, tx, m, rows, asked)
	})
}

// redactRows treats the rows of one record.
func (s *Service) redactRows(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any, in Erasure) (ErasureReport, error) {
	const op = "privacy.Redact"
	e, err := s.newSolver(ctx, tx, in.PersonID, true) // nobody's own row
	if err != nil {
		return ErasureReport{}, err
	}
	e.Self = m
	held, err := e.s.holds(ctx, e.Tx, m, rows)
	if err != nil {
		return ErasureReport{}, err
	}
	nobodys, err := people.Nobodys(ctx, e.Tx, e.Paths, m, rows)
	if err != nil {
		return ErasureReport{}, err
	}
	columns := map[string]bool{}
	var changed []any
	for i, row := range rows {
		if h := held[i]; h != (Hold{}) {
			return ErasureReport{}, ErrRedactionHeld.New(op, "%s: %s", h.Rule, h.Why)
		}
		touched := false
		for _, c := range m.Columns {
			v := value(row, c)
			if c.Type != tenancy.Text || !m.Erasable(c) || v.IsZero() || !nobodys[i] && c.Privacy.Erasure != tenancy.EraseKeep {
				continue
			}
			how, to := e.replacement(c, v)
			if reflect.DeepEqual(v.Interface(), to.Interface()) {
				continue
			}
			e.count(m, c, how, Hold{Why: "it was decided that the record does not need it"})
			v.Set(to)
			touched, columns[c.Name] = true, true
		}
		if touched {
			changed = append(changed, row)
		}
	}
	if len(changed) == 0 {
		return ErasureReport{}, ErrNothingToRedact.New(op, "")
	}
	if err := e.write(ctx, m, changed, columns); err != nil {
		return ErasureReport{}, err
	}
	return e.redacted(ctx, in)
}

// redacted registers a redaction with its report. Nobody is restricted by it.
func (e *solver) redacted(ctx context.Context, in Erasure) (ErasureReport, error) {
	report, row, err := e.register(ctx, in)
	if err != nil {
		return ErasureReport{}, err
	}
	return report, tenancy.Insert(ctx, e.Tx, row)
}

// redactAgain redacts what an entry of the ledger names, if the restored data have it.
func (s *Service) redactAgain(ctx context.Context, e tenancy.LedgerEntry, reference, reason string) error {
	_, err := s.Redact(ctx, Redaction{Table: e.Table, RowID: e.RowID, Reference: reference, Reason: reason})
	if errors.Is(err, ErrNothingToRedact) {
		return nil
	}
	return err
}

// isRecord reports whether an entry of the ledger is of a record and not of a person.
func (s *Service) isRecord(e tenancy.LedgerEntry) bool {
	return slices.ContainsFunc(s.db.Registry().Models, func(m *tenancy.Model) bool { return m.Table == e.Table && m.Subject != "self" })
}
