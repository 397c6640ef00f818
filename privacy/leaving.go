package privacy

import (
	"context"

	"github.com/opsmatiq/erp/tenancy"
)

// DigestOf gives the manifest of the archive that could be made of the rows that stream gives, in the order of their keys: for whoever
// gives account of a tenant that nobody can enter any more ([tenancy.Leaving]). It needs no permission, for it reads nothing by itself.
// Errors: tenancy.unordered, and stream's own.
func DigestOf(ctx context.Context, reg *tenancy.Registry, stream func(ctx context.Context, m *tenancy.Model, fn func(row any) error) error) (Manifest, error) {
	return digest(ctx, reg, stream)
}
