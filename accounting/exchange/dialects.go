package exchange

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
)

// say writes; w keeps its first error, and Flush gives it.
func say(w *bufio.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// hledger writes what `hledger` reads. Decimal marks are declared, or 1.234 KWD would be a thousand.
type hledger struct{}

// typeLetters are hledger's account types; C is an asset that is cash.
var typeLetters = map[accounting.AccountType]string{accounting.Asset: "A", accounting.Liability: "L", accounting.Equity: "E", accounting.Income: "R",
	accounting.CostOfSales: "X", accounting.Expense: "X"}

func (hledger) head(w *bufio.Writer, s *scene, names map[uuid.UUID]string) {
	say(w, "decimal-mark .\ncommodity %s %s\n", sample(s), s.books.Currency)
	declareTags(w)
	for i := range s.accounts {
		a := &s.accounts[i]
		letter := typeLetters[a.Type]
		if a.Role == accounting.RoleBank || a.Role == accounting.RoleCash {
			letter = "C"
		}
		say(w, "account %s  ; type:%s\n", names[a.ID], letter)
	}
}

// sample is an amount that shows the currency's decimals; hledger wants the mark even where there are none.
func sample(s *scene) string { return "1000." + strings.Repeat("0", s.books.Currency.MinorUnits()) }

func (hledger) entry(w *bufio.Writer, r *record, names map[uuid.UUID]string) { plainEntry(w, r, names) }

// ledger writes what `ledger` reads.
type ledger struct{}

func (ledger) head(w *bufio.Writer, s *scene, names map[uuid.UUID]string) {
	say(w, "commodity %s\n    format %s %s\n", s.books.Currency, strings.TrimSuffix(sample(s), "."), s.books.Currency)
	declareTags(w)
	for i := range s.accounts {
		say(w, "account %s\n", names[s.accounts[i].ID])
	}
}

func (ledger) entry(w *bufio.Writer, r *record, names map[uuid.UUID]string) { plainEntry(w, r, names) }

// declareTags lets the tools be strict: what is not declared is a mistake.
func declareTags(w *bufio.Writer) {
	for _, name := range tagNames {
		say(w, "tag %s\n", name)
	}
	say(w, "\n")
}

// plainEntry is an entry as both read it. The title begins with the journal's code, so that nothing in it can be taken for a
// status, a code or a date.
func plainEntry(w *bufio.Writer, r *record, names map[uuid.UUID]string) {
	say(w, "\n%s * %s\n", r.EntryDate, escape(title(r), riskyInTitle))
	for _, t := range tags(r) {
		say(w, "    ; %s: %s\n", t.name, escape(t.value, riskyInTag))
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		say(w, "    %s  %s %s\n", names[l.Account], l.Amount, l.Amount.Currency)
		if l.Party != "" {
			say(w, "    ; party: %s\n", escape(l.Party, riskyInTag))
		}
	}
}

// beancount writes what `bean-check` accepts: every account is opened, on the first day of the books, in their currency.
type beancount struct{}

func (beancount) head(w *bufio.Writer, s *scene, names map[uuid.UUID]string) {
	say(w, "option \"operating_currency\" %s\n\n%s commodity %s\n\n", quote(string(s.books.Currency)), s.begins, s.books.Currency)
	for i := range s.accounts {
		a := &s.accounts[i]
		say(w, "%s open %s %s\n  code: %s\n  name: %s\n", s.begins, names[a.ID], s.books.Currency, quote(a.Code), quote(a.Name))
	}
}

func (beancount) entry(w *bufio.Writer, r *record, names map[uuid.UUID]string) {
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
		say(w, "  %s  %s %s\n", names[l.Account], l.Amount, l.Amount.Currency)
		if l.Party != "" {
			say(w, "    party: %s\n", quote(l.Party))
		}
	}
}
