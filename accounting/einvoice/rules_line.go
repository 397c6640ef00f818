package einvoice

// lineRules are about lines, their items and prices.
var lineRules = []Rule{
	has("BR-16", "at least one line (BG-25)", "a line (BG-25)", func(d *Document) bool { return len(d.Lines) > 0 }),
	eachLine("BR-21", "an identifier (BT-126)", "the identifier (BT-126)", func(l Line) bool { return l.ID != "" }),
	eachLine("BR-22", "a quantity (BT-129)", "the quantity (BT-129)", func(l Line) bool { return l.Quantity.Valid }),
	eachLine("BR-23", "a unit (BT-130)", "the unit (BT-130)", func(l Line) bool { return l.Unit != "" }),
	eachLine("BR-24", "a net amount (BT-131)", "the net amount (BT-131)", func(l Line) bool { return l.Net.Currency != "" }),
	eachLine("BR-25", "an item name (BT-153)", "the item's name (BT-153)", func(l Line) bool { return l.Item.Name != "" }),
	eachLine("BR-26", "a net price (BT-146)", "the net price (BT-146)", func(l Line) bool { return l.Price.Net.Valid }),
	{"BR-27", "the net price (BT-146) is not negative", func(x *inspection) {
		for n, l := range x.doc.Lines {
			if l.Price.Net.Decimal.Sign() < 0 {
				x.fail(lineName(l, n), "the net price (BT-146) is %s", shown(l.Price.Net.Decimal))
			}
		}
	}},
	{"BR-28", "the gross price (BT-148) is not negative", func(x *inspection) {
		for n, l := range x.doc.Lines {
			if l.Price.Gross.Decimal.Sign() < 0 {
				x.fail(lineName(l, n), "the gross price (BT-148) is %s", shown(l.Price.Gross.Decimal))
			}
		}
	}},
	{"BR-30", "a line's period does not end before it starts", func(x *inspection) {
		for n, l := range x.doc.Lines {
			x.order(l.Period, lineName(l, n))
		}
	}},
	{"BR-CO-20", "a line's period (BG-26) has a start or an end", func(x *inspection) {
		for n, l := range x.doc.Lines {
			x.filled(l.Period, lineName(l, n))
		}
	}},
	eachLine("BR-CO-04", "a tax category (BT-151)", "the tax category (BT-151)", func(l Line) bool { return l.Tax.Category != "" }),
	eachLine("BR-64", "the scheme of a standard identifier (BT-157)", "the scheme of the item's standard identifier (BT-157)", func(l Line) bool {
		return schemed(l.Item.StandardID)
	}),
	eachLine("BR-65", "the list of a classification (BT-158)", "the list of the item's classification (BT-158)", func(l Line) bool {
		for _, c := range l.Item.Classes {
			if c.List == "" {
				return false
			}
		}
		return true
	}),
	eachLine("BR-54", "an item attribute has a name and a value (BT-160, BT-161)", "the name or value of an attribute (BT-160, BT-161)", func(l Line) bool {
		for _, a := range l.Item.Attributes {
			if a.Name == "" || a.Value == "" {
				return false
			}
		}
		return true
	}),
}

// allowanceRules are about what is taken off and put on. The pairs that ask the same are so in the standard.
var allowanceRules = []Rule{
	eachAllowance("BR-31", "a document's allowance has an amount (BT-92)", "the amount (BT-92)", false, false, hasAmount),
	eachAllowance("BR-32", "a document's allowance has a tax category (BT-95)", "the tax category (BT-95)", false, false, hasCategory),
	eachAllowance("BR-33", "a document's allowance has a reason (BT-97) or its code (BT-98)", "the reason (BT-97, BT-98)", false, false, hasReason),
	eachAllowance("BR-36", "a document's charge has an amount (BT-99)", "the amount (BT-99)", true, false, hasAmount),
	eachAllowance("BR-37", "a document's charge has a tax category (BT-102)", "the tax category (BT-102)", true, false, hasCategory),
	eachAllowance("BR-38", "a document's charge has a reason (BT-104) or its code (BT-105)", "the reason (BT-104, BT-105)", true, false, hasReason),
	eachAllowance("BR-41", "a line's allowance has an amount (BT-136)", "the amount (BT-136)", false, true, hasAmount),
	eachAllowance("BR-42", "a line's allowance has a reason (BT-139) or its code (BT-140)", "the reason (BT-139, BT-140)", false, true, hasReason),
	eachAllowance("BR-43", "a line's charge has an amount (BT-141)", "the amount (BT-141)", true, true, hasAmount),
	eachAllowance("BR-44", "a line's charge has a reason (BT-144) or its code (BT-145)", "the reason (BT-144, BT-145)", true, true, hasReason),
	eachAllowance("BR-CO-21", "as BR-33", "the reason (BT-97, BT-98)", false, false, hasReason),
	eachAllowance("BR-CO-22", "as BR-38", "the reason (BT-104, BT-105)", true, false, hasReason),
	eachAllowance("BR-CO-23", "as BR-42", "the reason (BT-139, BT-140)", false, true, hasReason),
	eachAllowance("BR-CO-24", "as BR-44", "the reason (BT-144, BT-145)", true, true, hasReason),
}

func hasAmount(a AllowanceCharge) bool   { return a.Amount.Currency != "" }
func hasCategory(a AllowanceCharge) bool { return a.Tax.Category != "" }
func hasReason(a AllowanceCharge) bool   { return a.Reason != "" || a.ReasonCode != "" }
