package bank

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// plan settles what line i is: what exists is matched, what does not is to be booked.
func (w *reconciling) plan(i int) error {
	in := &w.in[i]
	where := fmt.Sprintf("line %d: ", i+1)
	l := w.lines[in.LineID]
	if l == nil {
		return tenancy.ErrNotFound.New(w.op, "%sthere is no such line of a statement", where)
	}
	asked, err := in.print()
	if err != nil {
		return ErrBadInput.Wrap(w.op, err, "%sthe parts cannot be written down", where)
	}
	if old := w.before[l.ID]; old != nil {
		if old.Fingerprint != asked {
			return ErrReconciled.New(w.op, "%sit was reconciled on %s with other parts", where, old.ReconciledAt.Format("2006-01-02"))
		}
		w.out[i] = *old
		w.out[i].Replayed = true
		return nil
	}
	account := w.accounts[l.BankAccountID]
	on := in.Date
	if on.IsZero() {
		on = l.BookedOn
	}
	r := &Reconciliation{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, BankAccountID: account.ID, LineID: l.ID, Fingerprint: asked,
		Active: true, ReconciledAt: w.tx.Now()}
	w.fresh = append(w.fresh, r)
	w.out[i] = *r
	parts, err := w.amounts(where, in, l, account)
	if err != nil {
		return err
	}
	return w.planParts(i, where, parts, account, on)
}

// amounts completes the parts: what exists is as it is, and one may take what is left. Errors: bank.unknown_item, bank.ledger_line_taken,
// bank.split_differs, bank.bad_input.
func (w *reconciling) amounts(where string, in *NewReconciliation, l *Line, account *Account) ([]Part, error) {
	parts := append([]Part(nil), in.Parts...)
	left, open := l.Amount.Minor, -1
	for j := range parts {
		p := &parts[j]
		where := fmt.Sprintf("%spart %d: ", where, j+1)
		if p.Amount.Minor != 0 && p.Amount.Currency != account.Currency {
			return nil, ErrBadInput.New(w.op, "%sthe amount is not in %s", where, account.Currency)
		}
		switch {
		case p.existing():
			if err := w.find(where, p, account); err != nil {
				return nil, err
			}
		case p.Amount.Minor == 0:
			open = j
		}
		left -= p.Amount.Minor
	}
	if open >= 0 {
		parts[open].Amount, left = money.Amount{Minor: left, Currency: account.Currency}, 0
		if parts[open].Amount.Minor == 0 {
			return nil, ErrSplit.New(w.op, "%spart %d: nothing is left for it", where, open+1)
		}
	}
	if left != 0 {
		return nil, ErrSplit.New(w.op, "%sthe line is %s and its parts are %s", where, l.Amount.Format(),
			money.Amount{Minor: l.Amount.Minor - left, Currency: account.Currency}.Format())
	}
	return parts, nil
}

// find looks up the journal line on the bank's account that a part names, and takes it.
func (w *reconciling) find(where string, p *Part, account *Account) error {
	entry := p.EntryID
	if p.PaymentID != uuid.Nil {
		payment := w.payments[p.PaymentID]
		if payment == nil {
			return ErrUnknownItem.New(w.op, "%sthere is no such payment", where)
		}
		entry = payment.EntryID
	}
	var found []accounting.Line
	for _, l := range w.journal[entry] {
		if _, held := account.holds(&l); held && (p.EntryLineNo == 0 || p.EntryLineNo == l.LineNo) {
			found = append(found, l)
		}
	}
	switch {
	case len(found) == 0:
		return ErrUnknownItem.New(w.op, "%sthe entry has no such line on the bank's account", where)
	case len(found) > 1:
		return ErrUnknownItem.New(w.op, "%sthe entry has several lines on the bank's account: EntryLineNo says which", where)
	}
	key := entryLine{entry, found[0].LineNo}
	if w.taken[key] {
		return ErrLineTaken.New(w.op, "%sthe journal line is reconciled already", where)
	}
	w.taken[key] = true
	amount, _ := account.holds(&found[0])
	if p.Amount.Minor != 0 && p.Amount != amount {
		return ErrSplit.New(w.op, "%sthe journal line is %s and is taken whole", where, amount.Format())
	}
	p.Amount, p.EntryID, p.EntryLineNo = amount, entry, found[0].LineNo
	return nil
}

