package accounting_test

import (
	"math/big"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/laws"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// modelled is one document as a small model of its own sees it: what is left of each rate, and the money, as rational numbers.
type modelled struct {
	id       uuid.UUID
	lines    []modelLine
	discount bool
	received int64
	credits  []modelCredit // what of credits the document did not take
}

type modelLine struct {
	code string
	net  int64 // in pounds; zero once it is credited
}

// modelCredit is a credit of one line, of which a part is owed to the customer.
type modelCredit struct {
	id             uuid.UUID
	code           string
	gross, set     int64 // of the credit, after the discount; what the document took
	refunded, open int64
}

var modelRates = map[string]int64{"C20": 20, "C5": 5, "Z": 0, "S19": 19, "R7": 7, "EX": 0}

func onPayment(code string) bool { return code == "C20" || code == "C5" }

// Whatever is credited by line, discounted and paid in parts, and in whatever order: at each moment each rate's declared base is its own
// lines left, and where it is due on payment, these times the money received over what is left of the document; never of the wrong sign,
// and in the end exact.
func TestLawEachRateIsDeclaredOfItsOwnLines(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			env := tenancytest.Open(t, engine, modules)
			laws.Check(t, 12, func(rt *rapid.T) {
				s := newShop(t, env)
				s.modelTaxes()
				m := s.aModel(rt)
				for range rapid.IntRange(1, 6).Draw(rt, "acts") {
					rapid.SampledFrom([]func(*rapid.T, *modelled){s.creditLine, s.payPart, s.payAndTakeBack, s.refundPart}).Draw(rt, "act")(rt, m)
					s.declaredAsModelled(rt, m, 3)
				}
				if left := s.open("2010-12-31")[m.id]; left > 0 {
					s.pay(received("", s.ann.ID, "2010-12-20", left, part(m.id, left)))
					m.received += left
				}
				for i := range m.credits {
					s.refund(m, i, m.credits[i].open)
				}
				s.declaredAsModelled(rt, m, 0)
				require.Zero(rt, s.balance(accounting.RoleTaxNotDue))
				s.sound()
			})
		})
	}
}

// modelTaxes are taxes with a box for the base of each, named as its code.
func (s *shop) modelTaxes() {
	for _, code := range []string{"C20", "C5", "Z", "S19", "R7", "EX"} {
		t := accounting.NewTax{Code: code, Rates: []accounting.NewTaxRate{rate("2000-01-01", big.NewInt(modelRates[code]).String())},
			Boxes: accounting.TaxBoxes{SaleBase: code, SaleTax: "t" + code}}
		switch code {
		case "C5", "R7":
			t.Kind = accounting.TaxReduced
		case "Z":
			t.Kind, t.Rates, t.Reason = accounting.TaxZero, nil, "r"
		case "EX":
			t.Kind, t.Rates, t.Reason = accounting.TaxExempt, nil, "r"
		}
		if onPayment(code) {
			t.Due = accounting.TaxDueOnPayment
		}
		s.taxes(t)
	}
}

// aModel issues a document of whole hundreds of pounds, so that 3 per cent off are whole pennies.
func (s *shop) aModel(rt *rapid.T) *modelled {
	m := &modelled{}
	in := accounting.NewInvoice{PartyID: s.ann.ID, Date: day("2010-12-01")}
	in.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-31")}
	for range rapid.IntRange(2, 4).Draw(rt, "lines") {
		l := modelLine{rapid.SampledFrom([]string{"C20", "C5", "Z", "S19", "R7", "EX"}).Draw(rt, "code"), 100 * rapid.Int64Range(1, 9).Draw(rt, "net")}
		m.lines = append(m.lines, l)
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: units(1), UnitPrice: price(big.NewInt(l.net).String()), TaxCode: l.code})
	}
	m.id = s.issue(in)[0].ID
	if rapid.Bool().Draw(rt, "credited before the discount") {
		s.creditLine(rt, m)
	}
	if m.discount = m.gross() > 0 && rapid.Bool().Draw(rt, "discount"); m.discount {
		_, err := s.books.TakeDiscount(s.ctx, []accounting.NewDiscount{{DocumentID: m.id, Date: day("2010-12-02")}})
		require.NoError(rt, err)
	}
	return m
}

