// Package exchange takes a tenant's books out to other programs, and in from them.
//
// Out, a journal is written for hledger, ledger or beancount, and everything else as CSV:
//
//	ex := exchange.New(db, books)
//	err := ex.WriteJournal(ctx, file, exchange.Hledger, exchange.Span{})       // then: hledger -f books.journal balance
//	err = ex.WriteOpenItems(ctx, file, date.Of(2010, 12, 31))
//
// In, CSV files come as one whole, which is tried first and then written, all of it or nothing:
//
//	in := exchange.Import{Parties: parties, Balances: balances, OpenItems: items, OpeningOn: date.Of(2011, 1, 1)}
//	would, err := ex.DryRun(ctx, in)        // what would be written, and the trial balance that comes of it
//	done, err := ex.Import(ctx, in)         // the readers are read once: open the files again
//
// What is wrong with the files is told all at once, by line and column:
//
//	var files *exchange.FilesError
//	if errors.As(err, &files) {
//		for _, p := range files.Problems {
//			fmt.Println(p) // entries line 7, debit: "12,50" is no amount in GBP: ... (exchange.bad_value)
//		}
//	}
//
// README.md declares the columns of every file and says what is escaped and guarded, and why.
package exchange
