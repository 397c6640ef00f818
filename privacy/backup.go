package privacy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// BackupOptions says where backups go and who can open them. With no Files none are taken by this program, and somebody has to attest that backups are made.
type BackupOptions struct {
	// Files is where backups lie: a directory ([github.com/opsmatiq/erp/tenancy/local.Files]), or the host's own store. It is not where the databases lie.
	Files tenancy.Files
	// Keys is where the copies of tenants' keys lie that go with the backups. It must be able to forget: what Remove removed has to be gone, old versions of it and copies included, or purged
	// tenants' backups stay readable until they expire. Default: Files.
	Keys tenancy.Files
	// Place is what the register calls Files, at most 200 characters. Default "backups".
	Place string
	// Recipients are the age recipients that backups are encrypted to, such as X25519 public keys, at least one. Their identities are nowhere near the program: it never needs them but to restore.
	Recipients []age.Recipient
	// Every is the rule of freshness: a tenant without a backup begun within it turns the posture's check red. Backups are taken twice as often. At least an hour; default 24 h.
	Every time.Duration
	// Keep is for how long a backup is kept, at most [tenancy.LongestBackup]. Default 90 days (policy 7.3). They are removed in the last day of it, so that at its end they are gone.
	Keep time.Duration
	// Scratch is a directory for an encrypted backup while it is being restored. Default: the system's for temporary files.
	Scratch string
}

const (
	backupEvery = 24 * time.Hour
	// pruneAhead is how long before its expiry a backup goes: nothing of it is to be there behind it.
	pruneAhead = 24 * time.Hour
	// abandonedBackup is after how long a backup that has not ended is taken for one that never will.
	abandonedBackup = 24 * time.Hour
	// takingBackup is for how long one that has begun is waited for before another is begun.
	takingBackup = time.Hour
)

func (o *BackupOptions) defaults() {
	if o.Keys == nil {
		o.Keys = o.Files
	}
	if o.Place == "" {
		o.Place = "backups"
	}
	if o.Every <= 0 {
		o.Every = backupEvery
	}
	if o.Keep <= 0 {
		o.Keep = tenancy.LongestBackup
	}
}

// on reports whether this program takes backups.
func (o *BackupOptions) on() bool { return o.Files != nil }

// Check refuses options that no backup can be taken by. Errors: privacy.no_backups (there are none), privacy.bad_input.
func (o *BackupOptions) Check() error {
	const op = "privacy.BackupOptions"
	switch {
	case !o.on():
		return ErrNoBackups.New(op, "Options.Backups says of no place")
	case len(o.Recipients) == 0 || slices.Contains(o.Recipients, nil):
		return ErrBadInput.New(op, "a backup is encrypted to at least one recipient")
	case o.Every != 0 && o.Every < time.Hour:
		return ErrBadInput.New(op, "a rule of freshness is of an hour at least")
	case o.Keep > tenancy.LongestBackup || o.Keep != 0 && o.Keep <= pruneAhead:
		return ErrBadInput.New(op, "a backup is kept for more than a day, and for 90 at most")
	}
	return nil
}

// recipients names the recipients for the register: public keys are no secrets, and tell which identity opens a backup.
func (o *BackupOptions) recipients() string {
	names := make([]string, len(o.Recipients))
	for i, r := range o.Recipients {
		names[i] = fmt.Sprintf("%T", r)
		if s, ok := r.(fmt.Stringer); ok {
			names[i] = s.String()
		}
	}
	slices.Sort(names)
	text := strings.Join(names, " ")
	if len(text) > 200 {
		sum := sha256.Sum256([]byte(text))
		text = "sha256 " + hex.EncodeToString(sum[:])
	}
	return text
}

// A backup is two files: the archive, sealed under the tenant's key and then encrypted to the recipients; and a copy of the tenant's key, encrypted to the recipients. Of a tenant that is
// purged the second goes at once, wherever the first may lie until it expires.
func archiveName(tenant, id uuid.UUID) string {
	return tenant.String() + "/" + id.String() + ".zip.age"
}
func keyName(tenant, id uuid.UUID) string { return tenant.String() + "/" + id.String() + ".key.age" }

