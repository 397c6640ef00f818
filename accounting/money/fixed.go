package money

import (
	"errors"
	"strconv"
	"strings"
)

// Why a text is not a fixed-point number.
var (
	errMalformed  = errors.New("is not a number such as 12.34")
	errTooPrecise = errors.New("has too many decimals")
	errTooLarge   = errors.New("is too large")
)

// maxText is the longest text that is looked at; the longest int64 with sign and point has 21 bytes.
const maxText = 100

// formatFixed prints n / 10^places with exactly that many decimals.
func formatFixed(n int64, places int) string {
	digits := strconv.FormatUint(magnitude(n), 10)
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	if places > 0 {
		digits = digits[:len(digits)-places] + "." + digits[len(digits)-places:]
	}
	if n < 0 {
		return "-" + digits
	}
	return digits
}

// parseFixed reads an optional minus, digits, and optionally a point and digits, exactly: no plus, space, grouping or
// exponent. Zeros beyond the last place are harmless; any other digit there is refused, because dropping it would be
// rounding that nobody asked for.
func parseFixed(text string, places int) (int64, error) {
	if len(text) > maxText {
		return 0, errMalformed
	}
	unsigned := strings.TrimPrefix(text, "-")
	whole, fraction, pointed := strings.Cut(unsigned, ".")
	if !allDigits(whole) || (pointed && !allDigits(fraction)) {
		return 0, errMalformed
	}
	for len(fraction) > places && strings.HasSuffix(fraction, "0") {
		fraction = fraction[:len(fraction)-1]
	}
	if len(fraction) > places {
		return 0, errTooPrecise
	}
	digits := whole + fraction + strings.Repeat("0", places-len(fraction))
	n, err := strconv.ParseInt(text[:len(text)-len(unsigned)]+digits, 10, 64)
	if err != nil {
		return 0, errTooLarge
	}
	return n, nil
}

// allDigits reports whether s is one or more ASCII digits.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
