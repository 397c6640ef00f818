package pos

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// receiptWidth is the number of characters of a line on the narrow paper of tills.
const receiptWidth = 42

// Receipt is the ticket as canonical text: what a till prints, before it is made pretty. Times are UTC. What an erasure has
// taken away is left blank.
func (t *TicketDetail) Receipt() string {
	var b strings.Builder
	row := func(left, right string) {
		gap := max(1, receiptWidth-len([]rune(left))-len([]rune(right)))
		b.WriteString(strings.TrimRight(left+strings.Repeat(" ", gap)+right, " ") + "\n")
	}
	rule := strings.Repeat("-", receiptWidth) + "\n"
	titles := map[Kind]string{KindSale: "RECEIPT", KindRefund: "REFUND", KindVoid: "VOID"}
	row(titles[t.Kind], t.Number)
	row(t.Register.Name, t.Register.Code)
	row(t.Date.String(), t.MadeAt.UTC().Format("2006-01-02 15:04:05Z"))
	if t.OriginNumber != "" {
		row("takes back", t.OriginNumber)
	}
	b.WriteString(rule)
	for i := range t.Lines {
		l := &t.Lines[i]
		b.WriteString(t.Descriptions[i] + "\n")
		amount := l.Net
		if t.TaxIncluded {
			amount = l.Gross()
		}
		row(fmt.Sprintf("  %s x %s", l.Quantity, priceText(l.UnitPrice, amount.Currency)), amount.String())
	}
	b.WriteString(rule)
	for _, x := range t.taxes() {
		row(fmt.Sprintf("net at %s %%", x.rate), x.net.String())
		row(fmt.Sprintf("tax at %s %%", x.rate), x.tax.String())
	}
	if !t.Rounding.IsZero() {
		row("rounding", t.Rounding.String())
	}
	row("TOTAL "+t.Gross.Currency.String(), money.Amount{Minor: t.Gross.Minor + t.Rounding.Minor, Currency: t.Gross.Currency}.String())
	for i, p := range t.Payments {
		row(strings.TrimRight("  "+string(p.Method)+" "+t.References[i], " "), money.Amount{Minor: p.TenderedMinor, Currency: p.Amount.Currency}.String())
	}
	if change := t.Change(); !change.IsZero() {
		row("  change", change.String())
	}
	if t.Note != "" {
		b.WriteString(rule + t.Note + "\n")
	}
	b.WriteString(rule)
	row("receipt no.", fmt.Sprint(t.ReceiptNo))
	b.WriteString(t.Digest + "\n")
	if t.Signature != "" {
		b.WriteString(t.Signer + "\n" + t.Signature + "\n")
	}
	return b.String()
}

// priceText is a unit price with at least the decimals of its currency.
func priceText(price decimal.Decimal, currency money.Currency) string {
	if places := int32(currency.MinorUnits()); price.Exponent() > -places { //nolint:gosec // at most four
		return price.StringFixed(places)
	}
	return price.String()
}

// taxSum is what a ticket's lines of one rate come to.
type taxSum struct {
	rate     decimal.Decimal
	net, tax money.Amount
}

// taxes adds the lines up by rate, in the order in which rates first appear.
func (t *TicketDetail) taxes() []taxSum {
	var out []taxSum
	for i := range t.Lines {
		l := &t.Lines[i]
		at := -1
		for j := range out {
			if out[j].rate.Equal(l.TaxRate) {
				at = j
			}
		}
		if at < 0 {
			at, out = len(out), append(out, taxSum{l.TaxRate, money.Zero(l.Net.Currency), money.Zero(l.Net.Currency)})
		}
		out[at].net.Minor += l.Net.Minor // parts of a total that is within the limit of a till
		out[at].tax.Minor += l.Tax.Minor
	}
	return out
}
