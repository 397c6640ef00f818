package certificate

import (
	"time"

	"github.com/google/uuid"
)

// Version is that of the documents that this package writes and reads.
const Version = 1

// The kinds of documents.
const (
	KindDeletion   = "deletion"
	KindCompletion = "completion"
)

// Deletion says that a tenant's data are gone from the primary systems: what there was, by tables and numbers of rows, when it went and
// from where, and what the platform keeps. It names no person, and says nothing of what the rows held. Instants are UTC.
type Deletion struct {
	Version int       `json:"version"`
	Kind    string    `json:"kind"`
	ID      uuid.UUID `json:"id"`
	// Issuer is the platform.
	Issuer   Issuer    `json:"issuer"`
	IssuedAt time.Time `json:"issued_at"`
	Tenant   Tenant    `json:"tenant"`
	TakenOut TakenOut  `json:"taken_out"`
	// Notices are what the owner was told of the end, in order.
	Notices []Notice `json:"notices"`
	// Holds are legal holds that kept the data, of which the owner may know.
	Holds  []Hold `json:"holds"`
	Erased Erased `json:"erased"`
	Key    Key    `json:"key"`
	// Kept is what the platform keeps of its own about the tenant.
	Kept    []Kept  `json:"kept"`
	Backups Backups `json:"backups"`
}

// Issuer is who certifies: the platform, by its own tenant.
type Issuer struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Tenant is whose data they were, by the id that the platform's contract has.
type Tenant struct {
	ID        uuid.UUID `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	// EndedAt is the end of service, KeptUntil the end of the full days for which the data were kept for the owner.
	EndedAt   time.Time `json:"ended_at"`
	KeptUntil time.Time `json:"kept_until"`
	// Early says that the purge began before KeptUntil, under the tenant's own waiver.
	Early bool `json:"early"`
}

// How a tenant's data were taken out.
const (
	Delivered = "delivered" // an archive was handed over
	Waived    = "waived"    // the owner said expressly that none was wanted
	Neither   = "neither"   // though the owner was told of the end: see Notices
)

// TakenOut says what became of the right to take the data out.
type TakenOut struct {
	How string    `json:"how"`
	At  time.Time `json:"at,omitzero"`
	// By is the opaque id of who took the archive, or waived it.
	By string `json:"by,omitempty"`
	// Bytes is how large the archive was. Whole says that it held what was deleted, to the last row but for the trail of acts, and
	// nothing else: its root was that of what was deleted.
	Bytes int64 `json:"bytes,omitempty"`
	Whole bool  `json:"whole,omitempty"`
	// Terms is the version of the text that was waived under, which named the duties of keeping that passed to the tenant.
	Terms string `json:"terms,omitempty"`
}

// Notice is one of the times that the owner was told, or was to be told.
type Notice struct {
	Kind string `json:"kind"`
	// Day is the number of the full day on which a reminder was due; 0 for other notices.
	Day   int64     `json:"day,omitempty"`
	DueAt time.Time `json:"due_at"`
	// ToldAt is missing when the owner could not be told, or a later notice took this one's place.
	ToldAt time.Time `json:"told_at,omitzero"`
}

// Hold is a legal hold.
type Hold struct {
	PlacedAt   time.Time `json:"placed_at"`
	ReleasedAt time.Time `json:"released_at"`
}

// Erased is what was deleted, when and where.
type Erased struct {
	// BeganAt is when the purge was decided, EndedAt when nothing was left.
	BeganAt time.Time `json:"began_at"`
	EndedAt time.Time `json:"ended_at"`
	By      string    `json:"by"` // the opaque id of who purged
	// Engine and Placement are where the data lay; Region where that is.
	Engine    string `json:"engine"`
	Placement string `json:"placement"`
	Region    string `json:"region,omitempty"`
	// Schema and HostSchema are the versions of the library's tables and the host's.
	Schema     int64 `json:"schema"`
	HostSchema int64 `json:"host_schema"`
	// Tables are all tables that a tenant can have rows in, by name, with how many this one had when nobody could write any more and
	// nothing was deleted. Rows is their sum.
	Tables []Table `json:"tables"`
	Rows   int64   `json:"rows"`
	// Root is SHA-256, in hexadecimal, over 32 random bytes and the root of the archive that could have been made of these rows. The
	// random bytes were never written down: nobody can find out from it what the rows held, and nobody can prove it. Where it is missing,
	// NoRoot says why.
	Root   string `json:"root,omitempty"`
	NoRoot string `json:"no_root,omitempty"`
}

// Table is a table with its number of rows.
type Table struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// Key is what became of the key under which the tenant's sealed columns and archives lay: with it copies of those in backups are
// unreadable as well.
type Key struct {
	// Versions is how many versions there were; none when nothing was ever sealed.
	Versions    int       `json:"versions"`
	DestroyedAt time.Time `json:"destroyed_at,omitzero"`
}

// Kept is a table of the platform's own records, or another place, that keeps something about the tenant.
type Kept struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Why   string `json:"why"`
	// Rows is how many there are about the tenant; 0 where that is not counted.
	Rows int64 `json:"rows,omitempty"`
	// Purpose and Basis are what for, and on what ground (GDPR Art. 6(1)).
	Purpose string `json:"purpose"`
	Basis   string `json:"basis"`
	// Law is the rule under which it is kept, Until the last day for which that asks (YYYY-MM-DD). What names nobody may lie there for longer. "": no rule is stated, and it is kept for as long
	// as what it is kept for asks for.
	Law   string `json:"law,omitempty"`
	Until string `json:"until,omitempty"`
}

// Backups says what of the tenant may still be in backups.
type Backups struct {
	// Registered says that the platform keeps a register of its backups, which was asked: Count of them hold data of the tenant, and the
	// last expires at LastExpiry.
	Registered bool      `json:"registered"`
	Count      int       `json:"count,omitempty"`
	LastExpiry time.Time `json:"last_expiry,omitzero"`
	// PendingUntil is by when the last registered backup is gone, and not before there can be no other: a completion says that none is left.
	PendingUntil time.Time `json:"pending_until"`
}

// Completion completes a certificate of deletion: no registered backup holds data of the tenant any more.
type Completion struct {
	Version  int       `json:"version"`
	Kind     string    `json:"kind"`
	ID       uuid.UUID `json:"id"`
	Issuer   Issuer    `json:"issuer"`
	IssuedAt time.Time `json:"issued_at"`
	TenantID uuid.UUID `json:"tenant_id"`
	// Certificate and Digest are the id and the SHA-256, in hexadecimal, of the document that it completes.
	Certificate uuid.UUID `json:"certificate"`
	Digest      string    `json:"digest"`
	// LastExpiry is when the last backup that was registered expired, or was to, by the certificate or later; missing when none held data of the tenant. CheckedAt is when
	// the register said that none is left.
	LastExpiry time.Time `json:"last_expiry,omitzero"`
	CheckedAt  time.Time `json:"checked_at"`
}
