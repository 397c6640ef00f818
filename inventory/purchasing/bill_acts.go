package purchasing

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Bill records vendors' bills for what came, in order and all or none. A line is matched with receipts of its order's line that
// wait for a bill, the oldest first; never more is billed than came and stayed. The account of goods received is debited with
// what was billed, and where that is not what the goods were received at, the goods are valued anew: the difference changes
// the stock that is still there, the rest is price variance, and the account is clear of the line when all of it is
// billed. Services and lines beside the orders go to their accounts. The bill is paid by [accounting.Service.Pay], under its
// id. However many bills there are, it costs the same number of statements.
//
// A bill whose reference was recorded before with the same content is given back, marked Replayed.
//
// Permission: purchasing.bill. Errors: purchasing.bad_input, purchasing.too_many, purchasing.unknown_order,
// purchasing.wrong_vendor, purchasing.over_billed, purchasing.reference_taken; those of [accounting.Service.Bill]
// (accounting.bill_taken, accounting.unknown_tax, accounting.period_locked, ...), accounting.dimension_needed where a line beside the
// orders lacks what its account requires, and those of [inventory.Service.Revalue].
func (s *Service) Bill(ctx context.Context, in []NewBill) ([]Bill, error) {
	return s.bill(ctx, "purchasing.Bill", len(in), func(i int) (*billDraft, any) {
		n := &in[i]
		return &billDraft{kind: accounting.BillDocument, head: head{reference: n.Reference}, number: n.VendorNumber, party: n.PartyID, date: n.Date,
			due: n.Due, dimensions: n.Dimensions, lines: n.Lines, note: n.Note, lock: n.LockException, late: n.Late}, n
	})
}

// Credit records vendors' credits for what was billed and went back, in order and all or none. A line is matched with what
// waits for a credit, the oldest receipt first. What the vendor gives back more or less than the goods were received at is
// price variance. A credit that names its bill is set off against it at once, as far as that is open.
//
// Permission: purchasing.bill. Errors: as [Service.Bill], with purchasing.over_credited for purchasing.over_billed, and
// accounting.not_creditable, accounting.over_credited.
func (s *Service) Credit(ctx context.Context, in []NewCredit) ([]Bill, error) {
	return s.bill(ctx, "purchasing.Credit", len(in), func(i int) (*billDraft, any) {
		n := &in[i]
		return &billDraft{kind: accounting.VendorCreditDocument, head: head{reference: n.Reference}, number: n.VendorNumber, party: n.PartyID, date: n.Date,
			corrects: n.BillID, dimensions: n.Dimensions, lines: n.Lines, note: n.Note, lock: n.LockException, late: n.Late}, n
	})
}

// billDraft is the common form of both.
type billDraft struct {
	head
	kind       accounting.BillKind
	number     string
	party      uuid.UUID
	date, due  date.Date
	corrects   uuid.UUID
	dimensions accounting.Dimensions
	lines      []NewBillLine
	note       string
	lock       string
	late       accounting.LatePolicy
}

// bill is the one path of both.
func (s *Service) bill(ctx context.Context, op string, n int, draft func(i int) (*billDraft, any)) ([]Bill, error) {
	return againstRivals(func() ([]Bill, error) {
		return tenancy.Act(ctx, s.db, PermBill, func(ctx context.Context, tx *tenancy.Tx) ([]Bill, error) {
			drafts, err := billDrafts(op, n, draft)
			if err != nil || n == 0 {
				return nil, err
			}
			w := &billing{s: s, tx: tx, op: op, drafts: drafts}
			if err := w.read(ctx); err != nil {
				return nil, err
			}
			if err := w.plan(); err != nil {
				return nil, err
			}
			if err := w.stated.Record(ctx); err != nil {
				return nil, err
			}
			if err := w.revalue(ctx); err != nil { // stock is locked before balances
				return nil, err
			}
			if err := w.record(ctx); err != nil {
				return nil, err
			}
			if err := w.write(ctx); err != nil {
				return nil, err
			}
			return w.results(), nil
		})
	})
}

