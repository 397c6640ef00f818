package accounting

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// RateDay says the rate of which day a document in a foreign currency is converted at.
type RateDay string

// The days.
const (
	// RateOfTaxPoint is that of the supply: the rate at which tax is declared (Directive 2006/112/EC, Art. 91(2): the one of the time
	// when the tax becomes chargeable).
	RateOfTaxPoint RateDay = "tax_point"
	// RateOfDate is that of the document's date, for laws and books that convert at the day of the invoice.
	RateOfDate RateDay = "date"
)

// DocumentRate is how a document in a foreign currency is converted. The zero DocumentRate takes the tenant's table, on the tax
// point.
type DocumentRate struct {
	// Rate is how many units of the base currency one unit of the document's is worth, as the document or an agreement states it.
	// Zero takes the tenant's table (see [Service.SetRates]).
	Rate decimal.Decimal
	// Indirect says that Rate is stated the other way round, in units of the document's currency for one of the base currency: see [NewExchangeRate].
	Indirect bool
	// Source is who quoted Rate, one line of at most 100 characters: "as agreed in contract 17". Needed with Rate, and left out
	// without.
	Source string
	// Day is whose rate of the table applies. Default [RateOfTaxPoint].
	Day RateDay
}

func (r *DocumentRate) none() bool {
	return r.Rate.IsZero() && !r.Indirect && r.Source == "" && r.Day == ""
}

// check holds a rate to what can be told without the database; corrects says that the document corrects another.
func (r *DocumentRate) check(cur money.Currency, corrects bool) string {
	switch {
	case cur != "" && !cur.Valid():
		return "Currency is a currency code such as EUR"
	case r.Rate.IsNegative() || !reasonable(r.Rate):
		return "Rate is above zero, of a reasonable number of digits"
	case r.Rate.IsZero() != (r.Source == ""):
		return "a stated Rate has a Source, and a Source a Rate"
	case r.Indirect && r.Rate.IsZero():
		return "Indirect is of a stated Rate: those of the table say it themselves"
	case len(r.Source) > 400 || !validRunes(r.Source, 100, false):
		return "the Source of the rate is one line of at most 100 characters"
	case r.Day != "" && r.Day != RateOfTaxPoint && r.Day != RateOfDate:
		return "the Day of the rate is tax_point or date"
	case r.Day != "" && !r.Rate.IsZero():
		return "a rate is stated, or that of a Day, not both"
	case corrects && !r.none():
		return "a document that corrects another has that one's rate: Rate is left out"
	}
	return ""
}

func (r *DocumentRate) fingerprint(f *fingerprint) {
	f.text(r.Rate.String())
	f.flag(r.Indirect)
	f.text(r.Source)
	f.text(string(r.Day))
}

// on is the day of the rate.
func (r *DocumentRate) on(dated, taxPoint date.Date) date.Date {
	if r.Day == RateOfDate {
		return dated
	}
	return taxPoint
}

// DocumentWorth is what a document stands in the books at, in the base currency. Of a document in the base currency it is the
// document's own figures.
type DocumentWorth struct {
	// Rate is how many units of the base currency one unit of the document's was worth: 1 in the base currency. If RateIndirect, it is how many
	// units of the document's currency one of the base currency was worth. RateOn is the day of the quotation, and RateSource who quoted it; neither is
	// set in the base currency.
	Rate         decimal.Decimal `bun:"rate"`
	RateIndirect bool            `bun:"rate_indirect"`
	RateOn       date.Date       `bun:"rate_on,nullzero"`
	RateSource   string          `bun:"rate_source" privacy:"none"`
	// TaxBaseMinor is Tax as it is declared, each tax converted once (EN 16931 BT-111); WithheldBaseMinor likewise. PayableBaseMinor is
	// what the party's side is booked at, and NetBaseMinor what the lines are, by account.
	NetBaseMinor      int64 `bun:"net_base_minor"`
	TaxBaseMinor      int64 `bun:"tax_base_minor"`
	WithheldBaseMinor int64 `bun:"withheld_base_minor"`
	// PrepaidBaseMinor is Prepaid at what the prepayments stood in the books at: the rates of the days on which they were paid.
	PrepaidBaseMinor int64 `bun:"prepaid_base_minor"`
	PayableBaseMinor int64 `bun:"payable_base_minor"`
	// ConversionMinor is what these conversions leave over, booked to [RoleRounding]: PayableBase, WithheldBase and PrepaidBase less
	// NetBase and TaxBase. Of prepayments, of what sets them off and of what credits either it is in NetBase.
	ConversionMinor int64 `bun:"conversion_minor"`
}

// quoted is the rate at which an amount of the document was converted.
func (w *DocumentWorth) quoted(from, to money.Currency) *money.Rate {
	return &money.Rate{From: from, To: to, Value: w.Rate, Indirect: w.RateIndirect, On: w.RateOn, Source: w.RateSource}
}

// Foreign reports whether the document is in another currency than the base currency.
func (w *DocumentWorth) Foreign() bool { return !w.RateOn.IsZero() }

// valuer converts the figures of one document.
type valuer struct {
	op, where string
	base      money.Currency
	rate      *money.Rate // nil in the base currency
}

func (v *valuer) foreign() bool { return v.rate != nil }

