package accounting

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// LatePolicy says what becomes of a fact whose date lies in a period that takes no entries any more.
type LatePolicy string

// The policies.
const (
	// LateRefuse refuses the act. It is what "" means.
	LateRefuse LatePolicy = "refuse"
	// LateFirstOpen books the entry on the first day of the first period after the date that is open for its journal. The entry
	// keeps the date as its DocumentDate and says that it is Late.
	LateFirstOpen LatePolicy = "first_open"
)

// DatedOn says which day the entries of a kind count for.
type DatedOn string

// The days.
const (
	DatedAsStated   DatedOn = "as stated"      // the day that the act names
	DatedByDocument DatedOn = "document"       // the date of the document that is booked
	DatedAtYearEnd  DatedOn = "end of year"    // the last day of the fiscal year
	DatedByOriginal DatedOn = "after original" // the day that the act names, not before that of the entry that is taken back
)

// Dating is how the entries of a kind are dated: what every act that books declares, and what [Service.Post] and its like hold
// it to. README.md has the table.
type Dating struct {
	On DatedOn
	// MayBeLate says that [LateFirstOpen] may be asked for. Stock and tills are not moved: their values and counts follow one
	// another by date, so a late one is dated in an open period by whoever records it.
	MayBeLate bool
}

var datings = map[EntryKind]Dating{
	KindEntry: {DatedAsStated, true}, KindOpening: {DatedAsStated, false}, KindStock: {DatedByDocument, false},
	KindInvoice: {DatedByDocument, true}, KindCreditNote: {DatedByDocument, true}, KindBill: {DatedByDocument, true},
	KindDebitNote: {DatedByDocument, true}, KindVendorDebit: {DatedByDocument, true},
	KindVendorCredit: {DatedByDocument, true}, KindPayment: {DatedByDocument, true}, KindReversal: {DatedByOriginal, true},
	KindPrepayment: {DatedByDocument, true}, KindVendorPrepayment: {DatedByDocument, true}, KindTaxDue: {DatedByDocument, true},
	KindTill: {DatedByDocument, false}, KindYearEnd: {DatedAtYearEnd, false},
}

// Dating gives how entries of the kind are dated.
func (k EntryKind) Dating() Dating { return datings[k] }

// state is what may be posted into a period by a journal: what holds for all, or what is tighter for this one.
func (set *setup) state(p *Period, journal uuid.UUID) PeriodState {
	state := p.State
	for i := range set.locks {
		k := &set.locks[i]
		if k.JournalID != journal || !k.State.tighter(state) {
			continue
		}
		if k.PeriodID == p.ID || k.State == PeriodLocked && set.begins(k.PeriodID).After(p.StartsOn) {
			state = k.State
		}
	}
	return state
}

// begins is the first day of the period with the id.
func (set *setup) begins(id uuid.UUID) date.Date {
	for i := range set.periods {
		if set.periods[i].ID == id {
			return set.periods[i].StartsOn
		}
	}
	return date.Date{}
}

// writable finds the period for a new entry of a journal and a date and refuses what its state does. Errors:
// accounting.no_period, accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden.
func (set *setup) writable(tx *tenancy.Tx, op, where string, journal uuid.UUID, on date.Date, exception string) (*Period, error) {
	p := set.periodOf(on)
	if p == nil {
		return nil, ErrNoPeriod.New(op, "%s%s lies in no period of the books: add its fiscal year first", where, on)
	}
	state := set.state(p, journal)
	switch {
	case exception != "" && !tx.Scope().Can(PermException):
		return nil, ErrNoException.New(op, "%sLockException takes the permission %s: leave it out, or have somebody post who may", where, PermException)
	case state == PeriodLocked:
		return nil, ErrPeriodLocked.New(op, "%speriod %s is locked%s", where, p.Name, set.forJournal(p, journal))
	case state == PeriodSoftLocked && exception == "":
		return nil, ErrPeriodSoftLocked.New(op, "%speriod %s is soft-locked%s: a reason is needed (LockException)", where, p.Name, set.forJournal(p, journal))
	}
	return p, nil
}

