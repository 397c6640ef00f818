package einvoice

import "strings"

// party reads the seller or the buyer; n is the element around cac:Party.
func (r *ublReader) party(n *node) Party {
	n = n.take("cac:Party")
	p := Party{Electronic: r.identifier(n, "cbc:EndpointID")}
	for _, id := range n.takeAll("cac:PartyIdentification") {
		p.Identifiers = append(p.Identifiers, r.identifier(id, "cbc:ID"))
	}
	p.TradingName = n.take("cac:PartyName").str("cbc:Name")
	p.Address = r.address(n.take("cac:PostalAddress"))
	p.TaxID, p.LocalTaxID = r.taxIDs(n)
	entity := n.take("cac:PartyLegalEntity")
	p.Name, p.LegalForm = entity.str("cbc:RegistrationName"), entity.str("cbc:CompanyLegalForm")
	p.RegistrationID = r.identifier(entity, "cbc:CompanyID")
	if c := n.take("cac:Contact"); c != nil {
		p.Contact = &Contact{Name: c.str("cbc:Name"), Phone: c.str("cbc:Telephone"), Email: c.str("cbc:ElectronicMail")}
	}
	return p
}

// taxIDs are the VAT identifier and the other tax registration. A second one of either kind is left to be listed.
func (r *ublReader) taxIDs(party *node) (vat, local string) {
	if party == nil {
		return "", ""
	}
	for _, n := range party.children {
		if !n.is("cac:PartyTaxScheme") {
			continue
		}
		scheme := n.peek("cac:TaxScheme").peek("cbc:ID")
		id := &local
		if scheme != nil && strings.EqualFold(scheme.text, schemeVAT) {
			id = &vat
		}
		if *id != "" {
			continue
		}
		n.seen = true
		*id = n.str("cbc:CompanyID")
		n.take("cac:TaxScheme").take("cbc:ID")
	}
	return vat, local
}

func (r *ublReader) address(n *node) *Address {
	if n == nil {
		return nil
	}
	return &Address{
		Line1: n.str("cbc:StreetName"), Line2: n.str("cbc:AdditionalStreetName"), City: n.str("cbc:CityName"),
		PostCode: n.str("cbc:PostalZone"), Subdivision: n.str("cbc:CountrySubentity"),
		Line3: n.take("cac:AddressLine").str("cbc:Line"), Country: n.take("cac:Country").str("cbc:IdentificationCode"),
	}
}

func (r *ublReader) payee(n *node) *Payee {
	if n == nil {
		return nil
	}
	return &Payee{
		Name:           n.take("cac:PartyName").str("cbc:Name"),
		Identifier:     r.identifier(n.take("cac:PartyIdentification"), "cbc:ID"),
		RegistrationID: r.identifier(n.take("cac:PartyLegalEntity"), "cbc:CompanyID"),
	}
}

func (r *ublReader) representative(n *node) *TaxRepresentative {
	if n == nil {
		return nil
	}
	t := TaxRepresentative{Name: n.take("cac:PartyName").str("cbc:Name"), Address: r.address(n.take("cac:PostalAddress"))}
	t.TaxID, _ = r.taxIDs(n)
	return &t
}

func (r *ublReader) delivery(n *node) *Delivery {
	if n == nil {
		return nil
	}
	d := Delivery{Date: r.date(n, "cbc:ActualDeliveryDate")}
	location := n.take("cac:DeliveryLocation")
	d.Location, d.Address = r.identifier(location, "cbc:ID"), r.address(location.take("cac:Address"))
	d.Name = n.take("cac:DeliveryParty").take("cac:PartyName").str("cbc:Name")
	return &d
}

// paymentMeans reads one account to be paid to. A credit note has its due date here.
func (r *ublReader) paymentMeans(n *node, doc *Document) PaymentMeans {
	var p PaymentMeans
	if code := n.take("cbc:PaymentMeansCode"); code != nil {
		p.Code, p.Text = code.text, code.attribute("name")
	}
	if due := n.peek("cbc:PaymentDueDate"); due != nil && (doc.DueDate.IsZero() || doc.DueDate.String() == due.text) {
		doc.DueDate = r.date(n, "cbc:PaymentDueDate")
	}
	p.Remittance = n.str("cbc:PaymentID")
	if c := n.take("cac:CardAccount"); c != nil {
		p.Card = &Card{Number: c.str("cbc:PrimaryAccountNumberID"), Network: c.str("cbc:NetworkID"), Holder: c.str("cbc:HolderName")}
	}
	if a := n.take("cac:PayeeFinancialAccount"); a != nil {
		p.Account = &Account{ID: a.str("cbc:ID"), Name: a.str("cbc:Name"), BIC: a.take("cac:FinancialInstitutionBranch").str("cbc:ID")}
	}
	if m := n.take("cac:PaymentMandate"); m != nil {
		p.Debit = &DirectDebit{Mandate: m.str("cbc:ID"), Account: m.take("cac:PayerFinancialAccount").str("cbc:ID")}
	}
	return p
}
