package access

import (
	"slices"
	"strings"
)

// stems are what most passwords that everybody tries first are made of. It is a list of ours, small on purpose: with a
// least length of 15 the usual lists of leaked passwords hold little that would be accepted anyway. A host with a larger
// list checks before it calls.
var stems = strings.Fields(`password passwort passphrase qwertyuiop qwertzuiop qwerty qwertz asdfghjkl asdfgh zxcvbnm yxcvbnm
	letmein welcome iloveyou trustno1 administrator admin changeme default secret login master monkey dragon football baseball
	sunshine princess superman batman starwars whatever computer internet company business accounting invoice
	abcdefghijklmnopqrstuvwxyz abcdefgh abc 1234567890 12345678 123456 1234 123 0987654321 987654321 1q2w3e4r5t 1q2w3e4r 1qaz2wsx correcthorsebatterystaple`)

// tooCommon reports a password that is made of nothing but such stems, of the person's own e-mail address or name, or of
// one character, with digits and signs around them.
func tooCommon(password string, about []string) bool {
	rest := strings.ToLower(password)
	own := slices.Clone(stems)
	for _, a := range about {
		a = strings.ToLower(strings.TrimSpace(a))
		local, domain, _ := strings.Cut(a, "@")
		for _, part := range append(strings.Fields(a), local, domain) {
			if len(part) >= 3 {
				own = append(own, part)
			}
		}
	}
	slices.SortFunc(own, func(a, b string) int { return len(b) - len(a) })
	for _, stem := range own {
		rest = strings.ReplaceAll(rest, stem, "")
	}
	rest = strings.Trim(rest, "0123456789 !?.,-_*#+@$%&/=")
	return len(slices.Compact([]rune(rest))) <= 1
}
