package accounting

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Verify recomputes what the books keep, from the lines up, and tells of every difference. It reads the whole ledger.
//
// Permission: accounting.read. Errors: accounting.books_not_open.
func (s *Service) Verify(ctx context.Context) ([]tenancy.Check, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Check, error) {
		set, err := s.setup(ctx, tx, "accounting.Verify", nil)
		if err != nil {
			return nil, err
		}
		var out []tenancy.Check
		for _, check := range []func(context.Context, *tenancy.Tx, *setup) (tenancy.Check, error){
			checkEntriesBalance, checkBalances, checkOpenItems, checkNumbers, checkDocuments, checkVendorDocuments, checkPrepayments, checkTax, checkClosings,
		} {
			c, err := check(ctx, tx, set)
			if err != nil {
				return nil, err
			}
			out = append(out, c)
		}
		return out, nil
	})
}

// maxShown is how many differences a failed check names.
const maxShown = 5

// verdict makes a check from its differences.
func verdict(name, detail string, differences []string) tenancy.Check {
	if len(differences) == 0 {
		return tenancy.Check{Name: name, OK: true, Detail: detail}
	}
	n := len(differences)
	if n > maxShown {
		differences = append(differences[:maxShown:maxShown], fmt.Sprintf("and %d more", n-maxShown))
	}
	return tenancy.Check{Name: name, Detail: detail + ": " + strings.Join(differences, "; ")}
}

// checkEntriesBalance adds up the lines of every entry, and looks at what the database guards besides.
func checkEntriesBalance(ctx context.Context, tx *tenancy.Tx, _ *setup) (tenancy.Check, error) {
	type row struct {
		Entries int64 `bun:"entries"`
		Lines   int64 `bun:"lines"`
	}
	counts, err := tenancy.Report[row](ctx, tx, `SELECT (SELECT COUNT(*) FROM {journal_entries} AS e) AS entries,
		(SELECT COUNT(*) FROM {journal_lines} AS l) AS lines`)
	if err != nil {
		return tenancy.Check{}, err
	}
	bad, err := tenancy.Report[string](ctx, tx, `SELECT CAST(id AS TEXT) AS id FROM (
		SELECT e.id AS id FROM {journal_entries} AS e
		JOIN {periods} AS p ON p.id = e.period_id
		LEFT JOIN (SELECT DISTINCT l.entry_id FROM {journal_lines} AS l JOIN {journal_entries} AS o ON o.id = l.entry_id
			LEFT JOIN {journal_entries} AS r ON r.id = o.reverses_id
			WHERE l.transaction_currency <> l.amount_currency AND o.kind NOT IN ('exchange', 'revaluation', 'realised', 'rounding')
				AND (o.kind <> 'reversal' OR r.kind NOT IN ('exchange', 'revaluation', 'realised', 'rounding'))
			GROUP BY l.entry_id, l.transaction_currency HAVING SUM(l.transaction_minor) <> 0) AS f ON f.entry_id = e.id
		LEFT JOIN (SELECT entry_id, COUNT(*) AS n, SUM(amount_minor) AS total, MIN(entry_date) AS first, MAX(entry_date) AS last, MAX(line_no) AS high
			FROM {journal_lines} AS l GROUP BY entry_id) AS s ON s.entry_id = e.id
		WHERE s.entry_id IS NULL OR f.entry_id IS NOT NULL OR s.n <> e.line_count OR s.high <> e.line_count OR s.total <> 0 OR s.first <> e.entry_date
			OR s.last <> e.entry_date OR e.entry_date < p.starts_on OR e.entry_date > p.ends_on
		UNION ALL
		SELECT l.entry_id AS id FROM {journal_lines} AS l LEFT JOIN {journal_entries} AS e ON e.id = l.entry_id WHERE e.id IS NULL
		) AS bad ORDER BY 1`)
	return verdict("every entry balances", fmt.Sprintf("%d entries, %d lines", counts[0].Entries, counts[0].Lines), bad), err
}

