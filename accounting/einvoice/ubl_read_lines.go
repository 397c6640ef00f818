package einvoice

import (
	"slices"
	"strings"
)

// decimals are the BR-DEC rules of an allowance and of a charge: of the amount and of the base amount.
type decimals struct{ allowance, allowanceBase, charge, chargeBase string }

var (
	documentDecimals = decimals{"BR-DEC-01", "BR-DEC-02", "BR-DEC-05", "BR-DEC-06"}
	lineDecimals     = decimals{"BR-DEC-24", "BR-DEC-25", "BR-DEC-27", "BR-DEC-28"}
)

func (r *ublReader) allowance(n *node, rules decimals) AllowanceCharge {
	a := AllowanceCharge{Charge: r.indicator(n, "cbc:ChargeIndicator")}
	amount, base := rules.allowance, rules.allowanceBase
	if a.Charge {
		amount, base = rules.charge, rules.chargeBase
	}
	a.ReasonCode, a.Reason = n.str("cbc:AllowanceChargeReasonCode"), n.str("cbc:AllowanceChargeReason")
	a.Percent = r.number(n, "cbc:MultiplierFactorNumeric")
	a.Amount, a.Base = r.amount(n, "cbc:Amount", amount), r.amount(n, "cbc:BaseAmount", base)
	if rules == documentDecimals {
		a.Tax, _ = r.tax(n, "cac:TaxCategory")
	}
	return a
}

// tax reads a tax category. One of another tax than VAT is left to be listed: EN 16931 has no place for it.
func (r *ublReader) tax(parent *node, name string) (Tax, *node) {
	for _, n := range parent.children {
		if !n.is(name) || n.seen || n.peek("cac:TaxScheme").schemeIsOther() {
			continue
		}
		n.seen = true
		n.take("cac:TaxScheme").take("cbc:ID")
		return Tax{Category: Category(n.str("cbc:ID")), Rate: r.number(n, "cbc:Percent")}, n
	}
	return Tax{}, nil
}

func (n *node) schemeIsOther() bool {
	id := n.peek("cbc:ID")
	return id != nil && !strings.EqualFold(id.text, schemeVAT)
}

// taxTotals reads BG-23, BT-110 and BT-111. A total in neither currency, and a second one in either, is left to be listed.
func (r *ublReader) taxTotals(root *node, doc *Document) {
	for _, n := range root.children {
		if !n.is("cac:TaxTotal") {
			continue
		}
		amount := n.peek("cbc:TaxAmount")
		if amount == nil {
			continue
		}
		cur, t := amount.attribute("currencyID"), &doc.Totals
		switch {
		case cur == string(doc.Currency) && t.Tax.Currency == "":
			n.seen = true
			t.Tax = r.amount(n, "cbc:TaxAmount", "BR-DEC-13")
			r.breakdown(n, doc)
		case cur == string(doc.TaxCurrency) && t.TaxInTaxCurrency.Currency == "" && cur != "":
			n.seen = true
			t.TaxInTaxCurrency = r.anyAmount(n.take("cbc:TaxAmount"), "BR-DEC-15")
		}
	}
}

func (r *ublReader) breakdown(n *node, doc *Document) {
	subtotals := n.takeAll("cac:TaxSubtotal")
	if len(subtotals) > MaxBreakdowns && r.err == nil {
		r.err = ErrTooLarge.New(r.op, "the document has %d tax breakdowns, at most %d are read", len(subtotals), MaxBreakdowns)
	}
	for _, s := range subtotals {
		if r.err != nil {
			return
		}
		g := TaxBreakdown{Taxable: r.amount(s, "cbc:TaxableAmount", "BR-DEC-19"), Amount: r.amount(s, "cbc:TaxAmount", "BR-DEC-20")}
		var category *node
		g.Tax, category = r.tax(s, "cac:TaxCategory")
		g.ReasonCode, g.Reason = category.str("cbc:TaxExemptionReasonCode"), category.str("cbc:TaxExemptionReason")
		doc.Breakdown = append(doc.Breakdown, g)
	}
}

