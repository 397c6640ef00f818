package booking

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Figures are the statements of a tenant's books, all of one state of the database.
type Figures struct {
	From, To      date.Date
	Books         accounting.Books
	TrialBalance  accounting.TrialBalance
	ProfitAndLoss accounting.ProfitAndLoss
	BalanceSheet  accounting.BalanceSheet
	Receivables   money.Amount // by the open items; those of customers in credit are taken off
	OpenItems     int
	Stock         []inventory.Stock
	StockUnits    money.Quantity // by the layers
	StockValue    money.Amount   // by the layers
	MixedUnits    bool           // the units of Top differ, as kilograms and pieces do, so StockUnits means nothing
	Top           []TopProduct   // what most is tied up in, at most shownProducts
	Entries       int64
	Checks        []tenancy.Check
}

// TopProduct is a product on hand, over all warehouses.
type TopProduct struct {
	Name     string
	Quantity money.Quantity
	Value    money.Amount
}

// shownProducts is how many products the statements name.
const shownProducts = 5

// Draw reads the statements of the days from and to, both included, and verifies the books.
func Draw(ctx context.Context, suite *erp.Suite, from, to date.Date) (*Figures, error) {
	var f *Figures
	err := suite.Tenancy.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		f = &Figures{From: from, To: to}
		if f.Books, err = suite.Accounting.GetBooks(ctx); err != nil {
			return err
		}
		if f.TrialBalance, err = suite.Accounting.TrialBalance(ctx, to); err != nil {
			return err
		}
		if f.ProfitAndLoss, err = suite.Accounting.ProfitAndLoss(ctx, from, to); err != nil {
			return err
		}
		if f.BalanceSheet, err = suite.Accounting.BalanceSheet(ctx, to); err != nil {
			return err
		}
		open, err := suite.Accounting.OpenItems(ctx, to)
		if err != nil {
			return err
		}
		f.Receivables, f.OpenItems = open.Receivables, len(open.Items)
		if err := f.readStock(ctx, suite); err != nil {
			return err
		}
		if f.Entries, err = tenancy.Count[accounting.Entry](ctx, tx); err != nil {
			return err
		}
		f.Checks, err = suite.Verify(ctx)
		return err
	})
	return f, err
}

func (f *Figures) readStock(ctx context.Context, suite *erp.Suite) (err error) {
	if f.Stock, err = suite.Inventory.OnHand(ctx, inventory.StockFilter{}); err != nil {
		return err
	}
	f.StockValue = money.Zero(f.Books.Currency)
	for _, s := range f.Stock {
		if f.StockUnits, err = f.StockUnits.Add(s.Quantity); err != nil {
			return err
		}
		if f.StockValue, err = f.StockValue.Add(s.Value); err != nil {
			return err
		}
	}
	top := slices.Clone(f.Stock)
	slices.SortStableFunc(top, func(a, b inventory.Stock) int { return cmp.Compare(b.Value.Minor, a.Value.Minor) })
	top = top[:min(len(top), shownProducts)]
	ids := make([]uuid.UUID, len(top))
	for i, t := range top {
		ids[i] = t.ProductID
	}
	products, err := suite.Inventory.ProductsByID(ctx, ids)
	if err != nil {
		return err
	}
	for _, t := range top {
		p := products[t.ProductID]
		f.Top = append(f.Top, TopProduct{p.Name, t.Quantity, t.Value})
		f.MixedUnits = f.MixedUnits || p.Unit != products[top[0].ProductID].Unit
	}
	return nil
}

// Balance is the balance of the account with a role, debits positive; zero when nothing was posted to it.
func (f *Figures) Balance(role accounting.Role) money.Amount {
	for _, l := range f.TrialBalance.Lines {
		if l.Role == role {
			return money.Amount{Minor: l.Debit.Minor - l.Credit.Minor, Currency: f.Books.Currency} // one of the two is zero
		}
	}
	return money.Zero(f.Books.Currency)
}

// AllOK reports whether every check holds.
func (f *Figures) AllOK() bool {
	for _, c := range f.Checks {
		if !c.OK {
			return false
		}
	}
	return len(f.Checks) > 0
}

// Check compares an import with the statements: what the file says was sold is what was invoiced, and all its documents
// are there.
func (o *Outcome) Check() tenancy.Check {
	s, c := o.Survey, o.Counts
	var documents int64
	for _, n := range c.Documents {
		documents += n
	}
	sold, returned := s.Amounts[retail.Sale], s.Amounts[retail.CreditNote]
	return tenancy.Check{
		Name: "the file's totals equal the documents'",
		OK:   documents == s.TotalDocuments() && c.Sales == sold && c.Returns == returned,
		Detail: fmt.Sprintf("file: %d documents, %s sold, %s returned; booked: %d, %s, %s",
			s.TotalDocuments(), sold, returned, documents, c.Sales, c.Returns),
	}
}

// Days are the first and the last day of an import; when it booked nothing, one of its books' year.
func (o *Outcome) Days() (from, to date.Date) {
	if o.Survey.First.IsZero() {
		return emptyYear, emptyYear
	}
	return o.Survey.First, o.Survey.Last
}
