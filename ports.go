package erp

import (
	"cmp"
	"log/slog"
	"path/filepath"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/local"
)

// defaultDir is where the defaults of the ports keep what they have, beside the program.
const defaultDir = "erp-data"

// Ports are what a suite uses that is not its database. Each has a default in a directory ([Options].Dir), made when first
// used; see package tenancy/local for what the defaults are worth.
type Ports struct {
	// Keys wraps the keys that the suite makes: tenants' data keys, under which contact data are sealed, and signing keys.
	// Default: a master key in the file master.key, without a copy of which nothing sealed can be read again.
	Keys tenancy.Keys
	// Files keeps files. Default: the folder files.
	Files tenancy.Files
	// Mailer sends e-mail. Default: messages are left in the folder files/outbox.
	Mailer tenancy.Mailer
	// Anchor is the witness that keeps the signed roots of audit trails outside the database. Default: signed files in
	// files/anchors, which say less than a witness on another machine would.
	Anchor tenancy.Anchor
	// Logger is told of what goes wrong in the background, never with values. Default: [slog.Default].
	Logger *slog.Logger
}

func (p Ports) withDefaults(dir string, clock tenancy.Clock) Ports {
	dir = cmp.Or(dir, defaultDir)
	if p.Files == nil {
		p.Files = local.Files{Dir: filepath.Join(dir, "files")}
	}
	if p.Keys == nil {
		p.Keys = local.Keys{Path: filepath.Join(dir, "master.key")}
	}
	if p.Mailer == nil {
		p.Mailer = local.Mailer{Files: p.Files, Clock: clock}
	}
	if p.Anchor == nil {
		p.Anchor = local.Anchor{Files: p.Files, Keys: p.Keys}
	}
	if p.Logger == nil {
		p.Logger = slog.Default()
	}
	return p
}
