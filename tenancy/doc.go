// Package tenancy is the one door to the database, and the walls between tenants.
//
// A [DB] is opened on an engine with every model of the program. Work is done for a tenant by an actor: [DB.Enter] gives a
// context that carries both, and nothing else does. Everything that touches the database takes that context and refuses
// without it, before any SQL is sent.
//
//	ctx, err := db.Enter(ctx, tenantID, "user:42", tenancy.Permissions{"accounting.*", "sales.sell"})
//
//	err = db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
//		party, err := tenancy.Get[Party](ctx, tx, id) // this tenant's, or tenancy.not_found
//		if err != nil {
//			return err
//		}
//		party.Name = "Ada Ltd"
//		return tenancy.Update(ctx, tx, party, "name")
//	})
//
// Inside a transaction there is a small typed store: [Get], [Find], [First], [Count], [Exists], [Page], [Stream], [Lock],
// [Insert], [Update], [Delete]; [Report] for hand-written SQL that reads; and [Batch] for hot paths, where [Put], [Accrue],
// [Set], [Remove] and [Load] take whole slices at a constant number of statements. No query object is ever handed out, so
// there is nothing to forget a tenant on.
//
// Services wrap what they do in [Act] or [View], which check the scope, then the permission that the act is named after,
// and put that name into the audit events of what is written. A write cannot leave its event out: the store makes it.
//
// # A host's own models
//
// A host registers its models beside ours ([Define], [Module], [Options]) and gets the same walls. Its other tables stay
// its own: [Tx.Host] runs the host's SQL in our transaction, [DB.Join] runs ours in the host's.
//
// # Sealed columns
//
// A text column tagged `privacy:"contact,delete,sealed"` lies in the database encrypted under its tenant's key, which
// [Options].Keys wraps. The store seals and opens it; a copy of the database shows nothing of it, and once a purge has
// destroyed the key no copy ever will. See [Tenants.RotateKey], [Tenants.RewrapKeys] and [Tenants.DestroyKey].
//
// # A tenant's life, and where it lies
//
// [Tenants] is the platform's side: creating, suspending, cancelling, holding, purging, and moving from one of [Placements] to
// another. [Life] is the tenant's own. The platform's staff have no scope of any tenant; [Grants] are their one way in, given by
// the tenant's owner, and every statement under one is on record.
//
// # The five walls
//
// Compile time: only packages under tenancy import a database driver (internal/tidy). Run time: this package. Database:
// row-level security on PostgreSQL, a file per tenant on SQLite. Schema: every key starts with tenant_id, checked against
// the live catalogue at every start. Lint: tenantlint, for the host's code. README.md says what each one stops.
package tenancy
