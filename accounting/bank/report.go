package bank

import (
	"context"
	"slices"

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
	// LedgerBalance is what the account of the chart holds in the bank account's currency; debits are positive.
	LedgerBalance money.Amount
	// LedgerBase is what that stands in the books at: the same where the account is in the books' currency.
	LedgerBase money.Amount
	// Strays are what the account of a foreign bank account holds in other currencies, which no statement will ever have.
	Strays []accounting.Holding
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
	Minor     int64                `bun:"amount_minor"` // in the bank account's currency; debits are positive
}

// waitingInLedger are the journal lines on an account up to a day that are matched with nothing. The last two conditions leave out what was
// posted and reversed by that day while neither was ever matched. Each look-up is by one key alone: a condition over two rows at once would
// have the database try each with each.
const waitingInLedger = ` FROM {journal_lines} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id
	WHERE (l.amount_currency = ? OR l.transaction_currency = ? AND l.transaction_minor <> 0) AND l.account_id = ? AND l.entry_date <= ?
	AND NOT EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.entry_id = l.entry_id AND m.entry_line_no = l.line_no AND m.active)
	AND NOT EXISTS (SELECT 1 FROM {journal_entries} AS v WHERE v.reverses_id = e.id AND v.entry_date <= ?
		AND NOT EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.entry_id = v.id AND m.active)
		AND NOT EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.entry_id = v.reverses_id AND m.active))
	AND (e.reverses_id IS NULL OR EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.entry_id = e.id AND m.active)
		OR EXISTS (SELECT 1 FROM {bank_matches} AS m WHERE m.entry_id = e.reverses_id AND m.active))`

// matchedLater are the journal lines up to a day that are matched with lines of statements after it.
const matchedLater = ` FROM {bank_statements} AS s JOIN {bank_lines} AS b ON b.statement_id = s.id JOIN {bank_reconciliations} AS r ON r.line_id = b.id AND r.active
	JOIN {bank_matches} AS m ON m.reconciliation_id = r.id AND m.active JOIN {journal_lines} AS l ON l.entry_id = m.entry_id AND l.line_no = m.entry_line_no
	JOIN {journal_entries} AS e ON e.id = l.entry_id
	WHERE s.bank_account_id = ? AND s.closing_on > ? AND l.entry_date <= ?`

// waitingOnStatement are lines of statements up to a day that are not reconciled.
const waitingOnStatement = ` FROM {bank_lines} AS b JOIN {bank_statements} AS s ON s.id = b.statement_id
	WHERE b.bank_account_id = ? AND s.closing_on <= ? AND b.amount_minor <> 0
	AND NOT EXISTS (SELECT 1 FROM {bank_reconciliations} AS r WHERE r.line_id = b.id AND r.active)`

// bookedLater are lines of statements up to a day that are reconciled with entries after it, as far as they are.
const bookedLater = ` FROM {bank_reconciliations} AS r JOIN {bank_matches} AS m ON m.reconciliation_id = r.id AND m.active
	JOIN {journal_lines} AS l ON l.entry_id = m.entry_id AND l.line_no = m.entry_line_no JOIN {bank_lines} AS b ON b.id = r.line_id
	JOIN {bank_statements} AS s ON s.id = b.statement_id
	WHERE r.bank_account_id = ? AND r.active AND s.closing_on <= ? AND l.entry_date > ?`

