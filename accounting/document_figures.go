package accounting

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// DocumentFigures are what documents of both sides come to and how: those that we issue and those that vendors send.
type DocumentFigures struct {
	// TaxPoint decided the rates of tax.
	TaxPoint    date.Date   `bun:"tax_point"`
	TaxIncluded bool        `bun:"tax_included"`
	TaxRounding TaxRounding `bun:"tax_rounding" privacy:"none"`
	// DueDate is the last day of payment; with instalments the open items have theirs.
	DueDate     date.Date `bun:"due_date"`
	Instalments int64     `bun:"instalments"` // 1 for a single payment
	// DiscountPercent may be taken by whoever pays until DiscountUntil; zero without.
	DiscountPercent decimal.Decimal `bun:"discount_percent"`
	DiscountUntil   date.Date       `bun:"discount_until,nullzero"`
	// Net is the sum of the lines' net amounts and of RoundingMinor, Tax that of the lines' tax and of TaxResidualMinor, Gross
	// the sum of both and never below zero, whatever the kind. Tax is what the seller charges; of a bill, whether it can be
	// claimed or not.
	Net   money.Amount `bun:"embed:net_"`
	Tax   money.Amount `bun:"embed:tax_"`
	Gross money.Amount `bun:"embed:gross_"`
	// TaxResidualMinor and RoundingMinor are what rounding once per document leaves over (see [RoundPerDocument]).
	TaxResidualMinor int64 `bun:"tax_residual_minor"`
	RoundingMinor    int64 `bun:"rounding_minor"`
	// Withheld is the tax that the payer keeps back and owes to the state, Prepaid what prepayments have paid already, tax included;
	// Payable is Gross less both: what is to be paid.
	Withheld money.Amount `bun:"embed:withheld_"`
	Prepaid  money.Amount `bun:"embed:prepaid_"`
	Payable  money.Amount `bun:"embed:payable_"`
	DocumentWorth
	// DimensionSetID is the combination that lines have where they name none; zero for none.
	DimensionSetID uuid.UUID `bun:"dimension_set_id,nullzero"`
}

// newFigures begins the figures of a document whose input has its defaults.
func newFigures(cur money.Currency, taxPoint, due date.Date, included bool, rounding TaxRounding, t *Terms) DocumentFigures {
	zero := money.Zero(cur)
	return DocumentFigures{TaxPoint: taxPoint, TaxIncluded: included, TaxRounding: rounding, DueDate: due, Instalments: int64(max(1, len(t.Instalments))),
		DiscountPercent: t.Discount.Percent.Copy(), DiscountUntil: t.Discount.Until, Net: zero, Tax: zero, Gross: zero, Withheld: zero, Prepaid: zero, Payable: zero}
}

// total settles what a document comes to, once all lines are in, and how it is to be paid. instead is what to do when it comes to
// less than zero.
func (v *DocumentFigures) total(op, where, instead string, taxes *documentTaxes, t *Terms) (dues []duePart, err error) {
	out, err := taxes.finish(v.Net.Currency)
	if err != nil {
		return nil, ErrAmountLimit.Wrap(op, err, "%sthe document's tax is larger than the books hold", where)
	}
	v.TaxResidualMinor = out.residual
	v.Tax.Minor += out.residual
	if v.TaxIncluded {
		v.RoundingMinor = -out.residual
		v.Net.Minor += v.RoundingMinor
	}
	v.Gross.Minor, v.Withheld.Minor = v.Net.Minor+v.Tax.Minor, out.withheld
	v.Payable.Minor = v.Gross.Minor - v.Withheld.Minor - v.Prepaid.Minor
	switch {
	case v.Gross.Minor < 0:
		return nil, ErrNegativeTotal.New(op, "%sthe total is %s: %s instead", where, v.Gross, instead)
	case v.Payable.Minor < 0 && v.Prepaid.Minor > 0:
		return nil, ErrOverDeducted.New(op, "%sprepayments of %s are more than the total of %s", where, v.Prepaid, v.Gross)
	case v.Payable.Minor < 0:
		return nil, ErrNegativeTotal.New(op, "%smore tax is withheld than the total of %s", where, v.Gross)
	case beyond(v.Gross):
		return nil, ErrAmountLimit.New(op, "%sthe document's total is larger than the books hold", where)
	}
	return t.split(v.DueDate, v.Payable)
}

// settle says what a discount or charge of a whole document comes to, and the kind of its line. on are the amounts of its lines
// by tax code, as they are stated.
func (a *Adjustment) settle(op, where string, i int, on map[string]int64, cur money.Currency) (money.Amount, LineKind, error) {
	if _, borne := on[a.TaxCode]; !borne && !a.Percent.IsZero() {
		bears := fmt.Sprintf("bears the tax code %q", a.TaxCode)
		if a.TaxCode == "" {
			bears = "is without tax"
		}
		return money.Zero(cur), "", ErrBadInput.New(op, "%sit is a percentage of nothing: no line %s", where, bears)
	}
	stated, kind, err := a.stated(money.Amount{Minor: on[a.TaxCode], Currency: cur})
	if err != nil {
		err = lineAmountFault(op, where, i, err)
	}
	return stated, kind, err
}

// extended is quantity x price, rounded. What rounds to nothing is refused, unless the price is zero: it is a quantity in the wrong unit
// rather than a gift.
func extended(op, where string, i int, q money.Quantity, price decimal.Decimal, cur money.Currency) (money.Amount, error) {
	stated, err := money.Extend(q, price, cur, money.HalfUp)
	switch {
	case err != nil:
		return stated, lineAmountFault(op, where, i, err)
	case stated.Minor == 0 && !price.IsZero():
		return stated, ErrBadInput.New(op, "%sline %d: %s x %s rounds to nothing", where, i+1, q.Decimal(), price)
	}
	return stated, nil
}
