package accounting

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// plan gathers what a batch of entries writes, so that any number of them costs the same few statements: headers, lines,
// texts, balances (added up here) and open items.
type plan struct {
	op    string
	tx    *tenancy.Tx
	set   *setup
	rates *rateTable     // of the currencies that lines leave to the rate of the day: read before, by acts that allow it
	dims  *dimensionBook // of the dimensions that lines name: read before, by acts that take any

	stripe int64 // of the balances
	goods  bool  // the entries are movements of the goods that inventory keeps

	entries  []*Entry
	lines    []*Line
	texts    []*EntryText
	items    []*OpenItem
	balances []*balance

	entryStore store[Entry]
	lineStore  store[Line]
	byKey      map[balanceKey]*balance
}

// store hands out rows that stand side by side, a chunk at a time, so that a batch costs few allocations and the pointers
// that were handed out stay good.
type store[T any] struct{ chunk []T }

func (s *store[T]) add(row T) *T {
	if len(s.chunk) == cap(s.chunk) {
		s.chunk = make([]T, 0, min(max(16, 2*cap(s.chunk)), 1024))
	}
	s.chunk = append(s.chunk, row)
	return &s.chunk[len(s.chunk)-1]
}

type balanceKey struct {
	account, period, set uuid.UUID
	currency             money.Currency
}

func newPlan(op string, tx *tenancy.Tx, set *setup, entries int) *plan {
	return &plan{op: op, tx: tx, set: set, entries: make([]*Entry, 0, entries), lines: make([]*Line, 0, 3*entries), byKey: map[balanceKey]*balance{}}
}

// booking is what an act of this package adds to an entry.
type booking struct {
	reverses uuid.UUID
	unbound  bool // what is reversed need not balance in foreign currencies
	reason   string
	closing  bool   // a year is closed: locks are looked at there
	derived  bool   // nobody can name dimensions of its lines
	print    string // the fingerprint, where the entry itself is the idempotent act
}

// add plans one entry. where begins its error messages. Errors: those of Post.
func (p *plan) add(where string, e *NewEntry, also booking) (*Entry, error) {
	journal, err := p.set.journal(p.op, where, e.Journal)
	if err != nil {
		return nil, err
	}
	period, on, err := p.set.dated(p.tx, p.op, where, journal.ID, e, also.closing)
	if err != nil {
		return nil, err
	}
	if err := p.value(where, e); err != nil {
		return nil, err
	}
	entry := p.entryStore.add(Entry{Row: tenancy.Row{TenantID: p.tx.Scope().TenantID(), ID: tenancy.NewID()}, JournalID: journal.ID,
		PeriodID: period.ID, EntryDate: on, Late: on != e.Date, DocumentDate: e.DocumentDate, Kind: e.Kind, Reference: e.Reference, Fingerprint: also.print,
		ReversesID: also.reverses, LineCount: int64(len(e.Lines)), LockException: e.LockException != "",
		SourceModel: e.Source.Model, SourceID: e.Source.ID, PostedAt: p.tx.Now()})
	if entry.DocumentDate.IsZero() || entry.Late && !entry.DocumentDate.Before(on) {
		entry.DocumentDate = e.Date
	}
	first := len(p.lines)
	for i := range e.Lines {
		if err := p.addLine(where, entry, e, i, also.derived || e.Kind.derived()); err != nil {
			return nil, err
		}
	}
	if err := p.weigh(where, entry, p.lines[first:], also.unbound); err != nil {
		return nil, err
	}
	p.entries = append(p.entries, entry)
	if reason := joined(also.reason, e.LockException); e.Memo != "" || reason != "" {
		p.texts = append(p.texts, &EntryText{EntryID: entry.ID, Memo: e.Memo, Reason: reason})
	}
	return entry, nil
}

// joined keeps two reasons on lines of their own.
func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

// addLine plans line i, its balance and, on a control account, its open item.
func (p *plan) addLine(where string, entry *Entry, e *NewEntry, i int, derived bool) error {
	in := &e.Lines[i]
	base := p.set.books.Currency
	transaction, minor, err := in.amounts(base)
	if err != nil {
		return p.badLine(where, i, in, err)
	}
	find := p.set.postable
	if entry.Kind == KindYearEnd {
		find = p.set.account // what has a balance is closed, though it takes no postings any more
	}
	account, err := find(p.op, where, in.Account)
	if err != nil {
		return err
	}
	if !p.goods && p.set.keptStock(account) {
		return p.set.free(p.op, fmt.Sprintf("%sline %d: ", where, i+1), account)
	}
	if err := p.checkWorthOnly(where, i, entry.Kind, account, in); err != nil {
		return err
	}
	dimensions, err := p.dimensions(where, i, account, in, derived, e.AsStated)
	if err != nil {
		return err
	}
	line := p.lineStore.add(Line{EntryID: entry.ID, LineNo: int64(i + 1), AccountID: account.ID, PartyID: in.PartyID, EntryDate: entry.EntryDate,
		Amount: money.Amount{Minor: minor, Currency: base}, Transaction: transaction, DimensionSetID: dimensions})
	p.lines = append(p.lines, line)
	p.accrue(line, entry.PeriodID)
	if account.Control == NoControl {
		return nil
	}
	if in.PartyID == uuid.Nil {
		return ErrUnknownParty.New(p.op, "%sline %d: a line on %s %s names a party", where, i+1, account.Code, account.Name)
	}
	if entry.Kind == KindRealised {
		return nil // what an allocation leaves over in base: the items that it settled are the items of this line
	}
	due := in.Due
	if due.IsZero() || due.Before(e.Date) && entry.Kind != KindOpening { // what is taken over may be overdue
		due = e.Date // which is before the entry's, when it is late
	}
	p.addItem(entry, line, due)
	return nil
}

