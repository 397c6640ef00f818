package accounting

import (
	"context"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// setup is what every act needs to know of a tenant's books. It is read once per transaction. What it says of a period's
// state may be overtaken by another transaction: then the database refuses what it let through.
type setup struct {
	books    Books
	accounts []Account // by code
	journals []Journal // by code
	years    []FiscalYear
	periods  []Period      // by date
	locks    []JournalLock // few
	taxes    []Tax         // by code, with rates and components

	byRef  map[AccountRef]*Account // what was looked up
	byID   map[uuid.UUID]*Account
	period map[date.Date]*Period // what was looked up
	// taxings is what tax codes were found to come to, taxAccounts where taxes are booked.
	taxings     map[taxingKey]*taxing
	taxAccounts map[uuid.UUID]bool
	known       time.Time // statements tell what the books said then; zero: what they say
}

const setupKey = "accounting.setup"

// setup gives the tenant's settings; also adds reads to the same round trip. Errors: accounting.books_not_open.
func (s *Service) setup(ctx context.Context, tx *tenancy.Tx, op string, also func(*tenancy.Batch)) (*setup, error) {
	known := true
	set, err := tenancy.Memo(tx, setupKey, func() (*setup, error) {
		known = false
		b := tx.Batch()
		set, books := new(setup), []Books(nil)
		var rates []TaxRate
		var components []TaxComponent
		tenancy.Load(b, &books)
		tenancy.Load(b, &set.accounts, tenancy.OrderBy("code"))
		tenancy.Load(b, &set.journals, tenancy.OrderBy("code"))
		tenancy.Load(b, &set.years, tenancy.OrderBy("starts_on"))
		tenancy.Load(b, &set.periods, tenancy.OrderBy("starts_on"))
		tenancy.Load(b, &set.locks, tenancy.Ne("state", string(PeriodOpen)))
		tenancy.Load(b, &set.taxes, tenancy.OrderBy("code"))
		tenancy.Load(b, &rates, tenancy.OrderBy("tax_id", "valid_from"))
		tenancy.Load(b, &components, tenancy.OrderBy("group_id", "seq"))
		if also != nil {
			also(b)
		}
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		if len(books) == 0 {
			return nil, ErrNotOpened.New(op, "")
		}
		set.books = books[0]
		fitTaxes(set.taxes, rates, components)
		set.index()
		s.kept.put(set)
		return set, nil
	})
	if err != nil || !known || also == nil {
		return set, err
	}
	b := tx.Batch()
	also(b)
	return set, b.Run(ctx)
}

func (set *setup) index() {
	set.byRef = map[AccountRef]*Account{}
	set.period = map[date.Date]*Period{}
	set.taxings = map[taxingKey]*taxing{}
	set.taxAccounts = make(map[uuid.UUID]bool, 2*len(set.taxes))
	for i := range set.taxes {
		set.taxAccounts[set.taxes[i].AccountID], set.taxAccounts[set.taxes[i].ClaimID] = true, true
	}
	set.byID = make(map[uuid.UUID]*Account, len(set.accounts))
	for i := range set.accounts {
		set.byID[set.accounts[i].ID] = &set.accounts[i]
	}
}

// account finds an account. Errors: accounting.unknown_account.
func (set *setup) account(op, where string, ref AccountRef) (*Account, error) {
	if a := set.byRef[ref]; a != nil {
		return a, nil
	}
	a := set.findAccount(ref)
	if a == nil {
		return nil, ErrUnknownAccount.New(op, "%sthe chart has not got %s", where, ref.describe())
	}
	set.byRef[ref] = a
	return a, nil
}

func (set *setup) findAccount(ref AccountRef) *Account {
	kind, name, _ := strings.Cut(ref.text, ":")
	if kind == "id" {
		id, err := uuid.Parse(name)
		if err != nil {
			return nil
		}
		return set.byID[id]
	}
	for i := range set.accounts {
		a := &set.accounts[i]
		if kind == "role" && a.Role != "" && string(a.Role) == name || kind == "code" && a.Code == name {
			return a
		}
	}
	return nil
}

// postable is account, of one that takes postings. Errors: accounting.unknown_account, accounting.account_inactive.
func (set *setup) postable(op, where string, ref AccountRef) (*Account, error) {
	a, err := set.account(op, where, ref)
	if err != nil {
		return nil, err
	}
	if !a.Active {
		return nil, ErrAccountInactive.New(op, "%saccount %s %s takes no postings", where, a.Code, a.Name)
	}
	return a, nil
}

// ordinary is postable, of an account that is not a control account. Errors: those of postable, accounting.control_account.
func (set *setup) ordinary(op, where string, ref AccountRef) (*Account, error) {
	a, err := set.postable(op, where, ref)
	if err != nil {
		return nil, err
	}
	return a, set.free(op, where, a)
}

func (set *setup) journal(op, where string, code JournalCode) (*Journal, error) {
	for i := range set.journals {
		if set.journals[i].Code == code {
			return &set.journals[i], nil
		}
	}
	return nil, ErrUnknownJournal.New(op, "%sthere is no journal %s", where, code)
}

func (set *setup) tax(op, where, code string) (*Tax, error) {
	for i := range set.taxes {
		if set.taxes[i].Code == code && set.taxes[i].Active {
			return &set.taxes[i], nil
		}
	}
	return nil, ErrUnknownTax.New(op, "%sthere is no tax %s", where, code)
}

// taxByID is the tax with an id that a row refers to.
func (set *setup) taxByID(id uuid.UUID) *Tax {
	for i := range set.taxes {
		if set.taxes[i].ID == id {
			return &set.taxes[i]
		}
	}
	return nil
}

// lineAccount is ordinary, of an account that a document's line is booked to: tax is booked through a tax code, so that
// what is declared equals what is booked. Errors: those of ordinary, accounting.tax_account,
// accounting.money_account.
func (set *setup) lineAccount(op, where string, ref AccountRef) (*Account, error) {
	a, err := set.ordinary(op, where, ref)
	if err == nil && (set.taxAccounts[a.ID] || a.Role == RoleTaxNotDue || a.Role == RoleInputTaxNotDue) {
		return nil, ErrTaxAccount.New(op, "%saccount %s %s holds tax: name a tax code instead", where, a.Code, a.Name)
	}
	if err == nil && (a.Role == RoleBank || a.Role == RoleCash) {
		return nil, ErrMoneyAccount.New(op, "%saccount %s %s is what a document is settled by: that is said by a payment, or by SettledBy", where, a.Code, a.Name)
	}
	return a, err
}

// year is the fiscal year with the id.
func (set *setup) year(id uuid.UUID) *FiscalYear {
	for i := range set.years {
		if set.years[i].ID == id {
			return &set.years[i]
		}
	}
	return nil
}

// periodOf finds the period that a date lies in; nil when there is none.
func (set *setup) periodOf(on date.Date) *Period {
	if p, ok := set.period[on]; ok {
		return p
	}
	i := sort.Search(len(set.periods), func(i int) bool { return !set.periods[i].EndsOn.Before(on) })
	var p *Period
	if i < len(set.periods) && !on.Before(set.periods[i].StartsOn) {
		p = &set.periods[i]
	}
	set.period[on] = p
	return p
}
