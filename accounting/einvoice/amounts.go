package einvoice

import (
	"strconv"

	"github.com/opsmatiq/erp/accounting/money"
)

// place is an amount of a document, and which one it is.
type place struct {
	term   string // the standard's business term, "BT-131"
	where  string // "line 3", or "" of the document
	rule   string // the BR-DEC rule that bounds its decimals
	amount money.Amount
}

// amounts lists every amount that a document states in its own currency.
func amounts(doc Document) []place {
	t := doc.Totals
	all := []place{
		{"BT-106", "", "BR-DEC-09", t.LineNet}, {"BT-107", "", "BR-DEC-10", t.Allowances}, {"BT-108", "", "BR-DEC-11", t.Charges},
		{"BT-109", "", "BR-DEC-12", t.WithoutTax}, {"BT-110", "", "BR-DEC-13", t.Tax}, {"BT-112", "", "BR-DEC-14", t.WithTax},
		{"BT-113", "", "BR-DEC-16", t.Prepaid}, {"BT-114", "", "BR-DEC-17", t.Rounding}, {"BT-115", "", "BR-DEC-18", t.Payable},
	}
	for n, a := range doc.AllowanceCharges {
		where := allowanceName(a, n)
		if a.Charge {
			all = append(all, place{"BT-99", where, "BR-DEC-05", a.Amount}, place{"BT-100", where, "BR-DEC-06", a.Base})
		} else {
			all = append(all, place{"BT-92", where, "BR-DEC-01", a.Amount}, place{"BT-93", where, "BR-DEC-02", a.Base})
		}
	}
	for n, g := range doc.Breakdown {
		where := breakdownName(g, n)
		all = append(all, place{"BT-116", where, "BR-DEC-19", g.Taxable}, place{"BT-117", where, "BR-DEC-20", g.Amount})
	}
	for n, line := range doc.Lines {
		where := lineName(line, n)
		all = append(all, place{"BT-131", where, "BR-DEC-23", line.Net})
		for m, a := range line.AllowanceCharges {
			where := where + ", " + allowanceName(a, m)
			if a.Charge {
				all = append(all, place{"BT-141", where, "BR-DEC-27", a.Amount}, place{"BT-142", where, "BR-DEC-28", a.Base})
			} else {
				all = append(all, place{"BT-136", where, "BR-DEC-24", a.Amount}, place{"BT-137", where, "BR-DEC-25", a.Base})
			}
		}
	}
	return all
}

// oneCurrency refuses a document with amounts in several currencies: nothing can be added up.
func oneCurrency(op string, doc Document) error {
	for _, p := range amounts(doc) {
		if p.amount.Currency != "" && p.amount.Currency != doc.Currency {
			return ErrMixedCurrency.New(op, "%s is in %s, the document in %s", p.name(), p.amount.Currency, doc.Currency)
		}
	}
	return nil
}

// name is how a reader finds the amount.
func (p place) name() string {
	if p.where == "" {
		return p.term
	}
	return p.where + ": " + p.term
}

// lineName names a line by its own identifier, or by its place where it has none.
func lineName(line Line, n int) string {
	if line.ID != "" {
		return "line " + line.ID
	}
	return "line number " + strconv.Itoa(n+1)
}

func allowanceName(a AllowanceCharge, n int) string {
	if a.Charge {
		return "charge " + strconv.Itoa(n+1)
	}
	return "allowance " + strconv.Itoa(n+1)
}

func breakdownName(g TaxBreakdown, n int) string {
	if g.Tax.Category == "" {
		return "tax breakdown " + strconv.Itoa(n+1)
	}
	if !g.Tax.Rate.Valid {
		return "tax breakdown " + string(g.Tax.Category)
	}
	return "tax breakdown " + string(g.Tax.Category) + " " + shown(g.Tax.Rate.Decimal)
}
