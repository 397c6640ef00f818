package tenancy

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/date"
)

const tableContracts = "erp_control.contracts"

// ContactPerson is a person whom the platform deals with.
type ContactPerson struct {
	Name  string // at most 200 characters
	Email string // at most 254 characters
}

// Terms are what the platform has agreed with a customer. They are the platform's own records, apart from all tenant data, and
// outlast the tenant. What is paid with is no part of them: a text that holds the number of a payment card is refused.
type Terms struct {
	// Organisation is the customer. Required, at most 200 characters. [Tenants.Create] begins with the tenant's name.
	Organisation string
	// Reference is the platform's own number of the contract, at most 200 characters. Optional.
	Reference string
	// Plan is what is subscribed to, by a name of the platform's: at most 100 characters. Optional.
	Plan string
	// Administrator is the person for whom the tenant was set up, Billing whom invoices go to. Optional.
	Administrator, Billing ContactPerson
	// Since is the first day of the contract. Required; [Tenants.Create] begins with the day of the making, in UTC.
	Since date.Date
	// Until is the last day that was agreed on. Zero: none was.
	Until date.Date
}

// Contract is a tenant's contract with the platform.
type Contract struct {
	TenantID uuid.UUID
	Terms
	// EndsAt is the effective end of service, once the tenant is cancelled or will be; it stays when the tenant has been purged.
	EndsAt    time.Time
	ChangedAt time.Time
}

type contractRow struct {
	TenantID           uuid.UUID `bun:"tenant_id,pk"`
	Organisation       string    `bun:"organisation"`
	Reference          string    `bun:"reference"`
	Plan               string    `bun:"plan"`
	AdministratorName  string    `bun:"administrator_name"`
	AdministratorEmail string    `bun:"administrator_email"`
	BillingName        string    `bun:"billing_name"`
	BillingEmail       string    `bun:"billing_email"`
	Since              date.Date `bun:"since"`
	Until              date.Date `bun:"until,nullzero"`
	EndsAt             time.Time `bun:"ends_at,nullzero"`
	ChangedAt          time.Time `bun:"changed_at"`
}

func (r *contractRow) contract() Contract {
	return Contract{TenantID: r.TenantID, EndsAt: r.EndsAt.UTC(), ChangedAt: r.ChangedAt.UTC(), Terms: Terms{
		Organisation: r.Organisation, Reference: r.Reference, Plan: r.Plan, Since: r.Since, Until: r.Until,
		Administrator: ContactPerson{r.AdministratorName, r.AdministratorEmail}, Billing: ContactPerson{r.BillingName, r.BillingEmail}}}
}

func (r *contractRow) agree(in Terms) {
	r.Organisation, r.Reference, r.Plan, r.Since, r.Until = in.Organisation, in.Reference, in.Plan, in.Since, in.Until
	r.AdministratorName, r.AdministratorEmail = in.Administrator.Name, in.Administrator.Email
	r.BillingName, r.BillingEmail = in.Billing.Name, in.Billing.Email
}

func (c ContactPerson) check(op string) error {
	if len(c.Name) > 200 || len(c.Email) > 254 {
		return ErrBadInput.New(op, "a contact has a name of at most 200 characters and an address of at most 254")
	}
	user, host, at := strings.Cut(c.Email, "@")
	if c.Email != "" && (!at || user == "" || host == "" || strings.ContainsAny(c.Email, " \t\r\n<>,;") || strings.Contains(host, "@")) {
		return ErrBadInput.New(op, "a contact's e-mail address is of the form name@host")
	}
	return plainText(op, c.Name, c.Email)
}

func (in Terms) check(op string) error {
	if strings.TrimSpace(in.Organisation) == "" || len(in.Organisation) > 200 || len(in.Reference) > 200 || len(in.Plan) > 100 {
		return ErrBadInput.New(op, "a contract has an organisation and a reference of at most 200 characters, and a plan of at most 100")
	}
	if in.Since.IsZero() || !in.Until.IsZero() && in.Until.Before(in.Since) {
		return ErrBadInput.New(op, "a contract has a first day, and no last day before it")
	}
	for _, c := range []ContactPerson{in.Administrator, in.Billing} {
		if err := c.check(op); err != nil {
			return err
		}
	}
	return plainText(op, in.Organisation, in.Reference, in.Plan)
}

