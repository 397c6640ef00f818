package pos

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// Sell makes tickets of sales in an open session, in order, all or none: each takes its goods out of stock (below zero when
// need be: the customer holds the article), is paid, gets the next number of its register and is signed. However many there
// are, it costs the same number of statements. Money, revenue and tax are booked when the session is closed.
//
// A ticket whose reference was used before with the same content is given back, marked Replayed, and makes nothing; in a
// closed session as well, so a till may ask again until it is answered.
//
// Permission: pos.sell. Errors: pos.bad_input, pos.too_many, pos.amount_limit, pos.session_closed, pos.session_expired,
// pos.unknown_product, pos.underpaid, pos.overpaid, pos.negative_total, pos.reference_taken, pos.signer; tenancy.not_found
// (the session); accounting.unknown_tax, accounting.no_tax_rate, accounting.tax_kind, accounting.tax_account,
// accounting.unknown_account, accounting.account_inactive, accounting.control_account,
// accounting.wrong_currency, accounting.backdated, accounting.period_locked, accounting.dimension_needed (with the line that lacks one),
// accounting.unknown_dimension, accounting.dimension_inactive.
func (s *Service) Sell(ctx context.Context, tickets []NewTicket) ([]Ticket, error) {
	return makeTickets(ctx, s, PermSell, "pos.Sell", tickets)
}

// Refund takes back parts of sales, of any session and register, never more than was sold: the money in cash or to a card,
// goods where the lines say so. Otherwise it is as [Service.Sell]; at most [MaxBack] at a time.
//
// Permission: pos.refund. Errors: as [Service.Sell], and pos.unknown_ticket, pos.not_refundable, pos.over_refunded.
func (s *Service) Refund(ctx context.Context, refunds []NewRefund) ([]Ticket, error) {
	return makeTickets(ctx, s, PermRefund, "pos.Refund", refunds)
}

// Void takes back whole sales of the open session that should not have been: the mirror of each ticket, with a receipt of
// its own. All goods come back, and all money the way it came. Otherwise it is as [Service.Sell]; at most [MaxBack] at a time.
//
// Permission: pos.void. Errors: as [Service.Sell], and pos.unknown_ticket, pos.not_voidable.
func (s *Service) Void(ctx context.Context, voids []NewVoid) ([]Ticket, error) {
	return makeTickets(ctx, s, PermVoid, "pos.Void", voids)
}

// makeTickets is the one path of all three.
func makeTickets[T interface{ draft() *draft }](ctx context.Context, s *Service, perm tenancy.Permission, op string, in []T) ([]Ticket, error) {
	return againstRivals(func() ([]Ticket, error) {
		return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]Ticket, error) {
			all := make([]*draft, len(in))
			for i, n := range in {
				all[i] = n.draft()
			}
			checked, err := drafts(op, all)
			if err != nil || len(checked) == 0 {
				return nil, err
			}
			m := &making{s: s, tx: tx, op: op, drafts: checked}
			if err := m.read(ctx); err != nil {
				return nil, err
			}
			if len(m.fresh) > 0 {
				if err := m.make(ctx); err != nil {
					return nil, err
				}
			}
			return m.results(ctx)
		})
	})
}

// making is one batch on its way.
type making struct {
	s      *Service
	tx     *tenancy.Tx
	op     string
	drafts []*draft

	tickets  map[string]*Ticket // by reference: made before, or by this batch
	fresh    []*draft           // what this batch makes, in order
	session  Session
	register Register
	drawer   *drawer
	currency money.Currency
	products map[uuid.UUID]inventory.Product
	dimensioned
	taxes   map[string]accounting.Tax
	origins map[uuid.UUID]*origin
}

// origin is a sale that is taken back.
type origin struct {
	Ticket
	lines    map[int64]*Line
	payments []Payment
	texts    []string        // of the lines, in order
	changed  map[int64]*Line // of the lines, what is to be stored again
}

// item is a draft that is new, on its way to a ticket.
type item struct {
	draft    *draft
	origin   *origin
	ticket   *Ticket
	lines    []*Line
	payments []*Payment
	text     *TicketText
}

// make makes the new tickets: goods first, because stock is locked before numbers, and the signature last, when all else is
// settled.
func (m *making) make(ctx context.Context) error {
	items := make([]*item, len(m.fresh))
	for i, d := range m.fresh {
		var err error
		if items[i], err = m.item(ctx, d); err != nil {
			return err
		}
	}
	if err := m.stated.Record(ctx); err != nil {
		return err
	}
	if err := m.moveGoods(ctx, items); err != nil {
		return err
	}
	numbers, err := m.s.books.TakeNumbers(ctx, m.register.series(), m.session.BusinessDate, len(items))
	if err != nil {
		return err
	}
	for i, it := range items {
		it.ticket.SeriesID, it.ticket.Seq, it.ticket.Number = numbers.SeriesID, numbers.Seq(i), numbers.Text(i)
		if err := m.seal(ctx, it); err != nil {
			return err
		}
	}
	return m.write(ctx, items)
}

