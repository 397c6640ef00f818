package exchange

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
)

// AccountNames says what each account is called in a format: its type as the tools know it, then code and name, as in
// "Assets:1300 Current account", with characters left out that the format reads otherwise. Names are distinct, and do not change
// while code, name and type do not. accounts are by code.
//
//   - hledger and ledger: parts are joined by a colon; two blanks end a name and a semicolon begins a comment, so letters, digits,
//     single blanks and a little punctuation are kept.
//   - beancount: the five roots are fixed, every part begins with a capital or a digit and goes on with letters, digits and
//     dashes: "Assets:1300-Current-account".
func AccountNames(f Format, accounts []accounting.Account) map[uuid.UUID]string {
	out, taken := make(map[uuid.UUID]string, len(accounts)), make(map[string]bool, len(accounts))
	for i := range accounts {
		a := &accounts[i]
		parts := append([]string(nil), roots[a.Type]...)
		parts = append(parts, a.Code+" "+a.Name)
		for j, p := range parts {
			if f == Beancount {
				parts[j] = beanPart(p)
			} else {
				parts[j] = plainPart(p)
			}
		}
		name := strings.Join(parts, ":")
		for n, base := 2, name; taken[name]; n++ { // codes that differ in punctuation alone
			name = fmt.Sprintf("%s-%d", base, n)
		}
		out[a.ID], taken[name] = name, true
	}
	return out
}

// plainPart keeps what hledger and ledger read as a name.
func plainPart(s string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_/&'+", r):
			return r
		case r == ':' || r == ';':
			return '-'
		}
		return ' '
	}, s)
	return strings.Join(strings.Fields(kept), " ")
}

// beanPart keeps what beancount reads as a part of a name. Beancount 2 takes any character beyond ASCII; we keep letters.
func beanPart(s string) string {
	kept := strings.FieldsFunc(s, func(r rune) bool {
		ascii := r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		return !ascii && (r < utf8.RuneSelf || !unicode.IsLetter(r))
	})
	joined := strings.Join(kept, "-")
	if first := joined[:min(1, len(joined))]; first == "" || first >= "a" && first <= "z" {
		joined = "X-" + joined
	}
	return joined
}
