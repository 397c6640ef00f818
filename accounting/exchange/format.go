package exchange

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// Format is a language of plain-text journals.
type Format string

// The formats, each as the tool of that name reads it.
const (
	Hledger   Format = "hledger"   // https://hledger.org; tested with 1.25
	Ledger    Format = "ledger"    // https://ledger-cli.org; tested with 3.3
	Beancount Format = "beancount" // https://beancount.github.io; tested with 2.3.5
)

// dialect is how a format says things.
type dialect interface {
	// head declares the currencies and the accounts.
	head(w *bufio.Writer, s *scene, names map[uuid.UUID]string)
	// entry writes one.
	entry(w *bufio.Writer, s *scene, r *record, names map[uuid.UUID]string)
}

var dialects = map[Format]dialect{Hledger: hledger{}, Ledger: ledger{}, Beancount: beancount{}}

// WriteJournal writes the entries of a span as a plain-text journal, in the order of posting: the tools sort by date themselves. The same
// books give the same bytes. Memory is flat; the transaction lasts as long as w takes, so a slow reader is better given a file.
//
// Each entry carries its id, journal, kind, reference and, where it differs, document date as tags (metadata); each line its
// party, by reference and never by name, and its dimensions. An amount in a foreign currency stands with what it is worth in base as
// its total price, so that a tool shows what accounts hold in each currency, and at cost what the books say. The memo becomes the description, with whatever the format could read as a directive
// escaped ([Unescape] gives it back). A span that begins after the books do lacks what came before, unless
// [Span].Forward brings it forward: balances are then movements.
//
// Permission: exchange.export, which is recorded in the audit trail. Errors: exchange.bad_input, accounting.books_not_open, and
// w's own.
func (s *Service) WriteJournal(ctx context.Context, w io.Writer, f Format, span Span) error {
	const op = "exchange.WriteJournal"
	d, ok := dialects[f]
	check := func() error {
		if !ok {
			return ErrBadInput.New(op, "%.40q is no format of plain-text journals", string(f))
		}
		return span.check(op)
	}
	return s.export(ctx, check, func(ctx context.Context, tx *tenancy.Tx) error {
		around, err := s.scene(ctx, tx)
		if err != nil {
			return err
		}
		names := AccountNames(f, around.accounts)
		around.tags = dimensionTags(f, around.dimensions)
		out := bufio.NewWriterSize(w, 1<<16) // it keeps the first error of w, and Flush gives it
		d.head(out, around, names)
		if err := s.forward(ctx, span, func(r *record) { d.entry(out, around, r, names) }); err != nil {
			return err
		}
		err = walk(ctx, tx, span, around, func(r *record) error {
			d.entry(out, around, r, names)
			_, err := out.Write(nil) // the walk stops at a writer that has failed
			return err
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

// forward gives the entry that brings balances forward, where one is asked for and there is something to bring.
func (s *Service) forward(ctx context.Context, span Span, give func(*record)) error {
	if !span.Forward {
		return nil
	}
	held, err := s.books.CurrencyBalances(ctx, span.From.AddDays(-1))
	if err != nil {
		return err
	}
	r := &record{Memo: "balances brought forward"}
	r.EntryDate, r.DocumentDate = span.From, span.From
	for i := range held {
		r.Lines = append(r.Lines, recordLine{Account: held[i].AccountID, Amount: held[i].Base, Transaction: held[i].Amount})
	}
	if len(r.Lines) > 0 {
		give(r)
	}
	return nil
}

// title is the description of an entry, before it is escaped: where it stands, what it is, and its memo.
func title(r *record) string {
	if r.ID == uuid.Nil {
		return "Forward: " + r.Memo // no entry of the books
	}
	t := string(r.Journal) + " " + string(r.Kind)
	if r.Memo != "" {
		t += ": " + r.Memo
	}
	return t
}

// tagNames are all tags of entries, lines and accounts, but those of dimensions. None is a word that a tool knows (date, date2, type, payee, value).
var tagNames = []string{"entry", "journal", "kind", "reference", "reverses", "document-date", "party", "cash-flow"}

// dimensionTags are what dimensions are called as tags: beancount's keys know no dots.
func dimensionTags(f Format, codes []string) map[string]string {
	out, taken := make(map[string]string, len(codes)), make(map[string]bool, len(codes))
	for _, code := range codes {
		name := "dimension-" + code
		if f == Beancount {
			name = strings.ReplaceAll(name, ".", "_")
		}
		for n, first := 2, name; taken[name]; n++ { // codes that differ in dots alone
			name = fmt.Sprintf("%s-%d", first, n)
		}
		out[code], taken[name] = name, true
	}
	return out
}

// lineTags are the facts of a line that figures do not show.
func (s *scene) lineTags(l *recordLine) []tag {
	var out []tag
	if l.Party != "" {
		out = append(out, tag{"party", l.Party})
	}
	for _, code := range s.dimensions {
		if value := l.Dimensions[code]; value != "" {
			out = append(out, tag{s.tags[code], value})
		}
	}
	return out
}

// amounts are what a line comes to, each a line of the file: an amount, in a foreign currency with what it is worth as its total price.
// What moves a worth alone is an amount in base. Where a balance that is brought forward stands on the other side than its worth, each
// is a line: a price is not below zero.
func (l *recordLine) amounts() []string {
	say := func(a money.Amount) string { return a.String() + " " + string(a.Currency) }
	worth := l.Amount
	switch {
	case l.Transaction.Currency == "" || l.Transaction.Currency == worth.Currency || l.Transaction.IsZero():
		return []string{say(worth)}
	case l.Transaction.Sign()*worth.Sign() < 0:
		return []string{say(l.Transaction) + " @@ " + say(money.Zero(worth.Currency)), say(worth)}
	case worth.Minor < 0:
		worth.Minor = -worth.Minor
	}
	return []string{say(l.Transaction) + " @@ " + say(worth)}
}

// tag is one fact about an entry.
type tag struct{ name, value string }

// tags are the facts of an entry that figures do not show.
func tags(r *record) []tag {
	if r.ID == uuid.Nil {
		return nil
	}
	out := []tag{{"entry", r.ID.String()}, {"journal", string(r.Journal)}, {"kind", string(r.Kind)}}
	if r.Reference != "" {
		out = append(out, tag{"reference", r.Reference})
	}
	if r.ReversesID != uuid.Nil {
		out = append(out, tag{"reverses", r.ReversesID.String()})
	}
	if r.DocumentDate != r.EntryDate {
		out = append(out, tag{"document-date", r.DocumentDate.String()})
	}
	return out
}

// roots are the first parts of account names: what the tools know an account's type by.
var roots = map[accounting.AccountType][]string{
	accounting.Asset: {"Assets"}, accounting.Liability: {"Liabilities"}, accounting.Equity: {"Equity"}, accounting.Income: {"Income"},
	accounting.CostOfSales: {"Expenses", "Cost of sales"}, accounting.Expense: {"Expenses"},
}
