package inventory

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// facts are what the database says about a batch.
type facts struct {
	currency   money.Currency
	documents  map[string]*Document // by reference: those booked before
	products   map[uuid.UUID]Product
	warehouses map[uuid.UUID]bool
	layers     map[shelfKey][]Layer // in order of Seq, the anchor first
	groups     map[uuid.UUID]Group
	origins    map[lineKey]Move
	held       map[uuid.UUID]*Reservation // by id
	reserved   map[string]*Reservation    // by reference
	receipts   map[uuid.UUID]bool         // which of the origins' documents are receipts
	named      []Move                     // what names the origins: what came or went back of them before
}

// reading is what must be asked about a batch.
type reading struct {
	references []string
	products   []uuid.UUID
	warehouses []uuid.UUID
	shelves    []shelfKey
	origins    []uuid.UUID // documents
	groups     []uuid.UUID
	held       []uuid.UUID // reservations
	reserved   []string    // references of reservations
}

// read asks for everything that the batch needs in one round trip, and locks the shelves. The first act ever on a shelf
// needs a second, and so does the first of a group: it makes the anchors and groups that are missing (two rivals meet there,
// and one waits for the other), and then reads again what may have changed while it waited.
func (b *booking) read(ctx context.Context) error {
	var err error
	if b.settings, err = settings(ctx, b.tx, b.op); err != nil {
		return err
	}
	books, err := b.s.books.GetBooks(ctx)
	if err != nil {
		return err
	}
	if err := b.place(ctx); err != nil {
		return err
	}
	if err := b.readDimensions(ctx); err != nil { // before the stock is locked, as everywhere
		return err
	}
	ask := b.reading()
	if err := b.ask(ctx, ask, nil); err != nil {
		return err
	}
	b.facts.currency = books.Currency
	if err := b.checkLines(); err != nil {
		return err
	}
	anchors, groups := b.missingAnchors(ask), b.missingGroups()
	if len(anchors) == 0 && len(groups) == 0 {
		return nil
	}
	if err := b.ask(ctx, ask, anchors, groups...); err != nil {
		return err
	}
	b.facts.currency = books.Currency
	return nil
}

// place finds where the lines are, and what is valued anew: receipts never change, so they can be read before the lock.
func (b *booking) place(ctx context.Context) error {
	receipts := map[uuid.UUID]bool{}
	for _, r := range b.requests {
		for i := range r.lines {
			r.lines[i].warehouse = b.warehouseOf(r)
			if r.Kind == Revaluation {
				receipts[r.lines[i].Origin.DocumentID] = true
			}
		}
	}
	if len(receipts) == 0 {
		return nil
	}
	moves, err := loadIn[Move](ctx, b.tx, "document_id", keys(receipts))
	if err != nil {
		return err
	}
	found := make(map[lineKey]*Move, len(moves))
	for i := range moves {
		found[lineKey{moves[i].DocumentID, moves[i].LineNo}] = &moves[i]
	}
	for _, r := range b.requests {
		for i := range r.lines {
			l := &r.lines[i]
			m := found[l.Origin.key()]
			if r.Kind != Revaluation {
				continue
			}
			if m == nil {
				return noReceipt(b.op, r.at(l))
			}
			l.ProductID, l.warehouse = m.ProductID, m.WarehouseID
		}
	}
	return nil
}

func (b *booking) reading() reading {
	products, warehouses := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	shelves, origins, groups, held := map[shelfKey]bool{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	var ask reading
	for _, r := range b.requests {
		if r.Reference != "" {
			ask.references = append(ask.references, r.Reference)
		}
		if r.Group != uuid.Nil {
			groups[r.Group] = true
		}
		for _, m := range r.lines {
			products[m.ProductID], warehouses[m.warehouse] = true, true
			shelves[shelfKey{m.ProductID, m.warehouse}] = true
			if !m.Origin.isZero() {
				origins[m.Origin.DocumentID] = true
			}
			if m.Reservation != uuid.Nil {
				held[m.Reservation] = true
			}
		}
	}
	ask.products, ask.warehouses, ask.origins, ask.groups = keys(products), keys(warehouses), keys(origins), keys(groups)
	ask.held = keys(held)
	ask.shelves = slices.Collect(maps.Keys(shelves))
	return ask
}

func (b *booking) warehouseOf(r *request) uuid.UUID { return b.warehouseFor(r.WarehouseID) }

func (b *booking) warehouseFor(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return b.settings.DefaultWarehouseID
	}
	return id
}

func (b *booking) dateOf(r *request) date.Date {
	if r.Date.IsZero() {
		return b.tx.Today()
	}
	return r.Date
}

func keys(set map[uuid.UUID]bool) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(set), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

