// Package tenantlint finds the ways round erp's tenancy that the compiler cannot see, in the code of a program that uses
// erp. It is an analyser for go vet:
//
//	go get -tool github.com/opsmatiq/erp/tenancy/tenantlint/cmd/tenantlint
//	go vet -vettool=$(go tool -n tenantlint) ./...
//
// or a command of its own, go run github.com/opsmatiq/erp/tenancy/tenantlint/cmd/tenantlint ./..., or one more [Analyzer] in a
// program's own multichecker. It is one wall of five, the only one that stands before the program runs, and the only one
// that a determined programmer can walk round: it finds mistakes, not attacks.
//
// # database: erp's data is reached through the store
//
// A program has tables and connections of its own, and those are its own business: importing database/sql, bun, pgx, sqlx, gorm or ent is
// no finding. These are, wherever they stand:
//
//   - SQL that names what is erp's: a registered table as either engine calls it (erp.invoices, erp_invoices, and those of the
//     program's own models), a schema, erp's roles and the setting erp.tenant. In a query's text, a builder's table, a model's tag
//     or TableName, a pgx.Identifier; inside tx.Host too, for SQLite's file has no roles.
//   - A model of the store, a struct that embeds tenancy.Row or tenancy.Owned, handed to another mapper.
//   - A database opened with the address that an engine was given: the same variable, field, constant or environment variable;
//     on SQLite, control.db and what lies in tenants/.
//   - A write over another connection inside a transaction of the store, which neither undoes it nor does it once. tx.Host
//     and db.Join, and the *sql.Tx that go with them, are the way; tx.AfterCommit is for what happens then.
//   - The engines' own interface: tenancy.Store, tenancy.Session, an engine's Open. What it gives knows no scope.
//
// With -tenantlint.closed=PATTERN,... a package may not import a database package at all, as erp's own domains may not.
//
// # report: a report's text is the program's own
//
// The text of each tenancy.Report is read by the code that reads it at run time, so that what would be refused there
// (tenancy.bad_query) is found before: a registered table outside braces, a verb that writes, a semicolon, a comment, a double quote, a
// function that is not on the list. Besides,
//
//   - a table outside braces is refused behind FROM, JOIN and the commas of a FROM even when nobody registered it, unless WITH
//     defines it;
//   - the text must be constant: literals, constants, what is put together from them in variables, unexported fields, parameters and
//     results of the package's own functions. A value in the text is a finding: values belong in args.
//
// Of a text with many conditional pieces not all forms are read, but enough that each piece is in one of them.
//
// # context: a request's context goes along
//
//   - A context made out of nothing (context.Background and its like), directly or through variables and context.With..., in a
//     call of erp's, or of a function that hands its context to erp, where there is a better one: in a function, or within one, that is
//     given a context.Context, an *http.Request, or a router's context that holds one. With it the scope, the deadline and
//     the cancellation are lost. What outlives its request takes context.WithoutCancel, or tenancy.Scope.Attach.
//   - In a transaction, the context from outside of it, which is refused at run time (tenancy.outer_context).
//   - A transaction, or its context, in another goroutine: go, a method called Go, time.AfterFunc (tenancy.other_goroutine).
//
// # Exceptions
//
// A directive allows one rule with a reason: for the line that it ends, or the code below it, as far as the call or statement that
// begins there; above the package clause, for the file.
//
//	//tenantlint:allow database the auditors' export reads as the owner, past every wall
//	rows, err := owner.Query(`SELECT * FROM erp.journal_lines`)
//
// A directive without its reason, or that allows what nobody does, is a finding itself. With -tenantlint.allow=PATTERN,... the rule
// database does not hold in whole packages; patterns are import paths, and path/... stands for all below. Tests are not read, for they
// look at the walls from outside; -tenantlint.tests reads them as well.
//
// # What it does not see
//
// SQL whose table's name is made at run time or stands in a file; tables of models in a package that the one with the SQL does not import, unless
// their schema is erp's own; names of SQLite's tables in packages without erp; calls through interfaces and function values of the program's own, other than
// those that take or give a database package's types; reflection. At run time the other walls stand.
package tenantlint
