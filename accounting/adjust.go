package accounting

import (
	"errors"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// Adjust is how much a discount or a charge is: per cent of what it is on, or an amount, above zero. The zero Adjust is none.
type Adjust struct {
	Percent decimal.Decimal
	Amount  money.Amount
}

// Adjustment is a discount or a charge of a whole document (EN 16931 BG-20, BG-21). It is stored as a line of its own kind,
// after the others.
type Adjustment struct {
	// Charge adds to the document; else it is a discount.
	Charge bool
	Adjust
	// Reason is text on the document, at most 500 characters.
	Reason string
	// TaxCode names its tax. A percentage is of the lines that bear this code: a discount on lines of several rates takes one
	// adjustment for each, and one whose code no line bears is refused. "" is of the lines without tax.
	TaxCode string
	// Account is what it is booked to. Default that of the first line.
	Account AccountRef
	// Dimensions are what it is analysed by, over those of the document.
	Dimensions Dimensions
}

// LineKind tells what is sold from what a document takes off or adds.
type LineKind string

// The kinds of lines.
const (
	LineItem     LineKind = "item"
	LineDiscount LineKind = "discount"
	LineCharge   LineKind = "charge"
)

func (a Adjust) isZero() bool { return a.Percent.IsZero() && a.Amount == money.Amount{} }

func (a Adjust) check() error {
	switch {
	case a.isZero():
		return nil
	case !a.Percent.IsZero() && a.Amount != money.Amount{}:
		return errors.New("a discount or charge is a percentage or an amount, not both")
	case a.Amount.Minor < 0 || a.Percent.IsNegative():
		return errors.New("a discount or charge is above zero: what adds is a charge, what takes off a discount")
	case a.Amount.Minor > maxMinor:
		return errors.New("a discount or charge is larger than the books hold")
	case !reasonable(a.Percent) || !validPercent(a.Percent.String()):
		return errors.New("a discount or charge is at most 1,000 per cent, with at most four decimals")
	}
	return nil
}

func (a *Adjustment) check() error {
	switch {
	case a.isZero():
		return errors.New("a discount or charge is a percentage or an amount")
	case !validRunes(a.Reason, 500, true):
		return errors.New("the reason is text of at most 500 characters, without control characters")
	case len(a.TaxCode) > 20:
		return errors.New("the tax code has at most 20 characters")
	}
	return a.Adjust.check()
}

func (a Adjust) fingerprint(f *fingerprint) {
	f.text(a.Percent.String())
	f.amount(a.Amount)
}

func (a *Adjustment) fingerprint(f *fingerprint) {
	if a.Charge {
		f.text("charge")
	}
	a.Adjust.fingerprint(f)
	f.text(a.TaxCode)
	f.text(a.Account.text)
	f.text(a.Dimensions.key())
}

// of is what it comes to on an amount, rounded half up; never below zero on an amount above it.
func (a Adjust) of(on money.Amount) (int64, error) {
	if a.Percent.IsZero() {
		return a.Amount.Minor, nil
	}
	return rounded(decimal.NewFromInt(on.Minor).Mul(a.Percent).Shift(-2), on.Currency)
}

// stated is what it does to a document, below zero for a discount, and the kind of its line.
func (a *Adjustment) stated(on money.Amount) (money.Amount, LineKind, error) {
	out := money.Zero(on.Currency)
	var err error
	if a.Charge {
		_, out.Minor, err = adjusted(&on, Adjust{}, a.Adjust)
		return out, LineCharge, err
	}
	out.Minor, _, err = adjusted(&on, a.Adjust, Adjust{})
	out.Minor = -out.Minor
	return out, LineDiscount, err
}

// oneUnit is the quantity of a line that is an amount.
const oneUnit = money.Quantity(1_000_000)
