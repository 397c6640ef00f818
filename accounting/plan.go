package accounting

import (
	"errors"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// plan gathers what a batch of entries writes, so that any number of them costs the same few statements: headers, lines,
// texts, balances (added up here) and open items.
type plan struct {
	op  string
	tx  *tenancy.Tx
	set *setup

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

type balanceKey struct{ account, period uuid.UUID }

func newPlan(op string, tx *tenancy.Tx, set *setup, entries int) *plan {
	return &plan{op: op, tx: tx, set: set, entries: make([]*Entry, 0, entries), lines: make([]*Line, 0, 3*entries), byKey: map[balanceKey]*balance{}}
}

// booking is what an act of this package adds to an entry.
type booking struct {
	reverses uuid.UUID
	reason   string
	print    string // the fingerprint, where the entry itself is the idempotent act
}

// add plans one entry. where begins its error messages. Errors: those of Post.
func (p *plan) add(where string, e *NewEntry, also booking) (*Entry, error) {
	journal, err := p.set.journal(p.op, where, e.Journal)
	if err != nil {
		return nil, err
	}
	period, err := p.set.writable(p.tx, p.op, where, e.Date, e.LockException)
	if err != nil {
		return nil, err
	}
	entry := p.entryStore.add(Entry{Row: tenancy.Row{TenantID: p.tx.Scope().TenantID(), ID: tenancy.NewID()}, JournalID: journal.ID,
		PeriodID: period.ID, EntryDate: e.Date, DocumentDate: e.DocumentDate, Kind: e.Kind, Reference: e.Reference, Fingerprint: also.print,
		ReversesID: also.reverses, LineCount: int64(len(e.Lines)), LockException: e.LockException != "",
		SourceModel: e.Source.Model, SourceID: e.Source.ID, PostedAt: p.tx.Now()})
	if entry.DocumentDate.IsZero() {
		entry.DocumentDate = e.Date
	}
	var debits, credits int64
	for i := range e.Lines {
		amount, err := p.addLine(where, entry, e, i)
		if err != nil {
			return nil, err
		}
		if amount > 0 {
			debits += amount
		} else {
			credits -= amount
		}
		if debits > maxMinor || credits > maxMinor {
			return nil, ErrAmountLimit.New(p.op, "%sthe sum of the lines is larger than the books hold", where)
		}
	}
	if debits != credits {
		base := p.set.books.Currency
		return nil, ErrUnbalanced.New(p.op, "%sdebits are %s and credits %s", where, money.Amount{Minor: debits, Currency: base},
			money.Amount{Minor: credits, Currency: base})
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
func (p *plan) addLine(where string, entry *Entry, e *NewEntry, i int) (int64, error) {
	in := &e.Lines[i]
	base := p.set.books.Currency
	amount, err := in.signed(base)
	if err != nil {
		return 0, p.badLine(where, i, in, err)
	}
	account, err := p.set.postable(p.op, where, in.Account)
	if err != nil {
		return 0, err
	}
	line := p.lineStore.add(Line{EntryID: entry.ID, LineNo: int64(i + 1), AccountID: account.ID, PartyID: in.PartyID,
		EntryDate: entry.EntryDate, Amount: money.Amount{Minor: amount, Currency: base}})
	p.lines = append(p.lines, line)
	p.accrue(account.ID, entry.PeriodID, amount)
	if account.Control == NoControl {
		return amount, nil
	}
	if in.PartyID == uuid.Nil {
		return 0, ErrUnknownParty.New(p.op, "%sline %d: a line on %s %s names a party", where, i+1, account.Code, account.Name)
	}
	due := in.Due
	if due.Before(entry.EntryDate) {
		due = entry.EntryDate
	}
	item := &OpenItem{Row: tenancy.Row{ID: tenancy.NewID()}, PartyID: in.PartyID, AccountID: account.ID, EntryID: entry.ID, LineNo: line.LineNo, Kind: entry.Kind,
		ItemDate: entry.EntryDate, DueDate: due, Original: line.Amount, OpenMinor: amount}
	switch entry.Kind { //nolint:exhaustive // the other kinds' items have ids of their own
	case KindInvoice, KindCreditNote, KindDebitNote, KindPayment, KindBill, KindVendorCredit, KindVendorDebit:
		// The item is known by the document's id; those of further instalments follow from it.
		item.ID = InstalmentID(entry.SourceID, p.itemsOf(entry.ID)+1)
	}
	p.items = append(p.items, item)
	return amount, nil
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
		return ErrWrongCurrency.New(p.op, "%sline %d: %q is not the books' currency, %s", where, i+1, string(amount.Currency), p.set.books.Currency)
	}
	return ErrBadInput.New(p.op, "%sline %d: %v", where, i+1, err)
}

func (p *plan) accrue(account, period uuid.UUID, amount int64) {
	key := balanceKey{account, period}
	b := p.byKey[key]
	if b == nil {
		b = &balance{AccountID: account, PeriodID: period}
		p.byKey[key] = b
		p.balances = append(p.balances, b)
	}
	if amount > 0 {
		b.DebitMinor += amount
	} else {
		b.CreditMinor -= amount
	}
}

// write adds the planned rows to a batch, headers before lines as the database demands. Balances are locked in the order of
// their keys.
func (p *plan) write(b *tenancy.Batch) {
	tenancy.Put(b, p.entries)
	tenancy.Put(b, p.lines)
	tenancy.Put(b, p.texts)
	tenancy.Put(b, p.items)
	tenancy.Accrue(b, p.balances, "debit_minor", "credit_minor")
}