func billDrafts(op string, n int, draft func(i int) (*billDraft, any)) ([]*billDraft, error) {
	if n > MaxBatch {
		return nil, ErrTooMany.New(op, "%d documents are more than the %d that one act takes", n, MaxBatch)
	}
	drafts := make([]*billDraft, n)
	total := 0
	for i := range drafts {
		d, input := draft(i)
		d.what = fmt.Sprintf("document %d (%q)", i+1, d.reference)
		if total += len(d.lines); total > MaxBatchLines {
			return nil, ErrTooMany.New(op, "the documents have more than the %d lines that one act takes", MaxBatchLines)
		}
		if err := checkTags(op, d.what, input); err != nil {
			return nil, err
		}
		if d.date.IsZero() {
			return nil, ErrBadInput.New(op, "%s: Date is needed", d.what)
		}
		for j := range d.lines {
			if why := d.lines[j].wrong(); why != "" {
				return nil, ErrBadInput.New(op, "%s, line %d: %s", d.what, j+1, why)
			}
		}
		var err error
		if d.fingerprint, err = digest(op, d.what, d.content()); err != nil {
			return nil, err
		}
		drafts[i] = d
	}
	return drafts, nil
}

// wrong says what is wrong with a line; "" when nothing is.
func (l *NewBillLine) wrong() string {
	stated := l.Net != money.Amount{}
	switch {
	case tooLong(l.UnitPrice):
		return "UnitPrice has too many digits"
	case stated && !l.UnitPrice.IsZero():
		return "Net and UnitPrice both state the amount: leave one out"
	case (l.OrderID == uuid.Nil) != (l.LineNo == 0):
		return "OrderID and LineNo are given together"
	case l.OrderID != uuid.Nil && !l.Account.IsZero():
		return "Account is left out: the order says what its line is booked to"
	case l.OrderID != uuid.Nil && len(l.Dimensions) > 0:
		return "Dimensions are left out: the order says what its line is analysed by"
	case l.OrderID != uuid.Nil && l.Quantity <= 0:
		return "Quantity is above zero"
	case l.OrderID != uuid.Nil && (l.UnitPrice.IsNegative() || l.Net.Minor < 0):
		return "what was ordered is not billed below zero; a discount is a line of its own"
	case l.OrderID == uuid.Nil && l.Account.IsZero():
		return "Account is needed of a line beside the orders"
	case l.OrderID == uuid.Nil && l.Quantity == 0 && !stated:
		return "Quantity or Net is needed"
	case l.OrderID == uuid.Nil && l.Description == "":
		return "Description is needed of a line beside the orders"
	}
	return ""
}

// content is what makes two bills the same.
func (d *billDraft) content() any {
	type line struct {
		OrderID    uuid.UUID
		LineNo     int64
		Quantity   money.Quantity
		UnitPrice  decimal.Decimal
		NetMinor   int64
		Currency   money.Currency
		TaxCode    string
		Account    string
		Dimensions accounting.Dimensions `json:",omitempty"`
	}
	lines := make([]line, len(d.lines))
	for i, l := range d.lines {
		lines[i] = line{l.OrderID, l.LineNo, l.Quantity, l.UnitPrice, l.Net.Minor, l.Net.Currency, l.TaxCode, l.Account.String(), l.Dimensions}
	}
	return struct {
		Kind       accounting.BillKind
		Number     string
		PartyID    uuid.UUID
		Date, Due  date.Date
		Corrects   uuid.UUID
		Dimensions accounting.Dimensions `json:",omitempty"`
		Lines      []line
	}{d.kind, d.number, d.party, d.date, d.due, d.corrects, d.dimensions, lines}
}

// billing is one act on bills.
type billing struct {
	s      *Service
	tx     *tenancy.Tx
	op     string
	drafts []*billDraft

	currency money.Currency
	held     *held
	products map[uuid.UUID]inventory.Product
	stocks   map[uuid.UUID]uuid.UUID             // the stock document of a receipt
	stated   *accounting.StatedDimensions        // of lines beside the orders
	named    map[uuid.UUID]accounting.Dimensions // what the orders' lines are analysed by
	replays  *replays[Bill]

	bills    []*Bill // the answers, in the order of the drafts
	replayed []bool
	fresh    []*Bill
	inputs   []accounting.NewBill // of the fresh
}

