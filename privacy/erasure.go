package privacy

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Erasure asks for a person to be made unknown.
type Erasure struct {
	// PersonID is the person's own row: a party, a member of the tenant, or a row of a host's model whose subject is "self".
	PersonID uuid.UUID
	// Reference is the idempotency key, such as the number of the request; 1 to 200 characters. Required.
	Reference string
	// Reason says on what ground; at most 500 characters, required. What it says of the person is erased with the rest.
	Reason string
	// Confirmed says that somebody has looked at the preview ([Service.PreviewErasure]) and has what is one word of the person ("Post") taken out of others' texts wherever it stands. It is asked for only where there are such texts.
	Confirmed bool
}

// Treatment is what becomes of a column.
type Treatment string

// The treatments.
const (
	Deleted       Treatment = "deleted"       // emptied, or the row is gone
	Pseudonymised Treatment = "pseudonymised" // replaced by a name that says nothing, the same in all the person's rows
	Redacted      Treatment = "redacted"      // the person's names and addresses were taken out of a text that is about somebody else, or nobody
	Named         Treatment = "named"         // stays, in a record that is about nobody and has to say whom it names, such as a recipient's in a register: see [Service.Redact]
	Held          Treatment = "held"          // stays until what holds it ends, and is for nothing else until then
)

// ErasureReport says what was done, or would be, and holds no personal value itself.
type ErasureReport struct {
	ID        uuid.UUID `json:"id,omitzero"`
	PersonID  uuid.UUID `json:"person_id"`
	Reference string    `json:"reference,omitzero"`
	ErasedAt  time.Time `json:"erased_at,omitzero"`
	// Removed says that nothing referred to the person's own row, so that it is gone; else it bears a pseudonym.
	Removed bool `json:"removed"`
	// Lines are the columns that held something, sorted by table, column and treatment.
	Lines []ErasureLine `json:"lines"`
	// DueOn is when the erasure goes on with what is held, at the earliest. Zero: nothing is.
	DueOn date.Date `json:"due_on,omitzero"`

	// NotYet says, in a preview, why [Service.Erase] would refuse now: the person still comes in. "": it would not.
	NotYet string `json:"-"`
	// Texts are, in a preview, texts about somebody else or nobody out of which the person would be taken, at most 100. A name that is a word as well ("Post") is taken out wherever the word stands: who erases looks first, and
	// puts such a name right in the person's row before, or confirms ([Erasure].Confirmed).
	Texts []NamedText `json:"-"`
	// Confirm says, in a preview, that Erase asks for [Erasure].Confirmed.
	Confirm bool `json:"-"`
	// Replayed says that the reference had been used before for the same person, and nothing was done now.
	Replayed bool `json:"-"`
}

// NamedText is a text that names a person, and what it would be.
type NamedText struct {
	Table, Column string
	Text, Becomes string
}

// Complete reports that nothing is held.
func (r *ErasureReport) Complete() bool { return r.DueOn.IsZero() }

// ErasureLine is one column of one model, treated in one way for one reason.
type ErasureLine struct {
	Table     string           `json:"table"`
	Column    string           `json:"column"`
	Category  tenancy.Category `json:"category"`
	Treatment Treatment        `json:"treatment"`
	Rows      int64            `json:"rows"`
	Why       string           `json:"why"`
	// Rule, Source and Until are those of the [Hold] of what is held: by which rule or legal hold, on the ground of which law, and from which day on
	// no more. Until is zero while that is not known.
	Rule   string    `json:"rule,omitzero"`
	Source string    `json:"source,omitzero"`
	Until  date.Date `json:"until,omitzero"`
}

// ErasureState is how far an erasure has come.
type ErasureState string

// The states of an erasure.
const (
	ErasureOpen ErasureState = "open" // the tables are done; accounts, and the files beneath the tables, are still to be
	ErasureHeld ErasureState = "held" // what is left waits for a rule or a legal hold to end
	ErasureDone ErasureState = "done" // nothing is left
)

// PendingErasure is an erasure that is not done.
type PendingErasure struct {
	ID        uuid.UUID
	PersonID  uuid.UUID
	Reference string
	ErasedAt  time.Time
	State     ErasureState
	// DueOn is when it goes on.
	DueOn date.Date
	// Held are the columns that are left.
	Held []ErasureLine
	// Account says that an account is still to be forgotten of it. While it is back in the tenant it cannot be: [Service.KeepAccount].
	Account bool
}

// request is a recorded erasure.
type request struct {
	tenancy.Row
	Reference    string       `bun:"reference" privacy:"none"`
	SubjectTable string       `bun:"subject_table" privacy:"none"`
	SubjectID    uuid.UUID    `bun:"subject_id"`
	AccountID    uuid.UUID    `bun:"account_id,nullzero"`
	Reason       string       `bun:"reason" privacy:"free-text,delete,apart"`
	Report       string       `bun:"report" privacy:"none"` // as JSON
	ErasedAt     time.Time    `bun:"erased_at"`
	State        ErasureState `bun:"state" privacy:"none"`
	DueOn        date.Date    `bun:"due_on,nullzero"`
	// Since when, by whose decision and why the account is not to be forgotten any more: see [Service.KeepAccount].
	KeptAccountAt  time.Time `bun:"kept_account_at,nullzero"`
	KeptAccountBy  string    `bun:"kept_account_by" privacy:"none"`
	KeptAccountWhy string    `bun:"kept_account_why" privacy:"free-text,delete,apart"`
}

// holdRow is a line of what an erasure has left.
type holdRow struct {
	tenancy.Owned
	ErasureID  uuid.UUID        `bun:"erasure_id,pk"`
	Seq        int64            `bun:"seq,pk"`
	TableName  string           `bun:"table_name" privacy:"none"`
	ColumnName string           `bun:"column_name" privacy:"none"`
	Category   tenancy.Category `bun:"category" privacy:"none"`
	Rule       string           `bun:"rule" privacy:"none"`
	Source     string           `bun:"source" privacy:"none"`
	UntilOn    date.Date        `bun:"until_on,nullzero"`
	Why        string           `bun:"why" privacy:"none"`
	RowCount   int64            `bun:"row_count"`
}

func (h *holdRow) line() ErasureLine {
	return ErasureLine{Table: h.TableName, Column: h.ColumnName, Category: h.Category, Treatment: Held, Rows: h.RowCount, Why: h.Why, Rule: h.Rule, Source: h.Source, Until: h.UntilOn}
}

// words are what the person was known by, for texts under a legal hold that name them and are about somebody else, or nobody. They go when
// the last such text has been searched.
type words struct {
	tenancy.Owned
	ErasureID uuid.UUID `bun:"erasure_id,pk"`
	Words     string    `bun:"words" privacy:"identity,delete,sealed"` // as JSON
}
