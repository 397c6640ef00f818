package einvoice

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// pricePlaces is to how many decimals a price without tax is rounded. The line's net amount does not depend on it.
const pricePlaces = 10

// TakeTaxOut turns a document whose prices include tax, as those of shops do, into one whose prices do not, since EN 16931
// knows no others (BT-146 is exclusive of VAT). Call it instead of [Calculate]; what it returns is calculated.
//
// For each category and rate the prices with tax are added up, and the net amount of the sum is that sum x 100 / (100 + rate),
// rounded once. The lines' net amounts are the steps of the running total, rounded, so they add up to it and each is off by
// less than a minor unit; [Variances] shows where. Net prices are rounded to ten decimals. Not every sum can be had back:
// 0.03 with 20 % is 0.03 + 0.01 or 0.02 + 0.00. Then the difference stands in [Totals.Rounding] (BT-114), so that what is
// payable is what the prices said.
//
// Errors: einvoice.inclusive_not_supported (allowances, charges, gross prices, stated net amounts or a stated rounding),
// einvoice.not_calculable, einvoice.mixed_currency, money.unknown_currency, money.overflow.
func TakeTaxOut(doc Document) (Document, error) {
	const op = "einvoice.TakeTaxOut"
	if err := onlyPrices(op, doc); err != nil {
		return Document{}, err
	}
	if _, err := money.ParseCurrency(string(doc.Currency)); err != nil {
		return Document{}, err
	}
	lines := make([]Line, len(doc.Lines))
	copy(lines, doc.Lines)
	asked := money.Zero(doc.Currency)
	groups := map[string]*running{}
	for n := range lines {
		gross, err := takeOut(op, &lines[n], groups, doc.Currency)
		if err != nil {
			return Document{}, err
		}
		if asked, err = asked.Add(gross); err != nil {
			return Document{}, err
		}
	}
	doc.Lines = lines
	if err := Calculate(&doc); err != nil {
		return Document{}, err
	}
	difference, err := asked.Sub(doc.Totals.WithTax)
	if err != nil {
		return Document{}, err
	}
	if difference.IsZero() {
		return doc, nil
	}
	doc.Totals.Rounding = difference
	return doc, Calculate(&doc)
}

// running is what the lines of one category and rate have come to so far.
type running struct{ gross, net money.Amount }

// takeOut gives a line its net amount and price, and returns what it was with tax.
func takeOut(op string, line *Line, groups map[string]*running, cur money.Currency) (money.Amount, error) {
	gross, err := priced(op, *line, cur)
	if err != nil {
		return money.Amount{}, err
	}
	rate := line.Tax.Rate.Decimal
	factor := rate.Add(decimal.New(100, 0))
	if !bounded(rate) || factor.Sign() <= 0 {
		return money.Amount{}, ErrNotCalculable.New(op, "line %s has a rate that no tax can be taken out of", line.ID)
	}
	g := groups[line.Tax.String()]
	if g == nil {
		g = &running{money.Zero(cur), money.Zero(cur)}
		groups[line.Tax.String()] = g
	}
	if g.gross, err = g.gross.Add(gross); err != nil {
		return money.Amount{}, err
	}
	upTo, err := ratio(g.gross.Decimal().Shift(2), factor, cur)
	if err != nil {
		return money.Amount{}, err
	}
	if line.Net, err = upTo.Sub(g.net); err != nil {
		return money.Amount{}, err
	}
	g.net = upTo
	price := line.Price.Net.Decimal.Shift(2).DivRound(factor, pricePlaces)
	line.Price.Net = decimal.NewNullDecimal(canonical(price))
	return gross, nil
}

// onlyPrices refuses what it would take a convention to divide.
func onlyPrices(op string, doc Document) error {
	switch {
	case len(doc.AllowanceCharges) > 0:
		return ErrInclusive.New(op, "the document has allowances or charges")
	case doc.Totals.Rounding.Currency != "":
		return ErrInclusive.New(op, "the document states a rounding of its own")
	}
	for n, line := range doc.Lines {
		switch {
		case len(line.AllowanceCharges) > 0:
			return ErrInclusive.New(op, "%s has allowances or charges", lineName(line, n))
		case line.Price.Gross.Valid || line.Price.Discount.Valid:
			return ErrInclusive.New(op, "%s has a gross price and a discount", lineName(line, n))
		case line.Net.Currency != "":
			return ErrInclusive.New(op, "%s states its net amount", lineName(line, n))
		}
	}
	return nil
}