// ask runs the batch of reads. The anchors are locked first and then the groups, in the order of their keys, and everything
// that rivals could change is read after: what was booked under a reference, what came back of an issue, what the layers hold.
func (b *booking) ask(ctx context.Context, ask reading, missing []*Layer, missingGroups ...*Group) error {
	var anchors, layers []Layer
	var documents []Document
	var products []Product
	var warehouses []Warehouse
	var origins, named []Move
	var groups []Group
	var receipts []Document
	var held, reserved []Reservation

	q := b.tx.Batch()
	tenancy.Accrue(q, missing, "quantity")
	onShelves := []tenancy.Option{tenancy.In("product_id", ask.products)}
	if len(ask.origins) == 0 {
		onShelves = append(onShelves, tenancy.In("warehouse_id", ask.warehouses))
	} // else lock the products everywhere: goods may come back to another warehouse than they left, where a rival brings them back too
	tenancy.Load(q, &anchors, append(onShelves, tenancy.Eq("seq", int64(anchorSeq)), tenancy.ForUpdate())...)
	if len(ask.groups) > 0 {
		tenancy.Accrue(q, missingGroups, "postings")
		tenancy.Load(q, &groups, tenancy.In("id", ask.groups), tenancy.ForUpdate())
	}
	if b.settings.Method == FIFO {
		tenancy.Load(q, &layers, tenancy.In("product_id", ask.products), tenancy.In("warehouse_id", ask.warehouses),
			tenancy.Gt("seq", int64(anchorSeq)), tenancy.OrderBy("product_id", "warehouse_id", "seq"))
	}
	if len(ask.held) > 0 {
		tenancy.Load(q, &held, tenancy.In("id", ask.held))
	}
	if len(ask.reserved) > 0 {
		tenancy.Load(q, &reserved, tenancy.In("reference", ask.reserved))
	}
	if len(ask.references) > 0 {
		tenancy.Load(q, &documents, tenancy.In("reference", ask.references))
	}
	tenancy.Load(q, &products, tenancy.In("id", ask.products))
	tenancy.Load(q, &warehouses, tenancy.In("id", ask.warehouses))
	if len(ask.origins) > 0 {
		tenancy.Load(q, &origins, tenancy.In("document_id", ask.origins))
		tenancy.Load(q, &named, tenancy.In("origin_document_id", ask.origins))
		tenancy.Load(q, &receipts, tenancy.In("id", ask.origins), tenancy.Eq("kind", string(Receipt)))
	}
	if err := q.Run(ctx); err != nil {
		return err
	}
	b.facts = gather(append(anchors, layers...), documents, products, warehouses)
	for _, m := range origins {
		b.facts.origins[lineKey{m.DocumentID, m.LineNo}] = m
	}
	for _, d := range receipts {
		b.facts.receipts[d.ID] = true
	}
	b.facts.named = named
	for i := range held {
		b.facts.held[held[i].ID] = &held[i]
	}
	for i := range reserved {
		b.facts.reserved[reserved[i].Reference] = &reserved[i]
	}
	for _, g := range groups {
		b.facts.groups[g.ID] = g
	}
	return nil
}

func gather(layers []Layer, documents []Document, products []Product, warehouses []Warehouse) facts {
	f := facts{
		documents: make(map[string]*Document, len(documents)), products: make(map[uuid.UUID]Product, len(products)),
		warehouses: make(map[uuid.UUID]bool, len(warehouses)), layers: make(map[shelfKey][]Layer, len(layers)),
		groups: map[uuid.UUID]Group{}, origins: map[lineKey]Move{}, receipts: map[uuid.UUID]bool{},
		held: map[uuid.UUID]*Reservation{}, reserved: map[string]*Reservation{},
	}
	for _, l := range layers {
		key := shelfKey{l.ProductID, l.WarehouseID}
		f.layers[key] = append(f.layers[key], l)
	}
	for i := range documents {
		f.documents[documents[i].Reference] = &documents[i]
	}
	for _, p := range products {
		f.products[p.ID] = p
	}
	for _, w := range warehouses {
		f.warehouses[w.ID] = true
	}
	return f
}

// checkLines refuses products and warehouses that a document cannot have, before anything is made for them.
func (b *booking) checkLines() error {
	for _, r := range b.requests {
		for _, m := range r.lines {
			if !b.facts.warehouses[m.warehouse] {
				return ErrUnknownWarehouse.New(b.op, "%s: there is no such warehouse", r.what)
			}
			p, ok := b.facts.products[m.ProductID]
			if !ok {
				return ErrUnknownProduct.New(b.op, "%s, line %d: there is no such product", r.what, m.LineNo)
			}
			if p.Kind != Goods {
				return ErrNotGoods.New(b.op, "%s, line %d: %s is a service and has no stock", r.what, m.LineNo, p.SKU)
			}
		}
	}
	return nil
}

// missingAnchors are the shelves of the batch that nobody has ever touched.
func (b *booking) missingAnchors(ask reading) []*Layer {
	var missing []*Layer
	for _, key := range ask.shelves {
		if len(b.facts.layers[key]) == 0 {
			missing = append(missing, &Layer{ProductID: key.product, WarehouseID: key.warehouse, Seq: anchorSeq, Value: money.Zero(b.facts.currency)})
		}
	}
	return missing
}

// missingGroups are the groups of the batch that nothing was booked in yet, with the dates of their first documents.
func (b *booking) missingGroups() []*Group {
	var missing []*Group
	seen := map[uuid.UUID]bool{}
	for _, r := range b.requests {
		_, known := b.facts.groups[r.Group]
		if r.Group == uuid.Nil || known || seen[r.Group] {
			continue
		}
		seen[r.Group] = true
		g := &Group{Date: b.dateOf(r)}
		g.ID = r.Group
		missing = append(missing, g)
	}
	return missing
}

// loadMoves gives stored documents their moves, in one statement; for no documents, in none.
func loadMoves(ctx context.Context, tx *tenancy.Tx, documents []*Document) error {
	if len(documents) == 0 {
		return nil
	}
	byID := make(map[uuid.UUID]*Document, len(documents))
	for _, d := range documents {
		byID[d.ID] = d
	}
	var moves []Move
	q := tx.Batch()
	tenancy.Load(q, &moves, tenancy.In("document_id", slices.Collect(maps.Keys(byID))), tenancy.OrderBy("document_id", "line_no"))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, m := range moves {
		d := byID[m.DocumentID]
		d.Moves = append(d.Moves, m)
	}
	return nil
}
