package register

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// NewPerson is the input of [Service.AddPersons].
type NewPerson struct {
	// Reference is the controller's own key for them, such as "newsletter-17" or "user:" and an id; 1 to 200 characters. It names nobody.
	Reference string
	// Name is at most 200 characters, Contact (an e-mail address, a telephone number) at most 1,000. One of them is required.
	Name, Contact string
}

// Person is somebody whom the registers are about and nothing else knows.
type Person struct {
	ID            uuid.UUID
	Reference     string
	Name, Contact string
}

type personRow struct {
	tenancy.Row
	Reference string `bun:"reference" privacy:"none"`
	Name      string `bun:"name" privacy:"identity,delete"`
	Contact   string `bun:"contact" privacy:"contact,delete,sealed"`
}

func (p *personRow) person() Person {
	return Person{ID: p.ID, Reference: p.Reference, Name: p.Name, Contact: p.Contact}
}

// AddPersons adds people whom the registers are about and nothing else knows: who subscribes to a newsletter and buys nothing, or, in the platform's own tenant, its
// users. Who is a customer, an employee or the like has a row of their own, and its id is used. A reference that is there gives the person as they are.
//
// Permission: register.persons. Errors: register.bad_input, tenancy.duplicate (added by somebody else in this very moment, and the transaction is the caller's).
func (s *Service) AddPersons(ctx context.Context, in []NewPerson) ([]Person, error) {
	const op = "register.AddPersons"
	return act(ctx, s.db, PermPersons, func(ctx context.Context, tx *tenancy.Tx) ([]Person, error) {
		if len(in) == 0 || len(in) > most {
			return nil, ErrBadInput.New(op, "a call adds 1 to %d", most)
		}
		refs := make([]string, len(in))
		for i, p := range in {
			if refs[i] = p.Reference; !between(p.Reference, 1, 200) || !between(p.Name, 0, 200) || !between(p.Contact, 0, 1000) || !between(p.Name+p.Contact, 1, 1200) {
				return nil, ErrBadInput.New(op, "%d: a person has a reference, and a name of at most 200 characters or a contact of at most 1,000", i+1)
			}
		}
		found, err := tenancy.Find[personRow](ctx, tx, tenancy.In("reference", refs))
		if err != nil {
			return nil, err
		}
		by := map[string]*personRow{}
		for i := range found {
			by[found[i].Reference] = &found[i]
		}
		var fresh []*personRow
		out := make([]Person, len(in))
		for i, p := range in {
			row := by[p.Reference]
			if row == nil {
				row = &personRow{Row: tenancy.Row{ID: tenancy.NewID()}, Reference: p.Reference, Name: p.Name, Contact: p.Contact}
				fresh, by[p.Reference] = append(fresh, row), row
			}
			out[i] = row.person()
		}
		b := tx.Batch()
		tenancy.Put(b, fresh)
		return out, b.Run(ctx)
	})
}
