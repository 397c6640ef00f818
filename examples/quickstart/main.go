// Command quickstart books a month of trade from end to end and shows the books: invoices, stock, journal entries and
// statements that agree with each other to the penny.
//
//	go run ./examples/quickstart                     a small sample: two tenants, a few dozen documents
//	go run ./examples/quickstart -in FILE            a CSV or CSV.gz of the Online Retail form
//	go run ./examples/quickstart -in FILE -db DIR    kept in a directory (SQLite); run it again: nothing is booked twice
//	go run ./examples/quickstart -in FILE -db postgres://postgres@localhost/shop
//
// It exits with 0 when every check holds, with 2 when they do but rows of the file were refused, and with 1 otherwise.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