func (r *ublReader) totals(n *node, t *Totals) {
	t.LineNet = r.amount(n, "cbc:LineExtensionAmount", "BR-DEC-09")
	t.WithoutTax = r.amount(n, "cbc:TaxExclusiveAmount", "BR-DEC-12")
	t.WithTax = r.amount(n, "cbc:TaxInclusiveAmount", "BR-DEC-14")
	t.Allowances = r.amount(n, "cbc:AllowanceTotalAmount", "BR-DEC-10")
	t.Charges = r.amount(n, "cbc:ChargeTotalAmount", "BR-DEC-11")
	t.Prepaid = r.amount(n, "cbc:PrepaidAmount", "BR-DEC-16")
	t.Rounding = r.amount(n, "cbc:PayableRoundingAmount", "BR-DEC-17")
	t.Payable = r.amount(n, "cbc:PayableAmount", "BR-DEC-18")
}

func (r *ublReader) line(n *node, quantity string) Line {
	l := Line{ID: n.str("cbc:ID"), Note: n.str("cbc:Note")}
	if q := n.take(quantity); q != nil {
		l.Quantity, l.Unit = r.numberOf(q), q.attribute("unitCode")
	}
	l.Net = r.amount(n, "cbc:LineExtensionAmount", "BR-DEC-23")
	l.AccountingCost = n.str("cbc:AccountingCost")
	if p := n.peek("cac:InvoicePeriod"); p != nil && p.peek("cbc:DescriptionCode") == nil {
		l.Period, _ = r.period(n)
	}
	l.OrderLine = n.take("cac:OrderLineReference").str("cbc:LineID")
	if d := n.take("cac:DocumentReference"); d != nil {
		l.Object = r.identifier(d, "cbc:ID")
		if code := d.peek("cbc:DocumentTypeCode"); code != nil && code.text == typeObject {
			d.take("cbc:DocumentTypeCode")
		}
	}
	for _, a := range n.takeAll("cac:AllowanceCharge") {
		l.AllowanceCharges = append(l.AllowanceCharges, r.allowance(a, lineDecimals))
	}
	if item := n.take("cac:Item"); item != nil {
		l.Item = r.item(item)
		l.Tax, _ = r.tax(item, "cac:ClassifiedTaxCategory")
	}
	if price := n.take("cac:Price"); price != nil {
		l.Price = r.prices(price)
	}
	return l
}

func (r *ublReader) item(n *node) Item {
	i := Item{
		Description: n.str("cbc:Description"), Name: n.str("cbc:Name"),
		BuyerID:    n.take("cac:BuyersItemIdentification").str("cbc:ID"),
		SellerID:   n.take("cac:SellersItemIdentification").str("cbc:ID"),
		StandardID: r.identifier(n.take("cac:StandardItemIdentification"), "cbc:ID"),
		Origin:     n.take("cac:OriginCountry").str("cbc:IdentificationCode"),
	}
	for _, c := range n.takeAll("cac:CommodityClassification") {
		if code := c.take("cbc:ItemClassificationCode"); code != nil {
			i.Classes = append(i.Classes, Classification{Code: code.text, List: code.attribute("listID"), Version: code.attribute("listVersionID")})
		}
	}
	for _, a := range n.takeAll("cac:AdditionalItemProperty") {
		i.Attributes = append(i.Attributes, Attribute{Name: a.str("cbc:Name"), Value: a.str("cbc:Value")})
	}
	return i
}

// prices reads BG-29. A charge in a price is left to be listed: EN 16931 has discounts only.
func (r *ublReader) prices(n *node) Price {
	p := Price{Net: r.price(n, "cbc:PriceAmount")}
	if base := n.take("cbc:BaseQuantity"); base != nil {
		p.Base, p.BaseUnit = r.numberOf(base), base.attribute("unitCode")
	}
	discount := slices.IndexFunc(n.children, func(c *node) bool {
		charge := c.peek("cbc:ChargeIndicator")
		return c.is("cac:AllowanceCharge") && charge != nil && (charge.text == "false" || charge.text == "0")
	})
	if discount >= 0 {
		d := n.children[discount]
		d.seen = true
		d.take("cbc:ChargeIndicator")
		p.Discount, p.Gross = r.price(d, "cbc:Amount"), r.price(d, "cbc:BaseAmount")
	}
	return p
}
