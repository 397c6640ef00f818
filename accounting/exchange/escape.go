package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Free text must not become a directive. In hledger and ledger a line break ends a transaction, a semicolon begins a comment, a
// bar splits payee from note; in a tag's value a comma begins another tag and a bracket a date. Such characters, all that do not
// print (bidirectional controls included) and the backslash itself are written \u{hex}; everything else stays readable.
const (
	riskyInTitle = `\;|`
	riskyInTag   = `\;|,[]`
)

// escape writes text that is safe on a line of hledger's or ledger's.
func escape(s, risky string) string {
	var b strings.Builder
	for _, r := range s {
		if r != ' ' && !unicode.IsPrint(r) || strings.ContainsRune(risky, r) {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Unescape gives back what stood in the books before it was written to an hledger or ledger journal.
func Unescape(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, `\u{`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		hex, after, closed := strings.Cut(rest, "}")
		n, err := strconv.ParseUint(hex, 16, 21)
		if !closed || err != nil {
			b.WriteString(`\u{`)
			s = rest
			continue
		}
		b.WriteRune(rune(n))
		s = after
	}
}

// quote is a string of beancount's: it may hold anything, with quotation marks, backslashes and breaks escaped. What does not
// print becomes a blank.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r != ' ' && !unicode.IsPrint(r):
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
