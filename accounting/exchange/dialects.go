package exchange

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// say writes; w keeps its first error, and Flush gives it.
func say(w *bufio.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// hledger writes what `hledger` reads. Decimal marks are declared, or 1.234 KWD would be a thousand.
type hledger struct{}

// typeLetters are hledger's account types; C is an asset that is cash, which its cashflow report is about.
var typeLetters = map[accounting.AccountType]string{accounting.Asset: "A", accounting.Liability: "L", accounting.Equity: "E", accounting.Income: "R",
	accounting.CostOfSales: "X", accounting.Expense: "X"}

// head declares accounts with their type, for hledger's own statements, and with their place in ours of cash flows: postings inherit it as
// a tag.
func (hledger) head(w *bufio.Writer, s *scene, names map[uuid.UUID]string) {
	say(w, "decimal-mark .\n")
	for _, c := range s.currencies {
		say(w, "commodity %s %s\n", sample(c), c)
	}
	declareTags(w, s)
	for i := range s.accounts {
		a := &s.accounts[i]
		letter := typeLetters[a.Type]
		if a.CashFlow == accounting.CashFlowCash && a.Type == accounting.Asset {
			letter = "C"
		}
		say(w, "account %s  ; type:%s, cash-flow:%s\n", names[a.ID], letter, a.CashFlow)
	}
}

// sample is an amount that shows the currency's decimals; hledger wants the mark even where there are none.
func sample(c money.Currency) string { return "1000." + strings.Repeat("0", c.MinorUnits()) }

func (hledger) entry(w *bufio.Writer, s *scene, r *record, names map[uuid.UUID]string) {
	plainEntry(w, s, r, names)
}

// ledger writes what `ledger` reads.
type ledger struct{}

func (ledger) head(w *bufio.Writer, s *scene, names map[uuid.UUID]string) {
	for _, c := range s.currencies {
		say(w, "commodity %s\n    format %s %s\n", c, strings.TrimSuffix(sample(c), "."), c)
	}
	declareTags(w, s)
	for i := range s.accounts {
		say(w, "account %s\n", names[s.accounts[i].ID])
	}
}

func (ledger) entry(w *bufio.Writer, s *scene, r *record, names map[uuid.UUID]string) {
	plainEntry(w, s, r, names)
}

// declareTags lets the tools be strict: what is not declared is a mistake.
func declareTags(w *bufio.Writer, s *scene) {
	for _, name := range tagNames {
		say(w, "tag %s\n", name)
	}
	for _, code := range s.dimensions {
		say(w, "tag %s\n", s.tags[code])
	}
	say(w, "\n")
}

// plainEntry is an entry as both read it. The title begins with the journal's code, so that nothing in it can be taken for a
// status, a code or a date.
func plainEntry(w *bufio.Writer, s *scene, r *record, names map[uuid.UUID]string) {
	say(w, "\n%s * %s\n", r.EntryDate, escape(title(r), riskyInTitle))
	for _, t := range tags(r) {
		say(w, "    ; %s: %s\n", t.name, escape(t.value, riskyInTag))
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		for _, amount := range l.amounts() {
			say(w, "    %s  %s\n", names[l.Account], amount)
		}
		for _, t := range s.lineTags(l) {
			say(w, "    ; %s: %s\n", t.name, escape(t.value, riskyInTag))
		}
	}
}

// beancount writes what `bean-check` accepts: every account is opened, on the first day of the books, in the currencies that were
// posted in.
type beancount struct{}

func (beancount) head(w *bufio.Writer, s *scene, names map[uuid.UUID]string) {
	say(w, "option \"operating_currency\" %s\n\n", quote(string(s.books.Currency)))
	all := make([]string, len(s.currencies))
	for i, c := range s.currencies {
		say(w, "%s commodity %s\n", s.begins, c)
		all[i] = string(c)
	}
	say(w, "\n")
	for i := range s.accounts {
		a := &s.accounts[i]
		say(w, "%s open %s %s\n  code: %s\n  name: %s\n", s.begins, names[a.ID], strings.Join(all, ","), quote(a.Code), quote(a.Name))
	}
}

func (beancount) entry(w *bufio.Writer, s *scene, r *record, names map[uuid.UUID]string) {
	say(w, "\n%s * %s\n", r.EntryDate, quote(title(r)))
	for _, t := range tags(r) {
		if t.name == "document-date" {
			say(w, "  %s: %s\n", t.name, t.value)
		} else {
			say(w, "  %s: %s\n", t.name, quote(t.value))
		}
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		for _, amount := range l.amounts() {
			say(w, "  %s  %s\n", names[l.Account], amount)
		}
		for _, t := range s.lineTags(l) {
			say(w, "    %s: %s\n", t.name, quote(t.value))
		}
	}
}
