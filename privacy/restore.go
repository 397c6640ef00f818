package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"regexp"

	"filippo.io/age"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

const opRestore = "privacy.Restore"

// Restoration is the input of [Service.Restore].
type Restoration struct {
	// BackupID is the backup in the register. Zero: one that the register does not know, handed in as Archive.
	BackupID uuid.UUID
	// Identities are the operator's: one of those whose recipients the backup is encrypted to. Required.
	Identities []age.Identity
	// Placement is where the tenant's data go. Default: where they were.
	Placement string
	// Reason stands in the platform's journal. Required, at most 800 characters.
	Reason string

	// Archive and Size are the backup's file, where the register does not know it: after the loss of the control database, or in another installation.
	Archive io.ReaderAt
	Size    int64
	// KeyCopy is the file with the tenant's key that lies beside it. Needed where this control database does not have the key.
	KeyCopy io.Reader
	// Unknown says what the tenant is called where this control database has never heard of it.
	Unknown tenancy.NewTenant
}

// Restored is what became of a restoration.
type Restored struct {
	Tenant tenancy.Tenant
	// Manifest is that of the backup. The tenant's own root is the same if Erased, Restricted, Held and Finished are empty.
	Manifest Manifest
	// Erased are the erasures that the backup did not know of and that were done again.
	Erased []tenancy.LedgerEntry
	// Restricted are those who were restricted again, or freed again.
	Restricted []tenancy.LastRestriction
	// Held are the legal holds that were placed again, or released again.
	Held []tenancy.LedgerHold
	// Finished are erasures that were asked again what still holds the rest ([PendingErasure].ID): that may have ended since.
	Finished []uuid.UUID
}

// Restore brings back a tenant whose place was lost: the database, or its file. It has its own id, its own key, and stands as the platform decided meanwhile, suspended and cancelled ones included. The backup is held against the register's
// hash and root, every record is checked as an import checks it, and read back. Then erasures that were done after the backup was taken are done again, under the legal holds that stood then, and restrictions ([tenancy.Ledger]); what has ceased to be held meanwhile is erased; and
// only then can anybody enter: a process that dies on the way leaves a tenant that nobody can read, and the same call goes on.
//
// A tenant that is there is not restored over, nor is one that is being purged or was, whatever backups there may be. What was done since the backup was taken is lost, but for those: revoked API keys and
// objections of that time are to be looked after by hand (docs/backups.md).
//
// Permissions: tenancy.restore, tenancy.import and tenancy.read_backups, of the platform. Errors: those of [tenancy.Tenants.Restore] and [Service.Import]; privacy.no_backups (it lies elsewhere), privacy.backup_gone (it was destroyed, or never ended), privacy.archive (damaged, or not the one that
// was registered), tenancy.key (other identities; a key that is not here), and those of erasing.
func (s *Service) Restore(ctx context.Context, in Restoration) (Restored, error) {
	for _, p := range []tenancy.Permission{tenancy.PermRestoreTenant, tenancy.PermImportTenant} {
		if err := s.db.Tenants().Require(ctx, p); err != nil {
			return Restored{}, err
		}
	}
	from, err := s.source(ctx, in)
	if err != nil {
		return Restored{}, err
	}
	defer from.close()
	if in.KeyCopy == nil { // else it opens when the key is here
		if _, err := s.openBackup(ctx, from); err != nil {
			return Restored{}, err
		}
	}
	var out Restored
	out.Tenant, err = s.db.Tenants().Restore(ctx, tenancy.Restoration{ID: from.tenant, Archive: "backup " + from.sha256, Placement: in.Placement, Reason: in.Reason, Unknown: in.Unknown,
		KeyCopy: in.KeyCopy, Identities: in.Identities,
		Write: func(within context.Context, i *tenancy.Importing) error {
			a, err := s.openBackup(ctx, from)
			if err != nil {
				return err
			}
			return s.writeAll(within, i, a)
		},
		Replay: func(ctx context.Context) error {
			var err error
			if out.Held, out.Erased, err = s.replayLedger(ctx); err != nil {
				return err
			}
			if out.Restricted, err = s.restrictAgain(ctx); err != nil {
				return err
			}
			out.Finished, err = s.finishAgain(ctx)
			return err
		},
	})
	if err != nil {
		return Restored{}, err
	}
	a, err := s.openBackup(ctx, from)
	if err != nil {
		return Restored{}, err
	}
	out.Manifest = a.manifest
	return out, nil
}

// writeAll writes an archive's records, unless an earlier call was cut short behind its commit, and reads them back.
func (s *Service) writeAll(ctx context.Context, i *tenancy.Importing, a *archive) error {
	fresh, err := i.Fresh(ctx)
	if err != nil {
		return err
	}
	if fresh {
		for _, m := range i.Models() {
			if err := s.importModel(ctx, i, a, m); err != nil {
				return err
			}
		}
	}
	return s.readBack(ctx, i, &a.manifest)
}

