package privacy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Erase makes a person unknown to the tenant, in one transaction (GDPR Art. 17). It finds everything by the registry:
//
//   - Rows that lead to the person, by however many columns: what their classes say is deleted or pseudonymised, in issued
//     documents' companion rows under registered erasures. Figures, numbers and dates stay as they are. What a rule or a legal hold keeps
//     ([Options].Holds) stays, and the report says under which rule and until when.
//   - The person's own row: removed when nothing refers to it or holds it, else pseudonymised. The pseudonym is the same everywhere, so
//     that the books still tell one customer from another.
//   - Text that is about somebody else or nobody: the names and addresses that the person was known by are taken out of it.
//
// While something is held, the person is restricted ([tenancy.ErasureHeld]): nothing new is done with what is left. [Service.FinishErasures], a background
// job, goes on when a hold ends, and sees to what lies beside the tables: accounts, and the files beneath them. [Service.PreviewErasure] says beforehand what this does.
//
// The same reference again gives the same report. Cost grows with the person's rows and with all free text. Permission: privacy.erase. Errors:
// privacy.bad_input, privacy.reference_taken, privacy.no_path, privacy.holds, privacy.one_word (the person is called by one word, which would be taken out of others' texts: [Erasure].Confirmed), tenancy.not_found (no such person; an erased one that was removed included),
// tenancy.reference (somebody began to refer to the person in this very moment: try again), and what [Accounts] refuses.
func (s *Service) Erase(ctx context.Context, in Erasure) (ErasureReport, error) {
	return s.erase(ctx, in, s.left)
}

// erase is Erase, for those of whom allowed says that they may be forgotten.
func (s *Service) erase(ctx context.Context, in Erasure, allowed func(ctx context.Context, e *solver) error) (ErasureReport, error) {
	return tenancy.Act(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (ErasureReport, error) {
		const op = "privacy.Erase"
		if in.PersonID == uuid.Nil || in.Reference == "" || len(in.Reference) > 200 || strings.TrimSpace(in.Reason) == "" || len(in.Reason) > 500 {
			return ErasureReport{}, ErrBadInput.New(op, "an erasure names a person, a reference of at most 200 characters and a reason of at most 500")
		}
		if again, err := replay(ctx, tx, in); again != nil || err != nil {
			return deref(again), err
		}
		e, err := s.newSolver(ctx, tx, in.PersonID, true)
		if err != nil {
			return ErasureReport{}, err
		}
		if again, err := replay(ctx, tx, in); again != nil || err != nil { // a rival was faster, and we waited for it
			return deref(again), err
		}
		if e.row == nil {
			return ErasureReport{}, tenancy.ErrNotFound.New(op, "")
		}
		if err := allowed(ctx, e); err != nil {
			return ErasureReport{}, err
		}
		// Nothing is written before this.
		if err := e.solve(ctx); err != nil {
			return ErasureReport{}, err
		}
		if e.oneWord && !in.Confirmed {
			return ErasureReport{}, ErrOneWord.New(op, "")
		}
		return e.finish(ctx, in)
	})
}

// PreviewErasure says what [Service.Erase] would do with a person now, and writes nothing. Of somebody who still comes in, whom Erase refuses, it says what it would do once they have left, and why not yet.
//
// Permission: privacy.erase. Errors: privacy.bad_input, privacy.no_path, privacy.holds, tenancy.not_found.
func (s *Service) PreviewErasure(ctx context.Context, person uuid.UUID) (ErasureReport, error) {
	return tenancy.View(ctx, s.db, PermErase, func(ctx context.Context, tx *tenancy.Tx) (ErasureReport, error) {
		const op = "privacy.PreviewErasure"
		if person == uuid.Nil {
			return ErasureReport{}, ErrBadInput.New(op, "a preview names a person")
		}
		e, err := s.newSolver(ctx, tx, person, false)
		if err != nil {
			return ErasureReport{}, err
		}
		if e.row == nil {
			return ErasureReport{}, tenancy.ErrNotFound.New(op, "")
		}
		if err := e.solve(ctx); err != nil {
			return ErasureReport{}, err
		}
		report := e.report(tx.Today())
		report.Texts, report.Confirm = e.texts, e.oneWord
		report.NotYet, err = s.notYet(ctx, e)
		return report, err
	})
}

