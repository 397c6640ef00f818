package accounting_test

import (
	"math/big"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// onEngines checks a law on both engines, in a fresh shop with taxes each time.
func onEngines(t *testing.T, law func(rt *rapid.T, s *shop)) {
	t.Helper()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			rapid.Check(t, func(rt *rapid.T) {
				s := newShop(t, env)
				five, half := s20, s20
				five.Code, five.Kind, five.Rates = "R5", accounting.TaxReduced, []accounting.NewTaxRate{rate("2000-01-01", "5.5")}
				half.Code, half.NotRecoverable = "H20", price("37.5")
				s.taxes(s20, five, half, c20, accounting.NewTax{Code: "E", Kind: accounting.TaxExempt, Reason: "r", Boxes: s20.Boxes},
					accounting.NewTax{Code: "AE", Kind: accounting.TaxReverseCharge, Reason: "r", Rates: s20.Rates, Boxes: accounting.TaxBoxes{SelfBase: "s", SelfTax: "t", PurchaseTax: "4"}},
					accounting.NewTax{Code: "W", Kind: accounting.TaxWithholding, Rates: []accounting.NewTaxRate{rate("2000-01-01", "7")}},
					accounting.NewTax{Code: "G", Kind: accounting.TaxGroup, Components: []accounting.NewTaxComponent{{Code: "R5"}, {Code: "S20", OnEarlier: true}, {Code: "W"}}})
				for cur, value := range map[money.Currency]string{"USD": "0.6412", "JPY": "0.00761"} {
					s.rateOf(cur, "2010-12-01", value)
				}
				s.analysed()
				law(rt, s)
				s.boxes() // the report equals the ledger's tax accounts
				s.taxSlices(rt, "shop")
				s.sound()
			})
		})
	}
}

var lawCodes = []string{"", "S20", "R5", "H20", "C20", "E", "AE", "W", "G"}

// aDocument is an invoice of any taxes, in any currency, rounded, priced and analysed in any way.
func aDocument(rt *rapid.T, s *shop) accounting.NewInvoice {
	in := accounting.NewInvoice{PartyID: s.ann.ID, Date: day("2010-12-01"), TaxIncluded: rapid.Bool().Draw(rt, "included"),
		TaxRounding: rapid.SampledFrom([]accounting.TaxRounding{accounting.RoundPerLine, accounting.RoundPerDocument}).Draw(rt, "rounding")}
	in.Currency = rapid.SampledFrom([]money.Currency{"", "USD", "USD", "JPY"}).Draw(rt, "currency")
	if in.Currency != "" && rapid.Bool().Draw(rt, "stated") {
		in.Rate = accounting.DocumentRate{Rate: decimal.New(rapid.Int64Range(1, 30_000).Draw(rt, "rate"), -4), Indirect: rapid.Bool().Draw(rt, "indirect"), Source: "as agreed"}
	}
	shops := []accounting.Dimensions{nil, {"shop": "york"}, {"shop": "leeds"}, {"cost_centre": "10"}}
	in.Dimensions = rapid.SampledFrom(shops).Draw(rt, "dimensions")
	for range rapid.IntRange(1, 8).Draw(rt, "lines") {
		l := accounting.NewInvoiceLine{Quantity: units(rapid.Int64Range(1, 9).Draw(rt, "quantity")),
			UnitPrice: decimal.New(rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(500, 9_999)).Draw(rt, "price"), -3), TaxCode: rapid.SampledFrom(lawCodes).Draw(rt, "code"),
			Dimensions: rapid.SampledFrom(shops).Draw(rt, "of the line")}
		if rapid.IntRange(0, 3).Draw(rt, "discounted") == 0 {
			l.Discount.Percent = decimal.New(rapid.Int64Range(1, 5_000).Draw(rt, "percent"), -2)
		}
		in.Lines = append(in.Lines, l)
	}
	return in
}

