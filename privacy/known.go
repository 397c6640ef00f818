package privacy

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
)

// known gathers what a person is known by, to be taken out of texts that lead to nobody.
type known struct {
	values    map[string]bool
	pattern   *regexp.Regexp
	pseudonym string
}

// newKnown knows nothing but the pseudonym.
func newKnown(person uuid.UUID) known {
	return known{values: map[string]bool{}, pseudonym: people.Pseudonym(person)}
}

// add takes the values of a row's columns that name or reach a person. A short value, or a line of an address without a
// number (a town), says nothing of one person and would tear holes into other people's texts.
func (k *known) add(m *tenancy.Model, row any) {
	for _, c := range m.Columns {
		if c.Type != tenancy.Text || !m.Erasable(c) || c.Privacy.Erasure == tenancy.EraseKeep {
			continue
		}
		switch c.Privacy.Category { //nolint:exhaustive // what somebody did, or noted, names nobody by itself
		case tenancy.Identity, tenancy.Contact, tenancy.Financial:
		default:
			continue
		}
		text := field[string](row, c)
		k.value(text, 3)
		if c.Privacy.Category == tenancy.Contact && strings.Contains(text, "\n") {
			for line := range strings.SplitSeq(text, "\n") {
				if strings.ContainsFunc(line, unicode.IsDigit) {
					k.value(line, 5)
				}
			}
		}
	}
}

func (k *known) value(text string, least int) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) < least || text == k.pseudonym {
		return
	}
	k.values[text] = true
	// Some texts are kept as JSON.
	if quoted, err := json.Marshal(text); err == nil {
		k.values[string(quoted[1:len(quoted)-1])] = true
	}
}

// compile readies the search. Longer values are tried first.
func (k *known) compile() {
	if len(k.values) == 0 {
		return
	}
	list := make([]string, 0, len(k.values))
	for v := range k.values {
		list = append(list, strings.Join(strings.Fields(regexp.QuoteMeta(v)), `\s+`)) // a text is broken into lines wherever there was room
		if p := newPhone(v); p.digits != "" {
			list = append(list, p.pattern())
		}
	}
	slices.SortFunc(list, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	k.pattern = regexp.MustCompile("(?i)(?:" + strings.Join(list, "|") + ")")
}

// in reports whether a text may name the person; whether it does is seen when it is redacted.
func (k *known) in(text string) bool { return k.pattern != nil && k.pattern.MatchString(text) }

// redact replaces every value that stands in the text as a word of its own.
func (k *known) redact(text string) string {
	if k.pattern == nil {
		return text
	}
	var out strings.Builder
	from := 0
	for _, at := range k.pattern.FindAllStringIndex(text, -1) {
		if joined(text[:at[0]], text[at[1]:]) {
			continue
		}
		out.WriteString(text[from:at[0]])
		out.WriteString(k.pseudonym)
		from = at[1]
	}
	out.WriteString(text[from:])
	return out.String()
}

// byOneWord reports whether what is replaced in a text is one word of letters somewhere: such a name may be a word of the language as well.
func (k *known) byOneWord(text string) bool {
	for _, at := range k.pattern.FindAllStringIndex(text, -1) {
		if !joined(text[:at[0]], text[at[1]:]) && !strings.ContainsFunc(text[at[0]:at[1]], func(r rune) bool { return !unicode.IsLetter(r) }) {
			return true
		}
	}
	return false
}

// joined reports whether what stands between two texts is a part of a longer word.
func joined(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(after)
	return wordRune(last) || wordRune(first)
}

// wordRune: a letter or digit next to a value makes it a part of another word. The end of a text decodes as RuneError.
func wordRune(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// field reads a column of a row.
func field[T any](row any, c *tenancy.Column) T {
	v := reflect.ValueOf(row).Elem().FieldByIndex(c.Index)
	if t, ok := v.Interface().(T); ok {
		return t
	}
	return v.Convert(reflect.TypeFor[T]()).Interface().(T) //nolint:forcetypeassert,errcheck // a string kind
}
