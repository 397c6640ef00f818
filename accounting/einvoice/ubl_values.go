package einvoice

import (
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ublReader takes a file's elements apart. The first value that cannot be read stops it: err is set, and the rest is void.
type ublReader struct {
	op  string
	cur money.Currency // of the document
	err error
}

func (r *ublReader) fail(n *node, format string, args ...any) {
	if r.err == nil {
		r.err = ErrBadValue.New(r.op, "%s: "+format, append([]any{n.qualified()}, args...)...)
	}
}

// date is a day, without a time zone: EN 16931 has none (UBL-DT).
func (r *ublReader) date(parent *node, name string) date.Date {
	n := parent.take(name)
	if n == nil {
		return date.Date{}
	}
	d, err := date.Parse(n.text)
	if err != nil {
		r.fail(n, "%q is not a day such as 2026-03-31", shortened(n.text))
	}
	return d
}

// numberPattern is xs:decimal: no exponent.
var numberPattern = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)

// number is a decimal, not stated where the element is not there.
func (r *ublReader) number(parent *node, name string) decimal.NullDecimal {
	return r.numberOf(parent.take(name))
}

func (r *ublReader) numberOf(n *node) decimal.NullDecimal {
	if n == nil {
		return decimal.NullDecimal{}
	}
	if len(n.text) > maxNumber || !numberPattern.MatchString(n.text) {
		r.fail(n, "%q is not a decimal number", shortened(n.text))
		return decimal.NullDecimal{}
	}
	d, err := decimal.NewFromString(strings.TrimSuffix(n.text, "."))
	if err != nil {
		r.fail(n, "%q is not a decimal number", shortened(n.text))
	}
	return decimal.NewNullDecimal(canonical(d))
}

// amount is an amount in the document's currency; rule is the BR-DEC that a finer one breaks.
func (r *ublReader) amount(parent *node, name, rule string) money.Amount {
	return r.amountOf(parent.take(name), rule)
}

func (r *ublReader) amountOf(n *node, rule string) money.Amount {
	a := r.anyAmount(n, rule)
	if n != nil && r.err == nil && a.Currency != r.cur {
		r.err = ErrMixedCurrency.New(r.op, "%s is in %s, the document in %s", n.qualified(), a.Currency, r.cur)
	}
	return a
}

// anyAmount is an amount in whatever currency it states.
func (r *ublReader) anyAmount(n *node, rule string) money.Amount {
	d := r.numberOf(n)
	if n == nil || r.err != nil {
		return money.Amount{}
	}
	cur, err := money.ParseCurrency(n.attribute("currencyID"))
	if err != nil {
		r.fail(n, "the currency %q is not in ISO 4217 (BR-CL-03)", shortened(n.attribute("currencyID")))
		return money.Amount{}
	}
	a, err := money.FromDecimal(d.Decimal, cur, money.Down)
	if err != nil {
		r.err = err
		return money.Amount{}
	}
	if !a.Decimal().Equal(d.Decimal) {
		r.fail(n, "%q has more decimals than %s has (%s)", n.text, cur, rule)
	}
	return a
}

// price is a number with the document's currency beside it.
func (r *ublReader) price(parent *node, name string) decimal.NullDecimal {
	n := parent.take(name)
	d := r.numberOf(n)
	if n != nil && r.err == nil && n.attribute("currencyID") != string(r.cur) {
		r.err = ErrMixedCurrency.New(r.op, "%s is in %q, the document in %s", n.qualified(), shortened(n.attribute("currencyID")), r.cur)
	}
	return d
}

// indicator is xs:boolean; taken is whether the element says one thing or the other.
func (r *ublReader) indicator(parent *node, name string) bool {
	n := parent.take(name)
	switch {
	case n == nil:
		r.fail(parent, "%s is missing", name)
	case n.text == "true" || n.text == "1":
		return true
	case n.text != "false" && n.text != "0":
		r.fail(n, "%q is neither true nor false", shortened(n.text))
	}
	return false
}

func (r *ublReader) identifier(parent *node, name string) Identifier {
	n := parent.take(name)
	if n == nil {
		return Identifier{}
	}
	return Identifier{ID: n.text, Scheme: n.attribute("schemeID")}
}

func (r *ublReader) binary(n *node) []byte {
	if n == nil || n.text == "" {
		return nil
	}
	content, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.text), ""))
	if err != nil {
		r.fail(n, "the content is not base64")
		return nil
	}
	return content
}

func shortenedTo(s string, most int) string {
	runes := []rune(s)
	if len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return s
}
