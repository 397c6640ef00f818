package bank

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// NewImport is the input of [Service.Import]: what a reader of package statement read.
type NewImport struct {
	Statements []statement.Statement
	// AcceptUnbalanced is the reason for taking statements whose lines do not lead from the opening to the closing balance, at most 500
	// characters; it needs [PermAccept] and is kept with each such statement. "" refuses them.
	AcceptUnbalanced string `validate:"text,max=500"`
}

// Imported is what became of one statement.
type Imported struct {
	Statement Statement
	// Replayed says that it had been imported before with the same content, and nothing was written now.
	Replayed bool
	// Notes are the reader's.
	Notes []statement.Note
	// Breaks are where it does not continue what its account's statements say, before it or after it.
	Breaks []Break
	// Overlaps are lines that another statement of the account seems to have as well, at most [MaxOverlaps] in one import.
	Overlaps []Overlap
}

// Overlap is a line that stands in two statements, by its day, amount, code and texts. Banks do book the same amount twice, so it is
// pointed out and not refused.
type Overlap struct {
	LineID, OtherLineID uuid.UUID
	OtherStatementID    uuid.UUID
}

// MaxOverlaps is how many overlapping lines one import points out.
const MaxOverlaps = 1_000

// Import records statements, all or none, in a number of round trips that does not depend on how many there are. A statement is its
// account, id, sequence and page: with the same content it is given back with Replayed set, with other content the whole import is refused.
// Figures, days, codes and, until they are erased, texts are the content.
//
// A statement of which opening balance and lines are not the closing balance is refused with the difference, unless AcceptUnbalanced gives a
// reason. In a dry run ([tenancy.DB.DryRun]) everything is checked and reported, and nothing kept.
//
// It writes statements, lines and their texts, and books nothing. Permission: bank.import, and bank.accept where AcceptUnbalanced is used.
// Errors: bank.bad_input, bank.too_many, bank.unknown_account, bank.wrong_currency, bank.unbalanced, bank.accept_forbidden,
// bank.statement_differs, statement.mixed_currencies, money.overflow.
func (s *Service) Import(ctx context.Context, in NewImport) ([]Imported, error) {
	return againstRivals(func() ([]Imported, error) {
		return tenancy.Act(ctx, s.db, PermImport, func(ctx context.Context, tx *tenancy.Tx) ([]Imported, error) {
			w := &importing{op: "bank.Import", tx: tx, in: &in}
			if err := w.check(); err != nil || len(in.Statements) == 0 {
				return nil, err
			}
			if err := w.read(ctx); err != nil {
				return nil, err
			}
			if err := w.plan(); err != nil {
				return nil, err
			}
			if err := w.write(ctx); err != nil {
				return nil, err
			}
			return w.out, w.report(ctx)
		})
	})
}

// importing is one call of Import.
type importing struct {
	op string
	tx *tenancy.Tx
	in *NewImport

	accounts map[string]*Account    // by every number
	known    map[identity]*recorded // imported before, or further up in the file

	out        []Imported
	statements []*Statement
	reasons    []*StatementText
	lines      []*Line
	texts      []*LineText
}

// identity is what a bank calls a statement.
type identity struct {
	account      uuid.UUID
	id, sequence string
	page         int64
}

// recorded is a statement with its texts, in the order of its lines.
type recorded struct {
	statement *Statement
	texts     []*LineText
}

func (s *Statement) identity() identity {
	return identity{s.BankAccountID, s.StatementID, s.Sequence, s.Page}
}

// sequence is a statement's number; with the day it closes on, where its bank gives it none.
func (a *Account) sequence(in *statement.Statement) string {
	if a.Unnumbered {
		return strings.TrimSpace(in.Sequence + " " + in.Closing.On.String())
	}
	return in.Sequence
}

// where names a statement in a message.
func where(i int, in *statement.Statement) string {
	name := fmt.Sprintf("statement %d (%s", i+1, in.ID)
	if in.Sequence != "" {
		name += ", number " + in.Sequence
	}
	if in.Page != 0 {
		name += fmt.Sprintf(", page %d", in.Page)
	}
	return name + "): "
}