// price is what a line is worth to the customer, in pennies: less the discount.
func (m *modelled) price(l modelLine) int64 {
	if m.discount {
		return l.net * (100 + modelRates[l.code]) * 97 / 100
	}
	return l.net * (100 + modelRates[l.code])
}

// gross is what is left of the document.
func (m *modelled) gross() (sum int64) {
	for _, l := range m.lines {
		sum += m.price(l)
	}
	return sum
}

func (s *shop) creditLine(rt *rapid.T, m *modelled) {
	i := rapid.IntRange(0, len(m.lines)-1).Draw(rt, "line")
	l := m.lines[i]
	if l.net == 0 {
		return
	}
	due := s.open("2010-12-31")[m.id]
	c := s.issue(credits(s, m.id, "2010-12-02", big.NewInt(l.net).String(), l.code))[0]
	m.lines[i].net = 0
	if worth := m.price(l); worth > due { // the rest is owed to the customer
		m.credits = append(m.credits, modelCredit{id: c.ID, code: l.code, gross: worth, set: due, open: worth - due})
	}
}

func (s *shop) payPart(rt *rapid.T, m *modelled) {
	if left := s.open("2010-12-31")[m.id]; left > 0 {
		minor := rapid.Int64Range(1, left).Draw(rt, "paid")
		s.pay(received("", s.ann.ID, "2010-12-04", minor, part(m.id, minor)))
		m.received += minor
	}
}

// payAndTakeBack leaves nothing.
func (s *shop) payAndTakeBack(rt *rapid.T, m *modelled) {
	if left := s.open("2010-12-31")[m.id]; left > 0 {
		before := s.boxes()
		minor := rapid.Int64Range(1, left).Draw(rt, "bounced")
		p := s.pay(received("", s.ann.ID, "2010-12-04", minor, part(m.id, minor)))[0]
		s.takeBack("2010-12-05", p.ID)
		require.Equal(rt, nonZero(before), nonZero(s.boxes()))
	}
}

func (s *shop) refundPart(rt *rapid.T, m *modelled) {
	if len(m.credits) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.credits)-1).Draw(rt, "credit")
	if open := m.credits[i].open; open > 0 {
		s.refund(m, i, rapid.Int64Range(1, open).Draw(rt, "refunded"))
	}
}

func (s *shop) refund(m *modelled, i int, minor int64) {
	if minor == 0 {
		return
	}
	c := &m.credits[i]
	out := received("", s.ann.ID, "2010-12-06", minor, part(c.id, minor))
	out.Direction = accounting.MoneyOut
	s.pay(out)
	c.open, c.refunded = c.open-minor, c.refunded+minor
}

// declaredAsModelled compares each rate's base and tax with the model's, to within a few pennies of rounding.
func (s *shop) declaredAsModelled(rt *rapid.T, m *modelled, within int64) {
	boxes := s.boxes()
	owed := int64(0) // to the customer
	for _, c := range m.credits {
		owed += c.gross - c.set
	}
	want := map[string]*big.Rat{}
	for _, l := range m.lines {
		of := big.NewRat(m.price(l)*100, 100+modelRates[l.code])
		// Received is for what is left and for what is owed back.
		if onPayment(l.code) && m.gross() > 0 {
			of.Mul(of, big.NewRat(m.received-owed, m.gross()))
		}
		add(want, l.code, of)
	}
	for _, c := range m.credits {
		if onPayment(c.code) { // what is owed back is declared until it is refunded
			add(want, c.code, big.NewRat(c.open*100, 100+modelRates[c.code]))
		}
	}
	for code, percent := range modelRates {
		base := want[code]
		if base == nil {
			base = new(big.Rat)
		}
		tax := new(big.Rat).Mul(base, big.NewRat(percent, 100))
		for box, of := range map[string]*big.Rat{code: base, "t" + code: tax} {
			off := new(big.Rat).Sub(big.NewRat(boxes[box], 1), of)
			require.LessOrEqual(rt, off.Abs(off).Cmp(big.NewRat(within, 1)), 0, "%s: %d, and the model says %s", box, boxes[box], of.FloatString(2))
			require.GreaterOrEqual(rt, boxes[box], int64(0), box)
		}
	}
}

func add(to map[string]*big.Rat, code string, x *big.Rat) {
	if to[code] == nil {
		to[code] = new(big.Rat)
	}
	to[code].Add(to[code], x)
}
