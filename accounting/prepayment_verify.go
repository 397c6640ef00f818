package accounting

import (
	"context"
	"fmt"

	"github.com/opsmatiq/erp/tenancy"
)

// checkPrepayments holds what prepayments and final documents say of each other against the single deductions, and these against the
// tax that was taken off.
func checkPrepayments(ctx context.Context, tx *tenancy.Tx, _ *setup) (tenancy.Check, error) {
	sales, err := tenancy.Count[InvoicePrepayment](ctx, tx)
	if err != nil {
		return tenancy.Check{}, err
	}
	purchases, err := tenancy.Count[BillPrepayment](ctx, tx)
	if err != nil {
		return tenancy.Check{}, err
	}
	var bad []string
	for _, query := range []string{deductionsSQL("invoices", "invoice_prepayments", "invoice_id"), deductionsSQL("bills", "bill_prepayments", "bill_id")} {
		ids, err := tenancy.Report[string](ctx, tx, query)
		if err != nil {
			return tenancy.Check{}, err
		}
		for _, id := range ids {
			bad = append(bad, "document "+id+" disagrees with what was set off")
		}
	}
	return verdict("prepayments are set off once", fmt.Sprintf("%d set off by invoices, %d by bills", sales, purchases), bad), nil
}

// deductionsSQL finds the documents of one side that disagree. The names are the package's own.
func deductionsSQL(documents, deductions, document string) string {
	return `SELECT CAST(d.id AS TEXT) AS id FROM {` + documents + `} AS d
		LEFT JOIN (SELECT ` + document + ` AS id, SUM(gross_minor) AS gross, SUM(base_minor) AS base FROM {` + deductions + `} AS u GROUP BY ` + document + `) AS f ON f.id = d.id
		LEFT JOIN (SELECT prepayment_id AS id, SUM(gross_minor) AS gross, SUM(tax_minor) AS tax, SUM(tax_base_minor) AS declared FROM {` + deductions + `} AS u GROUP BY prepayment_id) AS p ON p.id = d.id
		LEFT JOIN (SELECT source_id AS id, SUM(document_tax_minor + document_not_recoverable_minor) AS tax, SUM(tax_minor + not_recoverable_minor) AS declared FROM {tax_entries} AS t
			WHERE t.source_model = '` + prepaymentModel + `' AND t.kind IN ('standard', 'reduced') GROUP BY source_id) AS s ON s.id = d.id
		WHERE d.prepaid_minor <> COALESCE(f.gross, 0) OR d.prepaid_base_minor <> COALESCE(f.base, 0) OR COALESCE(p.declared, 0) + COALESCE(s.declared, 0) <> 0
			OR d.deducted_minor <> COALESCE(p.gross, 0) OR COALESCE(p.tax, 0) + COALESCE(s.tax, 0) <> 0 ORDER BY 1`
}