// read finds the accounts, locks them so that two imports of one account follow each other, and reads what was imported before.
func (w *importing) read(ctx context.Context) error {
	var numbers, ids []string
	for i := range w.in.Statements {
		numbers, ids = append(numbers, number(w.in.Statements[i].Account)), append(ids, w.in.Statements[i].ID)
	}
	numbers, ids = unique(numbers), unique(ids)
	var byIBAN, byNumber []Account
	b := w.tx.Batch()
	tenancy.Load(b, &byIBAN, tenancy.In("iban", numbers))
	tenancy.Load(b, &byNumber, tenancy.In("number", numbers))
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.accounts = map[string]*Account{}
	var accountIDs []uuid.UUID
	for _, a := range append(byNumber, byIBAN...) {
		accountIDs = append(accountIDs, a.ID)
		if a.Number != "" && w.accounts[a.Number] == nil {
			w.accounts[a.Number] = &a
		}
		if a.IBAN != "" {
			w.accounts[a.IBAN] = &a
		}
	}
	for i := range w.in.Statements {
		if in := &w.in.Statements[i]; w.accounts[number(in.Account)] == nil {
			return ErrUnknownAccount.New(w.op, "%sthere is no bank account %q: create it first", where(i, in), in.Account)
		}
	}
	accountIDs = uniqueIDs(accountIDs)
	var locked []Account
	var before []Statement
	tenancy.Load(b, &locked, tenancy.In("id", accountIDs), tenancy.ForUpdate())
	tenancy.Load(b, &before, tenancy.In("bank_account_id", accountIDs), tenancy.In("statement_id", ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	return w.recall(ctx, before)
}

// recall reads the texts of the statements that were imported before.
func (w *importing) recall(ctx context.Context, before []Statement) error {
	w.known = map[identity]*recorded{}
	asked := map[identity]bool{}
	for i := range w.in.Statements {
		in := &w.in.Statements[i]
		account := w.accounts[number(in.Account)]
		asked[identity{account.ID, in.ID, account.sequence(in), in.Page}] = true
	}
	byID := map[uuid.UUID]*recorded{}
	var ids []uuid.UUID
	for i := range before {
		if b := &before[i]; asked[b.identity()] {
			byID[b.ID] = &recorded{statement: b}
			w.known[b.identity()] = byID[b.ID]
			ids = append(ids, b.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var texts []LineText
	b := w.tx.Batch()
	tenancy.Load(b, &texts, tenancy.In("statement_id", ids), tenancy.OrderBy("line_id")) // made in the order of the lines
	if err := b.Run(ctx); err != nil {
		return err
	}
	for i := range texts {
		of := byID[texts[i].StatementID]
		of.texts = append(of.texts, &texts[i])
	}
	return nil
}

// plan tells what is new from what is a replay and what contradicts it, and holds what is new to adding up.
func (w *importing) plan() error {
	var unbalanced []string
	w.out = make([]Imported, len(w.in.Statements))
	for i := range w.in.Statements {
		in := &w.in.Statements[i]
		st, lines, texts, err := w.record(i, in)
		if err != nil {
			return err
		}
		w.out[i] = Imported{Statement: *st, Notes: in.Notes}
		if old := w.known[st.identity()]; old != nil {
			if err := w.replay(i, in, old, st, texts); err != nil {
				return err
			}
			continue
		}
		w.known[st.identity()] = &recorded{st, texts}
		if st.Difference.Minor != 0 {
			unbalanced = append(unbalanced, fmt.Sprintf("%sopening %s and lines %s give %s, closing is %s: off by %s", where(i, in), st.Opening.Format(), st.Sum.Format(),
				money.Amount{Minor: st.Opening.Minor + st.Sum.Minor, Currency: st.Sum.Currency}.Format(), st.Closing.Format(), st.Difference.Format()))
			st.Accepted = true
			w.out[i].Statement.Accepted = true
			w.reasons = append(w.reasons, &StatementText{StatementID: st.ID, Reason: w.in.AcceptUnbalanced})
		}
		w.statements, w.lines, w.texts = append(w.statements, st), append(w.lines, lines...), append(w.texts, texts...)
	}
	if len(unbalanced) == 0 {
		return nil
	}
	if w.in.AcceptUnbalanced == "" {
		return ErrUnbalanced.New(w.op, "%s", strings.Join(unbalanced, "; "))
	}
	if !w.tx.Scope().Can(PermAccept) {
		return ErrNotAccepted.New(w.op, "")
	}
	return nil
}

// replay gives a statement back that is known, or refuses it when its content is other.
func (w *importing) replay(i int, in *statement.Statement, old *recorded, st *Statement, texts []*LineText) error {
	same := old.statement.Fingerprint == st.Fingerprint && len(old.texts) == len(texts)
	for n := 0; same && n < len(texts); n++ {
		if same = old.texts[n].same(texts[n]); !same {
			return ErrDiffers.New(w.op, "%sline %d has other texts than when it was imported", where(i, in), n+1)
		}
	}
	if !same {
		return ErrDiffers.New(w.op, "%sit was imported on %s with other content: %d lines from %s to %s", where(i, in),
			old.statement.ImportedAt.Format("2006-01-02"), old.statement.LineCount, old.statement.Opening.Format(), old.statement.Closing.Format())
	}
	w.out[i].Statement, w.out[i].Replayed = *old.statement, true
	return nil
}

func (w *importing) write(ctx context.Context) error {
	b := w.tx.Batch()
	tenancy.Put(b, w.statements)
	tenancy.Put(b, w.reasons)
	tenancy.Put(b, w.lines)
	tenancy.Put(b, w.texts)
	return b.Run(ctx)
}

func unique(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

func uniqueIDs(ids []uuid.UUID) []uuid.UUID {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}
