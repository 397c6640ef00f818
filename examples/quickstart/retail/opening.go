package retail

import (
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// The file has no purchases, so the stock to begin with is made up from what leaves, at a share of the price.
var (
	firstShare  = decimal.New(60, -2)
	secondShare = decimal.New(70, -2)
)

// Receipt is units of one code of goods that the books begin with.
type Receipt struct {
	Code     string
	Units    int64
	UnitCost decimal.Decimal // pounds, with two decimals
}

// ReturnCost is the unit cost at which goods of a code come back: 60 % of the first price, rounded half up to the penny.
func (p *Product) ReturnCost() decimal.Decimal { return p.cost(firstShare) }

func (p *Product) cost(share decimal.Decimal) decimal.Decimal {
	return p.FirstPrice.Mul(share).Round(2) // Round takes ties away from zero, which for prices is up
}

// Product finds a stock code; nil when no document names it.
func (s *Survey) Product(code string) *Product {
	at, known := s.products[code]
	if !known {
		return nil
	}
	return &s.Products[at]
}

// Opening is the stock to begin with: of each code of goods as many units as leave, at [Product.ReturnCost]. With two costs
// the first half, rounded up, has that cost and the rest 70 % of the price. In order of the codes' first rows.
func (s *Survey) Opening(twoCosts bool) []Receipt {
	var out []Receipt
	for i := range s.Products {
		p := &s.Products[i]
		if p.Leaving == 0 {
			continue
		}
		first, second := p.Leaving, int64(0)
		if twoCosts {
			second = p.Leaving / 2
			first -= second
		}
		out = append(out, Receipt{p.Code, first, p.ReturnCost()})
		if second > 0 {
			out = append(out, Receipt{p.Code, second, p.cost(secondShare)})
		}
	}
	return out
}

// OpeningTotals adds up an opening: its units and its value.
func OpeningTotals(receipts []Receipt) (units int64, value money.Amount, err error) {
	value = money.Zero(Currency)
	for _, r := range receipts {
		amount, err := extend(r.Units, r.UnitCost)
		if err != nil {
			return 0, money.Amount{}, errOpening
		}
		if value, err = value.Add(amount); err != nil || value.Minor > maxMinor {
			return 0, money.Amount{}, errOpening
		}
		units += r.Units
	}
	return units, value, nil
}
