package privacy

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// anotherPerson stands where somebody else was named.
const anotherPerson = "[another person]"

// others finds in texts what people are known by, of whom there may be very many: by the first word of each value.
type others struct{ by map[string][]saying }

// saying is a value: what stands before its first word, and the rest, in lower case.
type saying struct {
	before, rest string
	own          bool // it is the person's own, and stays
}

// add takes a value by which the person, or somebody else, is known.
func (o *others) add(value string, own bool) {
	value = lowered(strings.TrimSpace(value))
	at := strings.IndexFunc(value, wordRune)
	if at < 0 {
		return
	}
	if o.by == nil {
		o.by = map[string][]saying{}
	}
	word := firstWord(value[at:])
	o.by[word] = append(o.by[word], saying{value[:at], value[at:], own})
}

// sort readies the search: longer values are tried first, and of two that are equal the person's own, so that what they share with others stays.
func (o *others) sort() {
	for word, list := range o.by {
		slices.SortFunc(list, func(a, b saying) int {
			return cmp.Or(cmp.Compare(len(b.rest)+len(b.before), len(a.rest)+len(a.before)), strings.Compare(a.rest, b.rest), strings.Compare(a.before, b.before), ownFirst(a, b))
		})
		o.by[word] = slices.Compact(list)
	}
}

func ownFirst(a, b saying) int {
	switch {
	case a.own == b.own:
		return 0
	case a.own:
		return -1
	}
	return 1
}

// redact replaces what names others, as words of their own.
func (o *others) redact(text string) string {
	var out strings.Builder
	from := 0 // what stands before is written
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !wordRune(r) {
			i += size
			continue
		}
		word := firstWord(text[i:])
		start, end, own := o.match(text, from, i, lowered(word))
		switch {
		case end == 0:
			i += len(word)
			continue
		case !own:
			out.WriteString(text[from:start])
			out.WriteString(anotherPerson)
			from = end
		}
		i = end
	}
	out.WriteString(text[from:])
	return out.String()
}

// match finds the longest value whose first word begins at a place; end is 0 when none does.
func (o *others) match(text string, from, at int, word string) (start, end int, own bool) {
	for _, s := range o.by[word] {
		if !strings.HasSuffix(text[from:at], s.before) {
			continue
		}
		n := beginsWith(text[at:], s.rest)
		if n == 0 {
			continue
		}
		if after, _ := utf8.DecodeRuneInString(text[at+n:]); !wordRune(after) {
			return at - len(s.before), at + n, s.own
		}
	}
	return 0, 0, false
}

// beginsWith tells how many bytes of a text are a value in lower case; 0 when it does not begin with it. A letter may take other bytes in lower case.
func beginsWith(text, value string) int {
	n := 0
	for _, want := range value {
		r, size := utf8.DecodeRuneInString(text[n:])
		if size == 0 || unicode.ToLower(r) != want {
			return 0
		}
		n += size
	}
	return n
}

// firstWord is the run of letters and digits that a text begins with.
func firstWord(text string) string {
	if n := strings.IndexFunc(text, func(r rune) bool { return !wordRune(r) }); n >= 0 {
		return text[:n]
	}
	return text
}

// lowered is a text in lower case, letter by letter.
func lowered(s string) string { return strings.Map(unicode.ToLower, s) }
