package privacy

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Erasure asks for a person to be made unknown.
type Erasure struct {
	// PartyID is the person's own row: a party, or a row of a host's model whose subject is "self".
	PartyID uuid.UUID
	// Reference is the idempotency key, such as the number of the request; 1 to 200 characters. Required.
	Reference string
	// Reason says on what ground; at most 500 characters, required. What it says of the person is erased with the rest.
	Reason string
}

// Treatment is what became of a column.
type Treatment string

// The treatments.
const (
	Deleted       Treatment = "deleted"       // emptied, or the row is gone
	Pseudonymised Treatment = "pseudonymised" // replaced by a name that says nothing, the same in all the person's rows
	Redacted      Treatment = "redacted"      // the person's names and addresses were taken out of a text that leads to nobody
	Kept          Treatment = "kept"          // a rule says to keep it
)

// ErasureReport says what was done, and holds no personal value itself.
type ErasureReport struct {
	ID        uuid.UUID `json:"id"`
	PartyID   uuid.UUID `json:"party_id"`
	Reference string    `json:"reference"`
	ErasedAt  time.Time `json:"erased_at"`
	// Removed says that nothing referred to the person's own row, so that it is gone; else it bears a pseudonym.
	Removed bool `json:"removed"`
	// Lines are the columns that held something, sorted by table and column.
	Lines []ErasureLine `json:"lines"`

	// Replayed says that the reference had been used before for the same person, and nothing was done now.
	Replayed bool `json:"-"`
}

// ErasureLine is one column of one model.
type ErasureLine struct {
	Table     string           `json:"table"`
	Column    string           `json:"column"`
	Category  tenancy.Category `json:"category"`
	Treatment Treatment        `json:"treatment"`
	Rows      int64            `json:"rows"`
	Why       string           `json:"why"`
}

// request is a recorded erasure.
type request struct {
	tenancy.Row
	Reference    string    `bun:"reference" privacy:"none"`
	SubjectTable string    `bun:"subject_table" privacy:"none"`
	SubjectID    uuid.UUID `bun:"subject_id"`
	Reason       string    `bun:"reason" privacy:"free-text,delete"`
	Report       string    `bun:"report" privacy:"none"` // as JSON
	ErasedAt     time.Time `bun:"erased_at"`
}
