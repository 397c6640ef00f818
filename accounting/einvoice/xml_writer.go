package einvoice

import (
	"bytes"
	"encoding/xml"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// xmlWriter writes elements in the order in which it is called, the same bytes each time. What is empty is not written. The
// first thing that cannot be written stops it.
type xmlWriter struct {
	op  string
	out bytes.Buffer
	// pending are the elements that are open and have nothing in them yet: they are written with what comes first.
	pending []string
	depth   int
	err     error
}

// in writes an element around what fill writes, and nothing where that is nothing.
func (w *xmlWriter) in(name string, fill func()) {
	w.pending = append(w.pending, name)
	before := w.out.Len()
	fill()
	if w.out.Len() == before {
		w.pending = w.pending[:len(w.pending)-1]
		return
	}
	w.depth--
	w.indent()
	w.out.WriteString("</" + name + ">\n")
}

// attr is an attribute; an empty one is not written.
type attr struct{ name, value string }

// leaf writes an element with text in it.
func (w *xmlWriter) leaf(name, text string, attributes ...attr) {
	if text == "" || w.err != nil {
		return
	}
	for _, p := range w.pending {
		w.indent()
		w.out.WriteString("<" + p + ">\n")
		w.depth++
	}
	w.pending = w.pending[:0]
	w.indent()
	w.out.WriteString("<" + name)
	for _, a := range attributes {
		if a.value != "" {
			w.out.WriteString(" " + a.name + `="`)
			w.escaped(name, a.value)
			w.out.WriteString(`"`)
		}
	}
	w.out.WriteString(">")
	w.escaped(name, text)
	w.out.WriteString("</" + name + ">\n")
}

func (w *xmlWriter) indent() { w.out.WriteString(strings.Repeat("  ", w.depth)) }

// escaped writes text, or refuses what XML cannot carry or a reader would not give back.
func (w *xmlWriter) escaped(name, text string) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, notXML) {
		w.fail(ErrBadValue.New(w.op, "%s has characters that XML cannot carry", name))
		return
	}
	if strings.TrimSpace(text) != text {
		w.fail(ErrBadValue.New(w.op, "%s has white space at its ends", name))
		return
	}
	w.fail(xml.EscapeText(&w.out, []byte(text)))
}

func (w *xmlWriter) fail(err error) {
	if w.err == nil && err != nil {
		w.err = err
	}
}

// notXML reports what XML 1.0 has no way to write, not even escaped.
func notXML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func (w *xmlWriter) identifier(name string, i Identifier) {
	w.leaf(name, i.ID, attr{"schemeID", i.Scheme})
}

func (w *xmlWriter) date(name string, d date.Date) { w.leaf(name, d.String()) }

// amount writes an amount that is stated, with no more than two decimals (BR-DEC) in currencies that have three as well.
func (w *xmlWriter) amount(name string, a money.Amount) {
	if a.Currency != "" {
		w.leaf(name, a.Decimal().StringFixed(places(a.Currency)), attr{"currencyID", string(a.Currency)})
	}
}

// number writes a number that is stated.
func (w *xmlWriter) number(name string, d decimal.NullDecimal, attributes ...attr) {
	switch {
	case !d.Valid:
	case !bounded(d.Decimal) || len(d.Decimal.String()) > maxNumber:
		w.fail(ErrBadValue.New(w.op, "%s has too many digits", name))
	default:
		w.leaf(name, d.Decimal.String(), attributes...)
	}
}