// planParts sorts the parts of a line by what books them.
func (w *reconciling) planParts(i int, where string, parts []Part, account *Account, on date.Date) error {
	r := w.fresh[len(w.fresh)-1]
	l := w.lines[r.LineID]
	memo := fmt.Sprintf("statement %s, line %d", w.texts[l.StatementID], l.LineNo)
	lock := w.in[i].LockException
	charges := chargeFact{Date: on, Ledger: account.AccountID, Memo: memo, Lock: lock}
	groups, order := map[group]*settling{}, []group(nil)
	for j := range parts {
		p := &parts[j]
		switch {
		case p.existing():
			w.match(r, p.EntryID, p.EntryLineNo, p.Amount, Existing, p.PaymentID)
		case !p.Account.IsZero():
			charges.Parts = append(charges.Parts, chargePart{p.Account, p.Amount})
		case p.PartyID != uuid.Nil:
			w.partiesOf[i] = append(w.partiesOf[i], p.PartyID)
			paid, err := w.paid(fmt.Sprintf("%spart %d: ", where, j+1), p, account)
			if err != nil {
				return err
			}
			w.pays(accounting.NewPayment{PartyID: p.PartyID, Against: p.Against, Date: on, Memo: memo, LockException: lock}, paid, p.Amount, account)
		default:
			item := w.items[p.ItemID]
			if item == nil {
				return ErrUnknownItem.New(w.op, "%spart %d: there is no such open item", where, j+1)
			}
			settles, err := w.settles(fmt.Sprintf("%spart %d: ", where, j+1), l, parts, j, item, account)
			if err != nil {
				return err
			}
			g := group{item.PartyID, item.AccountID, item.Original.Currency}
			if groups[g] == nil {
				groups[g], order = &settling{}, append(order, g)
			}
			groups[g].add(item, settles.Minor, p.Amount.Minor)
		}
	}
	for _, g := range order {
		in := accounting.NewPayment{PartyID: g.party, Against: accounting.ByID(g.control), Date: on, Memo: memo, LockException: lock}
		if err := w.settle(i, where, g, groups[g], in, account); err != nil {
			return err
		}
	}
	if len(charges.Parts) > 0 {
		w.post, w.postFor = append(w.post, chargeEntry(&charges)), append(w.postFor, len(w.fresh)-1)
	}
	w.about(l, w.partiesOf[i])
	return nil
}

// group are items that one payment can settle.
type group struct {
	party, control uuid.UUID
	currency       money.Currency
}

// settling are the items of a group: what is paid, by sign, and what the line has for it.
type settling struct {
	debits, credits []slice
	banked          int64 // in the bank account's currency
}

// slice is so much of an item, above zero.
type slice struct {
	item  *accounting.OpenItem
	minor int64
}

func (s *settling) add(item *accounting.OpenItem, minor, banked int64) {
	s.banked += banked
	if minor > 0 {
		s.debits = append(s.debits, slice{item, minor})
	} else {
		s.credits = append(s.credits, slice{item, -minor})
	}
}

// settle sets debits off against credits and has the rest paid. Errors: bank.split_differs.
func (w *reconciling) settle(i int, where string, g group, s *settling, in accounting.NewPayment, account *Account) error {
	w.partiesOf[i] = append(w.partiesOf[i], g.party)
	d, c := 0, 0
	for d < len(s.debits) && c < len(s.credits) {
		debit, credit := &s.debits[d], &s.credits[c]
		minor := min(debit.minor, credit.minor)
		on := in.Date
		for _, item := range []*accounting.OpenItem{debit.item, credit.item} {
			for _, first := range []date.Date{item.ItemDate, item.ReopenedOn} {
				if on.Before(first) {
					on = first
				}
			}
		}
		w.allocate = append(w.allocate, accounting.NewAllocation{DebitID: debit.item.ID, CreditID: credit.item.ID, Date: on,
			Amount: money.Amount{Minor: minor, Currency: g.currency}})
		w.setOffFor = append(w.setOffFor, len(w.fresh)-1)
		if debit.minor -= minor; debit.minor == 0 {
			d++
		}
		if credit.minor -= minor; credit.minor == 0 {
			c++
		}
	}
	rest, sign := s.debits[d:], int64(1)
	if len(rest) == 0 {
		rest, sign = s.credits[c:], -1
	}
	total, banked := money.Zero(g.currency), money.Amount{Minor: s.banked, Currency: account.Currency}
	for _, part := range rest {
		total.Minor += sign * part.minor
		in.Allocate = append(in.Allocate, accounting.PaymentAllocation{InvoiceID: part.item.ID, Amount: money.Amount{Minor: part.minor, Currency: g.currency}})
	}
	if total.Sign() != banked.Sign() {
		return ErrSplit.New(w.op, "%swhat is set off leaves %s to be paid, and the line has %s for it", where, total.Format(), banked.Format())
	}
	if total.Minor != 0 {
		w.pays(in, total, banked, account)
	}
	return nil
}

