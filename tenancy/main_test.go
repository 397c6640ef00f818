package tenancy_test

import (
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	killtest.Main(doomed.run)
	os.Exit(tenancytest.Main(m))
}

// The models of these tests are a host's own: a library's shelf of books, with loans.

type Author struct {
	tenancy.Row
	Name string `bun:"name" privacy:"identity,pseudonymise"`
}

type Book struct {
	tenancy.Row
	AuthorID  uuid.UUID       `bun:"author_id,nullzero"`
	Title     string          `bun:"title" privacy:"none"`
	Subtitle  string          `bun:"subtitle,nullzero" privacy:"none"`
	Pages     int64           `bun:"pages"`
	Published date.Date       `bun:"published,nullzero"`
	Price     decimal.Decimal `bun:"price"`
	InPrint   bool            `bun:"in_print"`
	SeenAt    time.Time       `bun:"seen_at"`
}

type Tally struct {
	tenancy.Owned
	BookID uuid.UUID `bun:"book_id,pk"`
	Year   int64     `bun:"year,pk"`
	Loans  int64     `bun:"loans"`
}

type Receipt struct {
	tenancy.Row
	Number string `bun:"number" privacy:"none"`
}

type ReceiptText struct {
	tenancy.Owned
	ReceiptID uuid.UUID `bun:"receipt_id,pk"`
	Payer     string    `bun:"payer" privacy:"identity,pseudonymise"`
}

var library = tenancy.Module{
	Name: "library",
	Models: []*tenancy.Model{
		tenancy.Define[Author](tenancy.Spec{Table: "lib.authors", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "self"}),
		tenancy.Define[Book](tenancy.Spec{Table: "lib.books", Class: tenancy.Master, Controller: tenancy.ByHost}),
		tenancy.Define[Tally](tenancy.Spec{Table: "lib.tallies", Class: tenancy.Book, Controller: tenancy.ByHost, Derived: true}),
		tenancy.Define[Receipt](tenancy.Spec{Table: "lib.receipts", Class: tenancy.Voucher, Controller: tenancy.ByHost, Writes: tenancy.AppendOnly}),
		tenancy.Define[ReceiptText](tenancy.Spec{Table: "lib.receipt_texts", Class: tenancy.Voucher, Controller: tenancy.ByHost,
			Subject: "receipt_id", Writes: tenancy.Companion, PartOf: "lib.receipts"}),
	},
	Migrations: fstest.MapFS{"50001_library.sql": {Data: []byte(`-- +goose Up
CREATE SCHEMA lib;
CREATE TABLE lib.authors (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE lib.books (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    author_id UUID,
    title TEXT NOT NULL COLLATE "C",
    subtitle TEXT,
    pages BIGINT NOT NULL CHECK (pages > 0),
    published DATE,
    price decimal_text NOT NULL,
    in_print BOOLEAN NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT lib_books_title UNIQUE (tenant_id, title),
    CONSTRAINT lib_books_author FOREIGN KEY (tenant_id, author_id) REFERENCES lib.authors (tenant_id, id)
);
CREATE TABLE lib.tallies (
    tenant_id UUID NOT NULL,
    book_id UUID NOT NULL,
    year BIGINT NOT NULL,
    loans BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, book_id, year)
);
CREATE TABLE lib.receipts (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE lib.receipt_texts (
    tenant_id UUID NOT NULL,
    receipt_id UUID NOT NULL,
    payer TEXT NOT NULL,
    PRIMARY KEY (tenant_id, receipt_id)
);
`)}},
}

func each(t *testing.T, fn func(t *testing.T, env *tenancytest.Env)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{library}}, fn)
}
