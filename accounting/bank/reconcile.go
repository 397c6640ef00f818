package bank

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Reconcile says what lines of statements are in the books, all or none, and books what the books do not have yet, in one transaction:
// payments by [accounting.Service.Pay], what is set off by Allocate, what goes to accounts by Post. In the end the journal lines on the
// bank's account add up to the line, in the account's currency; what it is worth in the books' is the rate of the day. An item in another
// currency is settled through currency clearing by what the part says that it settles, or the bank: see [Part].Settles. A line that is
// reconciled with the same parts is given back with Replayed set.
//
// A line is reconciled at most once at a time, and so is a journal line: lines are locked in the order of their ids before anything is
// read that a rival could change, and the database holds both by unique keys.
//
// Permission: bank.reconcile, and accounting.exception where a LockException is given. Errors: bank.bad_input, bank.too_many,
// tenancy.not_found, bank.foreign_currency, bank.reconciled, bank.split_differs, bank.unknown_item, bank.ledger_line_taken; of accounting
// those of Pay, Allocate and Post (accounting.over_allocated, accounting.control_account, accounting.period_locked, accounting.no_rate where neither currency is the
// books', ...).
func (s *Service) Reconcile(ctx context.Context, in []NewReconciliation) ([]Reconciliation, error) {
	return againstRivals(func() ([]Reconciliation, error) {
		return tenancy.Act(ctx, s.db, PermReconcile, func(ctx context.Context, tx *tenancy.Tx) ([]Reconciliation, error) {
			w := &reconciling{op: "bank.Reconcile", s: s, tx: tx, in: slices.Clone(in), out: make([]Reconciliation, len(in))}
			if err := w.check(); err != nil || len(in) == 0 {
				return nil, err
			}
			if err := w.read(ctx); err != nil {
				return nil, err
			}
			for i := range w.in {
				if err := w.plan(i); err != nil {
					return nil, err
				}
			}
			if err := w.book(ctx); err != nil {
				return nil, err
			}
			return w.out, w.write(ctx)
		})
	})
}

// reconciling is one call of Reconcile.
type reconciling struct {
	op  string
	s   *Service
	tx  *tenancy.Tx
	in  []NewReconciliation
	out []Reconciliation

	lines     map[uuid.UUID]*Line
	accounts  map[uuid.UUID]*Account
	texts     map[uuid.UUID]string // what entries are remembered by
	before    map[uuid.UUID]*Reconciliation
	items     map[uuid.UUID]*accounting.OpenItem
	payments  map[uuid.UUID]*accounting.Payment
	journal   map[uuid.UUID][]accounting.Line // by entry
	taken     map[entryLine]bool
	fresh     []*Reconciliation
	matches   []*Match
	changed   []*Line
	pay       []accounting.NewPayment
	payFor    []int // of which input
	post      []accounting.NewEntry
	postFor   []int
	allocate  []accounting.NewAllocation
	setOffFor []int
	setOffs   []*Settlement
	partiesOf map[int][]uuid.UUID
}

type entryLine struct {
	entry uuid.UUID
	line  int64
}

func (w *reconciling) check() error {
	if len(w.in) > MaxReconciliations {
		return ErrTooMany.New(w.op, "%d lines in one call; the limit is %d", len(w.in), MaxReconciliations)
	}
	seen := map[uuid.UUID]bool{}
	for i := range w.in {
		in := &w.in[i]
		if err := checkTags(w.op, fmt.Sprintf("line %d", i+1), in); err != nil {
			return err
		}
		if seen[in.LineID] {
			return ErrBadInput.New(w.op, "line %d: it stands in the batch twice", i+1)
		}
		seen[in.LineID] = true
		left := 0
		for j := range in.Parts {
			p := &in.Parts[j]
			if why := p.wrong(); why != "" {
				return ErrBadInput.New(w.op, "line %d, part %d: %s", i+1, j+1, why)
			}
			if p.Amount.IsZero() && !p.existing() {
				left++
			}
		}
		if left > 1 {
			return ErrBadInput.New(w.op, "line %d: more than one part leaves its amount out", i+1)
		}
	}
	return nil
}

func (p *Part) existing() bool { return p.PaymentID != uuid.Nil || p.EntryID != uuid.Nil }

func (p *Part) wrong() string {
	named := 0
	for _, set := range []bool{p.ItemID != uuid.Nil, p.PartyID != uuid.Nil, p.PaymentID != uuid.Nil, p.EntryID != uuid.Nil, !p.Account.IsZero()} {
		if set {
			named++
		}
	}
	switch {
	case named != 1:
		return "exactly one of ItemID, PartyID, PaymentID, EntryID and Account is named"
	case !p.Against.IsZero() && p.PartyID == uuid.Nil:
		return "Against goes with PartyID"
	case p.EntryLineNo != 0 && p.EntryID == uuid.Nil || p.EntryLineNo < 0:
		return "EntryLineNo goes with EntryID"
	case beyond(p.Amount.Minor) || beyond(p.Settles.Minor):
		return "the amount is larger than the books hold"
	case p.Settles == (money.Amount{}):
	case p.ItemID == uuid.Nil && p.PartyID == uuid.Nil:
		return "Settles goes with ItemID or PartyID"
	case p.Settles.Minor == 0 || !p.Settles.Currency.Valid():
		return "Settles is an amount in another currency, and not zero"
	}
	return ""
}

