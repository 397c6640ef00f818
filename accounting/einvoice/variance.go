package einvoice

import "github.com/opsmatiq/erp/accounting/money"

// Variance is a line whose stated net amount is not what its quantity and price give. EN 16931 has no rule against that: the
// stated amount counts, and whoever receives the document should know.
type Variance struct {
	Line       int          // its place in [Document.Lines], from 0
	LineID     string       // BT-126
	Stated     money.Amount // BT-131
	Computed   money.Amount // quantity x net price / base quantity, less allowances, plus charges; not set where Why says so
	Difference money.Amount // stated less computed
	Why        string       // why nothing could be computed: no price, a base quantity of zero; else ""
}

// Variances lists the lines whose stated net amount differs from the computed one by anything at all, in their order.
func Variances(doc Document) []Variance {
	var found []Variance
	for n, line := range doc.Lines {
		if line.Net.Currency == "" {
			continue
		}
		v := Variance{Line: n, LineID: line.ID, Stated: line.Net}
		var err error
		if v.Computed, err = lineNet("einvoice.Variances", line, line.Net.Currency); err == nil {
			v.Difference, err = v.Stated.Sub(v.Computed)
		}
		if err != nil {
			v.Computed, v.Difference, v.Why = money.Amount{}, money.Amount{}, err.Error()
		}
		if err != nil || !v.Difference.IsZero() {
			found = append(found, v)
		}
	}
	return found
}
