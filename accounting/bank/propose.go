package bank

import (
	"cmp"
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Confidence ranks proposals: the lower, the surer.
type Confidence int

// The ranks, each the sort of reason that a proposal has.
const (
	ByNumber  Confidence = 1 // a document's number, or a payment's reference, stands in the line, and the amounts are the same
	ByNumbers Confidence = 2 // the numbers of several documents of one party stand in the line, and the sum of them is its amount
	ByLedger  Confidence = 3 // the books have this amount on the bank's account, within the window of days, and once
	ByParty   Confidence = 4 // the party's name stands in the line, and the amounts are the same
	ByPart    Confidence = 5 // a document's number stands in the line, and the line pays a part of it
	ByAmount  Confidence = 6 // one open document alone has this amount, within the window of days
	ByRate    Confidence = 7 // a document's number stands in the line, and at the rate of the day its amount in another currency is nearly the line's
)

// String is the rank's name.
func (c Confidence) String() string {
	return map[Confidence]string{ByNumber: "number and amount", ByNumbers: "numbers and sum", ByLedger: "ledger and date", ByParty: "party and amount",
		ByPart: "number and a part", ByAmount: "amount and date", ByRate: "number and rate"}[c]
}

// Proposal is what a line of a statement may be. It books nothing: hand [Proposal.Reconciliation] to [Service.Reconcile], or do not.
type Proposal struct {
	LineID     uuid.UUID
	Amount     money.Amount
	Confidence Confidence
	// Reason says what was found, for a bookkeeper to read: it quotes documents and days, and of items in another currency the amount, and who
	// says so: the bank, or but a rate.
	Reason string
	Parts  []Part
}

// Reconciliation is the proposal as an input of [Service.Reconcile].
func (p Proposal) Reconciliation() NewReconciliation {
	return NewReconciliation{LineID: p.LineID, Parts: p.Parts}
}

// ProposalRequest is the input of [Service.Propose].
type ProposalRequest struct {
	BankAccountID uuid.UUID
	// Lines are those to propose for. Default the oldest that wait, at most [MaxProposalLines].
	Lines []uuid.UUID
	// Days is how far the day of a booking may lie from the day of a line or the due date of a document where nothing but the amount
	// speaks for it, 1 to 60. Default 7.
	Days int
	// RatePercent is by how much a line may differ from what a document in another currency comes to at the rate of the day, in percent, for
	// [ByRate], 1 to 20: banks buy and sell at rates of their own. Default 5.
	RatePercent int
	// Each is the greatest number of proposals of one line, 1 to 20. Default 3.
	Each int
}

// MaxProposalLines is how many lines one request proposes for.
const MaxProposalLines = 500

// maxCandidates is how many open items, and how many journal lines, a request looks at: the oldest. Beyond it the answer would be of a
// part, so it is refused instead.
const maxCandidates = 20_000

// Propose says what lines that are not reconciled may be: open items, payments and journal lines that the books have. For each line the
// surest come first. What is open in another currency is proposed for what the bank states that was paid in it ([Line.Foreign]), and, where it
// states nothing, for a document that the line names and that comes near it at the rate of the day. It writes nothing.
//
// Permission: bank.read. Errors: bank.bad_input, bank.too_many, tenancy.not_found, accounting.books_not_open.
func (s *Service) Propose(ctx context.Context, in ProposalRequest) ([]Proposal, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Proposal, error) {
		const op = "bank.Propose"
		in.Days, in.Each, in.RatePercent = cmp.Or(in.Days, 7), cmp.Or(in.Each, 3), cmp.Or(in.RatePercent, 5)
		if in.Days < 1 || in.Days > 60 || in.Each < 1 || in.Each > 20 || in.RatePercent < 1 || in.RatePercent > 20 {
			return nil, ErrBadInput.New(op, "Days is 1 to 60, Each 1 to 20 and RatePercent 1 to 20")
		}
		if len(in.Lines) > MaxProposalLines {
			return nil, ErrTooMany.New(op, "%d lines in one call; the limit is %d", len(in.Lines), MaxProposalLines)
		}
		account, err := tenancy.Get[Account](ctx, tx, in.BankAccountID)
		if err != nil {
			return nil, err
		}
		waiting, err := waitingLines(ctx, tx, account, in.Lines)
		if err != nil || len(waiting) == 0 {
			return nil, err
		}
		c, err := findCandidates(ctx, tx, op, account)
		if err != nil {
			return nil, err
		}
		if err := c.readRates(ctx, tx, s.books, waiting); err != nil {
			return nil, err
		}
		var out []Proposal
		for i := range waiting {
			out = append(out, c.propose(&waiting[i], in)...)
		}
		return out, nil
	})
}

// waitingLines are the lines to propose for, in order.
func waitingLines(ctx context.Context, tx *tenancy.Tx, account *Account, asked []uuid.UUID) ([]StatementLine, error) {
	ids := asked
	if len(ids) == 0 {
		var err error
		ids, err = tenancy.Report[uuid.UUID](ctx, tx, `SELECT b.id`+waitingOnStatement+` ORDER BY b.booked_on, b.id LIMIT ?`,
			account.ID, date.Last, MaxProposalLines)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
	}
	found, err := lines(ctx, tx, tenancy.In("id", ids), tenancy.Eq("bank_account_id", account.ID), tenancy.OrderBy("booked_on", "id"))
	return slices.DeleteFunc(found, func(l StatementLine) bool { return l.Reconciliation != nil }), err
}