// checkBalances holds the kept balances against the lines, by account, period, currency and set of dimensions.
func checkBalances(ctx context.Context, tx *tenancy.Tx, set *setup) (tenancy.Check, error) {
	type row struct {
		AccountID uuid.UUID `bun:"account_id"`
		PeriodID  uuid.UUID `bun:"period_id"`
		Currency  string    `bun:"currency"`
		Debit     int64     `bun:"debit"`
		Credit    int64     `bun:"credit"`
		Held      int64     `bun:"held"`
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT account_id, period_id, currency, CAST(SUM(debit) AS BIGINT) AS debit,
			CAST(SUM(credit) AS BIGINT) AS credit, CAST(SUM(held) AS BIGINT) AS held FROM (
		SELECT account_id, period_id, currency, dimension_set_id, debit_minor AS debit, credit_minor AS credit, transaction_minor AS held
		FROM {account_balances} AS b
		UNION ALL
		SELECT l.account_id, e.period_id, l.transaction_currency AS currency, COALESCE(l.dimension_set_id, ?) AS dimension_set_id,
			CASE WHEN l.amount_minor > 0 THEN -l.amount_minor ELSE 0 END AS debit,
			CASE WHEN l.amount_minor < 0 THEN l.amount_minor ELSE 0 END AS credit, -l.transaction_minor AS held
		FROM {journal_lines} AS l JOIN {journal_entries} AS e ON e.id = l.entry_id
		) AS both_sides GROUP BY account_id, period_id, currency, dimension_set_id HAVING SUM(debit) <> 0 OR SUM(credit) <> 0 OR SUM(held) <> 0`, uuid.Nil)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("account %s in %s: debits off by %d, credits by %d minor units, what is held by %d", set.byID[r.AccountID].Code,
			r.Currency, r.Debit, r.Credit, r.Held))
	}
	kept, err := tenancy.Count[balance](ctx, tx)
	return verdict("balances equal the lines", fmt.Sprintf("%d balances of accounts by period", kept), bad), err
}

// controlTotal is what a control account holds in one currency, and what that is worth in base.
type controlTotal struct {
	AccountID uuid.UUID `bun:"account_id"`
	Currency  string    `bun:"currency"`
	Minor     int64     `bun:"minor"`
	Base      int64     `bun:"base"`
}

// controlTotals are of the open items, and of the ledger. What differs between them is named by currency.
func controlTotals(ctx context.Context, tx *tenancy.Tx, set *setup) (open, ledger map[uuid.UUID]int64, bad []string, err error) {
	items, err := tenancy.Report[controlTotal](ctx, tx, `SELECT account_id, original_currency AS currency, CAST(SUM(open_minor) AS BIGINT) AS minor,
		CAST(SUM(open_base_minor) AS BIGINT) AS base FROM {open_items} AS o GROUP BY account_id, original_currency`)
	if err != nil {
		return nil, nil, nil, err
	}
	kept, err := tenancy.Report[controlTotal](ctx, tx, `SELECT account_id, currency, CAST(SUM(transaction_minor) AS BIGINT) AS minor,
		CAST(SUM(debit_minor - credit_minor) AS BIGINT) AS base FROM {account_balances} AS b GROUP BY account_id, currency`)
	if err != nil {
		return nil, nil, nil, err
	}
	open, ledger = map[uuid.UUID]int64{}, map[uuid.UUID]int64{}
	type key struct {
		account  uuid.UUID
		currency string
	}
	left := map[key]controlTotal{}
	for _, t := range items {
		open[t.AccountID] += t.Base
		left[key{t.AccountID, t.Currency}] = t
	}
	for _, t := range kept {
		if set.byID[t.AccountID].Control == NoControl {
			continue
		}
		ledger[t.AccountID] += t.Base
		if of := left[key{t.AccountID, t.Currency}]; of.Minor != t.Minor || of.Base != t.Base {
			bad = append(bad, fmt.Sprintf("account %s differs in %s by %d minor units, in base by %d", set.byID[t.AccountID].Code, t.Currency,
				of.Minor-t.Minor, of.Base-t.Base))
		}
		delete(left, key{t.AccountID, t.Currency})
	}
	for _, t := range left {
		bad = append(bad, fmt.Sprintf("account %s has items in %s and no balance", set.byID[t.AccountID].Code, t.Currency))
	}
	return open, ledger, bad, nil
}

// checkOpenItems holds the open items against the control accounts, in each currency and in base, and each item against its line
// and its allocations.
func checkOpenItems(ctx context.Context, tx *tenancy.Tx, set *setup) (tenancy.Check, error) {
	open, ledger, bad, err := controlTotals(ctx, tx, set)
	if err != nil {
		return tenancy.Check{}, err
	}
	var detail []string
	for i := range set.accounts {
		a := &set.accounts[i]
		if a.Control == NoControl {
			continue
		}
		of := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: set.books.Currency} }
		detail = append(detail, fmt.Sprintf("%s %s: %s open, %s in the ledger", a.Code, a.Name, of(open[a.ID]), of(ledger[a.ID])))
	}
	odd, err := tenancy.Report[string](ctx, tx, oddItemsSQL)
	for _, id := range odd {
		bad = append(bad, "item "+id+" disagrees with its line or its allocations")
	}
	return verdict("open items equal the control accounts", strings.Join(detail, ", "), bad), err
}

const oddItemsSQL = `SELECT CAST(o.id AS TEXT) AS id FROM {open_items} AS o
	LEFT JOIN {journal_lines} AS l ON l.entry_id = o.entry_id AND l.line_no = o.line_no
	LEFT JOIN (SELECT item_id, SUM(minor) AS minor, SUM(base) AS base FROM (
		SELECT debit_id AS item_id, amount_minor AS minor, debit_base_minor AS base FROM {allocations} AS d
		UNION ALL
		SELECT credit_id AS item_id, -amount_minor AS minor, -credit_base_minor AS base FROM {allocations} AS c) AS a GROUP BY item_id) AS s ON s.item_id = o.id
	WHERE l.amount_minor IS NULL OR l.transaction_minor <> o.original_minor OR l.transaction_currency <> o.original_currency
		OR l.amount_minor <> o.base_minor OR l.party_id <> o.party_id OR l.account_id <> o.account_id
		OR o.open_minor <> o.original_minor - COALESCE(s.minor, 0) OR o.open_base_minor <> o.base_minor - COALESCE(s.base, 0)
	ORDER BY 1`

// checkNumbers looks for gaps and for dates that go backwards in the series of invoices and credit notes. Whoever takes
// numbers of another series proves that one.
func checkNumbers(ctx context.Context, tx *tenancy.Tx, _ *setup) (tenancy.Check, error) {
	type row struct {
		Code  string `bun:"code"`
		Year  string `bun:"label"`
		Taken int64  `bun:"taken"`
		N     int64  `bun:"n"`
		High  int64  `bun:"high"`
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT s.code, y.label, s.taken, COUNT(i.seq) AS n, COALESCE(MAX(i.seq), 0) AS high
		FROM {number_series} AS s JOIN {fiscal_years} AS y ON y.id = s.fiscal_year_id
		LEFT JOIN {invoices} AS i ON i.series_id = s.id
		WHERE s.code IN (?)
		GROUP BY s.code, y.label, s.taken ORDER BY y.label, s.code`, tenancy.List(seriesCodes))
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad, detail []string
	for _, r := range rows {
		if r.N > 0 {
			detail = append(detail, fmt.Sprintf("%s-%s: %d", r.Code, r.Year, r.N))
		}
		if r.N != r.High || r.Taken != r.High {
			bad = append(bad, fmt.Sprintf("%s-%s has %d documents, the highest number %d, and %d were given out", r.Code, r.Year, r.N, r.High, r.Taken))
		}
	}
	back, err := tenancy.Report[string](ctx, tx, `SELECT number FROM (
		SELECT number, invoice_date, LAG(invoice_date) OVER (PARTITION BY series_id ORDER BY seq) AS before FROM {invoices} AS i) AS dated
		WHERE invoice_date < before ORDER BY number`)
	for _, n := range back {
		bad = append(bad, n+" is dated before its predecessor")
	}
	if len(detail) == 0 {
		detail = []string{"no documents"}
	}
	return verdict("no gaps in legal numbers", strings.Join(detail, ", "), bad), err
}

