package retail

import (
	"hash/fnv"
	"strconv"
)

// numberSet notices an invoice number that comes again. It does not hold the numbers: 64 neighbours share one word, so a
// million consecutive numbers take about half a megabyte. Numbers that are not digits behind at most one capital letter
// go by a hash; a collision would refuse a good document, never book one twice, and is as likely as 1 in 2^62 for a pair.
type numberSet map[uint64]uint64

// add reports whether the number had been there.
func (s numberSet) add(number string) bool {
	key := numberKey(number)
	block, bit := key>>6, uint64(1)<<(key&63)
	before := s[block]
	s[block] = before | bit
	return before&bit != 0
}

const (
	letterShift = 56 // digits take the bits below, the letter those above
	maxDigits   = 16 // 10^16 < 2^56
	hashedKey   = 1 << 63
)

func numberKey(number string) uint64 {
	digits, letter := number, uint64(0)
	if number != "" && number[0] >= 'A' && number[0] <= 'Z' {
		digits, letter = number[1:], uint64(number[0]-'A'+1)
	}
	// "007" and "7" are two numbers, and only one of them may go by its value.
	if len(digits) > 0 && len(digits) <= maxDigits && digits[0] >= '1' && digits[0] <= '9' {
		if n, err := strconv.ParseUint(digits, 10, letterShift); err == nil {
			return letter<<letterShift | n
		}
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(number)) // never fails
	return h.Sum64() | hashedKey
}
