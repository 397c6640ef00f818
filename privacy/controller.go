package privacy

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Controller is who decides about the personal data of a tenant: what a record of processing asks for that no data model says (GDPR Art. 30(1)(a), (d), (e), (g)). The
// platform states it of itself in its own tenant, where it counts for what it does as a processor as well (Art. 30(2)).
type Controller struct {
	// Name and Contact are the controller's own: an address, an e-mail address, a telephone number. Required, at most 200 and 1,000 characters.
	Name    string `json:"name"`
	Contact string `json:"contact"`
	// JointControllers are those with whom it decides together (Art. 26), with their contact details. Optional, at most 1,000 characters, as are the two that follow.
	JointControllers string `json:"joint_controllers,omitempty"`
	// Representative is who stands for a controller that is not established in the Union (Art. 27), name and contact details.
	Representative string `json:"representative,omitempty"`
	// ProtectionOfficer is the data protection officer (Art. 37), name and contact details.
	ProtectionOfficer string `json:"protection_officer,omitempty"`
	// Jurisdiction is the country whose rules of retention hold, ISO 3166-1 alpha-2, such as "DE". Required.
	Jurisdiction string `json:"jurisdiction"`
	// SecurityMeasures describes in general what protects the data (Art. 32(1)), beside what the program does and says of itself. At most 10,000 characters.
	SecurityMeasures string `json:"security_measures,omitempty"`
	// Transfers says which data go to which third country or international organisation, and with which safeguards (Art. 30(1)(e)), beside those of the recipients
	// that are registered. At most 10,000 characters.
	Transfers string `json:"transfers,omitempty"`

	// Version counts what was stated, from 1. SetAt and SetBy are when that was, and the opaque id of who did so.
	Version int64     `json:"version"`
	SetAt   time.Time `json:"set_at"`
	SetBy   string    `json:"set_by"`
}

// controllerRow is a statement without what may name a person.
type controllerRow struct {
	tenancy.Row
	Version      int64     `bun:"version"`
	Jurisdiction string    `bun:"jurisdiction" privacy:"none"`
	SetAt        time.Time `bun:"set_at"`
	SetBy        string    `bun:"set_by" privacy:"none"`
}

// controllerText is the rest of it. The controller's own name and address are what it answers under, and stay; the persons whom it names are searched for when one is erased.
type controllerText struct {
	tenancy.Owned
	ControllerID      uuid.UUID `bun:"controller_id,pk"`
	Name              string    `bun:"name" privacy:"identity,keep"`
	Contact           string    `bun:"contact" privacy:"contact,keep,sealed"`
	JointControllers  string    `bun:"joint_controllers" privacy:"free-text,delete,sealed"`
	Representative    string    `bun:"representative" privacy:"free-text,delete,sealed"`
	ProtectionOfficer string    `bun:"protection_officer" privacy:"free-text,delete,sealed"`
	SecurityMeasures  string    `bun:"security_measures" privacy:"free-text,delete,sealed"`
	Transfers         string    `bun:"transfers" privacy:"free-text,delete,sealed"`
}

func (r *controllerRow) controller(t controllerText) Controller {
	return Controller{Name: t.Name, Contact: t.Contact, JointControllers: t.JointControllers, Representative: t.Representative, ProtectionOfficer: t.ProtectionOfficer,
		Jurisdiction: r.Jurisdiction, SecurityMeasures: t.SecurityMeasures, Transfers: t.Transfers, Version: r.Version, SetAt: r.SetAt.UTC(), SetBy: r.SetBy}
}

// stated is what the caller says, without what the register adds.
func (c Controller) stated() Controller {
	c.Version, c.SetAt, c.SetBy = 0, time.Time{}, ""
	return c
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

func (c Controller) check(op string) error {
	if !between(c.Name, 1, 200) || !between(c.Contact, 1, 1000) {
		return ErrBadInput.New(op, "a controller has a name of at most 200 characters and contact details of at most 1,000")
	}
	if !country.MatchString(c.Jurisdiction) {
		return ErrBadInput.New(op, "the jurisdiction is a country by its two capital letters (ISO 3166-1), such as DE")
	}
	if !between(c.JointControllers, 0, 1000) || !between(c.Representative, 0, 1000) || !between(c.ProtectionOfficer, 0, 1000) {
		return ErrBadInput.New(op, "joint controllers, a representative and a data protection officer are each of at most 1,000 characters")
	}
	if !between(c.SecurityMeasures, 0, 10_000) || !between(c.Transfers, 0, 10_000) {
		return ErrBadInput.New(op, "security measures and transfers are each of at most 10,000 characters")
	}
	return nil
}

// SetController states who the tenant's controller is. Each statement is a version, and those before it stay: a record of processing can be given as it was. Saying what is
// said already changes nothing. Version, SetAt and SetBy are not looked at.
//
// Permission: privacy.set_controller. Errors: privacy.bad_input, tenancy.duplicate (somebody stated it in this very moment, and the transaction is the
// caller's: try again).
func (s *Service) SetController(ctx context.Context, in Controller) (Controller, error) {
	return again(ctx, func() (Controller, error) {
		return tenancy.Act(ctx, s.db, PermSetController, func(ctx context.Context, tx *tenancy.Tx) (Controller, error) {
			if err := in.check("privacy.SetController"); err != nil {
				return Controller{}, err
			}
			last, err := controllerOf(ctx, tx)
			if err != nil {
				return Controller{}, err
			}
			if last.stated() == in.stated() {
				return last, nil
			}
			row := &controllerRow{Row: tenancy.Row{ID: tenancy.NewID()}, Version: last.Version + 1, Jurisdiction: in.Jurisdiction, SetAt: tx.Now(), SetBy: tx.Scope().Actor()}
			text := &controllerText{ControllerID: row.ID, Name: in.Name, Contact: in.Contact, JointControllers: in.JointControllers, Representative: in.Representative,
				ProtectionOfficer: in.ProtectionOfficer, SecurityMeasures: in.SecurityMeasures, Transfers: in.Transfers}
			b := tx.Batch()
			tenancy.Put(b, []*controllerRow{row})
			tenancy.Put(b, []*controllerText{text})
			out := row.controller(*text)
			return out, b.Run(ctx)
		})
	})
}

// Controllers lists what was stated of the tenant's controller, the latest first. Permission: privacy.map.
func (s *Service) Controllers(ctx context.Context) ([]Controller, error) {
	return tenancy.View(ctx, s.db, PermMap, func(ctx context.Context, tx *tenancy.Tx) ([]Controller, error) {
		return controllers(ctx, tx, tenancy.OrderBy("-version"))
	})
}

// controllerOf is the controller as it was last stated; the zero one when nobody has.
func controllerOf(ctx context.Context, tx *tenancy.Tx) (Controller, error) {
	all, err := controllers(ctx, tx, tenancy.OrderBy("-version"), tenancy.Limit(1))
	if err != nil || len(all) == 0 {
		return Controller{}, err
	}
	return all[0], nil
}

func controllers(ctx context.Context, tx *tenancy.Tx, opts ...tenancy.Option) ([]Controller, error) {
	rows, err := tenancy.Find[controllerRow](ctx, tx, opts...)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	texts, err := tenancy.Find[controllerText](ctx, tx, tenancy.In("controller_id", ids))
	if err != nil {
		return nil, err
	}
	by := map[uuid.UUID]controllerText{}
	for _, t := range texts {
		by[t.ControllerID] = t
	}
	out := make([]Controller, len(rows))
	for i := range rows {
		out[i] = rows[i].controller(by[rows[i].ID])
	}
	return out, nil
}
