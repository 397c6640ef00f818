package accounting

import (
	"maps"
	"slices"
)

// Chart names a template that a tenant's chart of accounts begins with, or says that it brings its own. The templates are of
// our own making and wording; every one has an account for each [Role]. They hold no tax rates: those are dated facts.
type Chart string

// The templates, and the chart that is none.
const (
	ChartGeneral  Chart = "general"   // a trading business anywhere
	ChartUK       Chart = "uk"        // a British company, goods or services
	ChartUKRetail Chart = "uk-retail" // a British shop: sterling words, VAT, card takings
	ChartUS       Chart = "us"        // an American company: sales tax, American words
	ChartGermany  Chart = "germany"   // classes in the order of the Handelsgesetzbuch, German words
	ChartFrance   Chart = "france"    // classes of the plan comptable général, French words
	ChartOwn      Chart = "own"       // no template: the accounts are given to [Service.OpenBooks]
)

// MaxAccounts is how many accounts a chart can be opened with.
const MaxAccounts = 2_000

// ChartAccount is one account of a template.
type ChartAccount struct {
	Code string
	Name string
	Type AccountType
	Role Role
}

// chartDistributions are the templates' accounts that a year's end empties into retained earnings.
var chartDistributions = map[Chart]string{ChartGeneral: "3300", ChartUK: "3300", ChartUKRetail: "3300", ChartUS: "3300", ChartGermany: "2300", ChartFrance: "108000"}

// Distribution reports whether the template's account with the code shows what owners take out ([Account].Distribution).
func (c Chart) Distribution(code string) bool { return code != "" && chartDistributions[c] == code }

var charts = map[Chart][]ChartAccount{ChartGeneral: chartGeneral, ChartUK: chartUK, ChartUKRetail: chartUKRetail, ChartUS: chartUS,
	ChartGermany: chartGermany, ChartFrance: chartFrance}

// Charts lists the templates by name.
func Charts() []Chart { return slices.Sorted(maps.Keys(charts)) }

// Valid reports whether there is such a template, or it is [ChartOwn].
func (c Chart) Valid() bool { _, ok := charts[c]; return ok || c == ChartOwn }

// Accounts lists the template's accounts by code; nil when there is no such template.
func (c Chart) Accounts() []ChartAccount { return slices.Clone(charts[c]) }
