package booking

import (
	"context"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
)

// batchLines cuts a batch short that has many lines, as one act takes 100,000 and a document has up to 10,000.
const batchLines = 20_000

// bookAll books the file's documents in order, so many to a transaction.
func (im *importer) bookAll(ctx context.Context, file *retail.File) (Counts, error) {
	counts := Counts{Documents: map[retail.Kind]int64{}, Sales: money.Zero(retail.Currency), Returns: money.Zero(retail.Currency)}
	var batch []*retail.Document
	lines, booked, replaying := 0, int64(0), false
	flush := func() error {
		got, err := im.book(ctx, batch, replaying)
		if err != nil {
			return err
		}
		replaying = got[len(got)-1].replayed
		if err := counts.add(batch, got); err != nil {
			return err
		}
		booked += int64(len(batch))
		batch, lines = nil, 0
		if im.Progress != nil {
			im.Progress(booked, im.survey.TotalDocuments())
		}
		return nil
	}
	for doc, err := range file.Documents(ctx, im.survey) {
		if err != nil {
			return Counts{}, err
		}
		batch = append(batch, doc)
		if lines += len(doc.Lines); len(batch) < im.BatchDocuments && lines < batchLines {
			continue
		}
		if err := flush(); err != nil {
			return Counts{}, err
		}
	}
	if len(batch) > 0 {
		if err := flush(); err != nil {
			return Counts{}, err
		}
	}
	return counts, nil
}

// booked is what became of one document.
type booked struct {
	total    money.Amount // of the invoice or credit note
	replayed bool         // an earlier run had booked it
}

// book books documents in one transaction, in order. Neighbours of a sort go into one call, which costs the same number
// of statements for many as for one. replaying says how the document before the first one fared.
func (im *importer) book(ctx context.Context, docs []*retail.Document, replaying bool) ([]booked, error) {
	var all []booked
	err := im.suite.Tenancy.Tx(ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		all = all[:0] // the transaction may run more than once
		for start := 0; start < len(docs); {
			end := start + 1
			for end < len(docs) && deskOf(docs[end].Kind) == deskOf(docs[start].Kind) {
				end++
			}
			if len(all) > 0 {
				replaying = all[len(all)-1].replayed
			}
			part, err := im.bookRun(ctx, docs[start:end], replaying)
			if err != nil {
				return err
			}
			all = append(all, part...)
			start = end
		}
		return nil
	})
	return all, err
}

// desk is the service that books a kind of document.
type desk int

const (
	salesDesk desk = iota
	stockDesk
	ledgerDesk
)

func deskOf(k retail.Kind) desk {
	switch k {
	case retail.Giveaway, retail.Adjustment:
		return stockDesk
	case retail.BadDebt:
		return ledgerDesk
	}
	return salesDesk
}

func (im *importer) bookRun(ctx context.Context, docs []*retail.Document, replaying bool) ([]booked, error) {
	switch deskOf(docs[0].Kind) {
	case stockDesk:
		return im.bookStock(ctx, docs, replaying)
	case ledgerDesk:
		return im.bookBadDebts(ctx, docs)
	}
	return im.bookTrade(ctx, docs)
}

func (im *importer) bookTrade(ctx context.Context, docs []*retail.Document) ([]booked, error) {
	in := make([]sales.Document, len(docs))
	for i, doc := range docs {
		var err error
		if doc.Kind == retail.CreditNote {
			in[i], err = im.credit(doc)
		} else {
			in[i], err = im.sale(doc)
		}
		if err != nil {
			return nil, err
		}
	}
	done, err := im.suite.Sales.Book(ctx, in)
	if err != nil {
		return nil, err
	}
	out := make([]booked, len(docs))
	for i, s := range done {
		out[i] = booked{s.Invoice.Gross, s.Replayed}
	}
	return out, nil
}

// bookStock books goods given away and written off. A document of services alone has nothing to move; it counts as booked
// before when the one above it was.
func (im *importer) bookStock(ctx context.Context, docs []*retail.Document, replaying bool) ([]booked, error) {
	var in []inventory.NewDocument
	for _, doc := range docs {
		if !doc.HasGoods() {
			continue
		}
		d, err := im.stock(doc)
		if err != nil {
			return nil, err
		}
		in = append(in, d)
	}
	var done []inventory.Document
	if len(in) > 0 {
		var err error
		if done, err = im.suite.Inventory.Book(ctx, in); err != nil {
			return nil, err
		}
	}
	out := make([]booked, len(docs))
	for i, doc := range docs {
		if doc.HasGoods() {
			replaying, done = done[0].Replayed, done[1:]
		}
		out[i].replayed = replaying
	}
	return out, nil
}

func (im *importer) bookBadDebts(ctx context.Context, docs []*retail.Document) ([]booked, error) {
	in := make([]accounting.NewEntry, len(docs))
	for i, doc := range docs {
		var err error
		if in[i], err = badDebt(doc); err != nil {
			return nil, err
		}
	}
	done, err := im.suite.Accounting.Post(ctx, in)
	if err != nil {
		return nil, err
	}
	out := make([]booked, len(docs))
	for i, e := range done {
		out[i].replayed = e.Replayed
	}
	return out, nil
}

// add counts a batch.
func (c *Counts) add(docs []*retail.Document, got []booked) (err error) {
	for i, doc := range docs {
		c.Documents[doc.Kind]++
		if got[i].replayed {
			c.AlreadyBooked++
		}
		switch doc.Kind {
		case retail.Sale:
			c.Sales, err = c.Sales.Add(got[i].total)
		case retail.CreditNote:
			c.Returns, err = c.Returns.Sub(got[i].total)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
