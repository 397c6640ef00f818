package accounting

import (
	"context"
	"fmt"

	"github.com/opsmatiq/erp/tenancy"
)

// checkTax holds what is declared against the journal, entry by entry and account by account, and against the documents:
// so the tax report of any period equals the tax accounts, but for what was booked to them by hand, which it shows.
func checkTax(ctx context.Context, tx *tenancy.Tx, set *setup) (tenancy.Check, error) {
	n, err := tenancy.Count[TaxEntry](ctx, tx)
	if err != nil {
		return tenancy.Check{}, err
	}
	type row struct {
		Entry   string `bun:"entry"`
		Account string `bun:"account"`
		Minor   int64  `bun:"minor"`
	}
	accounts := set.taxAccountIDs()
	if len(accounts) == 0 {
		return verdict("tax declared equals the ledger", "no taxes", nil), nil
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT CAST(d.entry_id AS TEXT) AS entry, a.code AS account, CAST(SUM(d.minor) AS BIGINT) AS minor FROM (
		SELECT t.entry_id, t.account_id, CASE WHEN t.side = 'owed' THEN 0 - t.tax_minor ELSE t.tax_minor END AS minor FROM {tax_entries} AS t WHERE t.entry_id IS NOT NULL
		UNION ALL
		SELECT l.entry_id, l.account_id, 0 - l.amount_minor AS minor FROM {journal_lines} AS l
		WHERE l.account_id IN (?) AND l.entry_id IN (SELECT x.entry_id FROM {tax_entries} AS x WHERE x.entry_id IS NOT NULL)
		) AS d JOIN {accounts} AS a ON a.id = d.account_id
		GROUP BY d.entry_id, a.code HAVING SUM(d.minor) <> 0 ORDER BY 1, 2`, tenancy.List(accounts))
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, r := range rows {
		bad = append(bad, fmt.Sprintf("entry %s, account %s: %d minor units", r.Entry, r.Account, r.Minor))
	}
	documents, err := tenancy.Report[string](ctx, tx, `SELECT CAST(d.id AS TEXT) AS id FROM (
		SELECT i.id, CASE WHEN i.kind = 'credit_note' THEN -1 ELSE 1 END AS sign, i.tax_minor AS tax, i.withheld_minor AS withheld,
			i.tax_base_minor AS declared, i.withheld_base_minor AS withheld_base, i.gross_currency AS currency FROM {invoices} AS i
		UNION ALL
		SELECT b.id, CASE WHEN b.kind = 'vendor_credit' THEN -1 ELSE 1 END AS sign, b.tax_minor AS tax, b.withheld_minor AS withheld,
			b.tax_base_minor AS declared, b.withheld_base_minor AS withheld_base, b.gross_currency AS currency FROM {bills} AS b
		) AS d
		LEFT JOIN (SELECT source_id, MIN(document_currency) AS low, MAX(document_currency) AS high,
			SUM(CASE WHEN kind IN ('standard', 'reduced') THEN document_tax_minor + document_not_recoverable_minor ELSE 0 END) AS tax,
			SUM(CASE WHEN kind = 'withholding' THEN document_tax_minor ELSE 0 END) AS withheld,
			SUM(CASE WHEN kind IN ('standard', 'reduced') THEN tax_minor + not_recoverable_minor ELSE 0 END) AS declared,
			SUM(CASE WHEN kind = 'withholding' THEN tax_minor ELSE 0 END) AS withheld_base
			FROM {tax_entries} AS t WHERE t.source_model IN ('erp.invoices', 'erp.bills') GROUP BY source_id) AS s ON s.source_id = d.id
		WHERE COALESCE(s.tax, 0) <> d.sign * d.tax OR COALESCE(s.withheld, 0) <> d.sign * d.withheld OR s.low <> d.currency OR s.high <> d.currency
			OR COALESCE(s.declared, 0) <> d.sign * d.declared OR COALESCE(s.withheld_base, 0) <> d.sign * d.withheld_base ORDER BY 1`)
	for _, id := range documents {
		bad = append(bad, "document "+id+" declares other tax than it bears")
	}
	return verdict("tax declared equals the ledger", fmt.Sprintf("%d tax entries", n), bad), err
}
