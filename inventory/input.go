package inventory

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewDocument is the input of [Service.Book] and of the verbs for one kind.
type NewDocument struct {
	// Kind may be left out where the verb says it.
	Kind Kind `validate:"required,oneof=receipt issue return adjustment"`
	// Reference is the caller's own key, unique per tenant: booking the same document again under it books nothing.
	// Optional, but without it a repeated call books twice.
	Reference string `validate:"reference"`
	// Date is the day on which the goods moved. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID is where. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Counter is the account on the other side of the stock account. A receipt must name it (what was the source: a
	// supplier, the opening balance?); issues and returns default to the cost of goods sold, adjustments to stock losses.
	Counter accounting.AccountRef `validate:"-"`
	// BelowZero lets an issue take out more than there is, as a till must: the customer holds the article. What is not there
	// goes out at what such goods last cost in this warehouse, at nothing when that was never known; what comes in next makes
	// up for it. Issues only.
	BelowZero bool
	// Group posts the document together with others: it moves stock now, and [Service.PostGroup] makes one entry of all that
	// was booked under this id, which is the caller's own, such as a till's session. All documents of a group have one Date.
	// Zero: the document has an entry of its own, made with it.
	Group uuid.UUID
	// Reason is for whoever reads the document later. Optional. It is not part of what makes two inputs the same, because
	// erasure may empty it.
	Reason string `validate:"max=500,text"`
	// LockException is the reason for booking into a soft-locked period; it needs the permission accounting.exception.
	LockException string `validate:"max=500,text"`
	// Lines are what moves. At least one.
	Lines []NewMove `validate:"required,min=1,max=10000,dive"`
}

// NewMove is one line of a [NewDocument].
type NewMove struct {
	// LineNo is the line's number on the document, for callers whose own document has numbers. Default: its position,
	// from 1.
	LineNo int64 `validate:"min=0,max=1000000"`
	// ProductID names goods.
	ProductID uuid.UUID `validate:"required"`
	// Quantity is how many: above zero, save that an adjustment's is what the stock changes by.
	Quantity money.Quantity `validate:"ne=0"`
	// Cost is what the goods cost. Required on a receipt; optional on a return without Origin and on an adjustment
	// upwards, which else come in at the average of what is on hand; refused on what goes out.
	Cost Cost `validate:"-"`
	// Origin is the issue that a return brings back: it comes in at what it went out at. Returns only, and not together
	// with Cost.
	Origin Origin `validate:"-"`
	// Counter is an account for this line instead of the document's, such as marketing for goods given away.
	Counter accounting.AccountRef `validate:"-"`
}

// Origin names the line of an issue.
type Origin struct {
	DocumentID uuid.UUID
	LineNo     int64
}

func (o Origin) isZero() bool { return o == Origin{} }

func (o Origin) key() lineKey { return lineKey{o.DocumentID, o.LineNo} }

// request is a document that passed the checks which need no database.
type request struct {
	NewDocument
	what        string // for messages: "document 3 (R-17)"
	fingerprint string
	replayOf    *request // an earlier one of the same batch with the same reference
}

// inward reports whether a line brings goods in.
func (r *request) inward(m NewMove) bool {
	return r.Kind == Receipt || r.Kind == Return || r.Kind == Adjustment && m.Quantity > 0
}

// requests checks a batch. kind is what the verb is for; "" is any.
func requests(op string, kind Kind, in []NewDocument) ([]*request, error) {
	if len(in) > MaxBatch {
		return nil, ErrTooMany.New(op, "%d documents are more than the %d that one act takes", len(in), MaxBatch)
	}
	lines := 0
	for _, d := range in {
		if lines += len(d.Lines); lines > MaxBatchLines {
			return nil, ErrTooMany.New(op, "the documents have more than the %d lines that one act takes", MaxBatchLines)
		}
	}
	out := make([]*request, len(in))
	byReference := map[string]*request{}
	for i, d := range in {
		r := &request{NewDocument: d, what: fmt.Sprintf("document %d", i+1)}
		if d.Reference != "" {
			r.what = fmt.Sprintf("document %d (%q)", i+1, d.Reference)
		}
		if err := r.prepare(op, kind); err != nil {
			return nil, err
		}
		if first, again := byReference[d.Reference]; again && d.Reference != "" {
			if first.fingerprint != r.fingerprint {
				return nil, ErrReferenceTaken.New(op, "%s stands twice in the batch, with different content", r.what)
			}
			r.replayOf = first
		} else {
			byReference[d.Reference] = r
		}
		out[i] = r
	}
	return out, nil
}

