package pos

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// item turns a draft into a ticket with its lines and payments, and takes what it takes back off the sale it names.
func (m *making) item(ctx context.Context, d *draft) (*item, error) {
	zero := money.Zero(m.currency)
	t := &Ticket{Kind: d.kind, RegisterID: m.register.ID, SessionID: m.session.ID, Reference: d.reference, Fingerprint: d.fingerprint,
		Date: m.session.BusinessDate, TaxIncluded: d.taxIncluded, Net: zero, Tax: zero, Gross: zero, Rounding: zero, MadeAt: m.tx.Now()}
	t.ID = tenancy.NewID()
	it := &item{draft: d, ticket: t}
	var descriptions []string
	var err error
	switch d.kind {
	case KindSale:
		descriptions, err = m.saleLines(ctx, it)
	case KindRefund:
		descriptions, err = m.refundLines(it)
	case KindVoid:
		descriptions, err = m.voidLines(it)
	}
	if err != nil {
		return nil, err
	}
	references, err := m.settle(it)
	if err != nil {
		return nil, err
	}
	it.text = &TicketText{TicketID: t.ID, Note: d.note, LineTexts: list(descriptions), CardReferences: list(references)}
	return it, nil
}

// list is how a list of texts is stored.
func list(texts []string) string {
	if texts == nil {
		texts = []string{}
	}
	b, err := json.Marshal(texts)
	if err != nil {
		panic(err) // strings can always be written down
	}
	return string(b)
}

// saleLines computes the lines of a sale.
func (m *making) saleLines(ctx context.Context, it *item) (descriptions []string, err error) {
	for i, in := range it.draft.lines {
		where := fmt.Sprintf("%s, line %d", it.draft.what, i+1)
		l := &Line{TicketID: it.ticket.ID, LineNo: int64(i) + 1, ProductID: in.ProductID, Quantity: in.Quantity, UnitPrice: in.UnitPrice}
		text := in.Description
		if in.ProductID != uuid.Nil {
			p, ok := m.products[in.ProductID]
			if !ok {
				return nil, ErrUnknownProduct.New(m.op, "%s: there is no such product", where)
			}
			l.Moved = p.Kind == inventory.Goods
			if text == "" {
				text = p.Name
			}
		}
		if l.AccountID, err = m.s.account(ctx, m.op, where, in.Account, accounting.RoleSales); err != nil {
			return nil, err
		}
		if in.TaxCode != "" {
			tax, ok := m.taxes[in.TaxCode]
			if !ok {
				return nil, accounting.ErrUnknownTax.New(m.op, "%s: there is no tax %s", where, in.TaxCode)
			}
			if l.TaxID, l.TaxRate, err = m.taxOf(where, &tax); err != nil {
				return nil, err
			}
		}
		if err := m.analyse(where, it.draft, i, l); err != nil {
			return nil, err
		}
		if err := l.compute(it.ticket.TaxIncluded, m.currency); err != nil {
			return nil, ErrAmountLimit.Wrap(m.op, err, "%s: the amount cannot be computed", where)
		}
		if err := m.add(it, l, where); err != nil {
			return nil, err
		}
		descriptions = append(descriptions, text)
	}
	if it.ticket.Gross.Sign() < 0 {
		return nil, ErrNegativeTotal.New(m.op, "%s: the lines sum to %s", it.draft.what, it.ticket.Gross)
	}
	return descriptions, nil
}

// taxOf is a tax that a till can charge, with its rate on the business date. A till computes one tax per line, due at once.
func (m *making) taxOf(where string, tax *accounting.Tax) (uuid.UUID, decimal.Decimal, error) {
	switch tax.Kind { //nolint:exhaustive // the others cannot be charged at a till
	case accounting.TaxStandard, accounting.TaxReduced, accounting.TaxZero, accounting.TaxExempt, accounting.TaxOutsideScope:
	default:
		return uuid.Nil, decimal.Zero, accounting.ErrTaxKind.New(m.op, "%s: %s is of the kind %s, which a till does not charge", where, tax.Code, tax.Kind)
	}
	if tax.Due == accounting.TaxDueOnPayment {
		return uuid.Nil, decimal.Zero, accounting.ErrTaxKind.New(m.op, "%s: %s is due on payment, which a till does not keep apart", where, tax.Code)
	}
	rate, ok := tax.RateOn(m.session.BusinessDate)
	if !ok {
		return uuid.Nil, decimal.Zero, accounting.ErrNoTaxRate.New(m.op, "%s: %s has no rate on %s", where, tax.Code, m.session.BusinessDate)
	}
	return tax.ID, rate, nil
}

var hundred = decimal.NewFromInt(100)

// compute finds net and tax of a line by the rule at [NewLine]. Errors: money.overflow, money.not_an_amount.
func (l *Line) compute(taxIncluded bool, currency money.Currency) error {
	amount, err := money.Extend(l.Quantity, l.UnitPrice, currency, money.HalfUp)
	if err != nil {
		return err
	}
	base, rate := l.TaxRate, hundred
	if taxIncluded {
		rate = rate.Add(l.TaxRate)
	}
	// A quotient of more digits than any amount has; half a minor unit is met exactly where the quotient ends there.
	tax, err := money.FromDecimal(amount.Decimal().Mul(base).DivRound(rate, quotientDigits), currency, money.HalfUp)
	if err != nil {
		return err
	}
	l.Net, l.Tax = amount, tax
	if taxIncluded {
		l.Net, err = amount.Sub(tax)
	}
	return err
}

// quotientDigits is how exactly tax is divided out before it is rounded to the minor unit.
const quotientDigits = 30

// add adds a line to its ticket and holds both to the limit of a till.
func (m *making) add(it *item, l *Line, where string) error {
	t := it.ticket
	for _, part := range []money.Amount{l.Net, l.Tax} {
		if part.Minor > maxMinor || part.Minor < -maxMinor {
			return ErrAmountLimit.New(m.op, "%s: %s is larger than a till holds", where, part)
		}
	}
	t.Net.Minor += l.Net.Minor // a thousand lines within the limit do not overflow
	t.Tax.Minor += l.Tax.Minor
	t.Gross.Minor = t.Net.Minor + t.Tax.Minor
	if t.Gross.Minor > maxMinor {
		return ErrAmountLimit.New(m.op, "%s: the ticket's total is larger than a till holds", where)
	}
	it.lines = append(it.lines, l)
	return nil
}
