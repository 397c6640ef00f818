package einvoice

import "github.com/opsmatiq/erp/tenancy/date"

func (w *ublWriter) party(p Party) {
	w.in("cac:Party", func() {
		w.identifier("cbc:EndpointID", p.Electronic)
		for _, i := range p.Identifiers {
			w.in("cac:PartyIdentification", func() { w.identifier("cbc:ID", i) })
		}
		w.in("cac:PartyName", func() { w.leaf("cbc:Name", p.TradingName) })
		w.address("cac:PostalAddress", p.Address)
		w.taxID(p.TaxID, schemeVAT)
		w.taxID(p.LocalTaxID, schemeLocal)
		w.in("cac:PartyLegalEntity", func() {
			w.leaf("cbc:RegistrationName", p.Name)
			w.identifier("cbc:CompanyID", p.RegistrationID)
			w.leaf("cbc:CompanyLegalForm", p.LegalForm)
		})
		if c := p.Contact; c != nil {
			w.in("cac:Contact", func() {
				w.leaf("cbc:Name", c.Name)
				w.leaf("cbc:Telephone", c.Phone)
				w.leaf("cbc:ElectronicMail", c.Email)
			})
		}
	})
}

func (w *ublWriter) taxID(id, scheme string) {
	if id == "" {
		return
	}
	w.in("cac:PartyTaxScheme", func() {
		w.leaf("cbc:CompanyID", id)
		w.scheme(scheme)
	})
}

func (w *ublWriter) scheme(id string) { w.in("cac:TaxScheme", func() { w.leaf("cbc:ID", id) }) }

func (w *ublWriter) address(name string, a *Address) {
	if a == nil {
		return
	}
	w.in(name, func() {
		w.leaf("cbc:StreetName", a.Line1)
		w.leaf("cbc:AdditionalStreetName", a.Line2)
		w.leaf("cbc:CityName", a.City)
		w.leaf("cbc:PostalZone", a.PostCode)
		w.leaf("cbc:CountrySubentity", a.Subdivision)
		w.in("cac:AddressLine", func() { w.leaf("cbc:Line", a.Line3) })
		w.in("cac:Country", func() { w.leaf("cbc:IdentificationCode", a.Country) })
	})
}

func (w *ublWriter) payee(p *Payee) {
	if p == nil {
		return
	}
	w.in("cac:PayeeParty", func() {
		w.in("cac:PartyIdentification", func() { w.identifier("cbc:ID", p.Identifier) })
		w.in("cac:PartyName", func() { w.leaf("cbc:Name", p.Name) })
		w.in("cac:PartyLegalEntity", func() { w.identifier("cbc:CompanyID", p.RegistrationID) })
	})
}

func (w *ublWriter) representative(t *TaxRepresentative) {
	if t == nil {
		return
	}
	w.in("cac:TaxRepresentativeParty", func() {
		w.in("cac:PartyName", func() { w.leaf("cbc:Name", t.Name) })
		w.address("cac:PostalAddress", t.Address)
		w.taxID(t.TaxID, schemeVAT)
	})
}

func (w *ublWriter) delivery(d *Delivery) {
	if d == nil {
		return
	}
	w.in("cac:Delivery", func() {
		w.date("cbc:ActualDeliveryDate", d.Date)
		w.in("cac:DeliveryLocation", func() {
			w.identifier("cbc:ID", d.Location)
			w.address("cac:Address", d.Address)
		})
		w.in("cac:DeliveryParty", func() { w.in("cac:PartyName", func() { w.leaf("cbc:Name", d.Name) }) })
	})
}

// paymentMeans writes one account to be paid to. A credit note has its due date in the first.
func (w *ublWriter) paymentMeans(p PaymentMeans, due date.Date) {
	w.in("cac:PaymentMeans", func() {
		w.leaf("cbc:PaymentMeansCode", p.Code, attr{"name", p.Text})
		w.date("cbc:PaymentDueDate", due)
		w.leaf("cbc:PaymentID", p.Remittance)
		if c := p.Card; c != nil {
			w.in("cac:CardAccount", func() {
				w.leaf("cbc:PrimaryAccountNumberID", c.Number)
				w.leaf("cbc:NetworkID", c.Network)
				w.leaf("cbc:HolderName", c.Holder)
			})
		}
		if a := p.Account; a != nil {
			w.in("cac:PayeeFinancialAccount", func() {
				w.leaf("cbc:ID", a.ID)
				w.leaf("cbc:Name", a.Name)
				w.in("cac:FinancialInstitutionBranch", func() { w.leaf("cbc:ID", a.BIC) })
			})
		}
		if d := p.Debit; d != nil {
			w.in("cac:PaymentMandate", func() {
				w.leaf("cbc:ID", d.Mandate)
				w.in("cac:PayerFinancialAccount", func() { w.leaf("cbc:ID", d.Account) })
			})
		}
	})
}
