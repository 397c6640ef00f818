package einvoice

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// Calculate fills in what follows from the rest of the document: the net price where gross price and discount are stated,
// the net amount of each line that states none, the tax breakdown and the totals. What it fills in replaces what stood there;
// a line's stated net amount, a stated price, the prepaid amount, the rounding, the tax in the tax currency and the reasons in
// the breakdown stay as they are.
//
// The rules are those of EN 16931-1, 6.4 (BR-CO-10 to BR-CO-17 and BR-S-08 with its siblings): a line's net amount is quantity
// x net price / base quantity, rounded once, less its allowances, plus its charges. Tax is computed for each category and rate
// from the sum of net amounts, allowances and charges, and not for each line. Rounding is half up (away from zero) to two
// decimals, or to none in a currency that has none. Where the category itself is the reason that no tax is owed (AE, K, G,
// O) and none is stated, its VATEX code is filled in. An exemption (E) has no such code: state the reason.
//
// It asks for no more than it needs; whether the document would validate is for [Validate] to say.
//
// Errors: einvoice.not_calculable, einvoice.mixed_currency, money.unknown_currency, money.overflow. The document is
// unchanged then.
func Calculate(doc *Document) error {
	const op = "einvoice.Calculate"
	if _, err := money.ParseCurrency(string(doc.Currency)); err != nil {
		return err
	}
	if err := oneCurrency(op, *doc); err != nil {
		return err
	}
	lines, err := calculatedLines(op, doc.Lines, doc.Currency)
	if err != nil {
		return err
	}
	next := *doc
	next.Lines = lines
	if next.Breakdown, err = breakdown(op, next); err != nil {
		return err
	}
	if next.Totals, err = totals(next); err != nil {
		return err
	}
	if next.Specification == "" {
		next.Specification = Specification
	}
	*doc = next
	return nil
}

// calculatedLines is a copy of the lines with net prices and net amounts.
func calculatedLines(op string, stated []Line, cur money.Currency) ([]Line, error) {
	lines := make([]Line, len(stated))
	for n, line := range stated {
		if p := &line.Price; !p.Net.Valid && p.Gross.Valid {
			p.Net = decimal.NewNullDecimal(p.Gross.Decimal.Sub(p.Discount.Decimal))
		}
		if line.Net.Currency == "" {
			net, err := lineNet(op, line, cur)
			if err != nil {
				return nil, err
			}
			line.Net = net
		}
		lines[n] = line
	}
	return lines, nil
}

// lineNet is what a line's net amount should be (BT-131).
func lineNet(op string, line Line, cur money.Currency) (money.Amount, error) {
	amount, err := priced(op, line, cur)
	if err != nil {
		return money.Amount{}, err
	}
	return adjusted(amount, line.AllowanceCharges)
}

// priced is quantity x net price / base quantity.
func priced(op string, line Line, cur money.Currency) (money.Amount, error) {
	quantity, price, base := line.Quantity, line.Price.Net, decimal.New(1, 0)
	if line.Price.Base.Valid {
		base = line.Price.Base.Decimal
	}
	switch {
	case !quantity.Valid || !price.Valid:
		return money.Amount{}, ErrNotCalculable.New(op, "line %s has no net amount, and no quantity and price to compute it from", line.ID)
	case base.IsZero():
		return money.Amount{}, ErrNotCalculable.New(op, "line %s has a price for no units (base quantity 0)", line.ID)
	case !bounded(quantity.Decimal) || !bounded(price.Decimal) || !bounded(base):
		return money.Amount{}, ErrNotCalculable.New(op, "line %s has a number with too many digits", line.ID)
	}
	return ratio(quantity.Decimal.Mul(price.Decimal), base, cur)
}

// adjusted is an amount less its allowances, plus its charges.
func adjusted(amount money.Amount, all []AllowanceCharge) (money.Amount, error) {
	for _, a := range all {
		var err error
		if a.Charge {
			amount, err = amount.Add(a.Amount)
		} else {
			amount, err = amount.Sub(a.Amount)
		}
		if err != nil {
			return money.Amount{}, err
		}
	}
	return amount, nil
}