// moveGoods issues what was sold and returns what came back, in order. The entry is made when the session is closed.
func (m *making) moveGoods(ctx context.Context, items []*item) error {
	var documents []inventory.NewDocument
	var of []*item
	for _, it := range items {
		if doc := m.stockDocument(it); len(doc.Lines) > 0 {
			documents, of = append(documents, doc), append(of, it)
		}
	}
	if len(documents) == 0 {
		return nil
	}
	booked, err := m.s.stock.Book(ctx, documents)
	if err != nil {
		return err
	}
	for i, doc := range booked {
		of[i].ticket.StockDocumentID = doc.ID
	}
	return nil
}

// stockDocument is the issue or return of a ticket's goods; without lines when none move.
func (m *making) stockDocument(it *item) inventory.NewDocument {
	doc := inventory.NewDocument{Kind: inventory.Issue, BelowZero: true, Date: m.session.BusinessDate, WarehouseID: m.register.WarehouseID, Group: m.session.ID,
		AsStated: true}
	if it.origin != nil {
		doc.Kind, doc.BelowZero = inventory.Return, false
	}
	for _, l := range it.lines {
		if !l.Moved {
			continue
		}
		move := inventory.NewMove{LineNo: l.LineNo, ProductID: l.ProductID, Quantity: l.Quantity}
		if it.origin != nil {
			move.Origin = inventory.Origin{DocumentID: it.origin.StockDocumentID, LineNo: l.OriginLineNo}
		} else {
			move.Dimensions = m.named[l.DimensionSetID]
		}
		doc.Lines = append(doc.Lines, move)
	}
	return doc
}

// seal gives a ticket its place in the register's chain of receipts, and has it signed.
func (m *making) seal(ctx context.Context, it *item) error {
	t := it.ticket
	t.ReceiptNo = m.drawer.Receipts + 1
	receipt := newReceipt(t, it.lines, it.payments, m.register.Code, it.origin.number())
	receipt.follow(m.drawer.Digest, m.drawer.Signature)
	t.Digest = receipt.Digest
	if m.s.signer != nil {
		signature, err := m.s.signer.Sign(ctx, receipt)
		if err != nil {
			return ErrSigner.Wrap(m.op, err, "%s was not signed, so it was not made", it.draft.what)
		}
		if !signature.valid() {
			return ErrSigner.New(m.op, "%s: the signer gave no signature, or one of more than %d characters", it.draft.what, maxSignature)
		}
		t.Signer, t.Signature = signature.Signer, signature.Text
	}
	m.drawer.Receipts, m.drawer.Digest, m.drawer.Signature = t.ReceiptNo, t.Digest, t.Signature
	return nil
}

func (o *origin) number() string {
	if o == nil {
		return ""
	}
	return o.Number
}

// write stores everything in one batch.
func (m *making) write(ctx context.Context, items []*item) error {
	var tickets, refunded []*Ticket
	var lines, changed []*Line
	var payments []*Payment
	var texts []*TicketText
	seen := map[uuid.UUID]bool{}
	for _, it := range items {
		tickets, texts = append(tickets, it.ticket), append(texts, it.text)
		lines, payments = append(lines, it.lines...), append(payments, it.payments...)
		if o := it.origin; o != nil && !seen[o.ID] {
			seen[o.ID] = true
			refunded, changed = append(refunded, &o.Ticket), slices.AppendSeq(changed, maps.Values(o.changed))
		}
	}
	b := m.tx.Batch()
	tenancy.Put(b, tickets)
	tenancy.Put(b, lines)
	tenancy.Put(b, payments)
	tenancy.Put(b, texts)
	tenancy.Set(b, refunded, "refunded_minor")
	tenancy.Set(b, changed, "refunded", "refunded_gross_minor", "refunded_tax_minor")
	tenancy.Set(b, []*drawer{m.drawer}, "receipts", "digest", "signature")
	if err := b.Run(ctx); err != nil {
		return err
	}
	for _, it := range items {
		for _, l := range it.lines {
			it.ticket.Lines = append(it.ticket.Lines, *l)
		}
		for _, p := range it.payments {
			it.ticket.Payments = append(it.ticket.Payments, *p)
		}
		m.tickets[it.ticket.Reference] = it.ticket
	}
	return nil
}

// results are the tickets in the order of the drafts, with the lines of those that were made before.
func (m *making) results(ctx context.Context) ([]Ticket, error) {
	fresh := make(map[string]bool, len(m.fresh))
	for _, d := range m.fresh {
		fresh[d.reference] = true
	}
	var replayed []*Ticket
	for _, t := range m.tickets {
		if !fresh[t.Reference] {
			replayed = append(replayed, t)
		}
	}
	if err := complete(ctx, m.tx, replayed); err != nil {
		return nil, err
	}
	out := make([]Ticket, len(m.drafts))
	for i, d := range m.drafts {
		out[i] = *m.tickets[d.reference]
		out[i].Replayed = d.replayOf != nil || !fresh[d.reference]
	}
	return out, nil
}
