package bank

import (
	"slices"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// settles is what part j of a line settles of an item, in the item's currency. Errors: bank.foreign_currency, bank.split_differs,
// bank.bad_input.
func (w *reconciling) settles(where string, l *Line, parts []Part, j int, item *accounting.OpenItem, account *Account) (money.Amount, error) {
	p, cur := &parts[j], item.Original.Currency
	settles := p.Settles
	switch {
	case cur == account.Currency && settles != (money.Amount{}):
		return settles, ErrBadInput.New(w.op, "%sthe item is in the bank account's currency: leave Settles out", where)
	case cur == account.Currency:
		settles = p.Amount
	case settles == (money.Amount{}) && l.ForeignCurrency != cur:
		return settles, ErrForeignCurrency.New(w.op, "%sthe item is in %s and the bank account in %s, and neither the statement nor Settles says what is settled of it", where, cur, account.Currency)
	case settles == (money.Amount{}) && !alone(parts, j):
		return settles, ErrForeignCurrency.New(w.op, "%sthe bank states %s for the whole line, and Settles does not say what of it is this part's", where, l.Foreign().Format())
	case settles == (money.Amount{}):
		settles = l.Foreign()
	case settles.Currency != cur:
		return settles, ErrBadInput.New(w.op, "%sSettles is in %s and the item in %s", where, settles.Currency, cur)
	}
	if open := item.Original.Sign(); open != p.Amount.Sign() || open != settles.Sign() {
		return settles, ErrSplit.New(w.op, "%s%s of the item are open, which %s does not settle", where, item.Open().Format(), p.Amount.Format())
	}
	return settles, nil
}

// alone reports whether all other parts are charges and the like, so that what the bank states of the line is this one's.
func alone(parts []Part, j int) bool {
	return !slices.ContainsFunc(slices.Concat(parts[:j], parts[j+1:]), func(p Part) bool { return p.Account.IsZero() })
}

// paid is what a part pays on account. Errors: bank.bad_input, bank.split_differs.
func (w *reconciling) paid(where string, p *Part, account *Account) (money.Amount, error) {
	switch {
	case p.Settles == (money.Amount{}):
		return p.Amount, nil
	case p.Settles.Currency == account.Currency:
		return p.Amount, ErrBadInput.New(w.op, "%sSettles is in the bank account's currency: leave it out", where)
	case p.Settles.Sign() != p.Amount.Sign():
		return p.Amount, ErrSplit.New(w.op, "%s%s is not paid by %s", where, p.Settles.Format(), p.Amount.Format())
	}
	return p.Settles, nil
}