// Backup takes a backup of everything that the tenant has ([Service.Export]) into [Options].Backups. It is in the register before its first byte, and again, with size, hash and root, when the store has all of it. It goes out as
// it is read: memory does not grow with the tenant. Cut short anywhere there is no backup, but an entry that says that one was begun; another one is begun anew, and [Service.PruneBackups]
// removes what is left.
//
// It is sealed under the tenant's key inside and encrypted to the operator's recipients outside, so neither the operator's identity nor the program's keys alone open it: see
// docs/backups.md.
//
// Permissions: tenancy.backup and privacy.export. Errors: the unscoped codes, tenancy.forbidden, privacy.no_backups, privacy.bad_input, tenancy.tenant_state, tenancy.files, and those of [Service.Export].
func (s *Service) Backup(ctx context.Context) (tenancy.Backup, error) {
	register := s.db.Backups()
	if err := register.Require(ctx); err != nil {
		return tenancy.Backup{}, err
	}
	opt := &s.opt.Backups
	if err := opt.Check(); err != nil {
		return tenancy.Backup{}, err
	}
	begun, err := register.Begin(ctx, opt.Place, opt.recipients(), opt.Keep)
	if err != nil {
		return tenancy.Backup{}, err
	}
	var key bytes.Buffer
	if err := register.CopyKey(ctx, &key, opt.Recipients...); err != nil {
		return tenancy.Backup{}, err
	}
	if err := opt.Keys.Put(ctx, keyName(begun.TenantID, begun.ID), &key); err != nil {
		return tenancy.Backup{}, err
	}
	sum := &counted{w: io.Discard, hash: sha256.New()}
	m, err := s.exportTo(ctx, archiveName(begun.TenantID, begun.ID), sum)
	if err != nil {
		return tenancy.Backup{}, err
	}
	return register.Complete(ctx, begun.ID, sum.n, hex.EncodeToString(sum.hash.Sum(nil)), m.Root)
}

// exportTo writes the tenant's archive into a file of the store, encrypted twice. The store reads in a goroutine of its own, as a transaction is used by the one that began it.
func (s *Service) exportTo(ctx context.Context, name string, sum *counted) (Manifest, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	stored := make(chan error, 1)
	go func() {
		err := s.opt.Backups.Files.Put(tenancy.Scope{}.Attach(ctx), name, out)
		_ = out.CloseWithError(errors.Join(err, errStoreDone)) // whoever still writes is not kept waiting
		stored <- err
	}()
	m, err := s.encryptTo(ctx, io.MultiWriter(in, sum))
	_ = in.CloseWithError(err) // without an error the store sees the end
	put := <-stored
	if put != nil {
		return Manifest{}, put
	}
	return m, err
}

// errStoreDone says that the store has stopped reading.
var errStoreDone = errors.New("privacy: the store takes no more")

func (s *Service) encryptTo(ctx context.Context, w io.Writer) (Manifest, error) {
	outer, err := age.Encrypt(w, s.opt.Backups.Recipients...)
	if err != nil {
		return Manifest{}, err
	}
	m, err := s.Export(ctx, outer, Sealed())
	if err != nil {
		return Manifest{}, err
	}
	return m, outer.Close()
}

// BackupIfDue takes a backup of the scope's tenant when the last one is older than half of [BackupOptions].Every, so that one that fails or is late does not make it stale. While another process
// is at one that it began within the hour, none is due. It reports whether one was taken. Without [Options].Backups nothing is due.
//
// Permissions and errors: as [Service.Backup]'s. It is meant for a background job, of suspended and cancelled tenants too.
func (s *Service) BackupIfDue(ctx context.Context) (bool, error) {
	if err := s.db.Backups().Require(ctx); err != nil {
		return false, err
	}
	if !s.opt.Backups.on() {
		return false, nil
	}
	kept, taking, err := s.db.Backups().Latest(ctx)
	if err != nil {
		return false, err
	}
	now, err := tenancy.View(ctx, s.db, tenancy.PermBackup, func(_ context.Context, tx *tenancy.Tx) (time.Time, error) { return tx.Now(), nil })
	if err != nil {
		return false, err
	}
	if now.Sub(kept.BegunAt) < s.opt.Backups.Every/2 || now.Sub(taking.BegunAt) < takingBackup {
		return false, nil
	}
	_, err = s.Backup(ctx)
	return err == nil, err
}
