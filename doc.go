// Package erp is a whole multi-tenant ERP that another program imports: books, stock, purchasing, sales,
// tills, privacy duties, on the host's own PostgreSQL or with no server at all on SQLite, for many customers at once that
// never see each other.
//
// # Open
//
// Choose an engine and open the suite. Open registers every stored model, brings the schema up to date when asked, holds
// the live database against the models, and refuses to start when anything is missing or extra.
//
//	eng := sqlite.Engine{Dir: "./data"} // or postgres.Engine{DSN: ..., ControlDSN: ..., MigrateDSN: ...}
//	suite, err := erp.Open(ctx, eng, erp.Options{Migrate: true})
//	defer suite.Close()
//
// # A tenant, and the one way in
//
// The platform makes tenants. Work for one is done in a scope, which travels in the context: which tenant, which actor,
// which permissions. Enter is its only maker, and every service refuses a context without one.
//
//	platform, err := suite.Tenancy.EnterPlatform(ctx, "ops:1", tenancy.Permissions{"*"})
//	shop, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop", TimeZone: "Europe/London"})
//	ctx, err = suite.Tenancy.Enter(ctx, shop.ID, "user:7", tenancy.Permissions{"accounting.*", "inventory.*", "sales.*"})
//
// Who may enter is the program's to decide, or package [access]'s, when [Options].Access is set: accounts, roles, sessions and
// API keys, and a middleware that does this per request.
//
// # Books, goods, a sale
//
//	suite.Accounting.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: date.Of(2026, 1, 1)})
//	suite.Inventory.Receive(ctx, ...)
//	suite.Sales.Sell(ctx, ...)
//
// One Sell issues the invoice with its legal number, takes the goods out of stock at their cost, and books revenue and cost
// of goods sold, in one transaction, for as many sales as it is given. The package example runs all of it.
//
// # Other programs
//
// Suite.Exchange writes the books for hledger, ledger, beancount and spreadsheets, and takes charts, parties, opening balances and
// journals in from CSV, tried first and then all or nothing.
//
// # Composing
//
// Acts compose. Inside [tenancy.DB.Tx] every service joins the transaction, and all commit or none does. The host's own
// tables can take part ([tenancy.Tx.Host], [tenancy.DB.Join]), and its own models can stand behind the same walls
// ([Options].Models).
//
// # Retrying
//
// Acts that a client may retry take a Reference, the caller's own key. The same reference with the same input is answered
// with what was booked the first time; with other input it is a conflict. Errors are [fault.Error] with a stable code.
//
// # Proving
//
// [Suite.Verify] recomputes the books in a second way and tells, by name, whether both agree. Suite.Audit answers who did what,
// and whether anybody has tampered with the answer; [Suite.Run] seals it.
//
// [fault.Error]: https://pkg.go.dev/github.com/opsmatiq/erp/tenancy/fault#Error
package erp
