package erp_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/date"
)

// tradePrepayments leaves prepayments of both sides that final documents set off, and a debt that nobody will pay.
func (s *shop) tradePrepayments(t *testing.T) {
	t.Helper()
	books := s.suite.Accounting
	_, err := books.CreateTax(s.ctx, accounting.NewTax{Code: "R20", Name: "Standard, with relief", Rates: []accounting.NewTaxRate{{From: date.Of(2000, 1, 1), Rate: price("20"), Source: "for the example"}},
		Relief: accounting.NewTaxRelief{Source: "for the example"}})
	require.NoError(t, err)
	line := func(net string) []accounting.NewInvoiceLine {
		return []accounting.NewInvoiceLine{{Description: "fitting", Quantity: pieces(1), UnitPrice: price(net), TaxCode: "R20"}}
	}
	ahead, err := books.Issue(s.ctx, []accounting.NewInvoice{{Kind: accounting.PrepaymentDocument, PartyID: s.customer, Date: day(12), Lines: line("10")}})
	require.NoError(t, err)
	_, err = books.Pay(s.ctx, []accounting.NewPayment{{PartyID: s.customer, Direction: accounting.MoneyIn, Date: day(12), Amount: ahead[0].Payable,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: ahead[0].ID, Amount: ahead[0].Payable}}}})
	require.NoError(t, err)
	final, err := books.Issue(s.ctx, []accounting.NewInvoice{{PartyID: s.customer, Date: day(13), Lines: line("30"), Prepaid: []accounting.NewDeduction{{PrepaymentID: ahead[0].ID}}}})
	require.NoError(t, err)
	lost, err := books.Issue(s.ctx, []accounting.NewInvoice{{PartyID: s.customer, Date: day(13), Lines: line("5")}})
	require.NoError(t, err)
	require.NotEqual(t, final[0].Gross, final[0].Payable)
	_, err = books.RelieveBadDebts(s.ctx, []accounting.NewBadDebt{{InvoiceID: lost[0].ID, Date: day(14), Reason: "insolvency opened"}})
	require.NoError(t, err)

	vendors, err := books.CreateParties(s.ctx, []accounting.NewParty{{Reference: "V-2", Name: "Shelf & Co", Vendor: true}})
	require.NoError(t, err)
	bought := func(net string) []accounting.NewBillLine {
		return []accounting.NewBillLine{{Quantity: pieces(1), UnitPrice: price(net), TaxCode: "R20"}}
	}
	paid, err := books.Bill(s.ctx, []accounting.NewBill{{Kind: accounting.PrepaymentBillDocument, VendorNumber: "A1", PartyID: vendors[0].ID, Date: day(12), Lines: bought("10")}})
	require.NoError(t, err)
	_, err = books.Pay(s.ctx, []accounting.NewPayment{{PartyID: vendors[0].ID, Direction: accounting.MoneyOut, Date: day(12), Amount: paid[0].Payable,
		Allocate: []accounting.PaymentAllocation{{InvoiceID: paid[0].ID, Amount: paid[0].Payable}}}})
	require.NoError(t, err)
	whole := bought("30")
	whole[0].Account = accounting.ByRole(accounting.RoleFees)
	_, err = books.Bill(s.ctx, []accounting.NewBill{{VendorNumber: "A2", PartyID: vendors[0].ID, Date: day(13), Lines: whole, Prepaid: []accounting.NewDeduction{{PrepaymentID: paid[0].ID}}}})
	require.NoError(t, err)
}
