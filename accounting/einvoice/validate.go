package einvoice

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// Finding is one breach of one rule.
type Finding struct {
	Rule  string // the standard's id, such as "BR-CO-16"
	Where string // "line 3", "allowance 1"; "" is the document
	What  string // what is wrong, with the figures
	// Tolerated says that the CEN validation artefacts let this pass, though the standard's text does not: they allow tax and
	// taxable amounts to be off by less than one unit of the currency, and a tax at a rate of zero by less than half a unit
	// (BR-CO-17, BR-S-08, BR-S-09, and the last two's siblings of L and M).
	Tolerated bool
}

// String is the line a bookkeeper reads.
func (f Finding) String() string {
	if f.Where == "" {
		return f.Rule + ": " + f.What
	}
	return f.Rule + ": " + f.Where + ": " + f.What
}

// Findings are what [Validate] found, in the order of the table of rules.
type Findings []Finding

// String lists the findings, at most the first ten.
func (f Findings) String() string {
	const most = 10
	var lines []string
	for n, finding := range f {
		if n == most {
			lines = append(lines, fmt.Sprintf("and %d more", len(f)-most))
			break
		}
		lines = append(lines, finding.String())
	}
	return strings.Join(lines, "; ")
}

// ValidationError is the cause of an [ErrInvalid]: errors.As gets at the findings.
type ValidationError struct{ Findings Findings }

// Error lists the findings, at most the first ten.
func (e *ValidationError) Error() string { return e.Findings.String() }

// refused is the refusal for findings, nil where there are none.
func (f Findings) refused(op string) error {
	if len(f) == 0 {
		return nil
	}
	return ErrInvalid.Wrap(op, &ValidationError{f}, "%s", f)
}

// Rules are the ids that were broken, each once, in the order of the table of rules.
func (f Findings) Rules() []string {
	var ids []string
	for _, finding := range f {
		if !slices.Contains(ids, finding.Rule) {
			ids = append(ids, finding.Rule)
		}
	}
	return ids
}

// Validate holds a document to the rules of EN 16931 that [Rules] lists, and returns every breach; none means that it
// validates. It changes nothing, and it neither trusts nor fills in what [Calculate] would compute.
func Validate(doc Document) Findings {
	x := &inspection{doc: &doc, places: amounts(doc), byRule: map[string][]place{}}
	for _, p := range append(x.places, place{"BT-111", "", "BR-DEC-15", doc.Totals.TaxInTaxCurrency}) {
		x.byRule[p.rule] = append(x.byRule[p.rule], p)
	}
	x.groups, x.groupsErr = taxables(stated(&doc))
	for _, rule := range rules {
		x.rule = rule.ID
		rule.check(x)
	}
	return x.found
}

// inspection is one run of the rules over one document.
type inspection struct {
	doc   *Document
	rule  string // the one that is checked now
	found Findings

	// What several rules ask for, found once: the amounts, by the rule that bounds their decimals, and what is taxed.
	places    []place
	byRule    map[string][]place
	groups    []TaxBreakdown
	groupsErr error
}

func (x *inspection) fail(where, format string, args ...any) {
	x.found = append(x.found, Finding{Rule: x.rule, Where: where, What: fmt.Sprintf(format, args...)})
}

// need fails unless something is stated.
func (x *inspection) need(ok bool, where, what string) {
	if !ok {
		x.fail(where, "%s is missing", what)
	}
}

// equal fails unless a stated amount is the one that was computed. What is not stated is for other rules to miss.
func (x *inspection) equal(where, term string, stated, computed money.Amount, err error) {
	switch {
	case stated.Currency == "":
	case err != nil:
		x.fail(where, "%s cannot be checked: %v", term, err)
	case stated != computed:
		x.fail(where, "%s is %s and must be %s", term, stated, computed)
	}
}

// near is equal, and says so where the artefacts would not mind: a difference below one unit, or half a unit where the rate
// is zero.
func (x *inspection) near(where, term string, rate decimal.Decimal, stated, computed money.Amount, err error) {
	before := len(x.found)
	x.equal(where, term, stated, computed, err)
	if err != nil || len(x.found) == before {
		return
	}
	limit := oneUnit
	if rate.IsZero() {
		limit = halfUnit
	}
	x.found[before].Tolerated = stated.Decimal().Sub(computed.Decimal()).Abs().LessThan(limit)
}
