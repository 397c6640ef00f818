package privacy

import (
	"regexp"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// folded is a text in one form: compatibility characters as one, without case, with single spaces.
func folded(text string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(text))), " ")
}

// phone is a telephone number as it is compared. Two are the same when their digits are; and a national number, 0 and the rest, is also the international one
// with a country's code of one to three digits before the rest. That may take two numbers of different countries for one, never one for two.
type phone struct {
	digits string // without +, 00 or the trunk's 0; "" of what is no number
	world  bool   // with a country's code
	code   string // the country's code, where the text shows where it ends
}

const (
	phoneLeast, phoneMost = 6, 15 // ITU-T E.164: 15 digits at most
	separators            = " \t\n.()/-\u00a0\u2011\u2013"
)

// phoneLike finds what may be a number in a text.
var phoneLike = regexp.MustCompile(`\+?[0-9(][0-9` + "\u00a0\u2011\u2013" + ` \t\n.()/\-]{4,30}[0-9]`)

// newPhone reads a text that is a telephone number and nothing else.
func newPhone(text string) phone {
	text = strings.TrimSpace(text)
	if text == "" || strings.Trim(text, "+0123456789"+separators) != "" || strings.LastIndexByte(text, '+') > 0 {
		return phone{}
	}
	p := phone{world: true}
	rest, ok := strings.CutPrefix(text, "+")
	if !ok {
		rest, ok = strings.CutPrefix(text, "00")
	}
	if !ok {
		p.world = false
	}
	if i := strings.IndexAny(rest, separators); p.world && i >= 1 && i <= 3 {
		p.code = rest[:i]
	}
	rest = strings.Replace(rest, "(0)", "", 1) // +49 (0)30: the trunk's zero, shown to callers from near
	var digits strings.Builder
	for _, r := range rest {
		if r >= '0' && r <= '9' {
			digits.WriteRune(r)
		}
	}
	p.digits = digits.String()
	if !p.world {
		p.digits = strings.TrimPrefix(p.digits, "0")
	}
	if len(p.digits) < phoneLeast || len(p.digits) > phoneMost {
		return phone{}
	}
	return p
}

// same compares two numbers.
func (p phone) same(o phone) bool {
	switch {
	case p.digits == "" || o.digits == "":
		return false
	case p.world == o.world:
		return p.digits == o.digits
	case !p.world:
		p, o = o, p
	}
	code, ok := strings.CutSuffix(p.digits, o.digits)
	return ok && len(code) >= 1 && len(code) <= 3 && (p.code == "" || p.code == code)
}

// pattern finds the number in a text, however it is set apart there.
func (p phone) pattern() string {
	const gap = `[\s.()/\-]*`
	apart := func(digits string) string { return strings.Join(strings.Split(digits, ""), gap) }
	if p.world && p.code != "" && len(p.digits) > len(p.code) {
		return `(?:(?:\+|00)?` + gap + apart(p.code) + gap + `(?:\(0\)` + gap + `)?|0` + gap + `)` + apart(p.digits[len(p.code):])
	}
	if p.world {
		return `(?:\+|00)?` + apart(p.digits)
	}
	return `0?` + apart(p.digits)
}

// phonesIn are the numbers in a text.
func phonesIn(text string) []phone {
	var out []phone
	for _, part := range phoneLike.FindAllString(text, -1) {
		if p := newPhone(part); p.digits != "" {
			out = append(out, p)
		}
	}
	return out
}

// holdsWords reports whether a folded text holds a folded phrase as whole words.
func holdsWords(text, phrase string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 {
			return false
		}
		i += from
		if !joined(text[:i], text[i+len(phrase):]) {
			return true
		}
		from = i + 1
	}
}
