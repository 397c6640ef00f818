package bank

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// MaxShown is how many lines a report names on each side; its sums are of all.
const MaxShown = 1_000

// Report holds what the bank says against what the books say, at the end of a day. It always adds up:
//
//	StatementBalance - OnStatement.Sum - Opening - Gaps = LedgerBalance - InLedger.Sum
//
// The opening balance of the first statement is usually in the books as an opening entry, and stands in InLedger with it.
type Report struct {
	Account Account
	AsOf    date.Date
	// LastStatement is the last that closes on the day or before, nil where there is none.
	LastStatement *Statement
	// StatementBalance is what it closes with.
	StatementBalance money.Amount
	// LedgerBalance is that of the account of the chart; debits are positive.
	LedgerBalance money.Amount
	// OnStatement are lines of statements that the books do not have by that day.
	OnStatement OnStatement
	// InLedger are journal lines on the account that no statement has by that day. An entry and its reversal are left out, where neither
	// is reconciled: they never reached the bank.
	InLedger InLedger
	// Opening is the balance before the first line of the first statement. Gaps are what breaks between statements and accepted
	// differences within them add up to.
	Opening, Gaps money.Amount
}

// OnStatement are lines of statements that wait.
type OnStatement struct {
	Lines []StatementLine // the oldest first, at most MaxShown
	Count int64
	Sum   money.Amount
}

// InLedger are journal lines that wait.
type InLedger struct {
	Lines []LedgerLine // the oldest first, at most MaxShown
	Count int64
	Sum   money.Amount
}

// LedgerLine is a line on the bank's account in the journal.
type LedgerLine struct {
	EntryID   uuid.UUID            `bun:"entry_id"`
	LineNo    int64                `bun:"line_no"`
	EntryDate date.Date            `bun:"entry_date"`
	Kind      accounting.EntryKind `bun:"kind"`
	Reference string               `bun:"reference"`
	Minor     int64                `bun:"amount_minor"` // debits are positive
}

// waitingInLedger are the journal lines on an account up to a day that no line of a statement up to that day is reconciled with. The two
// last conditions leave out what was posted and reversed by that day without ever being reconciled.
const waitingInLedger = ` FROM {journal_lines} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id
	WHERE l.account_id = ? AND l.entry_date <= ?
	AND NOT EXISTS (SELECT 1 FROM {bank_matches} AS m JOIN {bank_reconciliations} AS r ON r.id = m.reconciliation_id JOIN {bank_lines} AS b ON b.id = r.line_id
		JOIN {bank_statements} AS s ON s.id = b.statement_id WHERE m.entry_id = l.entry_id AND m.entry_line_no = l.line_no AND m.active AND s.closing_on <= ?)
	AND NOT EXISTS (SELECT 1 FROM {journal_entries} AS v WHERE v.reverses_id = e.id AND v.entry_date <= ?
		AND NOT EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.active AND (m.entry_id = e.id OR m.entry_id = v.id)))
	AND NOT EXISTS (SELECT 1 FROM {journal_entries} AS o WHERE o.id = e.reverses_id
		AND NOT EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.active AND (m.entry_id = e.id OR m.entry_id = o.id)))`

// waitingOnStatement are lines of statements up to a day that are not reconciled with entries up to that day.
const waitingOnStatement = ` FROM {bank_lines} AS b JOIN {bank_statements} AS s ON s.id = b.statement_id
	LEFT JOIN (SELECT r.line_id, SUM(m.amount_minor) AS minor FROM {bank_reconciliations} AS r JOIN {bank_matches} AS m ON m.reconciliation_id = r.id
		JOIN {journal_lines} AS j ON j.entry_id = m.entry_id AND j.line_no = m.entry_line_no
		WHERE r.active AND r.bank_account_id = ? AND j.entry_date <= ? GROUP BY r.line_id) AS d ON d.line_id = b.id
	WHERE b.bank_account_id = ? AND s.closing_on <= ? AND b.amount_minor <> COALESCE(d.minor, 0)`