// forJournal tells a journal's lock from one that is for all.
func (set *setup) forJournal(p *Period, journal uuid.UUID) string {
	if set.state(p, journal) == p.State {
		return ""
	}
	return " for the journal " + string(set.journalCode(journal))
}

// dated is writable for an entry that may be late: then it gives the first period that takes it, and that period's first day.
// closing is for whoever closes a year, and holds the period.
func (set *setup) dated(tx *tenancy.Tx, op, where string, journal uuid.UUID, e *NewEntry, closing bool) (*Period, date.Date, error) {
	if e.Late == LateFirstOpen && !e.Kind.Dating().MayBeLate {
		return nil, e.Date, ErrBadInput.New(op, "%san entry of the kind %s is not moved to another period", where, e.Kind)
	}
	if p := set.periodOf(e.Date); closing && p != nil && set.state(p, journal) != PeriodLocked {
		return p, e.Date, nil
	}
	return set.firstOpen(tx, op, where, journal, e.Date, e.LockException, e.Late)
}

// firstOpen is writable for a day that may be late.
func (set *setup) firstOpen(tx *tenancy.Tx, op, where string, journal uuid.UUID, on date.Date, exception string, late LatePolicy) (*Period, date.Date, error) {
	p, err := set.writable(tx, op, where, journal, on, exception)
	if late != LateFirstOpen || !errors.Is(err, ErrPeriodLocked) && !errors.Is(err, ErrPeriodSoftLocked) {
		return p, on, err
	}
	for i := range set.periods {
		if p := &set.periods[i]; p.StartsOn.After(on) && set.state(p, journal) == PeriodOpen {
			return p, p.StartsOn, nil
		}
	}
	return nil, on, ErrNoOpenPeriod.New(op, "%sno period after %s is open: add a fiscal year", where, on)
}

// enteredOn is the day that a document's entry counts for. What is refused is refused when the entry is planned.
func (set *setup) enteredOn(tx *tenancy.Tx, op, where string, code JournalCode, on date.Date, late LatePolicy, exception string) (date.Date, error) {
	if late != LateFirstOpen {
		return on, nil
	}
	journal, err := set.journal(op, where, code)
	if err != nil {
		return on, err
	}
	_, day, err := set.dated(tx, op, where, journal.ID, dateOnly(on, late, exception), false)
	return day, err
}

// CheckDate refuses a day on which a journal takes no entries. Domains above ask it about what has no entry of its own, or gets
// one later: goods worth nothing, a till that opens. exception is a [NewEntry].LockException, "" for none. The answer may be
// overtaken by whoever locks the period: the tables of what is dated are guarded in the database as well.
//
// Permission: accounting.read, and accounting.exception where an exception is given. Errors: accounting.unknown_journal,
// accounting.no_period, accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden,
// accounting.books_not_open.
func (s *Service) CheckDate(ctx context.Context, journal JournalCode, on date.Date, exception string) error {
	const op = "accounting.CheckDate"
	_, err := tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (*Period, error) {
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return nil, err
		}
		j, err := set.journal(op, "", journal)
		if err != nil {
			return nil, err
		}
		return set.writable(tx, op, "", j.ID, on, exception)
	})
	return err
}

// CountsFor gives the day for which a document of a journal counts, whose date may lie in a period that takes no entries any more: the date
// itself, or with [LateFirstOpen] the first day of the first open period after it. Domains above ask it for what follows from a document
// and is dated with it, such as the value of goods that a late bill corrects.
//
// Permission: accounting.read, and accounting.exception where an exception is given. Errors: those of [Service.CheckDate],
// accounting.no_open_period.
func (s *Service) CountsFor(ctx context.Context, journal JournalCode, on date.Date, exception string, late LatePolicy) (date.Date, error) {
	const op = "accounting.CountsFor"
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (date.Date, error) {
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return date.Date{}, err
		}
		j, err := set.journal(op, "", journal)
		if err != nil {
			return date.Date{}, err
		}
		_, day, err := set.firstOpen(tx, op, "", j.ID, on, exception, late)
		return day, err
	})
}
