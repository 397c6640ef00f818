package statement

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// foreign is what an entry is in another currency than its amount's, and the rate that the bank exchanged at: of its transactions together,
// or else the entry's own. What goes the other way, is in several currencies, or is stated of a part alone is not added up. It keeps no
// statement out: it is no figure that the account is moved by.
func (c *camt) foreign(s *Statement, e *camtEntry, amount money.Amount) (sum money.Amount, rate decimal.Decimal) {
	stated := make([]camtDetails, 0, len(e.Transactions))
	for i := range e.Transactions {
		t := &e.Transactions[i]
		if mark := clean(t.Mark); mark != "" && mark != clean(e.Mark) {
			return sum, rate
		}
		stated = append(stated, t.Amounts)
	}
	if !hasDetails(stated) {
		stated = []camtDetails{e.Amounts}
	}
	for i := range stated {
		a := c.other(s, e.FileLine, &stated[i], amount.Currency)
		of := stated[i].rate()
		switch {
		case a.Minor == 0 || amount.Minor == 0 || i > 0 && a.Currency != sum.Currency || sum.Minor+a.Minor > maxMinor:
			return money.Amount{}, decimal.Decimal{}
		case i == 0:
			rate = of
		case !rate.Equal(of):
			rate = decimal.Decimal{}
		}
		sum = money.Amount{Minor: sum.Minor + a.Minor, Currency: a.Currency}
	}
	if amount.Minor < 0 {
		sum.Minor = -sum.Minor
	}
	return sum, rate
}

func hasDetails(all []camtDetails) bool {
	for i := range all {
		if all[i] != (camtDetails{}) {
			return true
		}
	}
	return false
}

// other is what was ordered, else what was transferred, in another currency; nothing where neither is stated.
func (c *camt) other(s *Statement, at int, d *camtDetails, own money.Currency) money.Amount {
	for _, x := range []camtExchanged{d.Instructed, d.Transaction} {
		if x.Amount == (camtAmount{}) || clean(x.Amount.Currency) == string(own) {
			continue
		}
		cur, err := money.ParseCurrency(clean(x.Amount.Currency))
		var a money.Amount
		if err == nil {
			a, err = figures(strings.TrimSpace(x.Amount.Value), ".", cur)
		}
		if err != nil {
			s.note(at, NotRead, "what was paid in another currency cannot be read: %s", shown(err.Error()))
			continue
		}
		if a.Minor != 0 {
			return a
		}
	}
	return money.Amount{}
}

// rate is the first that is stated. What is no number is none.
func (d *camtDetails) rate() decimal.Decimal {
	for _, x := range []camtExchanged{d.Instructed, d.Transaction, d.CounterValue} {
		text := clean(x.Rate)
		whole, places, _ := strings.Cut(text, ".")
		if text == "" || len(text) > maxRate || !digits(whole) || !digits(places) {
			continue
		}
		if rate, err := decimal.NewFromString(text); err == nil && rate.IsPositive() {
			return rate
		}
	}
	return decimal.Decimal{}
}

// maxRate is how long a rate is at most: ISO 20022 has 11 digits and a point.
const maxRate = 20
