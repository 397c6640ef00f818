package purchasing

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// series is that of the orders' numbers.
const series = "PO"

// Order places purchase orders, in order and all or none: each gets the next number of the series PO. It books nothing. However
// many orders of one day there are, it costs the same number of statements.
//
// An order whose reference was placed before with the same content is given back, marked Replayed.
//
// Permission: purchasing.order. Errors: purchasing.bad_input, purchasing.too_many, purchasing.not_vendor,
// purchasing.unknown_product, purchasing.reference_taken; of accounting: accounting.books_not_open, accounting.unknown_account,
// accounting.control_account, accounting.no_period, accounting.backdated, accounting.dimension_needed (with the line that lacks what
// its accounts require), accounting.unknown_dimension, accounting.dimension_inactive; inventory.unknown_warehouse; money.overflow.
func (s *Service) Order(ctx context.Context, in []NewOrder) ([]Order, error) {
	return againstRivals(func() ([]Order, error) {
		return tenancy.Act(ctx, s.db, PermOrder, func(ctx context.Context, tx *tenancy.Tx) ([]Order, error) {
			const op = "purchasing.Order"
			heads, err := checkOrders(op, in)
			if err != nil || len(in) == 0 {
				return nil, err
			}
			w := &ordering{s: s, tx: tx, op: op, in: in, heads: heads, accounts: map[accounting.AccountRef]uuid.UUID{}}
			if err := w.read(ctx); err != nil {
				return nil, err
			}
			out, err := w.plan(ctx)
			if err != nil {
				return nil, err
			}
			return out, w.write(ctx)
		})
	})
}

// ordering is one call of Order.
type ordering struct {
	s     *Service
	tx    *tenancy.Tx
	op    string
	in    []NewOrder
	heads []head

	currency money.Currency
	replays  *replays[Order]
	parties  map[uuid.UUID]accounting.Party
	products map[uuid.UUID]inventory.Product
	places   map[uuid.UUID]bool
	accounts map[accounting.AccountRef]uuid.UUID
	stated   *accounting.StatedDimensions
	placed   []accounting.Dimensions // of the warehouses of the orders

	fresh []*Order // in order; their Lines are stored
	texts []*OrderText
}

func checkOrders(op string, in []NewOrder) ([]head, error) {
	if err := checkSize(op, in, func(o NewOrder) int { return len(o.Lines) }); err != nil {
		return nil, err
	}
	heads := make([]head, len(in))
	for i := range in {
		o := &in[i]
		what := fmt.Sprintf("order %d (%q)", i+1, o.Reference)
		if err := checkTags(op, what, o); err != nil {
			return nil, err
		}
		for j, l := range o.Lines {
			if why := l.wrong(); why != "" {
				return nil, ErrBadInput.New(op, "%s, line %d: %s", what, j+1, why)
			}
		}
		fingerprint, err := digest(op, what, o.content())
		if err != nil {
			return nil, err
		}
		heads[i] = head{o.Reference, what, fingerprint}
	}
	return heads, nil
}

// wrong says what is wrong with a line; "" when nothing is.
func (l *NewOrderLine) wrong() string {
	switch {
	case tooLong(l.UnitPrice):
		return "UnitPrice has too many digits"
	case l.UnitPrice.IsNegative():
		return "UnitPrice is below zero"
	case l.ProductID == uuid.Nil && l.Account.IsZero():
		return "Account is needed: a line about no product names what it is booked to"
	case l.ProductID == uuid.Nil && l.Description == "":
		return "Description is needed of a line about no product"
	}
	return ""
}

