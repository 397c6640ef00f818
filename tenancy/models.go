package tenancy

import (
	"embed"
	"io/fs"
	"time"

	"github.com/google/uuid"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// gate is the tenant's state as its own database knows it; written by the platform through the engine.
type gate struct {
	Owned
	State string `bun:"state" privacy:"none"`
	// Turn is the number of the platform's decision that moved it last.
	Turn int64 `bun:"turn"`
}

// erasure opens one companion row of an issued document for replacement.
type erasure struct {
	Row
	TableName    string    `bun:"table_name" privacy:"none"`
	RowID        uuid.UUID `bun:"row_id"`
	State        string    `bun:"state" privacy:"none"`
	RegisteredAt time.Time `bun:"registered_at"`
}

// The states of an erasure: it opens a companion row, it is done, or it can never be: see [Ledger.Settle].
const (
	erasureRegistered = "registered"
	erasureDone       = "done"
	erasureVoid       = "void"
)

// Event is one audit event: who did what to which record. It carries names of columns, never values.
type Event struct {
	Row
	OccurredAt time.Time `bun:"occurred_at"`
	// Actor is the opaque id of who acted.
	Actor string `bun:"actor" privacy:"none"`
	// Act is what was being done, outermost first: "sales.sell/accounting.issue".
	Act string `bun:"act" privacy:"none"`
	// Verb is insert, update, delete, read (of a model with RecordReads) or, for an act without a row, empty.
	Verb  string    `bun:"verb" privacy:"none"`
	Model string    `bun:"model" privacy:"none"`
	RowID uuid.UUID `bun:"row_id,nullzero"`
	// Columns are the names of the changed columns of an update; of the act tenancy.break_glass, whose RowID is a [Use], the
	// grant and what was looked at under it: columns, comparisons, ids and the number of rows.
	Columns string `bun:"columns" privacy:"none"`
	// Rows is how many rows a read gave; 0 for everything else.
	Rows int64 `bun:"row_count"`
}

var module = Module{
	Name: "tenancy",
	Models: []*Model{
		Define[gate](Spec{Table: "erp.tenant_gates", Class: Settings, Writes: ReadOnly}),
		Define[Restriction](Spec{Table: restrictionTable, Subject: "id", Anybody: true, StillBooks: Always, Class: Log, Purpose: ComplyWithLaw, Basis: LegalDuty, RetainFrom: "restricted_at"}),
		Define[erasure](Spec{Table: "erp.erasures", Class: Log, Writes: Keep}),
		Define[Event](Spec{Table: "erp.audit_events", Class: Log, Writes: AppendOnly, RetainFrom: "occurred_at", Derived: true, System: true, Trail: true}),
	},
	Migrations: sub(migrationFiles, "migrations"),
	Control:    controlTables,
	Subjects:   map[string]string{"erp_control.contracts": "administrators and billing contacts of the platform's customers"},
	Flows:      []Flow{{Name: "tenancy.mail", About: "The owner of a tenant is told by e-mail of a break-glass grant: who asked for what, and why.", Tables: []string{"erp_control.grants"}}},
}

func sub(files fs.FS, dir string) fs.FS {
	out, err := fs.Sub(files, dir)
	if err != nil {
		panic(err)
	}
	return out
}