// pays plans a payment of an amount that is above zero for money in, and of what the bank took or gave for it.
func (w *reconciling) pays(in accounting.NewPayment, amount, banked money.Amount, account *Account) {
	in.Direction, in.Account = accounting.MoneyIn, accounting.ByID(account.AccountID)
	if amount.Minor < 0 {
		in.Direction, amount.Minor, banked.Minor = accounting.MoneyOut, -amount.Minor, -banked.Minor
	}
	if in.Amount = amount; banked.Currency != amount.Currency {
		in.Banked = banked
	}
	w.pay, w.payFor = append(w.pay, in), append(w.payFor, len(w.fresh)-1)
}

// about remembers whom a line is about, where that is one party.
func (w *reconciling) about(l *Line, parties []uuid.UUID) {
	parties = uniqueIDs(parties)
	if len(parties) == 1 && l.PartyID != parties[0] {
		l.PartyID = parties[0]
		w.changed = append(w.changed, l)
	}
}

func (w *reconciling) match(r *Reconciliation, entry uuid.UUID, line int64, amount money.Amount, origin Origin, payment uuid.UUID) {
	m := Match{Owned: tenancy.Owned{TenantID: r.TenantID}, ReconciliationID: r.ID, MatchNo: int64(len(r.Matches) + 1), EntryID: entry, EntryLineNo: line, Origin: origin, PaymentID: payment, Amount: amount, Active: true}
	r.Matches = append(r.Matches, m)
	w.matches = append(w.matches, &m)
}

// book has accounting book what the books do not have yet, and matches it.
func (w *reconciling) book(ctx context.Context) error {
	if len(w.allocate) > 0 {
		made, err := w.s.books.Allocate(ctx, w.allocate)
		if err != nil {
			return err
		}
		for n := range made {
			w.setOffs = append(w.setOffs, &Settlement{ReconciliationID: w.fresh[w.setOffFor[n]].ID, AllocationID: made[n].ID})
		}
	}
	var booked []made
	if len(w.pay) > 0 {
		paid, err := w.s.books.Pay(ctx, w.pay)
		if err != nil {
			return err
		}
		for n := range paid {
			booked = append(booked, made{w.fresh[w.payFor[n]], paid[n].EntryID, FromPayment, paid[n].ID})
		}
	}
	if len(w.post) > 0 {
		posted, err := w.s.books.Post(ctx, w.post)
		if err != nil {
			return err
		}
		for n := range posted {
			booked = append(booked, made{w.fresh[w.postFor[n]], posted[n].ID, FromEntry, uuid.Nil})
		}
	}
	if err := w.matchMade(ctx, booked); err != nil {
		return err
	}
	return w.prove()
}

// made is an entry that was booked for a line.
type made struct {
	of      *Reconciliation
	entry   uuid.UUID
	origin  Origin
	payment uuid.UUID
}

// matchMade finds the lines on the bank's account that the new entries have.
func (w *reconciling) matchMade(ctx context.Context, booked []made) error {
	if len(booked) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(booked))
	for i := range booked {
		ids[i] = booked[i].entry
	}
	var journal []accounting.Line
	b := w.tx.Batch()
	tenancy.Load(b, &journal, tenancy.In("entry_id", ids), tenancy.OrderBy("entry_id", "line_no"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	of := map[uuid.UUID][]accounting.Line{}
	for _, l := range journal {
		of[l.EntryID] = append(of[l.EntryID], l)
	}
	for _, m := range booked {
		for _, l := range of[m.entry] {
			if amount, held := w.accounts[m.of.BankAccountID].holds(&l); held {
				w.match(m.of, m.entry, l.LineNo, amount, m.origin, m.payment)
			}
		}
	}
	return nil
}

// prove holds each reconciliation to its line before it is written. An account part that is the bank's own account would fail here.
func (w *reconciling) prove() error {
	for _, r := range w.fresh {
		var sum int64
		for i := range r.Matches {
			sum += r.Matches[i].Amount.Minor
		}
		if l := w.lines[r.LineID]; sum != l.Amount.Minor {
			return ErrSplit.New(w.op, "on the bank's account %s would be booked for a line of %s", money.Amount{Minor: sum, Currency: l.Amount.Currency}.Format(), l.Amount.Format())
		}
	}
	return nil
}

func (w *reconciling) write(ctx context.Context) error {
	b := w.tx.Batch()
	tenancy.Put(b, w.fresh)
	tenancy.Put(b, w.matches)
	tenancy.Put(b, w.setOffs)
	tenancy.Set(b, w.changed, "party_id")
	if err := b.Run(ctx); err != nil {
		return err
	}
	next := 0
	for i := range w.out {
		if !w.out[i].Replayed {
			w.out[i] = *w.fresh[next]
			next++
		}
	}
	return nil
}
