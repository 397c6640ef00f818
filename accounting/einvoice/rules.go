package einvoice

import (
	"slices"

	"github.com/shopspring/decimal"
)

// Rule is one rule of EN 16931, and what it asks for in our words.
type Rule struct {
	ID    string
	Text  string
	check func(*inspection)
}

// Rules lists the rules that [Validate] holds documents to, in the order in which it checks them.
func Rules() []Rule { return slices.Clone(rules) }

var rules = slices.Concat(documentRules, partyRules, paymentRules, lineRules, allowanceRules, totalRules, categoryRules(), codeRules, decimalRules(), syntaxRules)

// oneUnit and halfUnit are what the artefacts let tax be off by, exclusive.
var (
	oneUnit  = decimal.New(1, 0)
	halfUnit = decimal.New(5, -1)
)

// has is a rule that one fact about the document decides.
func has(id, text, what string, ok func(*Document) bool) Rule {
	return Rule{id, text, func(x *inspection) { x.need(ok(x.doc), "", what) }}
}

// eachLine is a rule about every line.
func eachLine(id, text, what string, ok func(Line) bool) Rule {
	return Rule{id, text, func(x *inspection) {
		for n, line := range x.doc.Lines {
			x.need(ok(line), lineName(line, n), what)
		}
	}}
}

// eachAllowance is a rule about every allowance, or every charge, of the document or of its lines.
func eachAllowance(id, text, what string, charge, ofLines bool, ok func(AllowanceCharge) bool) Rule {
	return Rule{id, text, func(x *inspection) {
		if !ofLines {
			for n, a := range x.doc.AllowanceCharges {
				x.need(a.Charge != charge || ok(a), allowanceName(a, n), what)
			}
			return
		}
		for n, line := range x.doc.Lines {
			for m, a := range line.AllowanceCharges {
				x.need(a.Charge != charge || ok(a), lineName(line, n)+", "+allowanceName(a, m), what)
			}
		}
	}}
}

// eachBreakdown is a rule about every tax breakdown.
func eachBreakdown(id, text, what string, ok func(TaxBreakdown) bool) Rule {
	return Rule{id, text, func(x *inspection) {
		for n, g := range x.doc.Breakdown {
			x.need(ok(g), breakdownName(g, n), what)
		}
	}}
}
