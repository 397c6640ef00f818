// Package einvoice has the electronic invoice of the European standard EN 16931-1: its business terms as Go types, its
// arithmetic, its rules, and its form in UBL 2.1. No I/O, no database, no floats.
//
// A [Document] is an invoice or a credit note. Whoever issues one fills in what the parties agreed and lets [Calculate]
// do the sums, then writes it:
//
//	doc := einvoice.Document{Number: "INV-7", Type: einvoice.CommercialInvoice, Currency: "EUR", ...}
//	err := einvoice.Calculate(&doc)          // line nets, tax breakdown, totals
//	xml, err := einvoice.WriteUBL(doc)       // refused with the rule ids where it would not validate
//
// [WriteUBL] refuses what [Validate] finds fault with; the refusal carries them ([ValidationError]), each with the id that the
// standard gives the rule, such as BR-CO-16. Whoever receives a document reads it and decides:
//
//	got, err := einvoice.ReadUBL(file)       // a Document, and what of the file was not understood
//	findings := einvoice.Validate(got.Document)
//	bill, err := got.Bill()                  // vendor, dates, lines with nets as stated
//
// What a document states is kept as stated: nothing that is read is recalculated or rounded. Where quantity x price gives
// another figure than the line's net amount, the stated one stands and [Variances] lists the difference.
//
// README.md says which rules are held and which are not.
package einvoice
