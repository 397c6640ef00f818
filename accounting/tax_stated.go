package accounting

import (
	"fmt"
	"slices"

	"github.com/opsmatiq/erp/accounting/money"
)

// StatedTax is what a vendor's document states of one tax.
type StatedTax struct {
	// TaxCode is one of the lines' codes, and not a group's.
	TaxCode string
	// Tax is what the vendor charges of it, not below zero; zero where we owe the tax in his place.
	Tax money.Amount
}

// checkStatedTaxes holds a vendor's taxes to what can be told without the database.
func checkStatedTaxes(op, where string, in []StatedTax) error {
	if len(in) > maxAdjustments {
		return ErrTooMany.New(op, "%smore than %d taxes", where, maxAdjustments)
	}
	for j, t := range in {
		switch {
		case t.TaxCode == "" || len(t.TaxCode) > 20:
			return ErrBadInput.New(op, "%stax %d: TaxCode has 1 to 20 characters", where, j+1)
		case t.Tax.Minor < 0 || t.Tax.Minor > maxMinor:
			return ErrBadInput.New(op, "%stax %d: Tax is not below zero, and within what the books hold", where, j+1)
		case slices.ContainsFunc(in[:j], func(other StatedTax) bool { return other.TaxCode == t.TaxCode }):
			return ErrBadInput.New(op, "%stax %d: %s is stated twice", where, j+1, t.TaxCode)
		}
	}
	return nil
}

func statedTaxes(in []StatedTax) map[string]int64 {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]int64, len(in))
	for _, t := range in {
		out[t.TaxCode] = t.Tax.Minor
	}
	return out
}

// takeStated takes the vendor's figure of a tax instead of ours: what his document states is what can be deducted (Directive
// 2006/112/EC, Art. 168(a) and 178(a)).
func (d *documentTaxes) takeStated(s *taxSum) {
	stated, ok := d.vendor[s.part.tax.Code]
	if !ok || !s.part.tax.Kind.charged() || stated == s.tax {
		return
	}
	s.varies = stated - s.tax
	s.tax = stated
	s.cost = s.tax - percentOf(s.tax, s.part.tax.Recoverable)
}

// variance holds what the vendor states, in the document's currency, to the tolerance at its worth in base, and gives the sum of the differences. asBooked is set for what takes back what
// was within the tolerance before. Errors: accounting.tax_variance, accounting.tax_unsupported, accounting.bad_input.
func (d *documentTaxes) variance(op, where string, set *setup, cur money.Currency, asBooked bool) (sum int64, err error) {
	if len(d.vendor) == 0 {
		return 0, nil
	}
	of := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: cur} }
	borne := map[string]bool{}
	for i := range d.sums {
		s := &d.sums[i]
		code := s.part.tax.Code
		stated, ok := d.vendor[code]
		borne[code] = true
		varies, err := d.worth.of(abs(s.varies))
		if err != nil {
			return 0, err
		}
		switch {
		case ok && !s.part.tax.Kind.charged() && stated != 0:
			return 0, ErrTaxVariance.New(op, "%sTaxes: the vendor states %s of %s, which he does not charge: leave it out", where, of(stated), code)
		case varies > set.books.TaxToleranceMinor && !asBooked:
			return 0, ErrTaxVariance.New(op, "%sTaxes: the vendor states %s of %s and we compute %s, and the tolerance is %s (TaxTolerance, which UpdateBooks sets)", where, of(stated), code, of(stated-s.varies),
				money.Amount{Minor: set.books.TaxToleranceMinor, Currency: set.books.Currency})
		}
		sum += s.varies
	}
	for code, stated := range d.vendor {
		if i := slices.IndexFunc(set.taxes, func(t Tax) bool { return t.Code == code }); i < 0 {
			return 0, ErrUnknownTax.New(op, "%sthere is no tax %s", where, code)
		} else if set.taxes[i].Kind == TaxGroup {
			return 0, ErrTaxUnsupported.New(op, "%sthe vendor's figure of a group of taxes, %s, is not taken: state its parts", where, code)
		}
		if !borne[code] && stated != 0 {
			return 0, ErrBadInput.New(op, "%sTaxes: the vendor states tax of %s, and no line bears it: give the lines that TaxCode", where, code)
		}
	}
	return sum, nil
}

// currencyOfTaxes refuses stated taxes that are not in the document's currency.
func currencyOfTaxes(op, where string, in []StatedTax, cur money.Currency) error {
	for j, t := range in {
		if t.Tax.Currency != cur {
			return ErrWrongCurrency.New(op, "%s: %q is not the document's currency, %s", fmt.Sprintf("%stax %d", where, j+1), string(t.Tax.Currency), cur)
		}
	}
	return nil
}

// statedAgain is what the vendor stated of the taxes of a bill, where it was not what we computed.
func (set *setup) statedAgain(v *Bill, taxes []TaxEntry) (out []StatedTax) {
	for i := range taxes {
		t := &taxes[i]
		if t.SourceID == v.ID && t.EntryID == v.EntryID && t.VarianceMinor != 0 {
			out = append(out, StatedTax{set.codeOf(t.TaxID), money.Amount{Minor: t.DocumentTaxMinor + t.DocumentNotRecoverableMinor, Currency: t.DocumentCurrency}})
		}
	}
	return out
}
