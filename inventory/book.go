package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// Book books stock documents of any kind, in order and all or none: each sees what those before it left on hand. It writes
// the documents, their moves, the layers, and one journal entry per document that is worth something and of no group. Goods
// that make up for what went out below zero at another cost are followed by a document of kind variance with an entry of its
// own. However many documents there are, it costs the same number of statements.
//
// A document whose reference was booked before with the same content is given back, marked Replayed, and books nothing.
//
// Permission: inventory.book. Errors: inventory.bad_input, inventory.too_many, inventory.not_configured,
// inventory.unknown_product, inventory.unknown_warehouse, inventory.not_goods, inventory.insufficient_stock,
// inventory.unknown_origin, inventory.over_return, inventory.unknown_reservation, inventory.cost_unknown, inventory.group_date,
// inventory.reference_taken, those of
// [accounting.Service.Post] (accounting.period_locked, accounting.unknown_account, ...), money.overflow and
// money.currency_mismatch.
func (s *Service) Book(ctx context.Context, docs []NewDocument) ([]Document, error) {
	return s.act(ctx, PermBook, "inventory.Book", "", docs)
}

// Receive books receipts: goods come in at a stated cost. Permission: inventory.receive. Errors: as [Service.Book].
func (s *Service) Receive(ctx context.Context, docs []NewDocument) ([]Document, error) {
	return s.act(ctx, PermReceive, "inventory.Receive", Receipt, docs)
}

// Issue books issues: goods go out at the cost that the valuation method finds. Permission: inventory.issue. Errors: as
// [Service.Book].
func (s *Service) Issue(ctx context.Context, docs []NewDocument) ([]Document, error) {
	return s.act(ctx, PermIssue, "inventory.Issue", Issue, docs)
}

// Return books returns of issued goods. Permission: inventory.return. Errors: as [Service.Book].
func (s *Service) Return(ctx context.Context, docs []NewDocument) ([]Document, error) {
	return s.act(ctx, PermReturn, "inventory.Return", Return, docs)
}

// Adjust books adjustments: what was broken, lost or found. Permission: inventory.adjust. Errors: as [Service.Book].
func (s *Service) Adjust(ctx context.Context, docs []NewDocument) ([]Document, error) {
	return s.act(ctx, PermAdjust, "inventory.Adjust", Adjustment, docs)
}

// ReturnToVendor books returns of received goods to their vendor. Each line names the receipt line that brought the goods
// (Origin), and never more goes back than came, less what went back before. The goods leave stock at the valuation method's
// cost, under FIFO out of that receipt's own layer first; the counter account, goods received unless another is named, is
// debited with the receipt line's share of its value; the difference goes to price variance. What is sent back in parts adds
// up to the receipt line's value, to the penny.
//
// Permission: inventory.return_to_vendor. Errors: as [Service.Book].
func (s *Service) ReturnToVendor(ctx context.Context, docs []NewDocument) ([]Document, error) {
	return s.act(ctx, PermReturnToVendor, "inventory.ReturnToVendor", VendorReturn, docs)
}

// act is the one path of all of them.
func (s *Service) act(ctx context.Context, perm tenancy.Permission, op string, kind Kind, docs []NewDocument) ([]Document, error) {
	return againstRivals(func() ([]Document, error) {
		return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]Document, error) {
			checked, err := requests(op, kind, docs)
			if err != nil {
				return nil, err
			}
			return s.book(ctx, tx, op, checked)
		})
	})
}

// book books what was checked.
func (s *Service) book(ctx context.Context, tx *tenancy.Tx, op string, checked []*request) ([]Document, error) {
	if len(checked) == 0 {
		return nil, nil
	}
	b := &booking{s: s, tx: tx, op: op, requests: checked}
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	if err := b.value(); err != nil {
		return nil, err
	}
	if err := b.stated.Record(ctx); err != nil {
		return nil, err
	}
	if err := b.post(ctx); err != nil {
		return nil, err
	}
	if err := b.write(ctx); err != nil {
		return nil, err
	}
	return b.results(ctx)
}

// booking is one batch on its way: read, valued in Go, posted, written.
type booking struct {
	s        *Service
	tx       *tenancy.Tx
	op       string
	requests []*request

	settings Settings
	stated   *accounting.StatedDimensions
	facts    facts
	analysis analysis
	plan     *plan
	booked   []*booked // the new documents, in order
}

// booked is a document that is new.
type booked struct {
	request       *request // none on a document that follows another
	doc           *Document
	moves         []*Move
	charges       []charge
	lockException string
}

