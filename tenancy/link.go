package tenancy

import "context"

// Link is how a program is connected to a database, as it was found when it was looked at.
type Link struct {
	// Placement is the name of the place, Login what the connection is for: "tenants", "control", "sealer", or "file".
	Placement, Login string
	// Local says that nothing goes over a network: a file, a socket of the machine's own, its loopback address.
	Local bool
	// TLS is the version of TLS that is in use, such as "TLS 1.3"; "" is none.
	TLS string
	// Always says that the configuration of the login lets no connection be made without TLS 1.2 or higher, so that the next one will be no other.
	Always bool
	// Verified says that the server's certificate is checked against its name.
	Verified bool
	// Server is the version that the server itself tells, where it tells one: behind a pooler it is that of the pooler's connection.
	// "local": it sees no network; "none": a network, and no TLS on it.
	Server string
}

// Safe reports whether what goes over the link can be read on no network, at either end: it is local, or TLS 1.2 or higher.
func (l Link) Safe() bool {
	ends := l.Local || l.Always && strong(l.TLS)
	return ends && (l.Server == "" || l.Server == "local" || strong(l.Server))
}

// strong are the versions of TLS that are in order (RFC 8996 deprecates those before 1.2).
func strong(version string) bool {
	switch version {
	case "TLS 1.2", "TLSv1.2", "TLS 1.3", "TLSv1.3":
		return true
	}
	return false
}

// Links looks at the connections to all databases of the program, now. It reads nothing of anybody's. It needs a context from
// [DB.EnterPlatform] and the permission tenancy.read. Errors: tenancy.not_platform, tenancy.forbidden.
func (t *Tenants) Links(ctx context.Context) ([]Link, error) {
	const op = "tenancy.Tenants.Links"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return nil, err
	}
	var out []Link
	for _, name := range sortedKeys(t.db.places) {
		links, err := t.db.places[name].store.Links(ctx)
		if err != nil {
			return nil, t.db.places[name].store.Fault(op, err)
		}
		for _, l := range links {
			l.Placement = name
			out = append(out, l)
		}
	}
	return out, nil
}
