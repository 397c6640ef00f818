package accounting

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// DraftKind says what a draft becomes.
type DraftKind string

// The kinds of drafts.
const (
	DraftOfInvoice DraftKind = "invoice" // an invoice, credit or debit note
	DraftOfBill    DraftKind = "bill"    // a bill, a vendor's credit or debit note
)

// DraftState says what became of a draft.
type DraftState string

// The states of a draft.
const (
	DraftOpen      DraftState = "draft"
	DraftIssued    DraftState = "issued"    // it became the document with DocumentID
	DraftDiscarded DraftState = "discarded" // it became nothing; its content is gone
)

// Draft is a document in the making: it has no number, books nothing, and may change until it is issued. What it says is held
// to the rules of [Service.Issue] or [Service.Bill] only then, so it may be unfinished.
type Draft struct {
	tenancy.Row
	Kind DraftKind `bun:"kind" privacy:"none"`
	// Reference is that of the document: the idempotency key of draft and document alike.
	Reference   string     `bun:"reference,nullzero" privacy:"none"`
	Fingerprint string     `bun:"fingerprint" privacy:"none"`
	PartyID     uuid.UUID  `bun:"party_id,nullzero"`
	State       DraftState `bun:"state" privacy:"none"`
	DocumentID  uuid.UUID  `bun:"document_id,nullzero"`
	// Content is the input as JSON while it is open; Invoice or Bill reads it. Erasure of the party empties it: then nothing can
	// be issued of it.
	Content string `bun:"content" privacy:"free-text,delete"`
	// DocumentKind to TaxIncluded are what the content of a draft of a bill says of itself, to be compared: kind, the vendor's number, date,
	// and what its lines come to as they are stated, with or without tax. Of what is unfinished, and of other drafts, they are not set.
	DocumentKind   BillKind       `bun:"document_kind,nullzero" privacy:"none"`
	VendorNumber   string         `bun:"vendor_number,nullzero" privacy:"none"`
	DocumentDate   date.Date      `bun:"document_date,nullzero"`
	StatedMinor    int64          `bun:"stated_minor"`
	StatedCurrency money.Currency `bun:"stated_currency,nullzero" privacy:"none"`
	TaxIncluded    bool           `bun:"tax_included"`

	CreatedAt time.Time `bun:"created_at"`
	ChangedAt time.Time `bun:"changed_at"`

	// LikelyDuplicates are vendors' documents in the books, and LikelyDrafts other open drafts, that are likely the same document of the
	// vendor: by his number, whatever their days, or by kind and stated total within the days of [NewBill].Duplicates. An open draft of a bill
	// has them whenever it is read or written; it is remarked and never refused.
	LikelyDuplicates, LikelyDrafts []uuid.UUID `bun:"-"`
	// Replayed says that the reference had been drafted before with the same content, and nothing was written now.
	Replayed bool `bun:"-"`
}

func (d *Draft) reference() (string, string) { return d.Reference, d.Fingerprint }
func (d *Draft) markReplayed()               { d.Replayed = true }