// Report draws the balances of a bank account up beside each other, with what waits on both sides, at the end of a day.
//
// Permission: bank.read. Errors: bank.bad_input (no day), tenancy.not_found, bank.foreign_currency, accounting.books_not_open.
func (s *Service) Report(ctx context.Context, bankAccountID uuid.UUID, asOf date.Date) (Report, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Report, error) {
		const op = "bank.Report"
		if asOf.IsZero() {
			return Report{}, ErrBadInput.New(op, "a report is of a day")
		}
		account, err := s.homeAccount(ctx, tx, op, bankAccountID)
		if err != nil {
			return Report{}, err
		}
		zero := money.Zero(account.Currency)
		out := Report{Account: *account, AsOf: asOf, StatementBalance: zero, Opening: zero, Gaps: zero, OnStatement: OnStatement{Sum: zero}, InLedger: InLedger{Sum: zero}}
		if out.LedgerBalance, err = s.books.Balance(ctx, accounting.ByID(account.AccountID), asOf); err != nil {
			return Report{}, err
		}
		if err := out.statements(ctx, tx); err != nil {
			return Report{}, err
		}
		if err := out.onStatement(ctx, tx); err != nil {
			return Report{}, err
		}
		return out, out.inLedger(ctx, tx)
	})
}

// homeAccount is a bank account in the books' currency.
func (s *Service) homeAccount(ctx context.Context, tx *tenancy.Tx, op string, id uuid.UUID) (*Account, error) {
	account, err := tenancy.Get[Account](ctx, tx, id)
	if err != nil {
		return nil, err
	}
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	if account.Currency != books.Currency {
		return nil, ErrForeignCurrency.New(op, "the bank account is in %s and the books in %s", account.Currency, books.Currency)
	}
	return account, nil
}

// statements finds the last statement, the first opening, and the gaps: all that leads from the one to the other and is no line.
func (r *Report) statements(ctx context.Context, tx *tenancy.Tx) error {
	all, err := tenancy.Find[Statement](ctx, tx, tenancy.Eq("bank_account_id", r.Account.ID), tenancy.Le("closing_on", r.AsOf))
	if err != nil || len(all) == 0 {
		return err
	}
	chain(all)
	last := all[len(all)-1]
	r.LastStatement, r.StatementBalance, r.Opening = &last, last.Closing, all[0].Opening
	for i := range all {
		r.Gaps.Minor += all[i].Difference.Minor
	}
	for _, b := range breaks(all) {
		r.Gaps.Minor += b.Difference.Minor
	}
	return nil
}

// sums is a count and a sum.
type sums struct {
	Count int64 `bun:"count_of"`
	Minor int64 `bun:"minor"`
}

func (r *Report) onStatement(ctx context.Context, tx *tenancy.Tx) error {
	args := []any{r.Account.ID, r.AsOf, r.Account.ID, r.AsOf}
	total, err := tenancy.Report[sums](ctx, tx, `SELECT COUNT(*) AS count_of, CAST(COALESCE(SUM(b.amount_minor - COALESCE(d.minor, 0)), 0) AS BIGINT) AS minor`+
		waitingOnStatement, args...)
	if err != nil {
		return err
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT b.id`+waitingOnStatement+` ORDER BY b.booked_on, b.id LIMIT ?`, append(args, MaxShown)...)
	if err != nil {
		return err
	}
	r.OnStatement.Count, r.OnStatement.Sum.Minor = total[0].Count, total[0].Minor
	if len(ids) > 0 {
		r.OnStatement.Lines, err = lines(ctx, tx, tenancy.In("id", ids), tenancy.OrderBy("booked_on", "id"))
	}
	return err
}

func (r *Report) inLedger(ctx context.Context, tx *tenancy.Tx) (err error) {
	args := []any{r.Account.AccountID, r.AsOf, r.AsOf, r.AsOf}
	total, err := tenancy.Report[sums](ctx, tx, `SELECT COUNT(*) AS count_of, CAST(COALESCE(SUM(l.amount_minor), 0) AS BIGINT) AS minor`+waitingInLedger, args...)
	if err != nil {
		return err
	}
	r.InLedger.Count, r.InLedger.Sum.Minor = total[0].Count, total[0].Minor
	r.InLedger.Lines, err = tenancy.Report[LedgerLine](ctx, tx, `SELECT l.entry_id, l.line_no, l.entry_date, e.kind, COALESCE(e.reference, '') AS reference, l.amount_minor`+
		waitingInLedger+` ORDER BY l.entry_date, l.entry_id, l.line_no LIMIT ?`, append(args, MaxShown)...)
	return err
}