// Report draws the balances of a bank account up beside each other, with what waits on both sides, at the end of a day.
//
// Permission: bank.read. Errors: bank.bad_input (no day), tenancy.not_found, accounting.books_not_open.
func (s *Service) Report(ctx context.Context, bankAccountID uuid.UUID, asOf date.Date) (Report, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Report, error) {
		const op = "bank.Report"
		if asOf.IsZero() {
			return Report{}, ErrBadInput.New(op, "the day of the report is needed, and the zero Date is none")
		}
		account, err := tenancy.Get[Account](ctx, tx, bankAccountID)
		if account, err = found(op, "bank account", account, err); err != nil {
			return Report{}, err
		}
		zero := money.Zero(account.Currency)
		out := Report{Account: *account, AsOf: asOf, StatementBalance: zero, Opening: zero, Gaps: zero, OnStatement: OnStatement{Sum: zero}, InLedger: InLedger{Sum: zero}}
		if err := out.ledger(ctx, s.books); err != nil {
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

// ledger reads what the account of the chart holds.
func (r *Report) ledger(ctx context.Context, books *accounting.Service) error {
	account := accounting.ByID(r.Account.AccountID)
	total, err := books.Balance(ctx, account, r.AsOf)
	if err != nil {
		return err
	}
	if total.Currency == r.Account.Currency {
		r.LedgerBalance, r.LedgerBase = total, total
		return nil
	}
	r.LedgerBalance, r.LedgerBase = money.Zero(r.Account.Currency), money.Zero(total.Currency)
	holdings, err := books.Holdings(ctx, account, r.AsOf)
	for _, h := range holdings {
		if h.Amount.Currency == r.Account.Currency {
			r.LedgerBalance, r.LedgerBase = h.Amount, h.Base
		} else {
			r.Strays = append(r.Strays, h)
		}
	}
	return err
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
	account, on, cur := r.Account.ID, r.AsOf, r.Account.Currency
	total, err := tenancy.Report[sums](ctx, tx, `SELECT COUNT(*) AS count_of, CAST(COALESCE(SUM(b.amount_minor), 0) AS BIGINT) AS minor`+waitingOnStatement, account, on)
	if err != nil {
		return err
	}
	later, err := tenancy.Report[sums](ctx, tx, `SELECT COUNT(DISTINCT b.id) AS count_of, CAST(COALESCE(SUM(`+held+`), 0) AS BIGINT) AS minor`+bookedLater, cur, cur, account, on, on)
	if err != nil {
		return err
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT b.id`+waitingOnStatement+` ORDER BY b.booked_on, b.id LIMIT ?`, account, on, MaxShown)
	if err != nil {
		return err
	}
	late, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT DISTINCT b.id`+bookedLater+` ORDER BY b.id LIMIT ?`, account, on, on, MaxShown)
	if err != nil {
		return err
	}
	r.OnStatement.Count, r.OnStatement.Sum.Minor = total[0].Count+later[0].Count, total[0].Minor+later[0].Minor
	if ids = append(ids, late...); len(ids) > 0 {
		r.OnStatement.Lines, err = lines(ctx, tx, tenancy.In("id", ids), tenancy.OrderBy("booked_on", "id"))
		r.OnStatement.Lines = r.OnStatement.Lines[:min(len(r.OnStatement.Lines), MaxShown)]
	}
	return err
}

// ledgerColumns are a [LedgerLine]'s.
const ledgerColumns = `SELECT l.entry_id, l.line_no, l.entry_date, e.kind, COALESCE(e.reference, '') AS reference, ` + held + ` AS amount_minor`

func (r *Report) inLedger(ctx context.Context, tx *tenancy.Tx) error {
	cur := r.Account.Currency
	for _, part := range []struct {
		query string
		args  []any
	}{
		{waitingInLedger, []any{cur, cur, cur, cur, r.Account.AccountID, r.AsOf, r.AsOf}},
		{matchedLater, []any{cur, cur, r.Account.ID, r.AsOf, r.AsOf}},
	} {
		total, err := tenancy.Report[sums](ctx, tx, `SELECT COUNT(*) AS count_of, CAST(COALESCE(SUM(`+held+`), 0) AS BIGINT) AS minor`+part.query, part.args...)
		if err != nil {
			return err
		}
		r.InLedger.Count, r.InLedger.Sum.Minor = r.InLedger.Count+total[0].Count, r.InLedger.Sum.Minor+total[0].Minor
		shown, err := tenancy.Report[LedgerLine](ctx, tx, ledgerColumns+part.query+` ORDER BY l.entry_date, l.entry_id, l.line_no LIMIT ?`, append(part.args, MaxShown)...)
		if err != nil {
			return err
		}
		r.InLedger.Lines = append(r.InLedger.Lines, shown...)
	}
	slices.SortStableFunc(r.InLedger.Lines, func(a, b LedgerLine) int { return a.EntryDate.Compare(b.EntryDate) })
	r.InLedger.Lines = r.InLedger.Lines[:min(len(r.InLedger.Lines), MaxShown)]
	return nil
}