// content is what makes two orders the same.
func (o *NewOrder) content() any {
	type line struct {
		ProductID  uuid.UUID
		Quantity   money.Quantity
		UnitPrice  decimal.Decimal
		Account    string
		Dimensions accounting.Dimensions `json:",omitempty"`
	}
	lines := make([]line, len(o.Lines))
	for i, l := range o.Lines {
		lines[i] = line{l.ProductID, l.Quantity, l.UnitPrice, l.Account.String(), l.Dimensions}
	}
	return struct {
		PartyID          uuid.UUID
		Date, ExpectedOn date.Date
		WarehouseID      uuid.UUID
		Dimensions       accounting.Dimensions `json:",omitempty"`
		Lines            []line
	}{o.PartyID, o.Date, o.ExpectedOn, o.WarehouseID, o.Dimensions, lines}
}

// read asks for what the batch is about.
func (w *ordering) read(ctx context.Context) error {
	var references []string
	var parties, products, places []uuid.UUID
	for i := range w.in {
		o := &w.in[i]
		references, parties = append(references, o.Reference), append(parties, o.PartyID)
		if o.WarehouseID != uuid.Nil {
			places = append(places, o.WarehouseID)
		}
		for _, l := range o.Lines {
			if l.ProductID != uuid.Nil {
				products = append(products, l.ProductID)
			}
		}
	}
	books, err := w.s.books.GetBooks(ctx)
	if err != nil {
		return err
	}
	w.currency = books.Currency
	var stored []Order
	var warehouses []inventory.Warehouse
	b := w.tx.Batch()
	tenancy.Load(b, &stored, tenancy.In("reference", references))
	if len(places) > 0 {
		tenancy.Load(b, &warehouses, tenancy.In("id", sorted(places)))
	}
	if err := b.Run(ctx); err != nil {
		return err
	}
	w.places = map[uuid.UUID]bool{}
	for i := range warehouses {
		w.places[warehouses[i].ID] = true
	}
	w.replays = newReplays(w.op, stored, func(o *Order) (string, string) { return o.Reference, o.Fingerprint })
	if w.parties, err = w.s.books.PartiesByID(ctx, sorted(parties)); err != nil {
		return err
	}
	w.products = map[uuid.UUID]inventory.Product{}
	if len(products) > 0 {
		if w.products, err = w.s.stock.ProductsByID(ctx, sorted(products)); err != nil {
			return err
		}
	}
	return w.readDimensions(ctx)
}

// plan makes the orders that are new.
func (w *ordering) plan(ctx context.Context) ([]Order, error) {
	out := make([]*Order, len(w.in))
	replayed := make([]bool, len(w.in))
	var old []*Order
	for i := range w.in {
		before, err := w.replays.find(w.heads[i])
		if err != nil {
			return nil, err
		}
		if out[i], replayed[i] = before, before != nil; before != nil {
			if before.Lines == nil {
				old = append(old, before)
			}
			continue
		}
		if out[i], err = w.order(ctx, i); err != nil {
			return nil, err
		}
		w.replays.add(w.heads[i], out[i])
		w.fresh = append(w.fresh, out[i])
	}
	if err := w.number(ctx); err != nil {
		return nil, err
	}
	if err := loadOrderLines(ctx, w.tx, old); err != nil {
		return nil, err
	}
	rows := make([]Order, len(out))
	for i, o := range out {
		rows[i] = *o
		rows[i].Replayed = replayed[i]
	}
	return rows, nil
}