// taxables adds up what is taxed, by category and rate, in the order in which they first appear.
func taxables(doc Document) ([]TaxBreakdown, error) {
	var groups []TaxBreakdown
	place := map[string]int{}
	add := func(tax Tax, amount money.Amount) (err error) {
		n, ok := place[tax.String()]
		if !ok {
			place[tax.String()] = len(groups)
			groups = append(groups, TaxBreakdown{Tax: tax, Taxable: amount})
			return nil
		}
		groups[n].Taxable, err = groups[n].Taxable.Add(amount)
		return err
	}
	for _, line := range doc.Lines {
		if err := add(line.Tax, line.Net); err != nil {
			return nil, err
		}
	}
	for _, a := range doc.AllowanceCharges {
		amount, err := adjusted(money.Zero(doc.Currency), []AllowanceCharge{a})
		if err != nil {
			return nil, err
		}
		if err := add(a.Tax, amount); err != nil {
			return nil, err
		}
	}
	return groups, nil
}

func breakdown(op string, doc Document) ([]TaxBreakdown, error) {
	groups, err := taxables(doc)
	if err != nil {
		return nil, err
	}
	reasons := map[string]TaxBreakdown{}
	for _, stated := range doc.Breakdown {
		reasons[stated.Tax.String()] = stated
	}
	for n := range groups {
		g := &groups[n]
		if !bounded(g.Tax.Rate.Decimal) {
			return nil, ErrNotCalculable.New(op, "the rate of category %s has too many digits", g.Tax.Category)
		}
		if g.Amount, err = times(g.Taxable, g.Tax.Rate.Decimal); err != nil {
			return nil, err
		}
		if stated, ok := reasons[g.Tax.String()]; ok {
			g.Reason, g.ReasonCode = stated.Reason, stated.ReasonCode
		}
		if g.Reason == "" && g.ReasonCode == "" {
			g.ReasonCode = reasonCodes[g.Tax.Category]
		}
	}
	return groups, nil
}

// totals is BG-22 from lines, allowances, charges and the breakdown.
func totals(doc Document) (Totals, error) {
	t := doc.Totals
	var err error
	sum := func(amounts ...money.Amount) money.Amount {
		var total money.Amount
		if err == nil {
			total, err = money.SumIn(doc.Currency, amounts...)
		}
		return total
	}
	var nets, taxes, allowances, charges []money.Amount
	for _, line := range doc.Lines {
		nets = append(nets, line.Net)
	}
	for _, g := range doc.Breakdown {
		taxes = append(taxes, g.Amount)
	}
	for _, a := range doc.AllowanceCharges {
		if a.Charge {
			charges = append(charges, a.Amount)
		} else {
			allowances = append(allowances, a.Amount)
		}
	}
	minus := func(a money.Amount) money.Amount {
		if err == nil {
			a, err = a.Neg()
		}
		return a
	}
	t.LineNet, t.Tax = sum(nets...), sum(taxes...)
	t.Allowances, t.Charges = money.Amount{}, money.Amount{}
	if len(allowances) > 0 {
		t.Allowances = sum(allowances...)
	}
	if len(charges) > 0 {
		t.Charges = sum(charges...)
	}
	cur := doc.Currency
	t.WithoutTax = sum(t.LineNet, minus(or(t.Allowances, cur)), or(t.Charges, cur))
	t.WithTax = sum(t.WithoutTax, t.Tax)
	t.Payable = sum(t.WithTax, minus(or(t.Prepaid, cur)), or(t.Rounding, cur))
	return t, err
}

// or is an amount, and nothing where it is not stated.
func or(a money.Amount, cur money.Currency) money.Amount {
	if a.Currency == "" {
		return money.Zero(cur)
	}
	return a
}
