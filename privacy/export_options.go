package privacy

import (
	"context"
	"io"
	"strings"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/opsmatiq/erp/tenancy"
)

// ExportOption changes what [Service.Export] writes.
type ExportOption func(*exporting)

type exporting struct {
	sealed      bool
	keys        []string
	passphrase  *string
	noDocuments bool
	recipients  []age.Recipient
}

// Sealed has the archive sealed under the tenant's key, in the age format: for keeping, and for [Service.Import] where the
// tenant's key is. It is no use to anybody else, and none to anybody once the tenant has been purged. Without it an archive
// is in the clear, sealed columns included, for a tenant who takes the data elsewhere.
func Sealed() ExportOption { return func(e *exporting) { e.sealed = true } }

// ForRecipients has the archive encrypted in the age format for whoever has the private key of one of the public keys ("age1...", or "age1pq..." against quantum computers), 1
// to 20: for a download that others should not read on its way. `age --decrypt` opens it; [Service.Import] does not.
func ForRecipients(keys ...string) ExportOption {
	return func(e *exporting) { e.keys = append(e.keys, keys...) }
}

// WithPassphrase has the archive encrypted in the age format under a passphrase of at least 12 characters, which has to reach its reader on another way. `age --decrypt` opens it;
// [Service.Import] does not. Making a key of it takes 64 MiB of memory for a moment, here and there.
func WithPassphrase(passphrase string) ExportOption {
	return func(e *exporting) { e.passphrase = &passphrase }
}

// WithoutDocuments leaves out what the renderers make. All of it can be made again from the records.
func WithoutDocuments() ExportOption { return func(e *exporting) { e.noDocuments = true } }

// passphraseWork is scrypt's cost, as a power of two: 64 MiB, a quarter of a second.
const passphraseWork = 16

// exportOptions gathers the options and refuses those that cannot be together.
func exportOptions(op string, opts []ExportOption) (exporting, error) {
	var how exporting
	for _, o := range opts {
		o(&how)
	}
	ways := 0
	for _, chosen := range []bool{how.sealed, len(how.keys) > 0, how.passphrase != nil} {
		if chosen {
			ways++
		}
	}
	switch {
	case ways > 1:
		return how, ErrBadInput.New(op, "an archive is sealed, or for recipients, or under a passphrase: one of these")
	case len(how.keys) > 20:
		return how, ErrBadInput.New(op, "an archive has at most 20 recipients")
	case how.passphrase != nil && utf8.RuneCountInString(*how.passphrase) < 12:
		return how, ErrBadInput.New(op, "a passphrase has at least 12 characters")
	}
	if len(how.keys) > 0 {
		var err error
		if how.recipients, err = age.ParseRecipients(strings.NewReader(strings.Join(how.keys, "\n"))); err != nil || len(how.recipients) != len(how.keys) {
			return how, ErrBadInput.New(op, "a recipient is a public key of age's, such as age1...")
		}
	}
	if how.passphrase != nil {
		r, err := age.NewScryptRecipient(*how.passphrase)
		if err != nil {
			return how, ErrBadInput.Wrap(op, err, "")
		}
		r.SetWorkFactor(passphraseWork)
		how.recipients = []age.Recipient{r}
	}
	return how, nil
}

// encrypted reports whether what is written is in the age format, which is another file each time.
func (e *exporting) encrypted() bool { return e.sealed || len(e.recipients) > 0 }

// enclose gives the writer that an archive goes through, and what ends it; w itself stays without its end when that is not called.
func (s *Service) enclose(ctx context.Context, w io.Writer, how exporting) (io.Writer, func() error, error) {
	var out io.WriteCloser
	var err error
	switch {
	case how.sealed:
		out, err = viewOnce(ctx, s, PermExport, func(ctx context.Context, tx *tenancy.Tx) (io.WriteCloser, error) { return tx.SealArchive(ctx, w) })
	case len(how.recipients) > 0:
		out, err = age.Encrypt(w, how.recipients...)
	default:
		return w, func() error { return nil }, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return out, out.Close, nil
}
