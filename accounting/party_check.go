package accounting

import (
	"errors"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/opsmatiq/erp/tenancy"
)

// partyFields are the columns of a party that its people state, by the fields of [PartyChange] that hold them to the rules.
var partyFields = map[string]string{"name": "Name", "email": "Email", "phone": "Phone", "address": "Address", "country": "Country", "tax_id": "TaxID"}

var _ tenancy.ColumnChecker = (*Party)(nil)

// CheckColumn implements [tenancy.ColumnChecker]: what [Service.UpdateParty] would say of the column. Errors: accounting.bad_input.
func (p *Party) CheckColumn(name string) error {
	const op = "accounting.Party.CheckColumn"
	field := partyFields[name]
	if field == "" {
		return ErrBadInput.New(op, "%s follows from the rest", name)
	}
	in := PartyChange{ID: p.ID, Name: p.Name, Customer: p.Customer, Vendor: p.Vendor, Email: p.Email, Phone: p.Phone, Country: p.Country, TaxID: p.TaxID}
	if p.Address != "" {
		in.Address = strings.Split(p.Address, "\n")
	}
	var broken validator.ValidationErrors
	if err := validate.Struct(&in); err == nil || !errors.As(err, &broken) {
		return err
	}
	for _, b := range broken { // a row of an import may break the rules elsewhere
		if of, _, _ := strings.Cut(b.StructField(), "["); of == field {
			return ErrBadInput.New(op, "%s %s", b.StructField(), saying(b))
		}
	}
	return nil
}
