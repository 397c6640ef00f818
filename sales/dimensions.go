package sales

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// What sales are analysed by. A line has one combination of dimensions: its own over its document's, and where it is about goods over
// their warehouse's. Its revenue and its cost are booked under the same. It is held to what accounts require when it is stated, and stands
// from then on: what is delivered, charged or taken back later is booked under it.

// bookedTo are the accounts that a line is booked to, on its invoice and, where goods move, by the stock.
func bookedTo(revenue accounting.AccountRef, moves, giveaway bool) []accounting.AccountRef {
	if revenue.IsZero() {
		revenue = accounting.ByRole(accounting.RoleSales)
	}
	switch {
	case !moves:
		return []accounting.AccountRef{revenue}
	case giveaway:
		return []accounting.AccountRef{revenue, accounting.ByRole(accounting.RoleMarketing), accounting.ByRole(accounting.RoleStock)}
	}
	return []accounting.AccountRef{revenue, accounting.ByRole(accounting.RoleCostOfGoodsSold), accounting.ByRole(accounting.RoleStock)}
}

// analysed is what a line that names d is analysed by.
func analysed(d, document, place accounting.Dimensions, goods bool) accounting.Dimensions {
	if d = d.Over(document); goods {
		return d.Over(place)
	}
	return d
}

// readDimensions finds what the batch's lines are analysed by, and reads what of it there is.
func (b *booking) readDimensions(ctx context.Context) error {
	var sets []uuid.UUID
	for _, sale := range b.sales {
		sets = append(sets, sale.DimensionSetID)
	}
	for _, l := range b.lines {
		sets = append(sets, l.DimensionSetID)
	}
	var err error
	if b.named, err = b.s.spell(ctx, sets); err != nil {
		return err
	}
	of := make(map[string]*draft, len(b.drafts))
	var all []accounting.Dimensions
	for _, d := range b.drafts {
		if !b.fresh[d.reference] || d.replayOf != nil {
			continue
		}
		of[d.reference] = d
		if origin := b.sales[d.credits]; len(d.dimensions) == 0 && origin != nil {
			d.dimensions = b.named[origin.DimensionSetID]
		} else if origin := of[d.credits]; len(d.dimensions) == 0 && origin != nil {
			d.dimensions = origin.dimensions
		}
		place, err := b.place(ctx, d)
		if err != nil {
			return err
		}
		all = append(all, d.dimensions)
		for i := range d.lines {
			if l := &d.lines[i]; l.saleLine == 0 {
				l.analysed = analysed(l.Dimensions, d.dimensions, place, isGoods(b.products, l.ProductID))
				all = append(all, l.analysed)
			}
		}
	}
	b.stated, err = b.s.books.ReadDimensions(ctx, b.op, all...)
	return err
}

// place is what goods of a document are analysed by where nobody says otherwise; without goods it is not asked for.
func (b *booking) place(ctx context.Context, d *draft) (accounting.Dimensions, error) {
	if !slices.ContainsFunc(d.lines, func(l draftLine) bool { return isGoods(b.products, l.ProductID) }) {
		return nil, nil
	}
	return b.s.stock.WarehouseDimensions(ctx, d.warehouse)
}

// analyse gives a new sale or credit its dimensions. What a credit has of its sale stands as it is.
func (b *booking) analyse(it *item) (err error) {
	d, where := it.draft, it.draft.what+": "
	if it.origin != nil {
		it.sale.DimensionSetID, err = b.stated.Keep(where, d.dimensions)
	} else {
		it.sale.DimensionSetID, err = b.stated.Hold(where, d.dimensions)
	}
	b.named[it.sale.DimensionSetID] = d.dimensions
	it.sale.Dimensions = d.dimensions
	return err
}

// held is the combination of line i.
func (b *booking) held(it *item, i int, moves bool) (uuid.UUID, error) {
	l := &it.draft.lines[i]
	set, err := b.stated.Hold(fmt.Sprintf("%s, line %d: ", it.draft.what, i+1), l.analysed, bookedTo(l.Account, moves, l.Giveaway)...)
	b.named[set] = l.analysed
	return set, err
}

// offer is a quotation or an order on its way, as far as its lines are concerned.
type offer struct {
	what       string
	lines      []NewLine
	dimensions accounting.Dimensions
	order      bool // which is booked one day; a quotation may never be
	warehouse  uuid.UUID
	place      accounting.Dimensions // of the warehouse
	from       *Quotation            // that is accepted; then lines are none
}

// readDimensions finds what the lines of offers are analysed by, and reads what of it there is.
func (c *catalogue) readDimensions(ctx context.Context, op string, offers []*offer) error {
	var all []accounting.Dimensions
	var err error
	for _, o := range offers {
		if o.order {
			if o.place, err = c.s.stock.WarehouseDimensions(ctx, o.warehouse); err != nil {
				return err
			}
		}
		all = append(all, o.document())
		for i := range o.count() {
			all = append(all, c.analysed(o, i))
		}
	}
	c.stated, err = c.s.books.ReadDimensions(ctx, op, all...)
	return err
}

func (o *offer) count() int {
	if o.from != nil {
		return len(o.from.Lines)
	}
	return len(o.lines)
}

// document is what lines are analysed by that say nothing else.
func (o *offer) document() accounting.Dimensions {
	if o.from != nil {
		return o.dimensions.Over(o.from.Dimensions)
	}
	return o.dimensions
}

