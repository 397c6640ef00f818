package tenancy

import (
	"regexp"
	"unicode"
)

// plainText refuses texts for the platform's own records that cannot be stored, or must not be.
func plainText(op string, texts ...string) error {
	for _, s := range texts {
		if !storable(s) {
			return ErrBadInput.New(op, "a text holds a NUL or is not UTF-8")
		}
		if holdsCardNumber(s) {
			return ErrCardNumber.New(op, "")
		}
	}
	return nil
}

// The lengths of a payment card's number. It has at most 19 digits (ISO/IEC 7812-1:2017), the last of which is computed from the
// others by the formula of its annex B, and shorter ones than 13 are not in use. None begins with 0.
const (
	shortestCard = 13
	longestCard  = 19
)

var idOrHash = regexp.MustCompile(`(?i)\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,})\b`)

// holdsCardNumber reports whether a text holds the number of a payment card: 13 to 19 digits with a valid check digit, in one piece
// or in groups with up to three spaces, dashes or dots between them. One in ten other numbers of that length looks like one, and is
// refused as well: the promise is that none is stored. Ids and hashes are passed over: in them digits follow one another by chance.
func holdsCardNumber(s string) bool {
	s = idOrHash.ReplaceAllString(s, "x")
	var groups [][]byte
	gap := 0 // separators since the last digit
	for _, r := range s {
		digit, ok := digitOf(r)
		switch {
		case ok && (len(groups) == 0 || gap > 0):
			groups, gap = append(groups, []byte{digit}), 0
		case ok:
			groups[len(groups)-1] = append(groups[len(groups)-1], digit)
		case len(groups) > 0 && gap < 3 && separates(r):
			gap++
		default:
			if cardAmong(groups) {
				return true
			}
			groups, gap = nil, 0
		}
	}
	return cardAmong(groups)
}

// cardAmong reports whether some of the groups that follow one another make a card's number.
func cardAmong(groups [][]byte) bool {
	for i := range groups {
		var number []byte
		for _, g := range groups[i:] {
			if number = append(number, g...); len(number) > longestCard {
				break
			}
			if len(number) >= shortestCard && number[0] != 0 && checkDigitFits(number) {
				return true
			}
		}
	}
	return false
}

// checkDigitFits is the formula of ISO/IEC 7812-1, annex B, known as Luhn's: every second digit from the right is doubled.
func checkDigitFits(number []byte) bool {
	sum := 0
	for i := range number {
		d := int(number[len(number)-1-i])
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// digitOf is the value of a decimal digit of any script: they stand ten in a row, from zero to nine.
func digitOf(r rune) (byte, bool) {
	if !unicode.IsDigit(r) {
		return 0, false
	}
	if r < unicode.MaxASCII {
		return byte(r - '0'), true //nolint:gosec // a digit
	}
	first := r
	for unicode.IsDigit(first - 1) {
		first--
	}
	return byte((r - first) % 10), true //nolint:gosec // a digit
}

// separates reports whether a rune may stand within a number: spaces, dashes, dots, and what is not seen at all.
func separates(r rune) bool {
	return r == '.' || r == '_' || r == '\u2212' || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf)
}
