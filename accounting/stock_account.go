package accounting

import (
	"context"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// The account with [RoleStock] is a bookkeeper's as any other, until goods are kept by inventory. From then on it is the control account of
// goods, as receivables and payables are of open items: its balance is what the goods on hand are worth, and only their movements move it.

// KeepStock makes the account with [RoleStock] the control account of goods, for good: what moves it is booked by [Service.PostStock], and any other entry on it is refused
// (accounting.control_account), by the database as well; it keeps its role. inventory.Configure calls it. No goods stand behind what the
// account holds before: it must hold nothing in any currency. Kept already, it is given as it is.
//
// Permission: accounting.setup. Errors: accounting.stock_balance, accounting.books_not_open.
func (s *Service) KeepStock(ctx context.Context) (Account, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Account, error) {
		const op = "accounting.KeepStock"
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return Account{}, err
		}
		account, err := set.account(op, "", ByRole(RoleStock))
		if err != nil || set.books.StockKept {
			return done(account, err)
		}
		books := set.books
		books.StockKept, books.Revision = true, tenancy.NewID()
		tx.Forget(setupKey)
		// The books' row comes first: who posts to the account waits for it, or is waited for, and its balance is looked at then.
		if err := tenancy.Update(ctx, tx, &books, "stock_kept", "revision"); err != nil {
			return Account{}, err
		}
		type row struct {
			Currency money.Currency `bun:"currency"`
			Base     int64          `bun:"base"`
			Minor    int64          `bun:"minor"`
		}
		rows, err := tenancy.Report[row](ctx, tx, `SELECT currency, CAST(SUM(debit_minor - credit_minor) AS BIGINT) AS base, CAST(SUM(transaction_minor) AS BIGINT) AS minor
			FROM {account_balances} AS b WHERE account_id = ? GROUP BY currency ORDER BY currency`, account.ID)
		if err != nil {
			return Account{}, err
		}
		var base int64
		foreign := money.Zero(books.Currency)
		for _, r := range rows {
			if base += r.Base; r.Minor != 0 && r.Currency != books.Currency {
				foreign = money.Amount{Minor: r.Minor, Currency: r.Currency}
			}
		}
		switch {
		case base != 0:
			return Account{}, ErrStockBalance.New(op, "account %s %s holds %s: book that to another account first, such as the one with the role %s, and receive the goods against it",
				account.Code, account.Name, money.Amount{Minor: base, Currency: books.Currency}.Format(), RoleOpeningEquity)
		case foreign.Minor != 0:
			return Account{}, ErrStockBalance.New(op, "account %s %s holds %s, worth nothing in base: book that to another account first", account.Code, account.Name, foreign.Format())
		}
		return *account, nil
	})
}

// PostStock is [Service.Post] for entries of the kind stock, which alone may move the account that [Service.KeepStock] made a control account. Whoever calls it
// keeps goods and has their worth equal the account: that is inventory.
//
// Permission: accounting.stock; acts that move goods vouch for it. Errors: accounting.bad_input (an entry of another kind), and those of Post.
func (s *Service) PostStock(ctx context.Context, in []NewEntry) ([]Entry, error) {
	return s.post(ctx, PermStock, "accounting.PostStock", in)
}

// free refuses an account that something else keeps: a control account of open items, or of goods. Errors: accounting.control_account.
func (set *setup) free(op, where string, a *Account) error {
	if a.Control != NoControl {
		return ErrControlAccount.New(op, "%saccount %s %s is a control account: it is moved by the party's documents only", where, a.Code, a.Name)
	}
	if set.keptStock(a) {
		return ErrControlAccount.New(op, "%saccount %s %s is the control account of the goods that inventory keeps: move goods instead (a receipt, an issue, an adjustment), with the entry's "+
			"other account as their counter", where, a.Code, a.Name)
	}
	return nil
}

// keptStock reports whether the account is the control account of goods.
func (set *setup) keptStock(a *Account) bool { return set.books.StockKept && a.Role == RoleStock }
