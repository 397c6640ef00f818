package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// What the code never does, the database refuses, whoever asks; and what it may do passes.
func TestTheDatabaseRefusesTaxesThatChange(t *testing.T) {
	eachRaw(t, func(t *testing.T, r *raw) {
		if list, err := r.s.books.ListTaxes(r.s.ctx); err != nil || len(list) == 0 {
			r.s.rules()
		}
		drafts, err := r.s.books.DraftInvoices(r.s.ctx, []accounting.NewInvoice{invoice("", r.s.ann.ID, "2010-12-01", "1")})
		require.NoError(t, err)
		issued, err := r.s.books.IssueDrafts(r.s.ctx, []uuid.UUID{drafts[0].ID})
		require.NoError(t, err)
		taxed := r.s.issue(document(r.s, "1", "S20"))[0]
		for statement, says := range map[string]string{
			"UPDATE erp.taxes SET kind = 'exempt' WHERE code = 'S20'":                                          "how",
			"UPDATE erp.taxes SET recoverable = '50' WHERE code = 'S20'":                                       "how",
			"UPDATE erp.tax_rates SET rate = '21'":                                                             "",
			"DELETE FROM erp.tax_rates":                                                                        "",
			"UPDATE erp.tax_entries SET tax_minor = 0":                                                         "",
			"DELETE FROM erp.tax_entries":                                                                      "",
			"UPDATE erp.tax_rules SET place = 'eu' WHERE name = 'At home'":                                     "last day",
			"UPDATE erp.document_drafts SET state = 'discarded', document_id = NULL" + r.where() + "1 = 1":     "already",
			"UPDATE erp.document_drafts SET document_id = '" + taxed.ID.String() + "'" + r.where() + "1 = 1":   "already",
			"UPDATE erp.document_drafts SET content = 'again'":                                                 "",
			"UPDATE erp.invoices SET tax_point = '2011-01-01' WHERE id = '" + issued[0].ID.String() + "'":      "issued",
			"UPDATE erp.invoices SET discount_percent = '5' WHERE id = '" + issued[0].ID.String() + "'":        "issued",
			"UPDATE erp.invoices SET payable_minor = payable_minor - 1, withheld_minor = withheld_minor + 1":   "issued",
			"UPDATE erp.invoices SET discount_until = '2011-01-01' WHERE id = '" + issued[0].ID.String() + "'": "issued",
		} {
			err := r.try(statement)
			require.Error(t, err, statement)
			require.ErrorContains(t, err, says, statement)
		}
		require.NoError(t, r.rehearse("UPDATE erp.taxes SET name = 'Standard', box_sale_tax = '9', active = false WHERE code = 'S20'"))
		require.NoError(t, r.rehearse("UPDATE erp.tax_rules SET valid_until = '2020-12-31' WHERE name = 'At home'"))
		r.s.sound()
	})
}
