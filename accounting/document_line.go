package accounting

import (
	"encoding/json"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
)

// DocumentLine is what lines of documents of both sides come to.
type DocumentLine struct {
	LineNo    int64          `bun:"line_no,pk"` // 1, 2, 3 ...
	Kind      LineKind       `bun:"kind" privacy:"none"`
	AccountID uuid.UUID      `bun:"account_id"`
	Quantity  money.Quantity `bun:"quantity"`
	// UnitPrice is with or without tax, as the document declares; zero where a bill states the net amount.
	UnitPrice decimal.Decimal `bun:"unit_price"`
	// DiscountMinor was taken off the line's amount and ChargeMinor added to it.
	DiscountMinor int64        `bun:"discount_minor"`
	ChargeMinor   int64        `bun:"charge_minor"`
	Net           money.Amount `bun:"embed:net_"`
	TaxID         uuid.UUID    `bun:"tax_id,nullzero"`
	// TaxRate is the percentage that the seller charges; zero without tax, and where the buyer owes it.
	TaxRate decimal.Decimal `bun:"tax_rate"`
	Tax     money.Amount    `bun:"embed:tax_"`
	// DimensionSetID is the combination of dimensions, zero for none; reading the document spells it out in Dimensions.
	DimensionSetID uuid.UUID  `bun:"dimension_set_id,nullzero"`
	Dimensions     Dimensions `bun:"-"`
}

// DocumentText is the personal side of a document: both parties as they were on the day, and all free text.
type DocumentText struct {
	PartyName    string `bun:"party_name" privacy:"identity,pseudonymise"`
	PartyAddress string `bun:"party_address" privacy:"contact,delete,sealed"`
	PartyCountry string `bun:"party_country" privacy:"none"`
	PartyTaxID   string `bun:"party_tax_id" privacy:"identity,delete,sealed"`
	// The tenant's own data, as [Service.DescribeBusiness] has them.
	OwnName    string `bun:"own_name" privacy:"none"`
	OwnAddress string `bun:"own_address" privacy:"none"`
	OwnCountry string `bun:"own_country" privacy:"none"`
	OwnTaxID   string `bun:"own_tax_id" privacy:"none"`
	Note       string `bun:"note" privacy:"free-text,delete"`
	// LineTexts is a JSON array of the lines' descriptions, in order.
	LineTexts string `bun:"line_texts" privacy:"free-text,delete"`
}

// encodeTexts makes the JSON array of LineTexts. The texts are valid UTF-8, so there is always one.
func encodeTexts(texts []string) string {
	encoded, err := json.Marshal(texts)
	if err != nil {
		return "[]"
	}
	return string(encoded)
}

// descriptions are the lines' texts; none of a text that was erased.
func (t *DocumentText) descriptions() (out []string) {
	_ = json.Unmarshal([]byte(t.LineTexts), &out)
	return out
}