// addItem plans the open item of a line on a control account.
func (p *plan) addItem(entry *Entry, line *Line, due date.Date) {
	item := &OpenItem{Row: tenancy.Row{ID: tenancy.NewID()}, PartyID: line.PartyID, AccountID: line.AccountID, EntryID: entry.ID, LineNo: line.LineNo,
		Kind: entry.Kind, ItemDate: entry.EntryDate, DueDate: due, Original: line.Transaction, OpenMinor: line.Transaction.Minor,
		BaseMinor: line.Amount.Minor, OpenBaseMinor: line.Amount.Minor}
	switch entry.Kind { //nolint:exhaustive // the other kinds' items have ids of their own
	case KindInvoice, KindCreditNote, KindDebitNote, KindPayment, KindBill, KindVendorCredit, KindVendorDebit, KindPrepayment, KindVendorPrepayment:
		// The item is known by the document's id; those of further instalments follow from it.
		item.ID = InstalmentID(entry.SourceID, p.itemsOf(entry.ID)+1)
	}
	p.items = append(p.items, item)
}

// weigh holds an entry's lines to each other: they sum to zero in base, and in each foreign currency unless the entry is of a
// kind that turns one into another. Errors: accounting.entry_unbalanced, accounting.amount_limit.
func (p *plan) weigh(where string, entry *Entry, lines []*Line, unbound bool) error {
	base := p.set.books.Currency
	var debits, credits int64
	var foreign []money.Amount // few, if any
	for _, l := range lines {
		if l.Amount.Minor > 0 {
			debits += l.Amount.Minor
		} else {
			credits -= l.Amount.Minor
		}
		if debits > maxMinor || credits > maxMinor {
			return ErrAmountLimit.New(p.op, "%sthe sum of the lines is larger than the books hold", where)
		}
		if l.Transaction.Currency != base {
			foreign = addTo(foreign, l.Transaction)
		}
	}
	if debits != credits {
		return ErrUnbalanced.New(p.op, "%sdebits are %s and credits %s", where, money.Amount{Minor: debits, Currency: base},
			money.Amount{Minor: credits, Currency: base})
	}
	for _, left := range foreign {
		if left.Minor != 0 && !unbound && !entry.Kind.exchanges() {
			return ErrUnbalanced.New(p.op, "%sdebits and credits in %s differ by %s", where, left.Currency, left)
		}
	}
	return nil
}

// addTo adds an amount to that of its currency. At most MaxLines of at most maxMinor each: the sum cannot wrap.
func addTo(sums []money.Amount, a money.Amount) []money.Amount {
	for i := range sums {
		if sums[i].Currency == a.Currency {
			sums[i].Minor += a.Minor
			return sums
		}
	}
	return append(sums, a)
}

// exchanges reports whether entries of the kind turn one currency into another, and so balance in base alone.
func (k EntryKind) exchanges() bool {
	return k == KindExchange || k == KindRevaluation || k == KindRealised || k == KindRounding
}

// itemsOf is how many items the entry that is being planned has opened so far.
func (p *plan) itemsOf(entry uuid.UUID) (n int) {
	for i := len(p.items) - 1; i >= 0 && p.items[i].EntryID == entry; i-- {
		n++
	}
	return n
}

func (p *plan) badLine(where string, i int, l *NewLine, err error) error {
	switch {
	case errors.Is(err, ErrAmountLimit):
		return ErrAmountLimit.New(p.op, "%sline %d: the amount is larger than the books hold", where, i+1)
	case errors.Is(err, ErrWrongCurrency):
		amount := l.Debit
		if amount.Minor == 0 {
			amount = l.Credit
		}
		if amount.Currency.Valid() {
			return ErrWrongCurrency.New(p.op, "%sline %d: Base is in %q and not in the books' currency, %s", where, i+1, string(l.Base.Currency), p.set.books.Currency)
		}
		return ErrWrongCurrency.New(p.op, "%sline %d: %q is no currency", where, i+1, string(amount.Currency))
	}
	return ErrBadInput.New(p.op, "%sline %d: %v", where, i+1, err)
}

func (p *plan) accrue(l *Line, period uuid.UUID) {
	key := balanceKey{l.AccountID, period, l.DimensionSetID, l.Transaction.Currency}
	b := p.byKey[key]
	if b == nil {
		b = &balance{AccountID: l.AccountID, PeriodID: period, Currency: l.Transaction.Currency, DimensionSetID: l.DimensionSetID, Stripe: p.stripe}
		p.byKey[key] = b
		p.balances = append(p.balances, b)
	}
	if l.Amount.Minor > 0 {
		b.DebitMinor += l.Amount.Minor
	} else {
		b.CreditMinor -= l.Amount.Minor
	}
	b.TransactionMinor += l.Transaction.Minor
}

// write adds the planned rows to a batch, headers before lines as the database demands. Balances are locked in the order of
// their keys.
func (p *plan) write(b *tenancy.Batch) {
	p.dims.write(b)
	tenancy.Put(b, p.entries)
	tenancy.Put(b, p.lines)
	tenancy.Put(b, p.texts)
	tenancy.Put(b, p.items)
	tenancy.Accrue(b, p.balances, "debit_minor", "credit_minor", "transaction_minor")
}