// order makes order i.
func (w *ordering) order(ctx context.Context, i int) (*Order, error) {
	in, h := &w.in[i], w.heads[i]
	if !w.parties[in.PartyID].Vendor {
		return nil, ErrNotVendor.New(w.op, "%s: there is no such vendor", h.what)
	}
	if in.WarehouseID != uuid.Nil && !w.places[in.WarehouseID] {
		return nil, inventory.ErrUnknownWarehouse.New(w.op, "%s: there is no such warehouse", h.what)
	}
	o := &Order{Reference: in.Reference, Fingerprint: h.fingerprint, PartyID: in.PartyID, Date: in.Date, ExpectedOn: in.ExpectedOn,
		WarehouseID: in.WarehouseID, Total: money.Zero(w.currency), State: OrderOpen, OrderedAt: w.tx.Now()}
	o.TenantID, o.ID = w.tx.Scope().TenantID(), tenancy.NewID()
	if o.Date.IsZero() {
		o.Date = w.tx.Today()
	}
	var err error
	if o.DimensionSetID, err = w.stated.Hold(h.what+": ", in.Dimensions); err != nil {
		return nil, err
	}
	o.Dimensions = in.Dimensions
	texts := make([]string, len(in.Lines))
	for j := range in.Lines {
		what := fmt.Sprintf("%s, line %d", h.what, j+1)
		l, err := w.line(ctx, what, &in.Lines[j])
		if err != nil {
			return nil, err
		}
		if err := w.analyse(what, i, j, &l); err != nil {
			return nil, err
		}
		l.TenantID, l.OrderID, l.LineNo = o.TenantID, o.ID, int64(j)+1
		net, err := money.Extend(l.Quantity, l.UnitPrice, w.currency, money.HalfUp)
		if err == nil {
			o.Total, err = o.Total.Add(net)
		}
		if err != nil {
			return nil, err
		}
		o.Lines = append(o.Lines, l)
		if texts[j] = in.Lines[j].Description; texts[j] == "" {
			texts[j] = w.products[l.ProductID].Name
		}
	}
	encoded, err := json.Marshal(texts)
	if err != nil {
		return nil, ErrBadInput.Wrap(w.op, err, "%s cannot be written down", h.what)
	}
	w.texts = append(w.texts, &OrderText{OrderID: o.ID, Note: in.Note, LineTexts: string(encoded)})
	return o, nil
}

// line makes a line, and says what it will be booked to.
func (w *ordering) line(ctx context.Context, what string, in *NewOrderLine) (OrderLine, error) {
	l := OrderLine{ProductID: in.ProductID, Quantity: in.Quantity, UnitPrice: in.UnitPrice}
	if in.ProductID != uuid.Nil {
		p, ok := w.products[in.ProductID]
		if !ok {
			return l, ErrUnknownProduct.New(w.op, "%s: there is no such product", what)
		}
		l.Goods = p.Kind == inventory.Goods
	}
	switch {
	case l.Goods && !in.Account.IsZero():
		return l, ErrBadInput.New(w.op, "%s: goods come into stock; no account can be named", what)
	case l.Goods:
		return l, nil
	case in.Account.IsZero():
		return l, ErrBadInput.New(w.op, "%s: a service names the account that it is booked to", what)
	}
	id, known := w.accounts[in.Account]
	if !known {
		a, err := w.s.books.GetAccount(ctx, in.Account) // the chart is read once per transaction
		if err != nil {
			return l, err
		}
		if a.Control != accounting.NoControl {
			return l, accounting.ErrControlAccount.New(w.op, "%s: account %s is a control account", what, a.Code)
		}
		id = a.ID
		w.accounts[in.Account] = id
	}
	l.AccountID = id
	return l, nil
}

// number gives the orders their numbers, in order, day by day.
func (w *ordering) number(ctx context.Context) error {
	for from := 0; from < len(w.fresh); {
		to := from + 1
		for to < len(w.fresh) && w.fresh[to].Date == w.fresh[from].Date {
			to++
		}
		taken, err := w.s.books.TakeNumbers(ctx, series, w.fresh[from].Date, to-from)
		if err != nil {
			return err
		}
		for i, o := range w.fresh[from:to] {
			o.SeriesID, o.Seq, o.Number = taken.SeriesID, taken.Seq(i), taken.Text(i)
		}
		from = to
	}
	return nil
}

// write stores the orders that are new.
func (w *ordering) write(ctx context.Context) error {
	var lines []*OrderLine
	for _, o := range w.fresh {
		lines = append(lines, pointers(o.Lines)...)
	}
	if err := w.stated.Record(ctx); err != nil {
		return err
	}
	b := w.tx.Batch()
	tenancy.Put(b, w.fresh)
	tenancy.Put(b, lines)
	tenancy.Put(b, w.texts)
	return b.Run(ctx)
}
