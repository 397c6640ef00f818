// Package booking books files of the Online Retail form into an [erp.Suite]: what an importer of a host would do.
//
//	file, err := retail.Open("2010-12.csv.gz")
//	outcome, err := booking.Import(ctx, suite, file, booking.Options{Method: inventory.Average})
//	figures, err := booking.Draw(outcome.Context, suite, outcome.Survey.First, outcome.Survey.Last)
//
// Each file has a tenant of its own, and a database takes one file. Everything is booked under the file's own numbers as
// references, so an import that was cut short anywhere is run again from the start: what is booked stays, what is not is
// booked, and the figures are those of a run left alone.
//
// # What becomes of a document
//
//   - a sale: an invoice, on account or, for a walk-in, paid in cash; its goods are issued. Goods at a price of zero are given
//     away: their cost is a marketing expense.
//   - a credit note: a credit note, on account or refunded in cash; its goods come back at the cost they began with. Lines of
//     fees are booked to an expense.
//   - a giveaway: an issue of goods to marketing.
//   - a stock adjustment: an adjustment, to stock losses.
//   - bad debt: a journal entry between bad debt and its allowance.
//
// A giveaway or adjustment of services alone has nothing to move. It is counted and leaves no trace.
package booking