func (r *request) prepare(op string, kind Kind) error {
	if kind != "" && r.Kind == "" {
		r.Kind = kind
	}
	if kind != "" && r.Kind != kind {
		return ErrBadInput.New(op, "%s: this act books documents of kind %s, not %s", r.what, kind, r.Kind)
	}
	if err := checkInput(op, r.what, r.NewDocument); err != nil {
		return err
	}
	if r.BelowZero && r.Kind != Issue {
		return ErrBadInput.New(op, "%s: only an issue can go below zero", r.what)
	}
	r.Lines = append([]NewMove(nil), r.Lines...) // the caller's stay as they are
	seen := make(map[int64]bool, len(r.Lines))
	for i := range r.Lines {
		m := &r.Lines[i]
		if m.LineNo == 0 {
			m.LineNo = int64(i) + 1
		}
		if seen[m.LineNo] {
			return ErrBadInput.New(op, "%s: line number %d stands twice", r.what, m.LineNo)
		}
		seen[m.LineNo] = true
		if err := r.checkMove(op, *m); err != nil {
			return err
		}
	}
	var err error
	r.fingerprint, err = r.digest(op)
	return err
}

// digest tells two inputs apart by all but their free text.
func (r *request) digest(op string) (string, error) {
	type line struct {
		LineNo    int64
		ProductID uuid.UUID
		Quantity  money.Quantity
		Cost      Cost
		Origin    Origin
		Counter   string
	}
	lines := make([]line, len(r.Lines))
	for i, m := range r.Lines {
		lines[i] = line{m.LineNo, m.ProductID, m.Quantity, m.Cost, m.Origin, m.Counter.String()}
	}
	return digest(op, struct {
		Kind        Kind
		Date        date.Date
		WarehouseID uuid.UUID
		Counter     string
		BelowZero   bool
		Group       uuid.UUID
		Lines       []line
	}{r.Kind, r.Date, r.WarehouseID, r.Counter.String(), r.BelowZero, r.Group, lines})
}

// checkMove holds a line to what its kind of document allows.
func (r *request) checkMove(op string, m NewMove) error {
	what := fmt.Sprintf("%s, line %d", r.what, m.LineNo)
	bad := func(why string) error { return ErrBadInput.New(op, "%s: %s", what, why) }
	switch {
	case m.Quantity < 0 && r.Kind != Adjustment:
		return bad("the quantity is negative; only an adjustment's can be")
	case m.Quantity == minQuantity:
		return bad("the quantity is too large")
	case !m.Cost.Valid():
		return bad("the cost is negative, stated twice, or has too many digits")
	case m.Cost.Stated() && !r.inward(m):
		return bad("what goes out has the cost that the valuation method finds; none can be stated")
	case r.Kind == Receipt && !m.Cost.Stated():
		return bad("a receipt states what the goods cost, if only that they cost nothing")
	case r.Kind == Receipt && r.Counter.IsZero() && m.Counter.IsZero():
		return bad("a receipt names the account on the other side")
	case !m.Origin.isZero() && r.Kind != Return:
		return bad("only a return has an origin")
	case !m.Origin.isZero() && m.Cost.Stated():
		return bad("what comes back from a known issue comes back at its cost; none can be stated")
	}
	return nil
}

// minQuantity has no opposite.
const minQuantity = -1 << 63