// of is minor units of the document's currency in base, rounded half up. Errors: accounting.amount_limit.
func (v *valuer) of(minor int64) (int64, error) {
	if v.rate == nil || minor == 0 {
		return minor, nil
	}
	a := money.Amount{Minor: minor, Currency: v.rate.From}
	out, err := v.rate.Convert(a, money.HalfUp)
	if err != nil || beyond(out) {
		return 0, ErrAmountLimit.Wrap(v.op, err, "%s%s in %s is larger than the books hold", v.where, a, v.base)
	}
	return out.Minor, nil
}

// amount is of as an amount; the zero Amount in the base currency, where lines leave it out.
func (v *valuer) amount(base int64) money.Amount {
	if v.rate == nil {
		return money.Amount{}
	}
	return money.Amount{Minor: base, Currency: v.base}
}

// bears notes the rate on the document.
func (v *valuer) bears(w *DocumentWorth) {
	w.Rate = decimal.NewFromInt(1)
	if v.rate != nil {
		w.Rate, w.RateIndirect, w.RateOn, w.RateSource = v.rate.Value, v.rate.Indirect, v.rate.On, v.rate.Source
	}
}

// currencyOf is a document's currency: as stated, of what it corrects, or the base currency. Errors: accounting.wrong_currency.
func currencyOf(op, where string, stated, base money.Currency, corrects *DocumentFigures) (money.Currency, error) {
	switch {
	case corrects != nil && stated != "" && stated != corrects.Gross.Currency:
		return "", ErrWrongCurrency.New(op, "%sit is in %s, and what it corrects in %s", where, stated, corrects.Gross.Currency)
	case corrects != nil:
		return corrects.Gross.Currency, nil
	case stated == "":
		return base, nil
	}
	return stated, nil
}

// wantFor asks for the rate that a document will need. A currency that is the default is the same input stated or left out.
func (t *rateTable) wantFor(cur *money.Currency, r *DocumentRate, dated, taxPoint date.Date, corrects *DocumentFigures) {
	usual := t.to
	if corrects != nil {
		usual = corrects.Gross.Currency
	}
	if *cur == usual {
		*cur = ""
	}
	if *cur != "" && *cur != t.to && r.Rate.IsZero() && corrects == nil {
		t.want(*cur, r.on(dated, taxPoint))
	}
}

// valuerOf is how a document is converted: at the rate of what it corrects, at the stated one, or at the table's. Errors:
// accounting.no_rate, accounting.bad_input.
func (t *rateTable) valuerOf(where string, cur money.Currency, r *DocumentRate, dated, taxPoint date.Date, corrects *DocumentFigures) (valuer, error) {
	v := valuer{op: t.op, where: where, base: t.to}
	switch {
	case cur == t.to && !r.none():
		return v, ErrBadInput.New(t.op, "%sa document in the books' currency, %s, has no rate", where, cur)
	case cur == t.to:
		return v, nil
	case corrects != nil:
		v.rate = corrects.quoted(cur, t.to)
	case !r.Rate.IsZero():
		v.rate = &money.Rate{From: cur, To: t.to, Value: r.Rate, Indirect: r.Indirect, On: taxPoint, Source: r.Source}
	default:
		found, err := t.rate(where, cur, r.on(dated, taxPoint))
		if err != nil {
			return v, err
		}
		rate := found.Quoted()
		v.rate = &rate
	}
	return v, nil
}

// settle notes what the document is worth, once all its parts are valued. payable is what the party's side is worth in base. Errors:
// accounting.amount_limit.
func (w *DocumentWorth) settle(v *valuer, figures *DocumentFigures, payable int64, taxes *documentTaxes, parts ...[]partSum) error {
	v.bears(w)
	w.TaxBaseMinor, w.WithheldBaseMinor = taxes.inBase()
	w.PayableBaseMinor = payable
	if !v.foreign() {
		w.NetBaseMinor = figures.Net.Minor
		return nil
	}
	var booked int64
	for _, list := range parts {
		for i := range list {
			booked += list[i].base
		}
	}
	w.ConversionMinor = payable - booked
	w.NetBaseMinor = w.PayableBaseMinor + w.WithheldBaseMinor + w.PrepaidBaseMinor - w.TaxBaseMinor - w.ConversionMinor
	if payable > maxMinor {
		return ErrAmountLimit.New(v.op, "%sthe document's worth in %s is larger than the books hold", v.where, v.base)
	}
	return nil
}

// valued gives dues their share of what the party's side is worth, by largest remainder.
func (v *valuer) valued(dues []duePart, payable int64) error {
	if !v.foreign() || payable == 0 {
		for i := range dues {
			dues[i].Base = v.amount(0)
		}
		return nil
	}
	weights := make([]int64, len(dues))
	for i := range dues {
		weights[i] = dues[i].Amount.Minor
	}
	shares, err := money.Allocate(v.amount(payable), weights)
	for i := range shares {
		dues[i].Base = shares[i]
	}
	return err
}

// residual is the part that takes what a conversion leaves over, on [RoleRounding]; nil for nothing.
func (v *valuer) residual(set *setup, minor int64) (*partSum, error) {
	if minor == 0 {
		return nil, nil
	}
	a, err := set.ordinary(v.op, v.where, ByRole(RoleRounding))
	if err != nil {
		return nil, err
	}
	return &partSum{account: a.ID, minor: minor}, nil
}

// convert values the parts that are not valued yet: what goes to the lines' accounts.
func (v *valuer) convert(parts []partSum) (err error) {
	if !v.foreign() {
		return nil
	}
	for i := range parts {
		if parts[i].base, err = v.of(parts[i].minor); err != nil {
			return err
		}
	}
	return nil
}