// analysed is what line i of an offer is analysed by. What an acceptance names goes before what its quotation said.
func (c *catalogue) analysed(o *offer, i int) accounting.Dimensions {
	if o.from != nil {
		t := &o.from.Lines[i].Terms
		return analysed(o.dimensions, t.Dimensions, o.place, t.Goods)
	}
	return analysed(o.lines[i].Dimensions, o.dimensions, o.place, isGoods(c.products, o.lines[i].ProductID))
}

// analyse gives the terms of an offer's lines their combinations; those of an order are held to what the accounts require.
func (c *catalogue) analyse(o *offer, terms []Terms) (document uuid.UUID, err error) {
	if document, err = c.stated.Hold(o.what+": ", o.document()); err != nil {
		return document, err
	}
	for i := range terms {
		t := &terms[i]
		t.Dimensions = c.analysed(o, i)
		var accounts []accounting.AccountRef
		if o.order {
			revenue, err := t.account()
			if err != nil {
				return document, err
			}
			accounts = bookedTo(revenue, t.Goods, t.Giveaway)
		}
		if t.DimensionSetID, err = c.stated.Hold(fmt.Sprintf("%s, line %d: ", o.what, i+1), t.Dimensions, accounts...); err != nil {
			return document, err
		}
	}
	return document, nil
}

// spell says what combinations are, in one statement; where there are none, in none.
func (s *Service) spell(ctx context.Context, sets []uuid.UUID) (map[uuid.UUID]accounting.Dimensions, error) {
	sets = slices.DeleteFunc(sets, func(id uuid.UUID) bool { return id == uuid.Nil })
	if len(sets) == 0 {
		return map[uuid.UUID]accounting.Dimensions{}, nil
	}
	return s.books.SpellDimensions(ctx, sets)
}

// spellSales says what stored sales and their lines are analysed by.
func (s *Service) spellSales(ctx context.Context, sales []*Sale) error {
	var sets []uuid.UUID
	for _, sale := range sales {
		sets = append(sets, sale.DimensionSetID)
		for i := range sale.Lines {
			sets = append(sets, sale.Lines[i].DimensionSetID)
		}
	}
	named, err := s.spell(ctx, sets)
	for _, sale := range sales {
		sale.Dimensions = named[sale.DimensionSetID]
		for i := range sale.Lines {
			sale.Lines[i].Dimensions = named[sale.Lines[i].DimensionSetID]
		}
	}
	return err
}

// spellTerms says what the lines of quotations or orders are analysed by, and gives what else is asked for.
func (s *Service) spellTerms(ctx context.Context, terms []*Terms, also ...uuid.UUID) (map[uuid.UUID]accounting.Dimensions, error) {
	sets := also
	for _, t := range terms {
		sets = append(sets, t.DimensionSetID)
	}
	named, err := s.spell(ctx, sets)
	for _, t := range terms {
		t.Dimensions = named[t.DimensionSetID]
	}
	return named, err
}

// dimensionProof finds lines that do not stand on their invoice, or in the stock, under the combination that they were stated with.
type dimensionProof struct{ name, query string }

// Of sales, and of orders. What was stated is counted against what stands there, and not looked up line by line: without statistics, as after an
// import, a database would take hours for that.
var dimensionProofs = [...]dimensionProof{
	{"invoices and goods of sales stand under the lines' dimensions", `SELECT MAX(d.reference) AS reference, d.line_no FROM (
			SELECT s.invoice_id AS document_id, l.line_no, l.dimension_set_id, s.reference, 1 AS n FROM {sale_lines} AS l JOIN {sales} AS s ON s.id = l.sale_id
			UNION ALL SELECT s.stock_document_id, l.line_no, l.dimension_set_id, s.reference, 1 FROM {sale_lines} AS l JOIN {sales} AS s ON s.id = l.sale_id WHERE l.moved
			` + standing},
	{"invoices and goods of orders stand under the lines' dimensions", `SELECT MAX(d.reference) AS reference, d.line_no FROM (
			SELECT f.invoice_id AS document_id, l.line_no, o.dimension_set_id, f.reference, 1 AS n FROM {fulfilment_lines} AS l JOIN {fulfilments} AS f ON f.id = l.fulfilment_id
				JOIN {order_lines} AS o ON o.order_id = l.order_id AND o.line_no = l.order_line_no WHERE f.invoice_id IS NOT NULL
			UNION ALL SELECT f.stock_document_id, l.line_no, o.dimension_set_id, f.reference, 1 FROM {fulfilment_lines} AS l JOIN {fulfilments} AS f ON f.id = l.fulfilment_id
				JOIN {order_lines} AS o ON o.order_id = l.order_id AND o.line_no = l.order_line_no WHERE f.stock_document_id IS NOT NULL
			` + standing},
}

const standing = `UNION ALL SELECT i.invoice_id, i.line_no, i.dimension_set_id, NULL, -1 FROM {invoice_lines} AS i
			UNION ALL SELECT m.document_id, m.line_no, m.dimension_set_id, NULL, -1 FROM {stock_moves} AS m) AS d
		GROUP BY d.document_id, d.line_no, d.dimension_set_id HAVING SUM(d.n) > 0 ORDER BY 1, 2 LIMIT ?`

// run makes the check; lines is how many it looked at.
func (p dimensionProof) run(ctx context.Context, tx *tenancy.Tx, lines int64) (tenancy.Check, error) {
	type row struct {
		Reference string `bun:"reference"`
		LineNo    int64  `bun:"line_no"`
	}
	rows, err := tenancy.Report[row](ctx, tx, p.query, maxShown)
	if err != nil || len(rows) > 0 {
		return tenancy.Check{Name: p.name, Detail: fmt.Sprint(rows)}, err
	}
	return tenancy.Check{Name: p.name, OK: true, Detail: fmt.Sprintf("%d lines", lines)}, nil
}
