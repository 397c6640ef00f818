package exchange

import (
	"bufio"
	"context"
	"io"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
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
	// head declares the currency and the accounts.
	head(w *bufio.Writer, s *scene, names map[uuid.UUID]string)
	// entry writes one.
	entry(w *bufio.Writer, r *record, names map[uuid.UUID]string)
}

var dialects = map[Format]dialect{Hledger: hledger{}, Ledger: ledger{}, Beancount: beancount{}}

// WriteJournal writes the entries of a span as a plain-text journal, in the order of posting: the tools sort by date themselves. The same
// books give the same bytes. Memory is flat; the transaction lasts as long as w takes, so a slow reader is better given a file.
//
// Each entry carries its id, journal, kind, reference and, where it differs, document date as tags (metadata); each line its
// party, by reference and never by name. The memo becomes the description, with whatever the format could read as a directive
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
		out := bufio.NewWriterSize(w, 1<<16) // it keeps the first error of w, and Flush gives it
		d.head(out, around, names)
		if err := s.forward(ctx, span, func(r *record) { d.entry(out, r, names) }); err != nil {
			return err
		}
		err = walk(ctx, tx, span, around, func(r *record) error {
			d.entry(out, r, names)
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
	tb, err := s.books.TrialBalance(ctx, span.From.AddDays(-1))
	if err != nil {
		return err
	}
	r := &record{Memo: "balances brought forward"}
	r.EntryDate, r.DocumentDate = span.From, span.From
	for _, l := range tb.Lines {
		net, err := l.Debit.Sub(l.Credit)
		if err != nil {
			return err
		}
		if !net.IsZero() {
			r.Lines = append(r.Lines, recordLine{Account: l.AccountID, Amount: net})
		}
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

// tagNames are all tags of entries and lines. None is a word that a tool knows (date, date2, type, payee, value).
var tagNames = []string{"entry", "journal", "kind", "reference", "reverses", "document-date", "party"}

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