// value goes through the documents in order.
func (b *booking) value() error {
	var err error
	if b.plan, err = newPlan(b.op, b.tx.Now(), b.settings.Method, b.facts); err != nil {
		return err
	}
	for _, r := range b.requests {
		if old := b.facts.documents[r.Reference]; old != nil && r.Reference != "" {
			if old.Fingerprint != r.fingerprint {
				return ErrReferenceTaken.New(b.op, "%s was booked before with other content", r.what)
			}
			continue
		}
		if r.replayOf != nil {
			continue
		}
		doc := &Document{Kind: r.Kind, Reference: r.Reference, Fingerprint: r.fingerprint, Date: b.dateOf(r), WarehouseID: b.warehouseOf(r),
			BelowZero: r.BelowZero, PostedAt: b.tx.Now()}
		if r.Kind == Revaluation {
			doc.WarehouseID = uuid.Nil
		}
		doc.ID = tenancy.NewID()
		if err := b.join(r, doc); err != nil {
			return err
		}
		if err := b.analyse(r); err != nil {
			return err
		}
		documents, err := b.plan.value(r, doc)
		if err != nil {
			return err
		}
		b.booked = append(b.booked, documents...)
	}
	return nil
}

// checkCounters refuses the stock account on the other side of itself: the ledger would not say what the layers do.
func (b *booking) checkCounters(ctx context.Context) error {
	seen := map[accounting.AccountRef]bool{}
	for _, k := range b.booked {
		for _, c := range k.charges {
			if seen[c.counter] || c.value.IsZero() && c.variance.IsZero() {
				continue
			}
			seen[c.counter] = true
			account, err := b.s.books.GetAccount(ctx, c.counter)
			if err != nil {
				return err
			}
			if account.Role == accounting.RoleStock {
				return ErrBadInput.New(b.op, "the stock account %s cannot be on the other side of itself", account.Code)
			}
		}
	}
	return nil
}

// post makes the journal entries, all in one act.
func (b *booking) post(ctx context.Context) error {
	if err := b.checkCounters(ctx); err != nil {
		return err
	}
	if err := b.spell(ctx); err != nil {
		return err
	}
	var entries []accounting.NewEntry
	var of []*Document
	var silent []*booked
	for _, k := range b.booked {
		if k.doc.GroupID != uuid.Nil {
			silent = append(silent, k)
			continue
		}
		entry, ok, err := entryOf(k.doc, k.charges, &b.analysis, k.lockException)
		if err != nil {
			return err
		}
		if !ok {
			silent = append(silent, k)
			continue
		}
		entries, of = append(entries, entry), append(of, k.doc)
	}
	if len(entries) > 0 {
		posted, err := b.s.books.PostStock(ctx, entries)
		if err != nil {
			return err
		}
		for i, e := range posted {
			of[i].EntryID = e.ID
		}
	}
	return b.checkPeriods(ctx, silent)
}

// checkPeriods holds documents that have no entry, being worth nothing or of a group, to the same periods as the others.
func (b *booking) checkPeriods(ctx context.Context, silent []*booked) error {
	for _, k := range silent {
		if err := b.s.books.CheckDate(ctx, accounting.JournalStock, k.doc.Date, k.lockException); err != nil {
			return err
		}
	}
	return nil
}

// write stores everything in one batch.
func (b *booking) write(ctx context.Context) error {
	if len(b.booked) == 0 {
		return nil
	}
	var docs []*Document
	var texts []*DocumentText
	var moves []*Move
	for _, k := range b.booked {
		docs = append(docs, k.doc)
		moves = append(moves, k.moves...)
		if k.request != nil && k.request.Reason != "" {
			texts = append(texts, &DocumentText{DocumentID: k.doc.ID, Reason: k.request.Reason})
		}
	}
	charges, err := b.groupCharges(ctx)
	if err != nil {
		return err
	}
	added, changed, removed := b.plan.changes()
	out := b.tx.Batch()
	tenancy.Put(out, docs)
	tenancy.Put(out, texts)
	tenancy.Put(out, moves)
	tenancy.Put(out, charges)
	tenancy.Remove(out, removed)
	tenancy.Set(out, changed, "quantity", "value_minor", "last_quantity", "last_value_minor", "reserved")
	tenancy.Set(out, b.plan.taken, "open_quantity", "taken_quantity", "state", "ended_at")
	tenancy.Put(out, added)
	return out.Run(ctx)
}

// results are the documents in the order of the requests, with the moves of those that were booked before.
func (b *booking) results(ctx context.Context) ([]Document, error) {
	fresh := make(map[*request]*Document, len(b.booked))
	for _, k := range b.booked {
		for _, m := range k.moves {
			k.doc.Moves = append(k.doc.Moves, *m)
		}
		if k.request != nil {
			fresh[k.request] = k.doc
		}
	}
	var replayed []*Document
	for _, d := range b.facts.documents {
		replayed = append(replayed, d)
	}
	if err := loadMoves(ctx, b.tx, replayed); err != nil {
		return nil, err
	}
	out := make([]Document, len(b.requests))
	for i, r := range b.requests {
		switch old := b.facts.documents[r.Reference]; {
		case old != nil && r.Reference != "":
			out[i] = *old
			out[i].Replayed = true
		case r.replayOf != nil:
			out[i] = *fresh[r.replayOf]
			out[i].Replayed = true
		default:
			out[i] = *fresh[r]
		}
	}
	return out, nil
}
