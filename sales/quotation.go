package sales

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Quotation is an offer that binds the seller until a day. Nothing of it changes but its state.
type Quotation struct {
	tenancy.Row
	// SeriesID and Seq are the parts of the number, gapless within a fiscal year.
	SeriesID uuid.UUID `bun:"series_id,notnull"`
	Seq      int64     `bun:"seq,notnull"`
	// Number is as printed: "QUO-2026-00001".
	Number string `bun:"number,notnull" privacy:"none"`
	// Reference is the caller's own number and the idempotency key, unique over quotations.
	Reference string `bun:"reference,notnull" privacy:"none"`
	// Fingerprint is a digest of the input without its free text.
	Fingerprint string `bun:"fingerprint,notnull" privacy:"none"`
	// PartyID is whom it was offered to.
	PartyID uuid.UUID `bun:"party_id,notnull"`
	Date    date.Date `bun:"quotation_date,notnull"`
	// ValidUntil is the last day on which it can be accepted.
	ValidUntil date.Date `bun:"valid_until,notnull"`
	// Net is the sum over the lines before tax, each rounded half up.
	Net      money.Amount   `bun:"embed:net_"`
	State    QuotationState `bun:"state,notnull" privacy:"none"`
	QuotedAt time.Time      `bun:"quoted_at,notnull"`
	// DimensionSetID is what was stated for lines that say nothing else, zero for nothing; Dimensions spells it out.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
	// DecidedAt is when it stopped being open; zero before.
	DecidedAt time.Time `bun:"decided_at,nullzero"`

	// Lines are in order, with their descriptions.
	Lines []QuotationLine `bun:"-"`
	// Note is the free text.
	Note string `bun:"-"`
	// Replayed says that it had been done before, and nothing was written now.
	Replayed bool `bun:"-"`
}

// Terms are what a line of a quotation or of an order is about, and at what price.
type Terms struct {
	// ProductID is none for a line about no product, such as a fee.
	ProductID uuid.UUID `bun:"product_id,nullzero"`
	// Goods says that the product has stock, and so is delivered.
	Goods    bool           `bun:"goods,notnull"`
	Quantity money.Quantity `bun:"quantity,notnull"`
	// UnitPrice is before tax.
	UnitPrice decimal.Decimal `bun:"unit_price,notnull"`
	TaxCode   string          `bun:"tax_code,notnull" privacy:"none"`
	// Account is what the line is charged to, as [accounting.AccountRef] writes it; "" is the account with the role sales.
	Account  string `bun:"account,notnull" privacy:"none"`
	Giveaway bool   `bun:"giveaway,notnull"`
	// DimensionSetID is what revenue and cost of the line are analysed by, zero for nothing; Dimensions spells it out.
	DimensionSetID uuid.UUID             `bun:"dimension_set_id,nullzero"`
	Dimensions     accounting.Dimensions `bun:"-"`
	// Description is the text of the line; once erased, "".
	Description string `bun:"-"`
}

// account is the account that the line is charged to.
func (t *Terms) account() (ref accounting.AccountRef, err error) {
	return ref, ref.UnmarshalText([]byte(t.Account))
}

// QuotationLine is one line of a quotation.
type QuotationLine struct {
	tenancy.Owned
	QuotationID uuid.UUID `bun:"quotation_id,pk"`
	LineNo      int64     `bun:"line_no,pk"` // 1, 2, 3 ...
	Terms
}

// QuotationText is the free text of a quotation, beside its figures, so that erasure can reach it.
type QuotationText struct {
	tenancy.Owned
	QuotationID uuid.UUID `bun:"quotation_id,pk"`
	Note        string    `bun:"note,notnull" privacy:"free-text,delete"`
	// LineTexts is a JSON array of the lines' descriptions, in order.
	LineTexts string `bun:"line_texts,notnull" privacy:"free-text,delete"`
}

// encodeTexts makes the JSON array of the lines' descriptions. The texts are valid UTF-8, so there is always one.
func encodeTexts(terms []*Terms) string {
	texts := make([]string, len(terms))
	for i, t := range terms {
		texts[i] = t.Description
	}
	encoded, err := json.Marshal(texts)
	if err != nil {
		return "[]"
	}
	return string(encoded)
}

// decodeTexts gives lines their descriptions back. What was erased is no JSON, and leaves them without.
func decodeTexts(encoded string, terms []*Terms) {
	var texts []string
	if json.Unmarshal([]byte(encoded), &texts) != nil {
		return
	}
	for i := range min(len(texts), len(terms)) {
		terms[i].Description = texts[i]
	}
}
