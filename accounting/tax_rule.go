package accounting

import (
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// PartyStatus is what tax law takes the other side of a trade for.
type PartyStatus string

// The statuses.
const (
	StatusBusiness PartyStatus = "business" // a taxable person, who has shown a tax id
	StatusConsumer PartyStatus = "consumer" // anybody else
)

// SupplyNature tells goods from services: their places of supply differ (Directive 2006/112/EC, Art. 31 to 59c).
type SupplyNature string

// The natures.
const (
	SupplyOfGoods    SupplyNature = "goods"
	SupplyOfServices SupplyNature = "services"
)

// Places that a rule can name besides a country (ISO 3166-1 alpha-2).
const (
	PlaceDomestic = "domestic" // the country of establishment
	PlaceEU       = "eu"       // another member state of the European Union on the day; established in one as well
	PlaceAbroad   = "abroad"   // any other country
)

// TaxRule says which tax a supply bears. A rule covers a supply when all that it states is so; what it leaves empty covers
// everything. The covering rule of the lowest rank decides.
type TaxRule struct {
	tenancy.Row
	Name string `bun:"name" privacy:"none"`
	// Rank orders the rules: 1 is asked first. At most 9,999.
	Rank       int64     `bun:"rank"`
	ValidFrom  date.Date `bun:"valid_from"`
	ValidUntil date.Date `bun:"valid_until,nullzero"` // the last day; none is for ever
	Trade      Trade     `bun:"trade" privacy:"none"`
	// Establishment is the country where the business is established, Place where the supply is: a country, [PlaceDomestic],
	// [PlaceEU] or [PlaceAbroad].
	Establishment string       `bun:"establishment" privacy:"none"`
	Place         string       `bun:"place" privacy:"none"`
	Status        PartyStatus  `bun:"status" privacy:"none"`
	Nature        SupplyNature `bun:"nature" privacy:"none"`
	// Category is the host's word for what is supplied, where the law treats it otherwise: "books", "medicine".
	Category string    `bun:"category" privacy:"none"`
	TaxID    uuid.UUID `bun:"tax_id"`
	// Source is the law that says so: "Directive 2006/112/EC, Art. 138(1)".
	Source string `bun:"source" privacy:"none"`
}

// NewTaxRule is the input of [Service.CreateTaxRules]; the fields are as in [TaxRule].
type NewTaxRule struct {
	Name          string    `validate:"line=200"`
	Rank          int64     `validate:"min=1,max=9999"`
	ValidFrom     date.Date `validate:"day"`
	ValidUntil    date.Date
	Trade         Trade        `validate:"omitempty,oneof=sale purchase"`
	Establishment string       `validate:"omitempty,territory"`
	Place         string       `validate:"omitempty,place"`
	Status        PartyStatus  `validate:"omitempty,oneof=business consumer"`
	Nature        SupplyNature `validate:"omitempty,oneof=goods services"`
	Category      string       `validate:"omitempty,code"`
	TaxCode       string       `validate:"code"`
	Source        string       `validate:"line=200"`
}

// TaxScheme is a special scheme that a supply falls under.
type TaxScheme string

// The schemes that can be asked for, all of them refused by name: no rule is guessed for what is not done.
const (
	SchemeMargin        TaxScheme = "margin"        // second-hand goods, art, travel agents (Directive 2006/112/EC, Art. 306 to 343)
	SchemeOneStopShop   TaxScheme = "one_stop_shop" // returns for other member states (Art. 358 to 369zc)
	SchemeTriangulation TaxScheme = "triangulation" // chain supplies with the middle trader's simplification (Art. 141)
	SchemeUSSalesTax    TaxScheme = "us_sales_tax"  // nexus and sourcing of the states of the United States
	SchemeFlatRate      TaxScheme = "flat_rate"     // flat-rate schemes for farmers and small businesses (Art. 281, 295 to 305)
)

// TaxQuestion is a supply whose tax is to be determined.
type TaxQuestion struct {
	// Date is the tax point.
	Date  date.Date `validate:"day"`
	Trade Trade     `validate:"oneof=sale purchase"`
	// Establishment is where the business is established. Default the country of the books.
	Establishment string `validate:"omitempty,territory"`
	// Place is the country of supply.
	Place  string       `validate:"territory"`
	Status PartyStatus  `validate:"oneof=business consumer"`
	Nature SupplyNature `validate:"oneof=goods services"`
	// Category is as in [TaxRule].
	Category string `validate:"omitempty,code"`
	// Scheme is a special scheme that the supply falls under; "" is none.
	Scheme TaxScheme `validate:"omitempty,oneof=margin one_stop_shop triangulation us_sales_tax flat_rate"`
}

// TaxDetermination is the answer to a [TaxQuestion].
type TaxDetermination struct {
	// TaxCode is what a line names; Rate is what it adds to a price on the day, in percent.
	TaxCode string
	Kind    TaxKind
	Rate    decimal.Decimal
	// Rule is what decided, and Why tells it to a reader, with its source.
	Rule TaxRule
	Why  string
}
