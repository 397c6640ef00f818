// Package trail lets package audit write what the sealer alone writes. Tenancy hands that to nobody else: domains and hosts
// cannot import it.
package trail

import "context"

// Package tenancy sets these.
var (
	// Sealing runs fn in a transaction of the context's tenant, in the sealer's own session; db is a *tenancy.DB and tx a
	// *tenancy.Tx. It is never part of another transaction, and it runs again, as every transaction does, when it meets
	// another.
	Sealing func(ctx context.Context, db any, readOnly bool, fn func(ctx context.Context, tx any) error) error
	// Put writes rows of models that are BySealer, pointers to their structs: one statement for each kind, in one trip.
	Put func(ctx context.Context, tx any, kinds ...[]any) error
)
