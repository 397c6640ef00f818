// Package retail reads files of the Online Retail form: one CSV line per line of a document, with the columns invoice_no,
// stock_code, description, quantity, invoice_date, unit_price, customer_id and country, plain or compressed by gzip.
//
// Such a file is read twice. [File.Survey] tells what is in it: which documents can be booked, what stock they need to
// begin with, which products and customers they name, and which rows are refused and why. [File.Documents] then yields
// the documents that can be booked, in the order of the file:
//
//	file, err := retail.Open("2010-12.csv.gz")
//	defer file.Close()
//	survey, err := file.Survey(ctx)
//	for doc, err := range file.Documents(ctx, survey) {
//		...
//	}
//
// # What a document is
//
// Consecutive rows with one invoice_no. Its number tells its kind: "C..." is a credit note, "A..." an adjustment for bad
// debt; any other is a sale, unless all its prices are zero: then goods were given away (quantities above zero) or stock was
// adjusted (below zero).
//
// # What is refused
//
// A row that cannot be read is refused with its line number and the reason, and so is its whole document; nothing else is
// affected. So are documents that contradict themselves: sold lines beside stock adjustments, two customers, two days, a
// total of the wrong sign, a number that comes again further down, a date before that of the documents above. A refused
// document counts nowhere: neither its quantities nor its prices. The file gives the figures that it would give without it.
//
// A row whose invoice_no cannot be read refuses the document around it (the rows above and below have the same number), for
// it was most likely part of it; between two documents it is refused on its own.
//
// A quoted field that is not properly closed would swallow the rows below. So when a record of several lines turns out
// to be malformed, only its first line is refused and reading goes on with the second.
//
// # Memory
//
// One or two documents at a time; the products and the customers; the refused rows; and, to notice a number that comes
// again, about one bit for each number between the lowest and the highest (see numberSet).
package retail
