package inventory

import (
	"context"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NewRevaluation is the input of [Service.Revalue]: what the bill of received goods says that they cost more, or less, than
// they were received at.
type NewRevaluation struct {
	// Reference is the caller's own key, unique per tenant over documents of all kinds: see [NewDocument].
	Reference string `validate:"reference"`
	// Date is the day of the bill. Default: today in the tenant's time zone.
	Date date.Date `validate:"-"`
	// Counter is the account on the other side, such as goods received. Required.
	Counter accounting.AccountRef `validate:"-"`
	// LockException is the reason for booking into a soft-locked period; it needs the permission accounting.exception.
	LockException string `validate:"max=500,text"`
	// Reason is for whoever reads the document later. Optional; not part of what makes two inputs the same.
	Reason string `validate:"max=500,text"`
	// Lines are at least one.
	Lines []RevaluedLine `validate:"required,min=1,max=10000,dive"`
}

// RevaluedLine says of some of a receipt line's units what they turned out to cost.
type RevaluedLine struct {
	// Receipt is the line that brought them.
	Receipt Origin `validate:"required"`
	// Quantity is how many the bill is about, at most what was received.
	Quantity money.Quantity `validate:"gt=0"`
	// Difference is what they cost more than they were received at, in all; below zero when they cost less.
	Difference money.Amount `validate:"-"`
}

// Revalue gives received goods the cost that their bill states. Which units of a receipt line the bill is about is not known,
// so of the difference that part changes the stock which is still on hand of what the line brought and did not go back:
// difference x on hand / (received - sent back), rounded half up. On hand is under FIFO what is left of the line's own layer,
// under moving average what there is of the product in its warehouse, at most what it brought. The rest, and whatever would
// bring a layer's value below zero, goes to price variance. What went out already keeps its cost.
//
// It writes documents of kind revaluation, whose moves have no quantity, and one entry for each that is worth something:
// stock and price variance against the counter. Each move says how its difference was split: [Move].Value and
// [Move.PriceVariance]. What goods last cost, for what goes out below zero, stays as it was.
//
// Permission: inventory.revalue. Errors: inventory.bad_input, inventory.too_many, inventory.not_configured,
// inventory.unknown_origin (no such receipt line), inventory.reference_taken, those of [accounting.Service.Post],
// money.overflow and money.currency_mismatch.
func (s *Service) Revalue(ctx context.Context, in []NewRevaluation) ([]Document, error) {
	const op = "inventory.Revalue"
	return againstRivals(func() ([]Document, error) {
		return tenancy.Act(ctx, s.db, PermRevalue, func(ctx context.Context, tx *tenancy.Tx) ([]Document, error) {
			checked, err := revaluations(op, in)
			if err != nil {
				return nil, err
			}
			return s.book(ctx, tx, op, checked)
		})
	})
}

// revaluations checks a batch, and makes requests of it.
func revaluations(op string, in []NewRevaluation) ([]*request, error) {
	if len(in) > MaxBatch {
		return nil, ErrTooMany.New(op, "%d revaluations are more than the %d that one act takes", len(in), MaxBatch)
	}
	lines := 0
	out := make([]*request, len(in))
	for i, d := range in {
		if lines += len(d.Lines); lines > MaxBatchLines {
			return nil, ErrTooMany.New(op, "the revaluations have more than the %d lines that one act takes", MaxBatchLines)
		}
		r := &request{what: position("revaluation", i, d.Reference), NewDocument: NewDocument{Kind: Revaluation, Reference: d.Reference,
			Date: d.Date, Counter: d.Counter, LockException: d.LockException, Reason: d.Reason}}
		if err := checkInput(op, r.what, d); err != nil {
			return nil, err
		}
		if d.Counter.IsZero() {
			return nil, ErrBadInput.New(op, "%s: Counter is needed: a revaluation names the account on the other side", r.what)
		}
		for j, l := range d.Lines {
			r.lines = append(r.lines, line{NewMove: NewMove{LineNo: int64(j) + 1, Quantity: l.Quantity, Origin: l.Receipt}, difference: l.Difference})
		}
		var err error
		if r.fingerprint, err = r.digest(op); err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, pair(op, out)
}

func noReceipt(op, what string) error {
	return ErrUnknownOrigin.New(op, "%s: there is no such receipt of this product", what)
}

// revalue splits a line's difference between what is on hand and price variance.
func (p *plan) revalue(what string, s *shelf, l *line, m *Move) error {
	o := p.came[l.Origin.key()]
	if o == nil || o.move.ProductID != l.ProductID {
		return noReceipt(p.op, what)
	}
	if l.Quantity > o.move.Quantity {
		return ErrBadInput.New(p.op, "%s: %s are more than the %s received", what, l.Quantity, o.move.Quantity)
	}
	difference, err := money.Zero(p.facts.currency).Add(l.difference)
	if l.difference == (money.Amount{}) {
		difference, err = money.Zero(p.facts.currency), nil
	}
	if err != nil {
		return err
	}
	value, err := s.revalue(difference, l.Origin.key(), o.move.Quantity-o.returned)
	if err != nil {
		return err
	}
	variance, err := difference.Sub(value)
	if err != nil {
		return err
	}
	m.Quantity, m.Value, m.VarianceMinor = 0, value, variance.Minor
	return nil
}

// revalue changes the value of what is on hand of the units that a move brought and that were kept, by their share of a
// difference, and gives the share.
func (s *shelf) revalue(difference money.Amount, from lineKey, kept money.Quantity) (money.Amount, error) {
	l, onHand := s.brought(from), money.Quantity(0)
	if s.method == Average {
		l = s.anchor()
		onHand = min(max(s.quantity, 0), kept)
	} else if l != nil {
		onHand = min(l.Quantity, kept)
	}
	if onHand == 0 {
		return money.Zero(difference.Currency), nil
	}
	value, err := share(difference, onHand, kept)
	if err != nil {
		return money.Amount{}, err
	}
	value.Minor = max(value.Minor, -l.Value.Minor)
	changed, err := l.Value.Add(value)
	if err != nil {
		return money.Amount{}, err
	}
	total, err := s.value.Add(value)
	if err != nil {
		return money.Amount{}, err
	}
	l.Value, l.changed, s.value = changed, true, total
	return value, nil
}

// sendBack takes a line off its shelf to go back to its vendor. The counter gets the receipt line's share of its value, so
// that all parts add up to it; price variance what the goods leave stock at otherwise.
func (p *plan) sendBack(what string, s *shelf, l *line, m *Move) error {
	o := p.came[l.Origin.key()]
	if o == nil || o.move.ProductID != l.ProductID {
		return noReceipt(p.op, what)
	}
	if left := o.move.Quantity - o.returned; left < l.Quantity {
		return ErrOverReturn.New(p.op, "%s: %s of the %s of %s received have not gone back, and %s would go", what,
			left, o.move.Quantity, p.facts.products[l.ProductID].SKU, l.Quantity)
	}
	if s.quantity < l.Quantity || s.free() < l.Quantity {
		return p.insufficient(what, s, l.Quantity)
	}
	value, err := s.takeFrom(l.Quantity, l.Origin.key())
	if err != nil {
		return err
	}
	before, err := share(o.move.Value, o.returned, o.move.Quantity)
	if err != nil {
		return err
	}
	o.returned += l.Quantity
	after, err := share(o.move.Value, o.returned, o.move.Quantity)
	if err != nil {
		return err
	}
	m.Quantity = -l.Quantity
	m.VarianceMinor = value.Minor - (after.Minor - before.Minor) // all of them at least zero
	m.Value, err = value.Neg()
	return err
}