// A document's figures are the sums of its parts, with what rounding leaves over as figures of their own; and its tax is never
// further from the exact tax than rounding can bring it.
func TestLawDocumentsAreTheSumOfTheirParts(t *testing.T) {
	onEngines(t, func(rt *rapid.T, s *shop) {
		in := aDocument(rt, s)
		v := s.issue(in)[0]
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(rt, err)
		var net, tax, declared, withheld, residual, inBase, worth int64
		for _, l := range d.Lines {
			net, tax = net+l.Net.Minor, tax+l.Tax.Minor
		}
		for _, e := range d.Taxes {
			switch e.Kind { //nolint:exhaustive // the others charge nothing
			case accounting.TaxWithholding:
				withheld += e.DocumentTaxMinor
				worth += e.Tax.Minor
			case accounting.TaxStandard, accounting.TaxReduced:
				declared, residual, inBase = declared+e.DocumentTaxMinor, residual+e.ResidualMinor, inBase+e.Tax.Minor
			default:
				require.Zero(rt, e.Tax.Minor)
			}
		}
		require.Equal(rt, v.Net.Minor, net+v.RoundingMinor)
		require.Equal(rt, v.Tax.Minor, tax+v.TaxResidualMinor)
		require.Equal(rt, v.Tax.Minor, declared)
		require.Equal(rt, v.TaxResidualMinor, residual)
		require.Equal(rt, v.Withheld.Minor, withheld)
		require.Equal(rt, v.TaxBaseMinor, inBase, "what is declared is each tax, converted once")
		require.Equal(rt, v.WithheldBaseMinor, worth)
		s.convertedOnce(rt, d)
		require.Equal(rt, v.Gross.Minor, v.Net.Minor+v.Tax.Minor)
		require.Equal(rt, v.Payable.Minor, v.Gross.Minor-v.Withheld.Minor)
		if in.TaxRounding == accounting.RoundPerLine {
			require.Zero(rt, v.TaxResidualMinor)
		}
		if in.TaxIncluded {
			require.Equal(rt, net+tax, v.Gross.Minor, "what is to be paid stands")
		}
	})
}

// Splitting a document into one per line changes the sum of tax by its declared residual, to the minor unit.
func TestLawSplittingADocumentChangesTaxByTheResidual(t *testing.T) {
	onEngines(t, func(rt *rapid.T, s *shop) {
		in := aDocument(rt, s)
		whole := s.issue(in)[0]
		var tax int64
		for _, l := range in.Lines {
			one := in
			one.Lines = []accounting.NewInvoiceLine{l}
			tax += s.issue(one)[0].Tax.Minor
		}
		require.Equal(rt, whole.Tax.Minor, tax+whole.TaxResidualMinor)
	})
}

// Rounded once per document, tax is the exact tax rounded half up: compared with rational numbers, not with our decimals.
func TestLawTaxPerDocumentIsTheExactTaxRounded(t *testing.T) {
	onEngines(t, func(rt *rapid.T, s *shop) {
		in := aDocument(rt, s)
		in.TaxRounding = accounting.RoundPerDocument
		stated := int64(0)
		for i := range in.Lines {
			in.Lines[i].TaxCode, in.Lines[i].Discount = "R5", accounting.Adjust{}
		}
		v := s.issue(in)[0]
		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(rt, err)
		for _, l := range d.Lines {
			stated += l.Net.Minor
			if in.TaxIncluded {
				stated += l.Tax.Minor
			}
		}
		exact := new(big.Rat).SetFrac64(stated*55, 1000)
		if in.TaxIncluded {
			exact.SetFrac64(stated*55, 1055)
		}
		double := new(big.Rat).Add(new(big.Rat).Mul(exact, big.NewRat(2, 1)), big.NewRat(1, 1))
		half := new(big.Int).Quo(double.Num(), new(big.Int).Mul(double.Denom(), big.NewInt(2))) // floor(x + 1/2), x >= 0
		require.Equal(rt, half.Int64(), v.Tax.Minor)
	})
}