// checkDocuments holds issued documents against their lines, their entries and their credit notes.
func checkDocuments(ctx context.Context, tx *tenancy.Tx, set *setup) (tenancy.Check, error) {
	n, err := tenancy.Count[Invoice](ctx, tx)
	if err != nil {
		return tenancy.Check{}, err
	}
	bad, err := tenancy.Report[string](ctx, tx, `SELECT i.number FROM {invoices} AS i
		LEFT JOIN (SELECT invoice_id, SUM(net_minor) AS net, SUM(tax_minor) AS tax FROM {invoice_lines} AS l GROUP BY invoice_id) AS s ON s.invoice_id = i.id
		LEFT JOIN (SELECT corrects_id, SUM(gross_minor) AS credited FROM {invoices} AS c WHERE c.kind = 'credit_note' GROUP BY corrects_id) AS n ON n.corrects_id = i.id
		LEFT JOIN {journal_entries} AS e ON e.id = i.entry_id
		LEFT JOIN (SELECT entry_id, SUM(original_minor) AS items, SUM(base_minor) AS worth FROM {open_items} AS o GROUP BY entry_id) AS o ON o.entry_id = i.entry_id
		LEFT JOIN {invoices} AS c ON c.id = i.corrects_id
		WHERE s.invoice_id IS NULL OR s.net + i.rounding_minor <> i.net_minor OR s.tax + i.tax_residual_minor <> i.tax_minor
			OR (i.settled_by_id IS NULL AND COALESCE(o.items, 0) <> CASE WHEN i.kind = 'credit_note' THEN -i.payable_minor ELSE i.payable_minor END) OR i.credited_minor <> COALESCE(n.credited, 0)
			OR (i.entry_id IS NOT NULL AND (e.id IS NULL OR e.source_id <> i.id OR CASE WHEN e.late THEN e.document_date ELSE e.entry_date END <> i.invoice_date))
			OR (i.entry_id IS NULL AND i.gross_minor <> 0)
			OR (i.settled_by_id IS NULL AND COALESCE(o.worth, 0) <> CASE WHEN i.kind = 'credit_note' THEN -i.payable_base_minor ELSE i.payable_base_minor END)
			OR (i.rate_on IS NULL) <> (i.gross_currency = ?) OR c.gross_currency <> i.gross_currency OR c.rate <> i.rate
		ORDER BY i.number`, string(set.books.Currency))
	return verdict("documents equal their lines", fmt.Sprintf("%d invoices, credit and debit notes", n), bad), err
}

