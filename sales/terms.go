package sales

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// catalogue is what the lines of quotations and orders are held against, so that what is promised can be delivered and
// charged later.
type catalogue struct {
	s        *Service
	stated   *accounting.StatedDimensions
	currency money.Currency
	taxes    map[string]bool
	products map[uuid.UUID]inventory.Product
}

// catalogue reads what the lines name, in a number of statements that does not depend on how many there are.
func (s *Service) catalogue(ctx context.Context, tx *tenancy.Tx, op string, parties, warehouses []uuid.UUID, offers []*offer) (*catalogue, error) {
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	taxes, err := s.books.ListTaxes(ctx)
	if err != nil {
		return nil, err
	}
	c := &catalogue{s: s, currency: books.Currency, taxes: make(map[string]bool, len(taxes)), products: map[uuid.UUID]inventory.Product{}}
	for _, t := range taxes {
		c.taxes[t.Code] = t.Active
	}
	products, accounts := map[uuid.UUID]bool{}, map[accounting.AccountRef]bool{}
	for _, o := range offers {
		for _, l := range o.lines {
			products[l.ProductID], accounts[l.Account] = true, true
		}
	}
	delete(products, uuid.Nil)
	delete(accounts, accounting.AccountRef{})
	for ref := range accounts { // the chart is read once; this asks memory
		if _, err := s.books.GetAccount(ctx, ref); err != nil {
			return nil, err
		}
	}
	if len(products) > 0 {
		if c.products, err = s.stock.ProductsByID(ctx, slices.Collect(maps.Keys(products))); err != nil {
			return nil, err
		}
	}
	if err := exist(ctx, tx, op, distinct(parties), distinct(warehouses)); err != nil {
		return nil, err
	}
	return c, c.readDimensions(ctx, op, offers)
}

// exist refuses a party or a warehouse that does not exist, before a foreign key does so without words.
func exist(ctx context.Context, tx *tenancy.Tx, op string, parties, warehouses []uuid.UUID) error {
	var customers []accounting.Party
	var places []inventory.Warehouse
	q := tx.Batch()
	if len(parties) > 0 {
		tenancy.Load(q, &customers, tenancy.In("id", parties))
	}
	if len(warehouses) > 0 {
		tenancy.Load(q, &places, tenancy.In("id", warehouses))
	}
	if err := q.Run(ctx); err != nil {
		return err
	}
	there := make(map[uuid.UUID]bool, len(parties)+len(warehouses))
	for i := range customers {
		there[customers[i].ID] = true
	}
	for i := range places {
		there[places[i].ID] = true
	}
	for _, id := range parties {
		if !there[id] {
			return accounting.ErrUnknownParty.New(op, "there is no party %s", id)
		}
	}
	for _, id := range warehouses {
		if !there[id] {
			return inventory.ErrUnknownWarehouse.New(op, "there is no warehouse %s", id)
		}
	}
	return nil
}

// maxNet is the greatest total of an offer, in minor units: what an invoice of all of it could charge.
const maxNet = 999_999_999_999_999

// terms turns input lines into what is agreed, with their sum before tax.
func (c *catalogue) terms(op, what string, lines []NewLine) ([]Terms, money.Amount, error) {
	out := make([]Terms, len(lines))
	sum := money.Zero(c.currency)
	for i, l := range lines {
		t := Terms{ProductID: l.ProductID, Quantity: l.Quantity, UnitPrice: l.UnitPrice, TaxCode: l.TaxCode, Account: l.Account.String(),
			Giveaway: l.Giveaway, Description: l.Description}
		if l.ProductID != uuid.Nil {
			p, ok := c.products[l.ProductID]
			if !ok {
				return nil, sum, ErrUnknownProduct.New(op, "%s, line %d: there is no such product", what, i+1)
			}
			t.Goods = p.Kind == inventory.Goods
			if t.Description == "" {
				t.Description = p.Name
			}
		}
		if l.TaxCode != "" && !c.taxes[l.TaxCode] {
			return nil, sum, accounting.ErrUnknownTax.New(op, "%s, line %d: no active tax has the code %q", what, i+1, l.TaxCode)
		}
		net, err := money.Extend(l.Quantity, l.UnitPrice, c.currency, money.HalfUp)
		if err == nil {
			sum, err = sum.Add(net)
		}
		if errors.Is(err, money.ErrOverflow) || err == nil && (sum.Minor > maxNet || sum.Minor < -maxNet) {
			return nil, sum, accounting.ErrAmountLimit.Wrap(op, err, "%s, line %d: the amount is larger than the books hold", what, i+1)
		}
		if err != nil {
			return nil, sum, ErrBadInput.Wrap(op, err, "%s, line %d: the amount cannot be computed", what, i+1)
		}
		out[i] = t
	}
	if sum.Minor < 0 {
		return nil, sum, accounting.ErrNegativeTotal.New(op, "%s: the total is %s", what, sum)
	}
	return out, sum, nil
}

// distinct are the ids, each once and none zero.
func distinct(ids []uuid.UUID) []uuid.UUID {
	set := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	delete(set, uuid.Nil)
	return slices.Collect(maps.Keys(set))
}
