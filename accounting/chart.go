package accounting

import "slices"

// Chart names a template that a tenant's chart of accounts begins with. The templates are of our own making; every one has
// an account for each [Role].
type Chart string

// The templates.
const (
	ChartGeneral  Chart = "general"   // a trading business anywhere
	ChartUKRetail Chart = "uk-retail" // a British shop: sterling words, VAT, card takings
)

// ChartAccount is one account of a template.
type ChartAccount struct {
	Code string
	Name string
	Type AccountType
	Role Role
}

var charts = map[Chart][]ChartAccount{ChartGeneral: chartGeneral, ChartUKRetail: chartUKRetail}

// Valid reports whether there is such a template.
func (c Chart) Valid() bool { _, ok := charts[c]; return ok }

// Accounts lists the template's accounts by code; nil when there is no such template.
func (c Chart) Accounts() []ChartAccount { return slices.Clone(charts[c]) }
