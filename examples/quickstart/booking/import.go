package booking

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// Options shape [Import]. The same file is always imported with the same options but BatchDocuments and Progress.
type Options struct {
	// Tenant is whose books they are. Default: a tenant of the file's own.
	Tenant tenancy.NewTenant
	// Names are the customers' by their number, for those that have one. The file has none.
	Names map[string]string
	// Method values the stock. Default [inventory.Average].
	Method inventory.Method
	// TwoCosts begins the second half of each product's stock at a higher cost, so that methods differ.
	TwoCosts bool
	// BatchDocuments is how many documents are booked in one transaction, 1 to 1,000. Default 100.
	BatchDocuments int
	// Progress, when set, is told after each transaction how many documents are booked and how many there are.
	Progress func(booked, total int64)
}

// Outcome is what an import has booked, now or in an earlier run.
type Outcome struct {
	// Context is the scope of the file's tenant.
	Context context.Context //nolint:containedctx // a scope travels in a context, and this hands one over
	Tenant  tenancy.Tenant
	Survey  *retail.Survey
	Counts  Counts
}

// Counts add up documents as the services gave them back.
type Counts struct {
	Documents     map[retail.Kind]int64
	Sales         money.Amount // of the invoices
	Returns       money.Amount // of the credit notes: below zero
	AlreadyBooked int64        // documents that an earlier run had booked
}

// ErrOtherImport says that the database holds another file, or the same one booked in another way.
var ErrOtherImport = errors.New("this database was used before for something else")

// importer is one import on its way.
type importer struct {
	Options
	suite    *erp.Suite
	survey   *retail.Survey
	parties  map[string]uuid.UUID // by the file's customer number
	products map[string]product   // by stock code
}

type product struct {
	id         uuid.UUID
	returnCost inventory.Cost
}

// Import surveys a file and books it. An error leaves what was booked so far, and running it again completes it. Errors:
// [ErrOtherImport], and what the reader and the services refuse.
func Import(ctx context.Context, suite *erp.Suite, file *retail.File, opt Options) (*Outcome, error) {
	if opt.Method == "" {
		opt.Method = inventory.Average
	}
	if opt.BatchDocuments == 0 {
		opt.BatchDocuments = 100
	}
	survey, err := file.Survey(ctx)
	if err != nil {
		return nil, err
	}
	if _, _, err := retail.OpeningTotals(survey.Opening(opt.TwoCosts)); err != nil {
		return nil, err
	}
	if opt.Tenant == (tenancy.NewTenant{}) {
		opt.Tenant = tenancy.NewTenant{Name: "Online Retail, file " + survey.Digest, TimeZone: "Europe/London", Reference: tenantReference}
	}
	im := &importer{Options: opt, suite: suite, survey: survey}
	tenant, ctx, err := im.enter(ctx)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{im.openBooks, im.createParties, im.createProducts, im.openStock} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	counts, err := im.bookAll(ctx, file)
	if err != nil {
		return nil, err
	}
	return &Outcome{ctx, tenant, survey, counts}, nil
}

// tenantReference is the platform's key of the tenant that holds a file. There is one: the file's digest is in the
// tenant's name, so that another file meets a tenant that differs and is refused.
const tenantReference = "quickstart: online retail"

// Actor is who the books say did it.
const Actor = "quickstart"

// enter makes the file's tenant, or finds it, and enters it.
func (im *importer) enter(ctx context.Context) (tenancy.Tenant, context.Context, error) {
	platform, err := im.suite.Tenancy.EnterPlatform(ctx, Actor, tenancy.Permissions{"*"})
	if err != nil {
		return tenancy.Tenant{}, nil, err
	}
	tenant, err := im.suite.Tenancy.Tenants().Create(platform, im.Tenant)
	if errors.Is(err, tenancy.ErrDuplicate) {
		return tenancy.Tenant{}, nil, fmt.Errorf("%w: it holds the books of another file; take another -db", ErrOtherImport)
	}
	if err != nil {
		return tenancy.Tenant{}, nil, err
	}
	scoped, err := im.suite.Tenancy.Enter(ctx, tenant.ID, Actor, tenancy.Permissions{tenancy.AllPermissions})
	return tenant, scoped, err
}

// openStock brings in the stock that the file's documents will need, against opening equity.
func (im *importer) openStock(ctx context.Context) error {
	const perDocument = 5_000
	var docs []inventory.NewDocument
	for i, r := range im.survey.Opening(im.TwoCosts) {
		if i%perDocument == 0 {
			docs = append(docs, inventory.NewDocument{
				Kind: inventory.Receipt, Date: im.survey.First, Counter: accounting.ByRole(accounting.RoleOpeningEquity),
				Reference: fmt.Sprintf("opening %s/%d", im.survey.Digest, len(docs)+1), Reason: "Opening stock",
			})
		}
		quantity, err := money.Units(r.Units)
		if err != nil {
			return err
		}
		doc := &docs[len(docs)-1]
		doc.Lines = append(doc.Lines, inventory.NewMove{ProductID: im.products[r.Code].id, Quantity: quantity, Cost: inventory.PerUnit(r.UnitCost)})
	}
	if len(docs) == 0 {
		return nil
	}
	_, err := im.suite.Inventory.Book(ctx, docs)
	if errors.Is(err, inventory.ErrReferenceTaken) {
		return fmt.Errorf("%w: its opening stock was booked with %s; take another -db", ErrOtherImport, map[bool]string{true: "one cost", false: "two costs"}[im.TwoCosts])
	}
	return err
}
