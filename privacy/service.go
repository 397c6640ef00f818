package privacy

import (
	"context"
	"crypto/tls"
	"embed"
	"io/fs"
	"slices"

	"github.com/opsmatiq/erp/tenancy"
)

// Service does what privacy law asks of whoever keeps a tenant's data. It knows no domain: it walks the registry, so a new
// table is covered the day it is registered. Its methods are safe for concurrent use.
type Service struct {
	db  *tenancy.DB
	opt Options

	importRows int
}

// Options bounds what [Service.Import] takes from an archive that somebody hands in. The zero value of each means its
// default.
type Options struct {
	// MaxBytes is how large the files of an archive may be together when unpacked. Default 64 GiB.
	MaxBytes int64
	// MaxLineBytes is how long one record may be. Default 16 MiB.
	MaxLineBytes int
	// Renderers make documents of rows for archives, such as issued invoices as UBL. Default: none.
	Renderers []Renderer
	// Recipients are those outside to whom personal data of the scope's controller go: processors, and whom they are disclosed to. It is asked in
	// the scope of the tenant whose map is made. Default: none are known.
	Recipients func(ctx context.Context) ([]Recipient, error)
	// Retention says for how long records of a class in a table are kept in a jurisdiction (ISO 3166-1; "" where none is stated), and by which rule. "": no rule is known. Default:
	// none is.
	Retention func(jurisdiction string, class tenancy.RecordClass, table string) string
	// Holds says what keeps rows of a model: one Hold for each row, in their order, and the zero Hold where nothing does. Rows are pointers to the model's
	// struct, at most 500 of one tenant in a call; a call takes a constant number of statements, in tx. Default: only columns of class keep are held, with no
	// rule known.
	Holds func(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any) ([]Hold, error)
	// HoldAgain has a restored tenant be under a legal hold that the ledger knows of, or has one released that was ([tenancy.Tx.RecordHold]), and reports whether that was needed: what is placed already, and what is on a record that is not
	// there, is not. It is called in the restored tenant's scope, in the order in which it was done the first time. Default: a tenant of which the ledger knows holds is not restored (privacy.holds).
	HoldAgain func(ctx context.Context, h tenancy.LedgerHold) (bool, error)
	// Accounts are users' accounts, which lie beside the tenant's own tables. Default: there are none.
	Accounts Accounts
	// Follows says, by table, what follows from columns of a row that was corrected: it is handed the row as it will be, a pointer to its struct, sets what follows, such as a key for searching, and names
	// those columns; or it refuses the row. Default: nothing follows. See [Service.Correct].
	Follows map[string]func(row any) (columns []string, err error)
	// Looks are what somebody knows of promises who can look: see [Look]. Default: none, so that those promises rest on attestations.
	Looks map[PromiseID]Look
	// Listener is what the host's server listens with, such as [TLSConfig] gives. Default: something before the program ends TLS, which has to be attested.
	Listener *tls.Config
	// Backups says where backups go. With them the promises of backups and of their rotation are looked at ([BackupOptions]). Default: this program takes none.
	Backups BackupOptions
}

// New makes the service on an opened database whose modules include [Module]. A renderer of what is not registered panics: it is a mistake in the program.
func New(db *tenancy.DB, opt Options) *Service {
	if opt.MaxBytes <= 0 {
		opt.MaxBytes = 64 << 30
	}
	if opt.MaxLineBytes <= 0 {
		opt.MaxLineBytes = 16 << 20
	}
	opt.Renderers = slices.Clone(opt.Renderers)
	if err := checkRenderers(db.Registry(), opt.Renderers); err != nil {
		panic(err)
	}
	opt.Backups.defaults()
	return &Service{db: db, opt: opt, importRows: importRows}
}

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Module is what privacy brings to the store: hand it to [tenancy.Options].Modules.
func Module() tenancy.Module {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is embedded at build time
	}
	return tenancy.Module{Name: "privacy", Models: models, Migrations: files}
}

// models are all stored structs of this package.
var models = []*tenancy.Model{
	// Who asked to be forgotten, and why, is nothing to look at unseen.
	tenancy.Define[request](tenancy.Spec{Table: requestTable, Class: tenancy.Log, Subject: "subject_id", Anybody: true, StillBooks: tenancy.Always, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Writes: tenancy.Keep, RetainFrom: "erased_at", RecordReads: true}),
	tenancy.Define[holdRow](tenancy.Spec{Table: "erp.erasure_holds", Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, PartOf: requestTable}),
	tenancy.Define[words](tenancy.Spec{Table: wordsTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, PartOf: requestTable}),
	tenancy.Define[controllerRow](tenancy.Spec{Table: controllerTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, RetainFrom: "set_at",
		Writes: tenancy.AppendOnly}),
	tenancy.Define[controllerText](tenancy.Spec{Table: "erp.controller_texts", Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty,
		Writes: tenancy.Companion, PartOf: controllerTable}),
	tenancy.Define[correctionRow](tenancy.Spec{Table: correctionTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Subject: "person_id", Anybody: true, RetainFrom: "corrected_at",
		Writes: tenancy.AppendOnly, StillBooks: tenancy.Always}),
	tenancy.Define[correctionText](tenancy.Spec{Table: correctionTextTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, Subject: "correction_id",
		Writes: tenancy.Companion, PartOf: correctionTable, RecordReads: true}),
	tenancy.Define[attestationRow](tenancy.Spec{Table: attestationTable, Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty, RetainFrom: "expires_at",
		Writes: tenancy.AppendOnly}),
	tenancy.Define[attestationText](tenancy.Spec{Table: "erp.attestation_texts", Class: tenancy.Log, Purpose: tenancy.ComplyWithLaw, Basis: tenancy.LegalDuty,
		Writes: tenancy.Companion, PartOf: attestationTable}),
}

const (
	requestTable     = "erp.erasure_requests"
	wordsTable       = "erp.erasure_words"
	controllerTable  = "erp.controllers"
	attestationTable = "erp.attestations"
	correctionTable  = "erp.corrections"

	correctionTextTable = "erp.correction_texts"
)

// The permissions of this package's acts. Import is the platform's and needs a context from [tenancy.DB.EnterPlatform].
const (
	PermExport tenancy.Permission = "privacy.export" // all of a tenant's data, as an archive
	PermDigest tenancy.Permission = "privacy.digest" // its hashes alone

	PermExportSubject tenancy.Permission = "privacy.export_subject" // what is held of one person, as that person's copy

	PermErase tenancy.Permission = "privacy.erase" // erasing a person, and what that would do
	PermFind  tenancy.Permission = "privacy.find"  // whether, and where, a person is known
	PermMap   tenancy.Permission = "privacy.map"   // the data map, and records of processing

	PermCorrect tenancy.Permission = "privacy.correct" // putting right what is inaccurate of a person

	PermSetController tenancy.Permission = "privacy.set_controller" // stating who the controller is
	PermPosture       tenancy.Permission = "privacy.posture"        // what of the policy's promises is kept, and what is vouched for
	PermAttest        tenancy.Permission = "privacy.attest"         // vouching for a promise, and taking that back
)