// candidate is an open item, or a journal line on the bank's account, that a line may be.
type candidate struct {
	part    Part
	amount  money.Amount // what a line would have to be, or what the bank would have to state
	on      date.Date    // due, or booked
	partyID uuid.UUID
	party   string // its name, folded
	keys    []string
	label   string // "invoice INV-2026-00001", "payment of 2026-01-31"
	ledger  bool   // the books have it on the bank's account
}

// candidates are all of them, and who has each amount.
type candidates struct {
	account  *Account
	all      []candidate
	byAmount map[money.Amount][]int
	rates    []accounting.ExchangeRate // into the account's currency, the latest first
	maxAge   int64                     // in days, of a rate
}

func findCandidates(ctx context.Context, tx *tenancy.Tx, op string, account *Account) (*candidates, error) {
	var items []accounting.OpenItem
	b := tx.Batch()
	tenancy.Load(b, &items, tenancy.Ne("open_minor", int64(0)), tenancy.OrderBy("item_date", "id"), tenancy.Limit(maxCandidates+1))
	if err := b.Run(ctx); err != nil {
		return nil, err
	}
	ledger, err := tenancy.Report[LedgerLine](ctx, tx, ledgerColumns+waitingInLedger+` ORDER BY l.entry_date, l.entry_id, l.line_no LIMIT ?`,
		account.Currency, account.Currency, account.Currency, account.Currency, account.AccountID, date.Last, date.Last, maxCandidates+1)
	if err != nil {
		return nil, err
	}
	if len(items) > maxCandidates || len(ledger) > maxCandidates {
		return nil, ErrTooMany.New(op, "more than %d open items, or journal lines that wait, would have to be looked at", maxCandidates)
	}
	c := &candidates{account: account, byAmount: map[money.Amount][]int{}}
	if err := c.addItems(ctx, tx, items); err != nil {
		return nil, err
	}
	if err := c.addLedger(ctx, tx, ledger); err != nil {
		return nil, err
	}
	for i := range c.all {
		c.byAmount[c.all[i].amount] = append(c.byAmount[c.all[i].amount], i)
	}
	return c, nil
}

// addItems reads what open items are called: the numbers of their documents, and their parties' names.
func (c *candidates) addItems(ctx context.Context, tx *tenancy.Tx, items []accounting.OpenItem) error {
	if len(items) == 0 {
		return nil
	}
	var ids, parties []uuid.UUID
	for i := range items {
		ids, parties = append(ids, items[i].ID), append(parties, items[i].PartyID)
	}
	var invoices []accounting.Invoice
	var bills []accounting.Bill
	var people []accounting.Party
	b := tx.Batch()
	tenancy.Load(b, &invoices, tenancy.In("id", ids))
	tenancy.Load(b, &bills, tenancy.In("id", ids))
	tenancy.Load(b, &people, tenancy.In("id", uniqueIDs(parties)))
	if err := b.Run(ctx); err != nil {
		return err
	}
	invoice, bill := byID(invoices, func(v *accounting.Invoice) uuid.UUID { return v.ID }), byID(bills, func(v *accounting.Bill) uuid.UUID { return v.ID })
	person := byID(people, func(p *accounting.Party) uuid.UUID { return p.ID })
	for i := range items {
		o := &items[i]
		next := candidate{part: Part{ItemID: o.ID}, amount: o.Open(), on: o.DueDate, partyID: o.PartyID, label: string(o.Kind) + " of " + o.ItemDate.String()}
		if p := person[o.PartyID]; p != nil {
			next.party = folded(p.Name)
		}
		if v := invoice[o.ID]; v != nil {
			next.keys, next.label = keys(v.Number, v.Reference), string(o.Kind)+" "+v.Number
		} else if v := bill[o.ID]; v != nil {
			next.keys = keys(v.VendorNumber, v.Reference)
			if v.VendorNumber != "" {
				next.label = string(o.Kind) + " " + v.VendorNumber
			}
		}
		c.all = append(c.all, next)
	}
	return nil
}

// addLedger reads what journal lines on the bank's account are called: by the reference of their entry or payment.
func (c *candidates) addLedger(ctx context.Context, tx *tenancy.Tx, ledger []LedgerLine) error {
	if len(ledger) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(ledger))
	for i := range ledger {
		ids[i] = ledger[i].EntryID
	}
	var payments []accounting.Payment
	b := tx.Batch()
	tenancy.Load(b, &payments, tenancy.In("entry_id", ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	payment := byID(payments, func(p *accounting.Payment) uuid.UUID { return p.EntryID })
	for i := range ledger {
		l := &ledger[i]
		next := candidate{part: Part{EntryID: l.EntryID, EntryLineNo: l.LineNo}, amount: money.Amount{Minor: l.Minor, Currency: c.account.Currency}, on: l.EntryDate, keys: keys(l.Reference),
			label: string(l.Kind) + " of " + l.EntryDate.String(), ledger: true}
		if p := payment[l.EntryID]; p != nil {
			next.keys, next.partyID = keys(p.Reference), p.PartyID
			if p.Reference != "" {
				next.label = "payment " + p.Reference
			}
		}
		c.all = append(c.all, next)
	}
	return nil
}
