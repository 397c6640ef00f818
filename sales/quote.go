package sales

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// seriesQuotation begins the number of quotations.
const seriesQuotation = "QUO"

// Quote makes quotations, in order, all or nothing: each gets the next number of its fiscal year, is open, and books
// nothing. Quotations of one date cost the same number of statements however many there are; each further run of dates
// costs one more.
//
// A quotation whose reference was used before with the same content is given back, marked Replayed.
//
// Permission: sales.quote. Errors: sales.bad_input, sales.too_many, sales.unknown_product, sales.reference_taken; of
// accounting above all accounting.unknown_party, accounting.unknown_tax, accounting.unknown_account,
// accounting.negative_total, accounting.amount_limit, accounting.backdated, accounting.no_period.
func (s *Service) Quote(ctx context.Context, quotations []NewQuotation) ([]Quotation, error) {
	return againstRivals(func() ([]Quotation, error) {
		return tenancy.Act(ctx, s.db, PermQuote, func(ctx context.Context, tx *tenancy.Tx) ([]Quotation, error) {
			const op = "sales.Quote"
			heads, err := checkQuotations(op, quotations)
			if err != nil || len(quotations) == 0 {
				return nil, err
			}
			q := &quoting{s: s, tx: tx, op: op, in: quotations, heads: heads}
			return q.run(ctx)
		})
	})
}

func checkQuotations(op string, in []NewQuotation) (*heads, error) {
	h, err := newHeads(op, "quotation", len(in))
	if err != nil {
		return nil, err
	}
	for i := range in {
		n := &in[i]
		content := struct {
			PartyID          uuid.UUID
			Date, ValidUntil date.Date
			Dimensions       accounting.Dimensions `json:",omitempty"`
			Lines            []lineContent
		}{n.PartyID, n.Date, n.ValidUntil, n.Dimensions, contentOf(n.Lines)}
		err := h.add(n.Reference, *n, len(n.Lines), content, func(what string) error {
			if n.ValidUntil.IsZero() {
				return ErrBadInput.New(op, "%s: ValidUntil, the last day on which it can be accepted, is needed", what)
			}
			return checkLines(op, what, n.Lines)
		})
		if err != nil {
			return nil, err
		}
	}
	return h, nil
}

// quoting is one batch of quotations on its way.
type quoting struct {
	s     *Service
	tx    *tenancy.Tx
	op    string
	in    []NewQuotation
	heads *heads
	known map[string]*Quotation // by reference: made before, or by this batch
	fresh []*Quotation          // in order
}

func (q *quoting) run(ctx context.Context) ([]Quotation, error) {
	old, err := quotationsByReference(ctx, q.tx, q.heads.references())
	if err != nil {
		return nil, err
	}
	q.known = make(map[string]*Quotation, len(q.in))
	for i := range old {
		q.known[old[i].Reference] = &old[i]
	}
	var wanted []int
	for i := range q.heads.all {
		h := &q.heads.all[i]
		switch o := q.known[h.reference]; {
		case o != nil:
			if err := h.known(q.op, o.Fingerprint); err != nil {
				return nil, err
			}
		case h.first == i:
			wanted = append(wanted, i)
		}
	}
	if err := q.s.completeQuotations(ctx, q.tx, pointers(old)); err != nil {
		return nil, err
	}
	if len(wanted) > 0 {
		if err := q.make(ctx, wanted); err != nil {
			return nil, err
		}
	}
	out := make([]Quotation, len(q.in))
	isFresh := make(map[string]bool, len(q.fresh))
	for _, f := range q.fresh {
		isFresh[f.Reference] = true
	}
	for i, h := range q.heads.all {
		out[i] = *q.known[h.reference]
		out[i].Replayed = h.first != i || !isFresh[h.reference]
	}
	return out, nil
}

// make makes the new ones.
func (q *quoting) make(ctx context.Context, wanted []int) error {
	var parties []uuid.UUID
	var offers []*offer
	for _, i := range wanted {
		in := &q.in[i]
		parties, offers = append(parties, in.PartyID), append(offers, &offer{what: q.heads.all[i].what, lines: in.Lines, dimensions: in.Dimensions})
	}
	c, err := q.s.catalogue(ctx, q.tx, q.op, parties, nil, offers)
	if err != nil {
		return err
	}
	for n, i := range wanted {
		in, h := &q.in[i], &q.heads.all[i]
		made := &Quotation{Reference: in.Reference, Fingerprint: h.fingerprint, PartyID: in.PartyID, Date: in.Date, ValidUntil: in.ValidUntil,
			State: QuotationOpen, QuotedAt: q.tx.Now(), Note: in.Note}
		made.ID = tenancy.NewID()
		if made.Date.IsZero() {
			made.Date = q.tx.Today()
		}
		if made.ValidUntil.Before(made.Date) {
			return ErrBadInput.New(q.op, "%s: ValidUntil is before Date", h.what)
		}
		var terms []Terms
		if terms, made.Net, err = c.terms(q.op, h.what, in.Lines); err != nil {
			return err
		}
		if made.DimensionSetID, err = c.analyse(offers[n], terms); err != nil {
			return err
		}
		made.Dimensions = in.Dimensions
		for n, t := range terms {
			made.Lines = append(made.Lines, QuotationLine{QuotationID: made.ID, LineNo: int64(n) + 1, Terms: t})
		}
		q.fresh = append(q.fresh, made)
		q.known[made.Reference] = made
	}
	if err := c.stated.Record(ctx); err != nil {
		return err
	}
	if err := q.number(ctx); err != nil {
		return err
	}
	return q.write(ctx)
}

// number gives the new quotations their numbers, in order, those of one date together.
func (q *quoting) number(ctx context.Context) error {
	for from := 0; from < len(q.fresh); {
		to := from + 1
		for to < len(q.fresh) && q.fresh[to].Date == q.fresh[from].Date {
			to++
		}
		numbers, err := q.s.books.TakeNumbers(ctx, seriesQuotation, q.fresh[from].Date, to-from)
		if err != nil {
			return err
		}
		for i, f := range q.fresh[from:to] {
			f.SeriesID, f.Seq, f.Number = numbers.SeriesID, numbers.Seq(i), numbers.Text(i)
		}
		from = to
	}
	return nil
}

func (q *quoting) write(ctx context.Context) error {
	var lines []*QuotationLine
	var texts []*QuotationText
	for _, f := range q.fresh {
		terms := f.terms()
		for i := range f.Lines {
			lines = append(lines, &f.Lines[i])
		}
		texts = append(texts, &QuotationText{QuotationID: f.ID, Note: f.Note, LineTexts: encodeTexts(terms)})
	}
	w := q.tx.Batch()
	tenancy.Put(w, q.fresh)
	tenancy.Put(w, lines)
	tenancy.Put(w, texts)
	return w.Run(ctx)
}

// terms are those of the lines, in order.
func (q *Quotation) terms() []*Terms {
	out := make([]*Terms, len(q.Lines))
	for i := range q.Lines {
		out[i] = &q.Lines[i].Terms
	}
	return out
}

// pointers are the addresses of a slice's elements.
func pointers[T any](rows []T) []*T {
	out := make([]*T, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out
}