// However a bill or an invoice with instalments is paid, credited and discounted, its tax becomes due in proportion, and with
// the last of it nothing waits.
func TestLawTaxOnPaymentBecomesDueAltogether(t *testing.T) {
	onEngines(t, func(rt *rapid.T, s *shop) {
		in := aDocument(rt, s)
		for i := range in.Lines {
			in.Lines[i].TaxCode = rapid.SampledFrom([]string{"C20", "E", "S20"}).Draw(rt, "due")
		}
		in.Lines[0].UnitPrice, in.Terms = price("5.55"), thirds
		v := s.issue(in)[0]
		waits := -s.balance(accounting.RoleTaxNotDue)
		paid := int64(0)
		due, boxes := -s.balance(accounting.RoleTax), s.boxes()
		for n := 1; n <= 3; n++ {
			id := accounting.InstalmentID(v.ID, n)
			parts := rapid.IntRange(1, 4).Draw(rt, "parts")
			for left := s.open("2010-12-31")[id]; left > 0; parts-- {
				minor := left // with the last part, or there would be dozens of a penny each
				if parts > 1 {
					minor = rapid.Int64Range(1, left).Draw(rt, "part")
				}
				p := received("", s.ann.ID, "2010-12-05", minor, part(id, minor))
				p.Amount.Currency, p.Allocate[0].Amount.Currency = v.Gross.Currency, v.Gross.Currency
				s.pay(p)
				left, paid = left-minor, paid+minor
				share := decimal.NewFromInt(waits).Mul(decimal.NewFromInt(paid)).DivRound(decimal.NewFromInt(v.Payable.Minor), 10)
				off := decimal.NewFromInt(waits + s.balance(accounting.RoleTaxNotDue)).Sub(share).Abs()
				require.True(rt, off.LessThanOrEqual(price("1.5")), "%s off", off)
			}
		}
		require.Equal(rt, v.Payable.Minor, paid)
		require.Zero(rt, s.balance(accounting.RoleTaxNotDue))
		r, err := s.books.TaxReport(s.ctx, day("2010-01-01"), day("2010-12-31"))
		require.NoError(rt, err)
		require.Empty(rt, r.NotDue)
		// Undone in any order, everything waits as it did.
		var made []uuid.UUID
		for n := 1; n <= 3; n++ {
			for _, a := range s.allocations(accounting.InstalmentID(v.ID, n)) {
				made = append(made, a.ID)
			}
		}
		s.unallocate("2010-12-06", rapid.Permutation(made).Draw(rt, "order")...)
		require.Equal(rt, waits, -s.balance(accounting.RoleTaxNotDue))
		require.Equal(rt, due, -s.balance(accounting.RoleTax))
		require.Equal(rt, nonZero(boxes), nonZero(s.boxes()))
		s.sound()
	})
}

// A purchase costs what is paid and what is owed to the state, less what can be claimed; and reversed it leaves nothing.
func TestLawPurchasesReverseToNothing(t *testing.T) {
	onEngines(t, func(rt *rapid.T, s *shop) {
		sold := aDocument(rt, s)
		in := accounting.NewBill{PartyID: s.ben.ID, Date: sold.Date, TaxIncluded: sold.TaxIncluded, TaxRounding: sold.TaxRounding, Currency: sold.Currency,
			Rate: sold.Rate, Dimensions: sold.Dimensions}
		for _, l := range sold.Lines {
			in.Lines = append(in.Lines, accounting.NewBillLine{Quantity: l.Quantity, UnitPrice: l.UnitPrice, TaxCode: l.TaxCode, Discount: l.Discount,
				Account: accounting.ByCode("6100"), Dimensions: l.Dimensions})
		}
		b := s.bill(in)[0]
		_, err := s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-02"), Reason: "law"}})
		require.NoError(rt, err)
		v := s.issue(sold)[0]
		_, err = s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{{DocumentID: v.ID, Date: day("2010-12-02"), Reason: "law"}})
		require.NoError(rt, err)
		trial, err := s.books.TrialBalance(s.ctx, day("2010-12-31"))
		require.NoError(rt, err)
		for _, l := range trial.Lines {
			require.Equal(rt, l.Debit, l.Credit, l.Code)
			held, err := s.books.Holdings(s.ctx, accounting.ByCode(l.Code), day("2010-12-31"))
			require.NoError(rt, err)
			require.Empty(rt, held, "of no currency is anything left on %s", l.Code)
		}
		for box, minor := range s.boxes() {
			require.Zero(rt, minor, box)
		}
		require.Equal(rt, map[uuid.UUID]int64{}, s.open("2010-12-31"))
	})
}

// convertedOnce holds the entry of a document to its figures: each line is converted once, by account and combination of dimensions;
// and what is left over is the document's, on the rounding account, and no more than the roundings can leave.
func (s *shop) convertedOnce(rt *rapid.T, d accounting.InvoiceDetail) {
	if d.EntryID == uuid.Nil || !d.Foreign() {
		require.Zero(rt, d.ConversionMinor)
		return
	}
	e, err := s.books.GetEntry(s.ctx, d.EntryID)
	require.NoError(rt, err)
	rate := money.Rate{From: d.Gross.Currency, To: "GBP", Value: d.Rate, Indirect: d.RateIndirect}
	var left, lines int64
	for _, l := range e.Lines {
		if l.Transaction.Currency == "GBP" {
			left -= l.Amount.Minor
			continue
		}
		worth, err := rate.Convert(l.Transaction, money.HalfUp)
		require.NoError(rt, err)
		require.Equal(rt, worth, l.Amount)
		lines++
	}
	require.Equal(rt, d.ConversionMinor, left)
	require.LessOrEqual(rt, 2*abs(left), lines, "half a minor unit for each line")
	require.Equal(rt, d.PayableBaseMinor+d.WithheldBaseMinor, d.NetBaseMinor+d.TaxBaseMinor+d.ConversionMinor)
}
