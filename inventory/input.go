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
	Kind Kind `validate:"required,oneof=receipt issue return adjustment vendor_return"`
	// Reference is the caller's own key, unique per tenant: booking the same document again under it books nothing.
	// Optional, but without it a repeated call books twice.
	Reference string `validate:"reference"`
	// Date is the day on which the goods moved. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// WarehouseID is where. Default: the tenant's default warehouse.
	WarehouseID uuid.UUID `validate:"-"`
	// Counter is the account on the other side of the stock account. A receipt must name it (what was the source: a
	// supplier, the opening balance?); issues and returns default to the cost of goods sold, adjustments to stock losses,
	// returns to vendors to goods received.
	Counter accounting.AccountRef `validate:"-"`
	// Dimensions are what lines are analysed by that say nothing else: the account on the other side, a price variance, and the stock
	// account where it requires any. Default, dimension by dimension: those of the warehouse. What names its Origin has that one's.
	Dimensions accounting.Dimensions `validate:"-"`
	// AsStated says that the document behind this one stated the lines' dimensions, and was held to what accounts require then (see
	// [accounting.Service.ReadDimensions]): each line has exactly its own, whichever values are closed and whatever accounts require by
	// now. It is not part of what makes two inputs the same.
	AsStated bool `validate:"-"`
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
	// Origin is the issue that a return brings back: it comes in at what it went out at; not together with Cost. On a return to
	// a vendor, which must have it, it is the receipt that brought the goods. On those two only.
	Origin Origin `validate:"-"`
	// Reservation is what was reserved for whoever gets the goods: an issue takes from it as far as it still holds, and the
	// rest, or all when it has ended, as any other issue does. Issues only.
	Reservation uuid.UUID `validate:"-"`
	// Counter is an account for this line instead of the document's, such as marketing for goods given away.
	Counter accounting.AccountRef `validate:"-"`
	// Dimensions are what the line is analysed by, over those of the document; not together with Origin.
	Dimensions accounting.Dimensions `validate:"-"`
}

// Origin names the line of an issue or a receipt.
type Origin struct {
	DocumentID uuid.UUID
	LineNo     int64
}

func (o Origin) isZero() bool { return o == Origin{} }

func (o Origin) key() lineKey { return lineKey{o.DocumentID, o.LineNo} }

// request is a document that passed the checks which need no database.
type request struct {
	NewDocument
	lines       []line
	what        string // for messages: "document 3 (R-17)"
	fingerprint string
	replayOf    *request // an earlier one of the same batch with the same reference
}

// line is a line of a request, with what is found out about it.
type line struct {
	NewMove
	warehouse  uuid.UUID
	difference money.Amount // of a revaluation
	analysed   accounting.Dimensions
	set        uuid.UUID // of dimensions
}

// at says which line it is, for messages.
func (r *request) at(l *line) string { return fmt.Sprintf("%s, line %d", r.what, l.LineNo) }

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
	for i, d := range in {
		out[i] = &request{NewDocument: d, what: position("document", i, d.Reference)}
		if err := out[i].prepare(op, kind); err != nil {
			return nil, err
		}
	}
	return out, pair(op, out)
}

// position is how messages speak of one of a batch: its number and its reference.
func position(what string, i int, reference string) string {
	if reference == "" {
		return fmt.Sprintf("%s %d", what, i+1)
	}
	return fmt.Sprintf("%s %d (%q)", what, i+1, reference)
}

// pair finds requests that stand twice in a batch.
func pair(op string, requests []*request) error {
	byReference := map[string]*request{}
	for _, r := range requests {
		first, again := byReference[r.Reference]
		switch {
		case r.Reference == "":
		case !again:
			byReference[r.Reference] = r
		case first.fingerprint != r.fingerprint:
			return ErrReferenceTaken.New(op, "%s stands twice in the batch, with different content", r.what)
		default:
			r.replayOf = first
		}
	}
	return nil
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
		return ErrBadInput.New(op, "%s: BelowZero is left out: only an issue can go below zero", r.what)
	}
	r.lines = make([]line, len(r.Lines)) // the caller's stay as they are
	seen := make(map[int64]bool, len(r.Lines))
	for i := range r.Lines {
		m := &r.lines[i]
		m.NewMove = r.Lines[i]
		if m.LineNo == 0 {
			m.LineNo = int64(i) + 1
		}
		if seen[m.LineNo] {
			return ErrBadInput.New(op, "%s: line number %d stands twice", r.what, m.LineNo)
		}
		seen[m.LineNo] = true
		if err := r.checkMove(op, m.NewMove); err != nil {
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
		LineNo     int64
		ProductID  uuid.UUID
		Quantity   money.Quantity
		Cost       Cost
		Origin     Origin
		Held       uuid.UUID
		Counter    string
		Difference money.Amount
		Dimensions accounting.Dimensions `json:",omitempty"`
	}
	lines := make([]line, len(r.lines))
	for i, m := range r.lines {
		lines[i] = line{m.LineNo, m.ProductID, m.Quantity, m.Cost, m.Origin, m.Reservation, m.Counter.String(), m.difference, m.Dimensions}
	}
	return digest(op, struct {
		Kind        Kind
		Date        date.Date
		WarehouseID uuid.UUID
		Counter     string
		BelowZero   bool
		Group       uuid.UUID
		Dimensions  accounting.Dimensions `json:",omitempty"`
		Lines       []line
	}{r.Kind, r.Date, r.WarehouseID, r.Counter.String(), r.BelowZero, r.Group, r.Dimensions, lines})
}

// checkMove holds a line to what its kind of document allows.
func (r *request) checkMove(op string, m NewMove) error {
	what := fmt.Sprintf("%s, line %d", r.what, m.LineNo)
	bad := func(why string) error { return ErrBadInput.New(op, "%s: %s", what, why) }
	switch {
	case m.Quantity < 0 && r.Kind != Adjustment:
		return bad("Quantity is below zero, which only an adjustment's can be")
	case m.Quantity == minQuantity:
		return bad("Quantity is too large")
	case !m.Cost.Valid():
		return bad("Cost is below zero, stated both per unit and in total, or has too many digits")
	case m.Cost.Stated() && !r.inward(m):
		return bad("what goes out has the cost that the valuation method finds: Cost is left out")
	case r.Kind == Receipt && !m.Cost.Stated():
		return bad("Cost is needed: a receipt states what the goods cost, if only that they cost nothing")
	case r.Kind == Receipt && r.Counter.IsZero() && m.Counter.IsZero():
		return bad("Counter is needed, of the line or the document: a receipt names the account on the other side")
	case !m.Origin.isZero() && r.Kind != Return && r.Kind != VendorReturn:
		return bad("Origin is left out: only a return has one")
	case m.Reservation != uuid.Nil && r.Kind != Issue:
		return bad("Reservation is left out: only an issue takes from one")
	case r.Kind == VendorReturn && m.Origin.isZero():
		return bad("Origin is needed: a return to a vendor names the receipt that brought the goods")
	case !m.Origin.isZero() && len(m.Dimensions) > 0:
		return bad("Dimensions are left out: what names its Origin has those of that")
	case !m.Origin.isZero() && m.Cost.Stated():
		return bad("Cost is left out: what names its Origin comes back at the cost of that")
	}
	return nil
}

// minQuantity has no opposite.
const minQuantity = -1 << 63