// read locks the orders and reads all that the batch is about.
func (w *billing) read(ctx context.Context) error {
	books, err := w.s.books.GetBooks(ctx)
	if err != nil {
		return err
	}
	w.currency = books.Currency
	var orders []uuid.UUID
	var references []string
	for _, d := range w.drafts {
		references = append(references, d.reference)
		for i := range d.lines {
			if id := d.lines[i].OrderID; id != uuid.Nil {
				orders = append(orders, id)
			}
		}
	}
	var stored []Bill
	var receipts []Note
	w.held, err = hold(ctx, w.tx, w.op, orders, func(b *tenancy.Batch) {
		tenancy.Load(b, &stored, tenancy.In("reference", references))
		if len(orders) > 0 {
			tenancy.Load(b, &receipts, tenancy.In("order_id", sorted(orders)), tenancy.Eq("kind", NoteReceipt))
		}
	})
	if err != nil {
		return err
	}
	w.stocks = make(map[uuid.UUID]uuid.UUID, len(receipts))
	for i := range receipts {
		w.stocks[receipts[i].ID] = receipts[i].StockDocumentID
	}
	if err := w.s.complete(ctx, w.tx, pointers(stored)); err != nil {
		return err
	}
	w.replays = newReplays(w.op, stored, func(b *Bill) (string, string) { return b.Reference, b.Fingerprint })
	if err := w.readProducts(ctx); err != nil {
		return err
	}
	return w.readDimensions(ctx)
}

// readProducts asks for the products of lines that have no description.
func (w *billing) readProducts(ctx context.Context) (err error) {
	var ids []uuid.UUID
	for _, d := range w.drafts {
		for i := range d.lines {
			l := w.held.lines[lineKey{d.lines[i].OrderID, d.lines[i].LineNo}]
			if l != nil && l.ProductID != uuid.Nil && d.lines[i].Description == "" {
				ids = append(ids, l.ProductID)
			}
		}
	}
	if len(ids) > 0 {
		w.products, err = w.s.stock.ProductsByID(ctx, sorted(ids))
	}
	return err
}

// plan makes the bills that are new, and matches them.
func (w *billing) plan() error {
	for _, d := range w.drafts {
		b, err := w.replays.find(d.head)
		if err != nil {
			return err
		}
		w.replayed = append(w.replayed, b != nil)
		if b == nil {
			if b, err = w.draft(d); err != nil {
				return err
			}
			w.replays.add(d.head, b)
			w.fresh = append(w.fresh, b)
		}
		w.bills = append(w.bills, b)
	}
	return nil
}

// draft makes one bill and the document that accounting is to record.
func (w *billing) draft(d *billDraft) (*Bill, error) {
	b := &Bill{Kind: d.kind, Reference: d.reference, Fingerprint: d.fingerprint, PartyID: d.party, Date: d.date, PostedAt: w.tx.Now()}
	in := accounting.NewBill{Kind: d.kind, VendorNumber: d.number, Date: d.date, Due: d.due, CorrectsID: d.corrects, Note: d.note, LockException: d.lock, Late: d.late,
		Dimensions: d.dimensions, AsStated: true, Lines: make([]accounting.NewBillLine, len(d.lines))}
	b.Lines = make([]BillLine, len(d.lines))
	if _, err := w.stated.Hold(d.what+": ", d.dimensions); err != nil {
		return nil, err
	}
	for i := range d.lines {
		if err := w.line(fmt.Sprintf("%s, line %d", d.what, i+1), d, b, i, &in.Lines[i]); err != nil {
			return nil, err
		}
	}
	if in.PartyID = b.PartyID; b.PartyID == uuid.Nil && d.corrects == uuid.Nil {
		return nil, ErrBadInput.New(w.op, "%s: PartyID is needed: the vendor", d.what)
	}
	w.inputs = append(w.inputs, in)
	return b, nil
}
