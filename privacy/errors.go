package privacy

import "github.com/opsmatiq/erp/tenancy/fault"

// The errors of this package.
var (
	ErrBadInput       = fault.Define(fault.Invalid, "privacy.bad_input", "a field of the input is missing or malformed")
	ErrInterrupted    = fault.Define(fault.Exhausted, "privacy.interrupted", "the database was lost while the archive was being written; begin a new one")
	ErrArchive        = fault.Define(fault.Invalid, "privacy.archive", "the archive is damaged, or none of ours")
	ErrSchema         = fault.Define(fault.Conflict, "privacy.schema", "the archive is of another schema than this program's")
	ErrLimit          = fault.Define(fault.Exhausted, "privacy.limit", "the archive is larger than this program takes")
	ErrDiffers        = fault.Define(fault.Internal, "privacy.differs", "what was imported does not read back as it was exported; nothing of it was kept")
	ErrNoPath         = fault.Define(fault.Internal, "privacy.no_path", "a model's subject leads to no registered model")
	ErrReferenceTaken = fault.Define(fault.Conflict, "privacy.reference_taken", "the reference belongs to another erasure")
	ErrHolds          = fault.Define(fault.Internal, "privacy.holds", "what holds rows was not said of each of them")
	ErrTooManyPersons = fault.Define(fault.Exhausted, "privacy.too_many_persons", "more people meet the search than it tells apart; say more of whom you look for")

	ErrOneWord     = fault.Define(fault.Conflict, "privacy.one_word", "what the person is called is a word of the language, and would be taken out of others' texts: look at the preview, and confirm")
	ErrAccountLeft = fault.Define(fault.Conflict, "privacy.account_left", "no account stands in the erasure's way")

	ErrRedactionHeld   = fault.Define(fault.Conflict, "privacy.redaction_held", "a rule or a legal hold keeps the record as it is")
	ErrNothingToRedact = fault.Define(fault.Conflict, "privacy.nothing_to_redact", "nothing in the record can be redacted")

	ErrBadValue        = fault.Define(fault.Invalid, "privacy.bad_value", "the value is none that the column can hold")
	ErrNotCorrectable  = fault.Define(fault.Invalid, "privacy.not_correctable", "the column is none that a correction may change")
	ErrHeld            = fault.Define(fault.Locked, "privacy.held", "a legal hold, or a rule, keeps the row as it is")
	ErrErased          = fault.Define(fault.Conflict, "privacy.erased", "the person was erased, and is not made known again")
	ErrCorrectionTaken = fault.Define(fault.Conflict, "privacy.correction_taken", "the reference belongs to another correction")

	ErrNotPlatform      = fault.Define(fault.Forbidden, "privacy.not_platform", "the act is one of the platform's own tenant")
	ErrAttestationTaken = fault.Define(fault.Conflict, "privacy.attestation_taken", "the reference belongs to another attestation")
	ErrNotAttested      = fault.Define(fault.Conflict, "privacy.not_attested", "nothing is attested of the promise")
	ErrNoBackups        = fault.Define(fault.Conflict, "privacy.no_backups", "the program takes no backups, or the backup lies where it does not reach")
	ErrBackupGone       = fault.Define(fault.Conflict, "privacy.backup_gone", "the backup was destroyed, or never ended")
	ErrPromiseAbsent    = fault.Define(fault.Conflict, "privacy.promise_absent", "a promise of the privacy policy is kept by nothing and vouched for by nobody")
)