// print is the fingerprint of the parts as they were asked for.
func (in *NewReconciliation) print() (string, error) {
	b, err := json.Marshal(struct {
		Date  date.Date
		Parts []Part
	}{in.Date, in.Parts})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}

// read locks the lines and reads what they may be.
func (w *reconciling) read(ctx context.Context) error {
	var lineIDs, itemIDs, paymentIDs, entryIDs []uuid.UUID
	for i := range w.in {
		lineIDs = append(lineIDs, w.in[i].LineID)
		for j := range w.in[i].Parts {
			p := &w.in[i].Parts[j]
			itemIDs, paymentIDs, entryIDs = append(itemIDs, p.ItemID), append(paymentIDs, p.PaymentID), append(entryIDs, p.EntryID)
		}
	}
	var locked []Line
	var payments []accounting.Payment
	b := w.tx.Batch()
	tenancy.Load(b, &locked, tenancy.In("id", uniqueIDs(lineIDs)), tenancy.ForUpdate())
	tenancy.Load(b, &payments, tenancy.In("id", uniqueIDs(paymentIDs)))
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.lines, w.payments = byID(locked, func(l *Line) uuid.UUID { return l.ID }), byID(payments, func(p *accounting.Payment) uuid.UUID { return p.ID })
	for i := range payments {
		entryIDs = append(entryIDs, payments[i].EntryID)
	}
	return w.readRest(ctx, uniqueIDs(itemIDs), uniqueIDs(entryIDs))
}

func (w *reconciling) readRest(ctx context.Context, itemIDs, entryIDs []uuid.UUID) error {
	var accountIDs, lineIDs, statementIDs []uuid.UUID
	for id, l := range w.lines {
		lineIDs, accountIDs, statementIDs = append(lineIDs, id), append(accountIDs, l.BankAccountID), append(statementIDs, l.StatementID)
	}
	var accounts []Account
	var statements []Statement
	var before []Reconciliation
	var items []accounting.OpenItem
	var journal []accounting.Line
	var matches []Match
	b := w.tx.Batch()
	tenancy.Load(b, &accounts, tenancy.In("id", uniqueIDs(accountIDs)))
	tenancy.Load(b, &statements, tenancy.In("id", uniqueIDs(statementIDs)))
	tenancy.Load(b, &before, tenancy.In("line_id", uniqueIDs(lineIDs)), tenancy.Eq("active", true))
	tenancy.Load(b, &items, tenancy.In("id", itemIDs))
	tenancy.Load(b, &journal, tenancy.In("entry_id", entryIDs))
	tenancy.Load(b, &matches, tenancy.In("entry_id", entryIDs), tenancy.Eq("active", true))
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.accounts, w.items = byID(accounts, func(a *Account) uuid.UUID { return a.ID }), byID(items, func(o *accounting.OpenItem) uuid.UUID { return o.ID })
	w.before = byID(before, func(r *Reconciliation) uuid.UUID { return r.LineID })
	w.journal, w.taken, w.texts, w.partiesOf = map[uuid.UUID][]accounting.Line{}, map[entryLine]bool{}, map[uuid.UUID]string{}, map[int][]uuid.UUID{}
	for _, l := range journal {
		w.journal[l.EntryID] = append(w.journal[l.EntryID], l)
	}
	for _, m := range matches {
		w.taken[entryLine{m.EntryID, m.EntryLineNo}] = true
	}
	for i := range statements {
		w.texts[statements[i].ID] = statements[i].StatementID
	}
	return w.readMatches(ctx, before)
}

// readMatches completes the reconciliations that are in force, for replays.
func (w *reconciling) readMatches(ctx context.Context, before []Reconciliation) error {
	if len(before) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(before))
	for i := range before {
		ids[i] = before[i].ID
	}
	matches, err := matchesOf(ctx, w.tx, ids)
	for _, r := range w.before {
		r.Matches = matches[r.ID]
	}
	return err
}

// matchesOf reads the matches of reconciliations, in order.
func matchesOf(ctx context.Context, tx *tenancy.Tx, ids []uuid.UUID) (map[uuid.UUID][]Match, error) {
	var all []Match
	b := tx.Batch()
	tenancy.Load(b, &all, tenancy.In("reconciliation_id", ids), tenancy.OrderBy("reconciliation_id", "match_no"))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	out := map[uuid.UUID][]Match{}
	for _, m := range all {
		out[m.ReconciliationID] = append(out[m.ReconciliationID], m)
	}
	return out, nil
}

func byID[T any](rows []T, id func(*T) uuid.UUID) map[uuid.UUID]*T {
	out := make(map[uuid.UUID]*T, len(rows))
	for i := range rows {
		out[id(&rows[i])] = &rows[i]
	}
	return out
}
