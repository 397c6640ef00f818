package einvoice

// allowance writes an allowance or charge of the document or, without a tax, of a line.
func (w *ublWriter) allowance(a AllowanceCharge) {
	w.in("cac:AllowanceCharge", func() {
		w.chargeIndicator(a.Charge)
		w.leaf("cbc:AllowanceChargeReasonCode", a.ReasonCode)
		w.leaf("cbc:AllowanceChargeReason", a.Reason)
		w.number("cbc:MultiplierFactorNumeric", a.Percent)
		w.amount("cbc:Amount", a.Amount)
		w.amount("cbc:BaseAmount", a.Base)
		if a.Tax.Category != "" {
			w.tax("cac:TaxCategory", a.Tax, nil)
		}
	})
}

func (w *ublWriter) chargeIndicator(charge bool) {
	text := "false"
	if charge {
		text = "true"
	}
	w.leaf("cbc:ChargeIndicator", text)
}

// tax writes a category; reasons writes what a breakdown has between the rate and the scheme.
func (w *ublWriter) tax(name string, t Tax, reasons func()) {
	w.in(name, func() {
		w.leaf("cbc:ID", string(t.Category))
		w.number("cbc:Percent", t.Rate)
		if reasons != nil {
			reasons()
		}
		w.scheme(schemeVAT)
	})
}

func (w *ublWriter) line(l Line, credit bool) {
	name, quantity := "cac:InvoiceLine", "cbc:InvoicedQuantity"
	if credit {
		name, quantity = "cac:CreditNoteLine", "cbc:CreditedQuantity"
	}
	w.in(name, func() {
		w.leaf("cbc:ID", l.ID)
		w.leaf("cbc:Note", l.Note)
		w.number(quantity, l.Quantity, attr{"unitCode", l.Unit})
		w.amount("cbc:LineExtensionAmount", l.Net)
		w.leaf("cbc:AccountingCost", l.AccountingCost)
		w.period(l.Period, "")
		w.in("cac:OrderLineReference", func() { w.leaf("cbc:LineID", l.OrderLine) })
		w.object("cac:DocumentReference", l.Object)
		for _, a := range l.AllowanceCharges {
			w.allowance(a)
		}
		w.item(l.Item, l.Tax)
		w.price(l.Price, l.Net.Currency.String())
	})
}

func (w *ublWriter) item(i Item, tax Tax) {
	w.in("cac:Item", func() {
		w.leaf("cbc:Description", i.Description)
		w.leaf("cbc:Name", i.Name)
		w.in("cac:BuyersItemIdentification", func() { w.leaf("cbc:ID", i.BuyerID) })
		w.in("cac:SellersItemIdentification", func() { w.leaf("cbc:ID", i.SellerID) })
		w.in("cac:StandardItemIdentification", func() { w.identifier("cbc:ID", i.StandardID) })
		w.in("cac:OriginCountry", func() { w.leaf("cbc:IdentificationCode", i.Origin) })
		for _, c := range i.Classes {
			w.in("cac:CommodityClassification", func() {
				w.leaf("cbc:ItemClassificationCode", c.Code, attr{"listID", c.List}, attr{"listVersionID", c.Version})
			})
		}
		w.tax("cac:ClassifiedTaxCategory", tax, nil)
		for _, a := range i.Attributes {
			w.in("cac:AdditionalItemProperty", func() {
				w.leaf("cbc:Name", a.Name)
				w.leaf("cbc:Value", a.Value)
			})
		}
	})
}

func (w *ublWriter) price(p Price, cur string) {
	w.in("cac:Price", func() {
		w.number("cbc:PriceAmount", p.Net, attr{"currencyID", cur})
		w.number("cbc:BaseQuantity", p.Base, attr{"unitCode", p.BaseUnit})
		if !p.Discount.Valid {
			return // UBL has the gross price only beside the discount
		}
		w.in("cac:AllowanceCharge", func() {
			w.chargeIndicator(false)
			w.number("cbc:Amount", p.Discount, attr{"currencyID", cur})
			w.number("cbc:BaseAmount", p.Gross, attr{"currencyID", cur})
		})
	})
}