// backupSource is a backup's file, decrypted with the operator's identity and still sealed under the tenant's key.
type backupSource struct {
	tenant uuid.UUID
	sha256 string // of the file as it lay
	root   string // as the register has it; "" when it does not know the backup
	sealed io.ReaderAt
	size   int64
	close  func()
}

// source finds the backup and opens its outer encryption.
func (s *Service) source(ctx context.Context, in Restoration) (*backupSource, error) {
	if (in.BackupID == uuid.Nil) == (in.Archive == nil) || len(in.Identities) == 0 {
		return nil, ErrBadInput.New(opRestore, "a restoration names a registered backup or brings the file of another, and the identities that open it")
	}
	from := &backupSource{close: func() {}}
	file, size := in.Archive, in.Size
	if in.BackupID != uuid.Nil {
		spooled, n, err := s.spool(ctx, in.BackupID, from)
		if err != nil {
			return nil, err
		}
		file, size = spooled, n
	} else {
		h := sha256.New()
		if _, err := io.Copy(h, io.NewSectionReader(file, 0, size)); err != nil {
			return nil, ErrArchive.Wrap(opRestore, err, "the backup cannot be read")
		}
		from.sha256 = hex.EncodeToString(h.Sum(nil))
	}
	var err error
	if from.sealed, from.size, err = age.DecryptReaderAt(file, size, in.Identities...); err != nil {
		from.close()
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return nil, tenancy.ErrKey.Wrap(opRestore, err, "none of the identities opens the backup")
		}
		return nil, ErrArchive.Wrap(opRestore, err, "the backup is damaged, cut off, or none of ours")
	}
	whose, err := sealedFor(from.sealed)
	if err == nil && from.tenant != uuid.Nil && whose != from.tenant {
		err = ErrArchive.New(opRestore, "the backup is another tenant's than the register says")
	}
	if err != nil {
		from.close()
		return nil, err
	}
	from.tenant = whose
	return from, nil
}

// spool copies a registered backup, encrypted as it is, to where it can be read at any place, and holds it against its hash.
func (s *Service) spool(ctx context.Context, id uuid.UUID, from *backupSource) (io.ReaderAt, int64, error) {
	b, err := s.db.Backups().Get(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	if b.State != tenancy.BackupKept {
		return nil, 0, ErrBackupGone.New(opRestore, "the backup is %s", b.State)
	}
	if err := s.here(b); err != nil {
		return nil, 0, err
	}
	in, err := s.opt.Backups.Files.Open(ctx, archiveName(b.TenantID, b.ID))
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = in.Close() }()
	file, err := os.CreateTemp(s.opt.Backups.Scratch, "erp-restore-*")
	if err != nil {
		return nil, 0, tenancy.ErrFiles.Wrap(opRestore, err, "")
	}
	from.close = func() { _, _ = file.Close(), os.Remove(file.Name()) }
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(file, h), in)
	if err != nil {
		from.close()
		return nil, 0, tenancy.ErrFiles.Wrap(opRestore, err, "")
	}
	from.tenant, from.root, from.sha256 = b.TenantID, b.Root, hex.EncodeToString(h.Sum(nil))
	if n != b.Bytes || from.sha256 != b.SHA256 {
		from.close()
		return nil, 0, ErrArchive.New(opRestore, "the backup is not the one that was registered: it has another hash")
	}
	return file, n, nil
}

// sealedStart is how what was sealed under a tenant's key begins (see tenancy's archives). That it is so is authenticated when it is opened.
var sealedStart = regexp.MustCompile(`^age-encryption\.org/v1\n-> erp-tenant ([0-9a-f-]{36}) [0-9]+\n`)

// sealedFor is the tenant under whose key an archive is sealed.
func sealedFor(r io.ReaderAt) (uuid.UUID, error) {
	start := make([]byte, 200)
	n, err := r.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return uuid.Nil, ErrArchive.Wrap(opRestore, err, "the backup cannot be read")
	}
	found := sealedStart.FindSubmatch(start[:n])
	if found == nil {
		return uuid.Nil, ErrArchive.New(opRestore, "the backup is not sealed under a tenant's key")
	}
	id, err := uuid.ParseBytes(found[1])
	if err != nil {
		return uuid.Nil, ErrArchive.Wrap(opRestore, err, "the backup is not sealed under a tenant's key")
	}
	return id, nil
}

// openBackup opens the inner seal and looks the archive over.
func (s *Service) openBackup(ctx context.Context, from *backupSource) (*archive, error) {
	a, err := s.unsealArchive(ctx, from.sealed, from.size)
	if err != nil {
		return nil, err
	}
	if from.root != "" && a.manifest.Root != from.root {
		return nil, ErrArchive.New(opRestore, "the archive in the backup has another root than the register says")
	}
	return a, nil
}
