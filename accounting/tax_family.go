package accounting

import (
	"slices"

	"github.com/google/uuid"
)

// Tax that waits becomes due by money alone: on receipt of the payment (Directive 2006/112/EC, Art. 65 and 66(b); VAT Notice 731, sections 4
// and 6). What lowers the price, a credit or a discount, is no payment: it lowers what the tax is of (Art. 90(1)), each tax by its own part
// of it. So a document and all that corrects it are looked at together, tax by tax:
//
//	due = left x received / to be received  -  credited x refunded / credit
//
// left is what the document bears of the tax less what was set off against it, received is the money, to be received is the document less what
// was set off. What of a credit the document does not take is a debt: its tax is due as that is refunded, or pays something else. All of it
// follows from what is settled by now, so what is undone leaves nothing, in whatever order, and with the last payment nothing waits.

// taxFamily is a document whose tax waits, and all that corrects it.
type taxFamily struct {
	head  *taxMember
	pools []*taxPool
	rows  []*TaxEntry
	lost  int64                   // what was given up with its tax
	gone  map[uuid.UUID][]taxMove // what was taken off where it waits, by what gave it up
	seen  map[*Allocation]bool
	fresh []*taxMember

	unpaid int64 // what was given up without any tax that waits for payment
}

// taxMember is the document, a credit of it, an early-payment discount, or what takes one back.
type taxMember struct {
	family        *taxFamily
	whole         int64 // of its open items
	within, money int64 // what was set off against the others, and what was settled otherwise
	lost          int64 // what of a credit nobody claims any more
	fresh         bool  // it is made by the batch, and has no part in anything yet
}

// taxPool is one tax of a family.
type taxPool struct {
	like *TaxEntry
	of   []poolPart
	gone taxFigures // with what was given up of the document
}

// poolPart is what of it is one member's.
type poolPart struct {
	member  *taxMember
	figures taxFigures
	gone    taxFigures // with what of a credit nobody claims
}

// standing is what of a pool is left to become due by what is to be received, and what has become due by what was refunded.
func (p *taxPool) standing(f *taxFamily, i int) (left, refunded int64, err error) {
	left = -p.gone[i]
	borne := f.bears(p.like)
	for _, x := range p.of {
		m, of := x.member, x.figures[i]
		switch {
		case m.fresh:
		case m == f.head || m.whole == 0:
			left += of
		default:
			in, err := part(of, 0, m.within, m.whole)
			if err != nil {
				return 0, 0, err
			}
			back := of - in - x.gone[i]
			if m.within+m.money+m.lost != m.whole {
				if back, err = part(of, m.within, m.within+m.money, m.whole); err != nil {
					return 0, 0, err
				}
			}
			if !borne { // nothing of it is to be received: it is due as the credit is settled, by whatever
				in, back = 0, back+in
			}
			left, refunded = left+in, refunded+back
		}
	}
	return left, refunded, nil
}

// receivable is what is to be received altogether, and was received. What waits for a day is due on it, whoever gives up what.
func (p *taxPool) receivable(f *taxFamily) int64 {
	whole := f.head.whole - f.head.within
	if p.like.DueOn.IsZero() {
		whole -= f.lost
	}
	return whole
}

// due is what of a pool has become due.
func (p *taxPool) due(f *taxFamily) (out taxFigures, err error) {
	whole, money := p.receivable(f), f.head.money
	if !p.like.DueOn.IsZero() {
		money -= f.unpaid
	}
	for i := range out {
		left, refunded, err := p.standing(f, i)
		if err != nil {
			return out, err
		}
		if left, err = share(left, money, whole); err != nil {
			return out, err
		}
		out[i] = left + refunded
	}
	return out, nil
}

// giveUp is the part of a pool that goes with an amount of a member which nobody will pay.
func (p *taxPool) giveUp(m *taxMember, amount int64) (out taxFigures, err error) {
	f := m.family
	for i := range out {
		if m == f.head {
			left, _, err := p.standing(f, i)
			if err != nil {
				return out, err
			}
			if out[i], err = part(left, m.money, m.money+amount, p.receivable(f)); err != nil {
				return out, err
			}
			continue
		}
		for _, x := range p.of {
			if x.member != m {
				continue
			}
			from := m.within + m.money + m.lost
			of, err := part(x.figures[i], from, from+amount, m.whole)
			if err != nil {
				return out, err
			}
			out[i] += of
		}
	}
	return out, nil
}

// bears reports whether the document itself bears a tax, whatever it is analysed by.
func (f *taxFamily) bears(t *TaxEntry) bool {
	return slices.ContainsFunc(f.pools, func(p *taxPool) bool {
		return p.like.waitsAs(t) && slices.ContainsFunc(p.of, func(x poolPart) bool { return x.member == f.head })
	})
}

// waitsAs reports whether two rows are of the same tax, and wait for the same. Prepayments that the document sets off wait each by itself.
func (t *TaxEntry) waitsAs(o *TaxEntry) bool {
	return o.TaxID == t.TaxID && o.Rate.Equal(t.Rate) && o.Side == t.Side && o.AccountID == t.AccountID && o.DueOn == t.DueOn &&
		(o.SourceModel == prepaymentModel) == (t.SourceModel == prepaymentModel) && (t.SourceModel != prepaymentModel || o.SourceID == t.SourceID)
}

// add puts a tax that waits into its pool: each combination of dimensions has its own, and its part of what becomes due.
func (f *taxFamily) add(m *taxMember, t *TaxEntry) {
	f.rows = append(f.rows, t)
	at := slices.IndexFunc(f.pools, func(p *taxPool) bool {
		return p.like.waitsAs(t) && p.like.DimensionSetID == t.DimensionSetID && p.like.SupplySetID == t.SupplySetID
	})
	if at < 0 {
		at, f.pools = len(f.pools), append(f.pools, &taxPool{like: t})
	}
	f.pools[at].of = append(f.pools[at].of, poolPart{member: m, figures: t.parts()})
}

// settles notes that an amount of a member was settled by something of another kind.
func (m *taxMember) settles(kind EntryKind, amount int64) {
	m.money += amount
	if m == m.family.head && (kind == KindWriteOff || kind == KindBadDebt) {
		m.family.unpaid += amount
	}
}

// gives notes that an amount of a member was given up, and what of each tax with it.
func (f *taxFamily) gives(m *taxMember, amount int64, gone []taxMove) {
	if m == f.head {
		f.lost += amount
	} else {
		m.lost += amount
	}
	for _, g := range gone {
		p := f.pools[slices.IndexFunc(f.pools, func(p *taxPool) bool { return p.like == g.of })]
		of := &p.gone
		if m != f.head {
			of = &p.of[slices.IndexFunc(p.of, func(x poolPart) bool { return x.member == m })].gone
		}
		for i, x := range g.parts {
			of[i] += x
		}
	}
}

// gaveUp is what rows took off where tax waits, net of each other.
func (f *taxFamily) gaveUp(m *taxMember, rows []*TaxEntry) (gone []taxMove) {
	for _, t := range rows {
		for _, p := range f.pools {
			if o := p.like; o.TaxID != t.TaxID || !o.Rate.Equal(t.Rate) || o.Side != t.Side || o.DimensionSetID != t.DimensionSetID || o.SupplySetID != t.SupplySetID || !o.DueOn.IsZero() ||
				m != f.head && !slices.ContainsFunc(p.of, func(x poolPart) bool { return x.member == m }) {
				continue
			}
			gone = append(gone, taxMove{of: p.like, parts: t.parts().negated()})
			break
		}
	}
	return gone
}
