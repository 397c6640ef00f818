package bank

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Account is an account at a bank, and the account of the chart that stands for it.
type Account struct {
	tenancy.Row
	// IBAN and Number are what statements call it, in capitals and without blanks; either may be missing.
	IBAN   string `bun:"iban,nullzero" privacy:"financial,keep"`
	Number string `bun:"number,nullzero" privacy:"financial,keep"`
	// Name is the bookkeeper's word for it.
	Name     string         `bun:"name" privacy:"none"`
	Currency money.Currency `bun:"currency" privacy:"none"`
	// AccountID is the account of the chart; no other bank account has it.
	AccountID uuid.UUID `bun:"account_id"`
	// Unnumbered says that the bank calls all its statements alike: see [NewAccount].
	Unnumbered bool      `bun:"unnumbered"`
	CreatedAt  time.Time `bun:"created_at"`
}

// NewAccount is the input of [Service.CreateAccount].
type NewAccount struct {
	// IBAN is checked for its check digits; blanks are dropped. Either it or Number is given, or both: an account's MT940 may name a
	// number where its CAMT.053 names the IBAN.
	IBAN string
	// Number is what statements name that have no IBAN, at most 100 characters: "50880050/0194774600888".
	Number string
	// Name is at most 200 characters, on one line.
	Name     string `validate:"required,line,max=200"`
	Currency money.Currency
	// Ledger is the account of the chart: an asset, or a liability that is an overdraft, and no control account. It is cash in the
	// statement of cash flows ([accounting.CashFlowCash]) and stays it. What a bank holds or is owed that is no cash (a deposit for longer
	// than three months, a loan: IAS 7.7, 7.8) is no bank account here.
	Ledger accounting.AccountRef
	// Unnumbered says that the bank gives its statements neither ids nor numbers of their own (MT940 with STARTUMSE and 00000/001 every
	// day), so that the second would contradict the first. Then the closing day belongs to the number: one statement, or page, a day.
	Unnumbered bool
}

// CreateAccount ties an account at a bank to an account of the chart, which is cash in the statement of cash flows; from then on it cannot be
// moved to another place there. The same input again gives the account that exists.
//
// Permission: bank.setup. Errors: bank.bad_input, bank.ledger_account, bank.number_taken, accounting.unknown_account,
// accounting.books_not_open.
func (s *Service) CreateAccount(ctx context.Context, in NewAccount) (Account, error) {
	return againstRivals(func() (Account, error) {
		return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Account, error) {
			const op = "bank.CreateAccount"
			in.IBAN, in.Number = number(in.IBAN), number(in.Number)
			if err := checkAccount(op, in); err != nil {
				return Account{}, err
			}
			ledger, err := s.books.GetAccount(ctx, in.Ledger)
			if err != nil {
				return Account{}, err
			}
			if ledger.Type != accounting.Asset && ledger.Type != accounting.Liability || ledger.Control != accounting.NoControl {
				return Account{}, ErrLedgerAccount.New(op, "account %s %s is no asset or liability, or is a control account", ledger.Code, ledger.Name)
			}
			if ledger.CashFlow != accounting.CashFlowCash {
				return Account{}, ErrLedgerAccount.New(op, "account %s %s is %s in the statement of cash flows, which would miss the money of this bank account: make it %s with accounting.UpdateAccount",
					ledger.Code, ledger.Name, ledger.CashFlow, accounting.CashFlowCash)
			}
			a := Account{IBAN: in.IBAN, Number: in.Number, Name: in.Name, Currency: in.Currency, AccountID: ledger.ID, Unnumbered: in.Unnumbered, CreatedAt: tx.Now()}
			there, err := rivals(ctx, tx, &a)
			if err != nil {
				return Account{}, err
			}
			if len(there) > 0 {
				old := there[0]
				if a.Row, a.CreatedAt = old.Row, old.CreatedAt; a == old {
					return old, nil
				}
				return Account{}, ErrNumberTaken.New(op, "the bank account %q has one of these numbers, or this account of the chart", old.Name)
			}
			err = tenancy.Insert(ctx, tx, &a)
			return a, err
		})
	})
}

// holds is what a journal line puts on the account, in the account's currency: of the books' currency its worth, of another what was
// moved of it. What moves the worth alone, as a revaluation does, moves nothing at the bank.
func (a *Account) holds(l *accounting.Line) (money.Amount, bool) {
	amount := l.Transaction
	if a.Currency == l.Amount.Currency {
		amount = l.Amount
	}
	return amount, l.AccountID == a.AccountID && amount.Currency == a.Currency && amount.Minor != 0
}

// held is the same in SQL, of a line l; its arguments are the account's currency, twice. (A join with the account would have the
// database weigh two rows at once.)
const held = `CASE WHEN l.amount_currency = ? THEN l.amount_minor WHEN l.transaction_currency = ? THEN l.transaction_minor ELSE 0 END`

func checkAccount(op string, in NewAccount) error {
	if err := checkTags(op, "the account", &in); err != nil {
		return err
	}
	switch {
	case in.IBAN == "" && in.Number == "":
		return ErrBadInput.New(op, "IBAN or Number is needed")
	case in.IBAN != "" && !statement.ValidIBAN(in.IBAN):
		return ErrBadInput.New(op, "the IBAN is not right: its check digits do not fit")
	case len(in.Number) > 100 || !oneLine(in.Number):
		return ErrBadInput.New(op, "Number has more than 100 characters, or control characters")
	case !in.Currency.Valid():
		return ErrBadInput.New(op, "Currency must be a currency code such as GBP")
	}
	return nil
}

// rivals are the accounts that have one of an account's numbers, or its account of the chart.
func rivals(ctx context.Context, tx *tenancy.Tx, a *Account) ([]Account, error) {
	var byIBAN, byNumber, byLedger []Account
	b := tx.Batch()
	if a.IBAN != "" {
		tenancy.Load(b, &byIBAN, tenancy.Eq("iban", a.IBAN))
	}
	if a.Number != "" {
		tenancy.Load(b, &byNumber, tenancy.Eq("number", a.Number))
	}
	tenancy.Load(b, &byLedger, tenancy.Eq("account_id", a.AccountID))
	err := b.Run(ctx)
	return append(append(byIBAN, byNumber...), byLedger...), err
}

// number is an account's number as it is compared.
func number(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(s), ""))
}

// Accounts lists all bank accounts by name.
//
// Permission: bank.read.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Account, error) {
		return tenancy.Find[Account](ctx, tx, tenancy.OrderBy("name", "id"))
	})
}

// againstRivals runs an act once more when a rival has just written the same: now the act finds what the rival made, and gives it back or
// says that it differs. Within a transaction of the caller's there is no second try, for the first has undone it.
func againstRivals[T any](act func() (T, error)) (T, error) {
	out, err := act()
	if !errors.Is(err, tenancy.ErrDuplicate) {
		return out, err
	}
	again, secondErr := act()
	if errors.Is(secondErr, tenancy.ErrTxDoomed) {
		return out, err
	}
	return again, secondErr
}
