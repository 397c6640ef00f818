package statement

// ValidIBAN reports whether a number, in capitals and without blanks, has the form of an IBAN and its check digits are right (ISO 13616:
// the digits, country and check last and letters as 10 to 35, are 1 modulo 97). Which lengths countries use is not looked at.
func ValidIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	rest := 0
	for i := range len(s) {
		c := s[(i+4)%len(s)]
		switch at := (i + 4) % len(s); {
		case c >= '0' && c <= '9' && at >= 2:
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z' && (at < 2 || at > 3):
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}