// Contract gives a tenant's contract, a purged tenant's too. Permission: tenancy.read_contract. Errors: tenancy.not_platform,
// tenancy.not_found.
func (t *Tenants) Contract(ctx context.Context, tenant uuid.UUID) (Contract, error) {
	const op = "tenancy.Tenants.Contract"
	if _, err := t.actor(ctx, op, PermReadContract); err != nil {
		return Contract{}, err
	}
	row := new(contractRow)
	err := t.db.control.Control().NewSelect().Model(row).ModelTableExpr(t.table(tableContracts)+" AS ?TableAlias").Where("tenant_id = ?", tenant).Scan(ctx)
	if err != nil {
		return Contract{}, t.db.control.Fault(op, missing(op, err))
	}
	return row.contract(), nil
}

// SetContract writes down what is agreed from now on. The platform's journal says who did so and why, and never what. Setting the
// same terms changes nothing. It decides nothing about the tenant's life: for that, see [Tenants.CancelAt].
//
// Permission: tenancy.set_contract. Errors: tenancy.not_platform, tenancy.not_found, tenancy.bad_input, tenancy.card_number.
func (t *Tenants) SetContract(ctx context.Context, tenant uuid.UUID, in Terms, reason string) (Contract, error) {
	const op = "tenancy.Tenants.SetContract"
	actor, err := t.actor(ctx, op, PermSetContract)
	if err != nil {
		return Contract{}, err
	}
	if err := in.check(op); err != nil {
		return Contract{}, err
	}
	if err := checkReason(op, reason); err != nil {
		return Contract{}, err
	}
	row := new(contractRow)
	err = t.control(ctx, op, func(tx bun.Tx) error {
		if _, err := t.lock(ctx, tx, tenant); err != nil {
			return err
		}
		if err := tx.NewSelect().Model(row).ModelTableExpr(t.table(tableContracts)+" AS ?TableAlias").Where("tenant_id = ?", tenant).Scan(ctx); err != nil {
			return missing(op, err)
		}
		if row.contract().Terms == in {
			return nil
		}
		row.agree(in)
		row.ChangedAt = t.now(ctx)
		if _, err := tx.NewUpdate().Model(row).ModelTableExpr(t.table(tableContracts) + " AS ?TableAlias").WherePK().Exec(ctx); err != nil {
			return err
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermSetContract), TenantID: tenant, Reason: reason})
	})
	if err != nil {
		return Contract{}, err
	}
	return row.contract(), nil
}

// terms are what a new tenant's contract begins with.
func (in NewTenant) terms(now time.Time) Terms {
	return Terms{Organisation: strings.TrimSpace(in.Name), Plan: in.Plan, Administrator: in.Administrator, Since: date.In(now, time.UTC)}
}

// beginContract writes a new tenant's contract, with the tenant's row.
func (t *Tenants) beginContract(ctx context.Context, tx bun.Tx, row *tenantRow, in NewTenant) error {
	c := &contractRow{TenantID: row.ID, ChangedAt: row.CreatedAt}
	c.agree(in.terms(row.CreatedAt))
	_, err := tx.NewInsert().Model(c).ModelTableExpr(t.table(tableContracts)).Exec(ctx)
	return err
}

// endContract notes the effective end of service, or that there is none any more.
func (t *Tenants) endContract(ctx context.Context, tx bun.Tx, row *tenantRow) error {
	c := &contractRow{TenantID: row.ID, EndsAt: row.EndsAt, ChangedAt: row.ChangedAt}
	_, err := tx.NewUpdate().Model(c).ModelTableExpr(t.table(tableContracts)+" AS ?TableAlias").Column("ends_at", "changed_at").WherePK().Exec(ctx)
	return err
}
