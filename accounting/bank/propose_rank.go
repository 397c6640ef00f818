package bank

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// minKey is the least length of a number or reference that is looked for in a text: shorter ones stand everywhere.
const minKey = 4

// keys are numbers and references as they are looked for: letters and digits alone, with at least one digit.
func keys(texts ...string) []string {
	var out []string
	for _, text := range texts {
		if key := squeezed(text); len(key) >= minKey && strings.ContainsFunc(key, unicode.IsDigit) && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// squeezed is a text without all that is neither letter nor digit, in capitals: "RE 2026/17" and "re-2026-17" are one number.
func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, s)
}

// folded is a name as it is compared: words of letters and digits, in capitals.
func folded(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToUpper(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// contains reports whether a number stands in a squeezed text, and not as a part of a longer number.
func contains(text, key string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], key)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(key)
		digit := func(at int) bool { return at >= 0 && at < len(text) && text[at] >= '0' && text[at] <= '9' }
		within := digit(start) && digit(start-1) || digit(end-1) && digit(end) // of a longer number
		if !within {
			return true
		}
		from = start + 1
	}
}

// seen is a line as it is looked at.
type seen struct {
	line    *StatementLine
	text    string // squeezed
	words   string // folded, with blanks at both ends
	numbers []int  // candidates whose number stands in it
	named   func(c *candidate) bool
}

// named reports whether the words of a name stand in a text one after another, in any order: banks put the family name first.
func named(words, name string) bool {
	if strings.Contains(words, " "+name+" ") {
		return true
	}
	wanted, all := slices.Sorted(slices.Values(strings.Fields(name))), strings.Fields(words)
	for i := 0; i+len(wanted) <= len(all) && len(wanted) > 1; i++ {
		if slices.Equal(slices.Sorted(slices.Values(all[i:i+len(wanted)])), wanted) {
			return true
		}
	}
	return false
}

// propose finds what a line may be, the surest first.
func (c *candidates) propose(l *StatementLine, in ProposalRequest) []Proposal {
	t := &l.Text
	s := &seen{line: l, text: squeezed(t.Reference) + "|" + squeezed(t.BankReference) + "|" + squeezed(t.Remittance),
		words: " " + folded(t.Party+" "+t.Remittance) + " "}
	for i := range c.all {
		if slices.ContainsFunc(c.all[i].keys, func(key string) bool { return contains(s.text, key) }) {
			s.numbers = append(s.numbers, i)
		}
	}
	s.named = func(c *candidate) bool { return len(c.party) >= minKey && named(s.words, c.party) }
	var out []Proposal
	taken := map[int]bool{}
	add := func(rank Confidence, reason string, which ...int) {
		p := Proposal{LineID: l.ID, Amount: l.Amount, Confidence: rank, Reason: reason}
		for _, i := range which {
			taken[i] = true
		}
		p.Parts = c.parts(l, rank, which)
		out = append(out, p)
	}
	c.byNumbers(s, add)
	c.byAmounts(s, in.Days, taken, add)
	c.byRates(s, in.RatePercent, taken, add)
	slices.SortStableFunc(out, func(a, b Proposal) int { return int(a.Confidence - b.Confidence) })
	return out[:min(len(out), in.Each)]
}

// byNumbers proposes what the line itself names.
func (c *candidates) byNumbers(s *seen, add func(Confidence, string, ...int)) {
	type of struct {
		party    uuid.UUID
		currency money.Currency
	}
	byParty := map[of][]int{}
	var order []of
	for _, i := range s.numbers {
		n := &c.all[i]
		if want := s.line.in(n.amount.Currency); n.amount.Minor == want && want != 0 {
			add(ByNumber, fmt.Sprintf("the line names %s, and %s", n.label, c.same(n.amount)), i)
		}
		if !n.ledger {
			key := of{n.partyID, n.amount.Currency}
			if byParty[key] == nil {
				order = append(order, key)
			}
			byParty[key] = append(byParty[key], i)
		}
	}
	for _, key := range order {
		sum := money.Zero(key.currency)
		var labels []string
		for _, i := range byParty[key] {
			sum.Minor, labels = sum.Minor+c.all[i].amount.Minor, append(labels, c.all[i].label)
		}
		if want := s.line.in(key.currency); len(labels) > 1 && len(labels) <= MaxParts && sum.Minor == want && want != 0 && c.splits(byParty[key]) {
			reason := "together they are its amount"
			if key.currency != c.account.Currency {
				reason = "together they are what the bank states, " + sum.Format()
			}
			add(ByNumbers, "the line names "+strings.Join(labels, ", ")+", and "+reason, byParty[key]...)
		}
	}
	for _, i := range s.numbers {
		n := &c.all[i]
		want := s.line.in(n.amount.Currency)
		if part := !n.ledger && (n.amount.Minor > 0) == (want > 0) && abs(want) < abs(n.amount.Minor); part && want != 0 {
			reason := "of which it is a part"
			if n.amount.Currency != c.account.Currency {
				reason = fmt.Sprintf("of which %s, as the bank states it, is a part", money.Amount{Minor: want, Currency: n.amount.Currency}.Format())
			}
			add(ByPart, fmt.Sprintf("the line names %s, %s", n.label, reason), i)
		}
	}
}

// byAmounts proposes what has the line's amount, and is not proposed already.
func (c *candidates) byAmounts(s *seen, days int, taken map[int]bool, add func(Confidence, string, ...int)) {
	l := s.line
	var ledger, open []int // within the window
	alike := 0             // what is open within it, with what is proposed already
	same := c.byAmount[l.Amount]
	if l.ForeignMinor != 0 {
		same = slices.Concat(same, c.byAmount[l.Foreign()])
	}
	for _, i := range same {
		n := &c.all[i]
		near := within(n.on, l.BookedOn, days) || within(n.on, l.ValueOn, days)
		if near && !n.ledger {
			alike++
		}
		switch {
		case taken[i]:
		case !n.ledger && s.named(n):
			add(ByParty, fmt.Sprintf("the line names the party of %s, and %s", n.label, c.same(n.amount)), i)
		case near && n.ledger:
			ledger = append(ledger, i)
		case near:
			open = append(open, i)
		}
	}
	if len(ledger) == 1 {
		n := &c.all[ledger[0]]
		add(ByLedger, fmt.Sprintf("the books have this amount as %s, %d days from the line", n.label, abs(int64(n.on.DaysUntil(l.BookedOn)))), ledger[0])
	}
	if len(open) == 1 && alike == 1 {
		n := &c.all[open[0]]
		amount := "this amount"
		if n.amount.Currency != c.account.Currency {
			amount = "the amount that the bank states, " + n.amount.Format()
		}
		add(ByAmount, fmt.Sprintf("of all that is open within %d days of the line %s alone has %s, due %d days from it", days, n.label, amount,
			abs(int64(n.on.DaysUntil(l.BookedOn)))), open[0])
	}
}

func within(a, b date.Date, days int) bool {
	if a.IsZero() || b.IsZero() {
		return false
	}
	return abs(int64(a.DaysUntil(b))) <= int64(days)
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