// left refuses to forget who still comes in.
func (s *Service) left(ctx context.Context, e *solver) error {
	account := accountOf(e.person())
	if s.opt.Accounts == nil || account == uuid.Nil {
		return nil
	}
	return s.opt.Accounts.CheckLeft(ctx, account)
}

// notYet is why an erasure would be refused now. "": it would not.
func (s *Service) notYet(ctx context.Context, e *solver) (string, error) {
	err := s.left(ctx, e)
	switch kind := fault.KindOf(err); {
	case err == nil:
		return "", nil
	case kind == fault.Conflict || kind == fault.Forbidden:
		return err.Error(), nil
	}
	return "", err
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
	if row.SubjectID != in.PersonID {
		return nil, ErrReferenceTaken.New("privacy.Erase", "the reference %q was used for another person", in.Reference)
	}
	out := &ErasureReport{}
	if err := json.Unmarshal([]byte(row.Report), out); err != nil {
		return nil, err
	}
	out.Replayed = true
	return out, nil
}

// register gives the report of what was decided, and the row of the register, which is not written yet.
func (e *solver) register(ctx context.Context, in Erasure) (ErasureReport, *request, error) {
	report := e.report(e.Tx.Today())
	report.ID, report.Reference, report.ErasedAt = tenancy.NewID(), in.Reference, e.Tx.Now()
	text, err := json.Marshal(report)
	if err != nil {
		return ErasureReport{}, nil, fmt.Errorf("privacy: %w", err)
	}
	if err := e.Tx.RecordErasure(ctx, e.Self, e.ID); err != nil {
		return ErasureReport{}, nil, err
	}
	return report, &request{Row: tenancy.Row{ID: report.ID}, Reference: in.Reference, SubjectTable: e.Self.Table, SubjectID: e.ID, Reason: e.known.redact(in.Reason), Report: string(text),
		ErasedAt: report.ErasedAt, State: ErasureOpen, DueOn: e.Tx.Today()}, nil
}

// finish registers the erasure, its report, and what is left.
func (e *solver) finish(ctx context.Context, in Erasure) (ErasureReport, error) {
	report, row, err := e.register(ctx, in)
	if err != nil {
		return ErasureReport{}, err
	}
	row.AccountID = accountOf(e.person())
	b := e.Tx.Batch()
	tenancy.Put(b, []*request{row})
	if err := e.leave(b, row.ID, report); err != nil {
		return ErasureReport{}, err
	}
	if err := b.Run(ctx); err != nil {
		return ErasureReport{}, err
	}
	return report, e.restrict(ctx, in.Reference, report)
}

// leave adds what an erasure leaves to a batch.
func (e *solver) leave(b *tenancy.Batch, id uuid.UUID, report ErasureReport) error {
	var held []*holdRow
	for _, l := range report.Lines {
		if l.Treatment == Held {
			held = append(held, &holdRow{ErasureID: id, Seq: int64(len(held) + 1), TableName: l.Table, ColumnName: l.Column, Category: l.Category, Rule: l.Rule, Source: l.Source,
				UntilOn: l.Until, Why: l.Why, RowCount: l.Rows})
		}
	}
	if len(held) > 0 {
		tenancy.Put(b, held)
	}
	text, err := e.words()
	if err == nil && text != "" {
		tenancy.Put(b, []*words{{ErasureID: id, Words: text}})
	}
	return err
}

// restrict keeps what is held from being used for anything else, and no longer than it is held.
func (e *solver) restrict(ctx context.Context, reference string, report ErasureReport) error {
	if e.row == nil {
		return nil
	}
	if !e.removed && !report.Complete() {
		return e.Tx.Restrict(ctx, e.ID, tenancy.ErasureHeld, reference)
	}
	now, err := e.Tx.Restricted(ctx, e.ID)
	if err != nil || len(now) == 0 || !e.removed && now[0].Ground != tenancy.ErasureHeld {
		return err
	}
	return e.Tx.Unrestrict(ctx, e.ID)
}
