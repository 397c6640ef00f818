package booking

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
)

// emptyYear is when the books of a file without documents begin: any year will do, but the same one each time.
var emptyYear = date.Of(2000, 1, 1)

// openBooks opens the ledger with a fiscal year for each calendar year of the file, and chooses how stock is valued.
func (im *importer) openBooks(ctx context.Context) error {
	first, last := im.survey.First, im.survey.Last
	if first.IsZero() {
		first, last = emptyYear, emptyYear
	}
	books := im.suite.Accounting
	_, err := books.OpenBooks(ctx, accounting.NewBooks{
		Currency: retail.Currency, Chart: accounting.ChartUKRetail, Country: "GB", YearStart: date.Of(first.Year(), 1, 1),
	})
	if err != nil {
		return err
	}
	years, err := books.FiscalYears(ctx)
	if err != nil {
		return err
	}
	for end := years[len(years)-1].EndsOn; end.Before(last); {
		year, err := books.AddFiscalYear(ctx, end.AddDays(1))
		if err != nil {
			return err
		}
		end = year.EndsOn
	}
	_, err = im.suite.Inventory.Configure(ctx, inventory.NewSettings{Method: im.Method})
	if errors.Is(err, inventory.ErrMethodFixed) {
		return fmt.Errorf("%w: its stock is not valued by %s; take another -db", ErrOtherImport, im.Method)
	}
	return err
}

// masterBatch is how many parties or products one call creates.
const masterBatch = 1_000

func (im *importer) createParties(ctx context.Context) error {
	im.parties = make(map[string]uuid.UUID, len(im.survey.Customers))
	for part := range slices.Chunk(im.survey.Customers, masterBatch) {
		in := make([]accounting.NewParty, len(part))
		for i, c := range part {
			in[i] = accounting.NewParty{Reference: c.ID, Name: "Customer " + c.ID, Customer: true, Country: countryCodes[c.Country]}
			if name := im.Names[c.ID]; name != "" {
				in[i].Name = name
			}
		}
		created, err := im.suite.Accounting.CreateParties(ctx, in)
		if err != nil {
			return err
		}
		for i, p := range created {
			im.parties[part[i].ID] = p.ID
		}
	}
	return nil
}

func (im *importer) createProducts(ctx context.Context) error {
	im.products = make(map[string]product, len(im.survey.Products))
	for part := range slices.Chunk(im.survey.Products, masterBatch) {
		in := make([]inventory.NewProduct, len(part))
		for i, p := range part {
			in[i] = inventory.NewProduct{SKU: p.Code, Name: p.Name, Kind: inventory.Services}
			if p.Goods {
				in[i].Kind = inventory.Goods
			}
		}
		created, err := im.suite.Inventory.CreateProducts(ctx, in)
		if err != nil {
			return err
		}
		for i, p := range created {
			im.products[part[i].Code] = product{p.ID, inventory.PerUnit(part[i].ReturnCost())}
		}
	}
	return nil
}

// countryCodes are ISO 3166-1 of the names that the data set uses. "Channel Islands", "European Community" and
// "Unspecified" have none.
var countryCodes = map[string]string{
	"Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA", "Cyprus": "CY",
	"Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE", "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR",
	"Hong Kong": "HK", "Iceland": "IS", "Israel": "IL", "Italy": "IT", "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT",
	"Malta": "MT", "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
	"Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US", "United Arab Emirates": "AE",
	"United Kingdom": "GB",
}
