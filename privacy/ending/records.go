package ending

import (
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// models are all stored structs of this package. Their rows lie in the platform's own tenant and are about others, by id; none names a
// person.
var models = []*tenancy.Model{
	define[noticeRow]("erp.ending_notices", tenancy.Keep, "due_at"),
	define[deliveryRow]("erp.ending_deliveries", tenancy.Keep, "delivered_at"),
	define[waiverRow]("erp.ending_waivers", tenancy.AppendOnly, "waived_at"),
	define[deletionRow]("erp.deletions", tenancy.Keep, "begun_at"),
	define[certificateRow]("erp.deletion_certificates", tenancy.AppendOnly, "issued_at"),
	define[keyRow]("erp.certificate_keys", tenancy.AppendOnly, ""),
}

func define[T any](table string, writes tenancy.Writes, from string) *tenancy.Model {
	return tenancy.Define[T](tenancy.Spec{Table: table, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Writes: writes, RetainFrom: from})
}

// noticeRow is a notice that the owner of a tenant is to be told, or was.
type noticeRow struct {
	tenancy.Row
	OfTenant uuid.UUID `bun:"of_tenant"`
	EndsAt   time.Time `bun:"ends_at"` // the end of service that it is about: a tenant can end twice
	Kind     string    `bun:"kind" privacy:"none"`
	Day      int64     `bun:"day"` // of a reminder; 0
	DueAt    time.Time `bun:"due_at"`
	Outcome  string    `bun:"outcome" privacy:"none"` // "" while it is to be told
	ToldAt   time.Time `bun:"told_at,nullzero"`
	Attempts int64     `bun:"attempts"`
	TryAt    time.Time `bun:"try_at"`
	Failure  string    `bun:"failure" privacy:"none"` // the last error's code
}

// deliveryRow is an archive that was handed over. Its root says something of what is in it, and is emptied when the tenant's deletion is certified.
type deliveryRow struct {
	tenancy.Row
	OfTenant    uuid.UUID `bun:"of_tenant"`
	EndsAt      time.Time `bun:"ends_at"`
	Reference   string    `bun:"reference" privacy:"none"`
	Root        string    `bun:"root" privacy:"none"`
	Bytes       int64     `bun:"bytes"`
	DeliveredAt time.Time `bun:"delivered_at"`
	DeliveredTo string    `bun:"delivered_to" privacy:"none"`
	RecordedBy  string    `bun:"recorded_by" privacy:"none"`
}

// waiverRow is an owner's word that no archive is wanted.
type waiverRow struct {
	tenancy.Row
	OfTenant uuid.UUID `bun:"of_tenant"`
	EndsAt   time.Time `bun:"ends_at"`
	Terms    string    `bun:"terms" privacy:"none"` // the version of the text
	Text     string    `bun:"text" privacy:"none"`  // ours alone, with the duties; nothing that somebody wrote
	Digest   string    `bun:"digest" privacy:"none"`
	WaivedAt time.Time `bun:"waived_at"`
	WaivedBy string    `bun:"waived_by" privacy:"none"`
}

// deletionRow is a purge of which account is given: begun, then certified, then completed.
type deletionRow struct {
	tenancy.Row
	OfTenant    uuid.UUID `bun:"of_tenant"`
	EndsAt      time.Time `bun:"ends_at"`
	BegunAt     time.Time `bun:"begun_at"`
	Facts       string    `bun:"facts" privacy:"none"` // the certificate as far as it is known before the first row goes
	CertifiedAt time.Time `bun:"certified_at,nullzero"`
	CompletedAt time.Time `bun:"completed_at,nullzero"`
	LookAt      time.Time `bun:"look_at,nullzero"` // when the register of backups is asked next
}

// certificateRow is a certificate of deletion, or its completion, as it was signed.
type certificateRow struct {
	tenancy.Owned
	OfTenant uuid.UUID `bun:"of_tenant,pk"`
	Kind     string    `bun:"kind,pk" privacy:"none"`
	ID       uuid.UUID `bun:"id"`
	IssuedAt time.Time `bun:"issued_at"`
	KeyID    string    `bun:"key_id" privacy:"none"`
	File     string    `bun:"file" privacy:"none"`
}

// keyRow is a public key that signed, which outlives the key.
type keyRow struct {
	tenancy.Owned
	KeyID       string    `bun:"key_id,pk" privacy:"none"`
	PublicKey   string    `bun:"public_key" privacy:"none"` // in hexadecimal
	FirstUsedAt time.Time `bun:"first_used_at"`
}
