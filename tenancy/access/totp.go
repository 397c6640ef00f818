package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and the one that all authenticator apps know; HMAC does not rest on collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"time"
)

// The parameters of codes: those that every authenticator app takes for granted.
const (
	totpDigits = 6
	totpPeriod = 30 * time.Second // RFC 6238, section 4.1
	totpSecret = 20               // bytes: the 160 bits that RFC 4226, section 4, recommends
	totpSkew   = 1                // steps before and after: RFC 6238, section 5.2
)

// hotp is the code of a counter (RFC 4226, section 5.3).
func hotp(secret []byte, counter int64, digits int) string {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(counter)) //nolint:gosec // counters are counts
	mac := hmac.New(sha1.New, secret)
	_, _ = mac.Write(message[:]) // a hash never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, value%modulus)
}

// stepOf is the time step of an instant (RFC 6238, section 4.2).
func stepOf(t time.Time) int64 { return t.Unix() / int64(totpPeriod/time.Second) }

// totpStep finds the step of which a code is, near an instant and after the last that was used: a code is good once. All
// steps are looked at whichever it is.
func totpStep(secret []byte, code string, now time.Time, used int64) (step int64, ok bool) {
	for s := stepOf(now) - totpSkew; s <= stepOf(now)+totpSkew; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, s, totpDigits)), []byte(code)) == 1 && s > used {
			step, ok = s, true
		}
	}
	return step, ok
}

// isTOTP reports whether a text has the form of a code.
func isTOTP(code string) bool {
	if len(code) != totpDigits {
		return false
	}
	for _, r := range code {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

func newTOTPSecret() []byte {
	secret := make([]byte, totpSecret)
	_, _ = rand.Read(secret)
	return secret
}

// totpURI is what an authenticator app reads from a QR code.
func totpURI(issuer, account string, secret []byte) string {
	q := url.Values{"secret": {base32Plain.EncodeToString(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)}, "period": {fmt.Sprint(int(totpPeriod / time.Second))}}
	return (&url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + account, RawQuery: q.Encode()}).String()
}