// checkVendorDocuments holds bills against their lines, their entries, their open items and their credits.
func checkVendorDocuments(ctx context.Context, tx *tenancy.Tx, set *setup) (tenancy.Check, error) {
	n, err := tenancy.Count[Bill](ctx, tx)
	if err != nil {
		return tenancy.Check{}, err
	}
	bad, err := tenancy.Report[string](ctx, tx, `SELECT CAST(b.id AS TEXT) AS id FROM {bills} AS b
		LEFT JOIN (SELECT bill_id, SUM(net_minor) AS net, SUM(tax_minor) AS tax FROM {bill_lines} AS l GROUP BY bill_id) AS s ON s.bill_id = b.id
		LEFT JOIN (SELECT corrects_id, SUM(gross_minor) AS credited FROM {bills} AS c WHERE c.kind = 'vendor_credit' GROUP BY corrects_id) AS n ON n.corrects_id = b.id
		LEFT JOIN {journal_entries} AS e ON e.id = b.entry_id
		LEFT JOIN (SELECT entry_id, SUM(original_minor) AS items, SUM(base_minor) AS worth FROM {open_items} AS o GROUP BY entry_id) AS o ON o.entry_id = b.entry_id
		LEFT JOIN {bills} AS c ON c.id = b.corrects_id
		WHERE s.bill_id IS NULL OR s.net + b.rounding_minor <> b.net_minor OR s.tax + b.tax_residual_minor <> b.tax_minor OR b.credited_minor <> COALESCE(n.credited, 0)
			OR (b.entry_id IS NOT NULL AND (e.id IS NULL OR e.source_id <> b.id OR CASE WHEN e.late THEN e.document_date ELSE e.entry_date END <> b.bill_date))
			OR (b.entry_id IS NULL AND b.gross_minor <> 0)
			OR COALESCE(o.items, 0) <> CASE WHEN b.kind = 'vendor_credit' THEN b.payable_minor ELSE -b.payable_minor END
			OR COALESCE(o.worth, 0) <> CASE WHEN b.kind = 'vendor_credit' THEN b.payable_base_minor ELSE -b.payable_base_minor END
			OR (b.rate_on IS NULL) <> (b.gross_currency = ?) OR c.gross_currency <> b.gross_currency OR c.rate <> b.rate
		ORDER BY 1`, string(set.books.Currency))
	return verdict("bills equal their lines", fmt.Sprintf("%d bills, vendors' credits and debit notes", n), bad), err
}
