// Package accounting keeps a tenant's books: parties, a chart of accounts, journals, fiscal years and periods, invoices,
// credit notes, vendors' bills, payments, and the statements drawn up from them.
//
// It works alone on an opened database:
//
//	db, err := tenancy.Open(ctx, sqlite.Engine{Dir: "./data"}, tenancy.Options{Modules: []tenancy.Module{accounting.Module()}, Migrate: true,
//		Keys: local.Keys{Path: "./secret/master.key"}})
//	books := accounting.New(db)
//
// Everything happens inside a tenant, which the context carries (see [tenancy.DB.Enter]). Books are opened once, with a
// currency, a chart template and the first day of the first fiscal year:
//
//	_, err = books.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: date.Of(2010, 1, 1)})
//
// A journal entry debits and credits accounts, which are named by role, code or id:
//
//	_, err = books.Post(ctx, []accounting.NewEntry{{
//		Reference: "rent-2010-12",
//		Date:      date.Of(2010, 12, 1),
//		Lines: []accounting.NewLine{
//			accounting.DebitLine(accounting.ByCode("6100"), rent),
//			accounting.CreditLine(accounting.ByRole(accounting.RoleBank), rent),
//		},
//	}})
//
// Lines name taxes by code; a tax has dated rates, a kind (charged, zero-rated, exempt, reverse charge, withheld ...) and
// boxes of the return, and [Service.TaxReport] equals the ledger. [Service.DetermineTax] says which tax a supply bears, by the
// tenant's own rules.
//
// Describe the business first ([Service.DescribeBusiness]): documents take a copy of its name, address and tax id when they are issued, which
// nothing changes afterwards, and an invoice without them cannot be written as UBL.
//
// Documents book themselves: [Service.Issue] takes invoices and credit notes, gives them their legal numbers and posts
// them; [Service.Bill] takes vendors' bills and credits; [Service.Pay] takes payments and settles what they pay. All acts take batches, are all or nothing, and cost a
// number of statements that does not depend on the size of the batch. A Reference makes an input idempotent: given again
// it is answered with what was done before.
//
// Amounts are in any currency; every entry balances in the base currency and in each foreign one. [Service.SetRates] keeps dated
// rates, [Service.Exchange] turns one currency into another, an allocation books the gain or loss that it realises, and
// [Service.Revalue] brings monetary accounts to the rate of a period's end and back. [Service.WriteOff] gives up small differences.
// [Service.Unallocate] has what was settled open again, [Service.ReversePayments] takes a payment back.
//
// Lines of entries are analysed by dimensions, such as cost centres ([Service.CreateDimension], [NewLine].Dimensions), and so is every
// statement: by [Slice], and grouped by [Service.TrialBalanceBy] and its like.
//
// Statements are as of a day: [Service.TrialBalance], [Service.GeneralLedger], [Service.ProfitAndLoss],
// [Service.BalanceSheet], [Service.OpenItems], [Service.AgedItems] and
// [Service.StatementOfAccount]. [Service.Verify] recomputes the books from the lines up.
//
// What is refused is a [fault.Error] with one of the codes in errors.go, and has changed nothing. The rules that no code
// path may break are held by the database as well. README.md says which, and what each date means.
package accounting
