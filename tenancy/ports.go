package tenancy

import (
	"context"
	"io"
	"time"

	"github.com/google/uuid"
)

// The ports are what a product has of its own and the library must be able to use: a key service, a mail server, a place
// for files, a witness. Package tenancy/local has a default for each, in a directory.

// Keys is a key-management service. It holds a master key that never leaves it, and wraps with it the keys that the
// library makes. Both calls are safe for use by many goroutines.
type Keys interface {
	// Wrap encrypts a key of at most 4 KiB. binding says what the key is for; it is authenticated, not kept.
	Wrap(ctx context.Context, key []byte, binding string) (wrapped []byte, err error)
	// Unwrap gives the key back when binding is the same and nothing was altered.
	Unwrap(ctx context.Context, wrapped []byte, binding string) (key []byte, err error)
}

// Message is one e-mail in plain text.
type Message struct {
	// ID is the same when the same message is sent again, so that a mailer can send it once: letters, digits, '-' and '.'.
	ID string
	// To is one address.
	To string
	// Subject is one line.
	Subject string
	Text    string
}

// Mailer sends e-mail, or hands it to who does.
type Mailer interface {
	Send(ctx context.Context, m Message) error
}

// Files keeps files by name: parts of lower-case letters, digits, '.', '_' and '-', joined by '/', such as
// "anchors/2026-03-01.json".
type Files interface {
	// Put stores all of content or nothing. A name that exists is refused (tenancy.duplicate): files are not replaced.
	Put(ctx context.Context, name string, content io.Reader) error
	// Open reads a file. Errors: tenancy.not_found.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Remove deletes a file; one that does not exist is no error.
	Remove(ctx context.Context, name string) error
}

// Root is a digest that somebody outside should be able to vouch for later: of an audit trail up to some event, of an archive
// that was handed out.
type Root struct {
	TenantID uuid.UUID `json:"tenant_id"`
	// Kind is what the digest is of, such as "audit": lower-case letters, digits, '_' and '-'.
	Kind string `json:"kind"`
	// Seq is how far the digest reaches, where it is of something that grows; 0 for what does not.
	Seq int64 `json:"seq"`
	// Digest is SHA-256, in lower-case hexadecimal.
	Digest string    `json:"digest"`
	At     time.Time `json:"at"`
}

// Anchor is a witness outside the database: it keeps roots where whoever can alter the database cannot.
type Anchor interface {
	// Keep keeps a root, for good. The same root kept twice is no harm.
	Keep(ctx context.Context, r Root) error
	// Kept gives back the roots of a tenant and kind that were kept last, at most limit, the latest first; none is no error.
	Kept(ctx context.Context, tenant uuid.UUID, kind string, limit int) ([]Root, error)
}
