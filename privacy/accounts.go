package privacy

import (
	"context"

	"github.com/google/uuid"
)

// Accounts are people's accounts beside the tenant's own tables: package access's, or a host's. They are asked in the scope of the tenant, about the account of
// a person's own row ([tenancy.Spec].User).
type Accounts interface {
	// Actors gives the opaque ids under which the account acts beside [tenancy.UserActor], such as those of its keys.
	Actors(ctx context.Context, account uuid.UUID) ([]string, error)
	// CheckLeft refuses when the account can still come into the tenant: whoever is to be forgotten leaves first, in the way in which members leave. It is
	// asked before anything is written.
	CheckLeft(ctx context.Context, account uuid.UUID) error
	// ForgetAccount takes away what is left of the account's time in the tenant: sessions, keys, invitations. It may be called again.
	ForgetAccount(ctx context.Context, account uuid.UUID) error
}
