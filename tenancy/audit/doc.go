// Package audit makes the audit events that [tenancy] writes into a trail that can be trusted, and read.
//
// Every write leaves an event in the transaction that it describes, insert-only. A sealer, which any process may run, gives events
// their places afterwards, so that no act waits for another: numbers without a gap, and a chain of digests over every
// column. The end of the chain is signed, and the signed root handed to an anchor outside the database. Then:
//
//	v, err := trail.Verify(ctx)      // the first event that was altered, taken away or attributed to somebody else
//	page, err := trail.List(ctx, audit.Filter{Row: invoice}, tenancy.PageRequest{})   // who did what to it
//	events, err := trail.Consume(ctx, "search-index", 100)   // the outbox: in order, without a gap, at least once
//
// erp.Suite seals in the background; a host without it calls [Service.Seal] every few seconds and [Service.Sweep] now and
// then, for each tenant.
package audit
