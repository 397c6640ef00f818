package privacy

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPhonesAreComparedByTheirDigits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"+49 30 1234567", "0049 30 1234567", true},
		{"+49 30 1234567", "+49 (0)30 / 12 34-567", true},
		{"+49 30 1234567", "030 1234567", true},
		{"030 1234567", "(030) 123.45.67", true},
		{"+44 20 7946 0991", "020 7946 0991", true},
		{"+1 212 555 0100", "+1-212-555-0100", true},
		{"+49 30 1234567", "+49 30 1234568", false},
		{"+49 30 1234567", "+43 30 1234567", false},
		{"+49 30 1234567", "1234567", false}, // without the area's code it may be anybody's
		{"+49 30 1234567", "0 9 30 1234567", false},
		{"030 1234567", "040 1234567", false},
		{"12345", "12345", false},
		{"Room 1234567", "1234567", false},
		{"+49301234567+1", "+49301234567", false},
	} {
		require.Equal(t, c.same, newPhone(c.a).same(newPhone(c.b)), "%s and %s", c.a, c.b)
		require.Equal(t, c.same, newPhone(c.b).same(newPhone(c.a)), "%s and %s", c.b, c.a)
	}
}

func TestPhonesInText(t *testing.T) {
	text := "Invoice 2026-0004 of 3 March; call 030/1234567 before noon, else +49 171 5550100."
	is := func(number string) bool {
		for _, p := range phonesIn(text) {
			if p.same(newPhone(number)) {
				return true
			}
		}
		return false
	}
	require.True(t, is("+49 30 1234567"))
	require.True(t, is("0171 5550100"))
	require.False(t, is("+49 30 123456"))
}

// Every way of writing a number is taken out of a text, and nothing else is.
func TestAPhoneIsFoundHoweverItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code, rest := rapid.StringMatching(`[1-9][0-9]{0,2}`).Draw(t, "code"), rapid.StringMatching(`[1-9][0-9]{6,9}`).Draw(t, "rest")
		gap := rapid.SampledFrom([]string{"", " ", "-", " / ", "."})
		number := "+" + code + " " + rest
		written := rapid.SampledFrom([]string{"+" + code, "00" + code, "0", "+" + code + " (0)"}).Draw(t, "form")
		for _, d := range rest {
			written += gap.Draw(t, "gap") + string(d)
		}
		k := known{values: map[string]bool{}, pseudonym: "erased"}
		k.value(number, 3)
		k.compile()
		require.Equal(t, "call erased today", k.redact("call "+written+" today"), written)
		require.Equal(t, "no "+written+"1", k.redact("no "+written+"1"), "another number")
		require.True(t, newPhone(number).same(newPhone(number)))
	})
}

func TestWordsAreWhole(t *testing.T) {
	for text, is := range map[string]bool{"ada byron": true, "to ada byron, london": true, "ada byronson": false, "xada byron": false, "ada byronson and ada byron": true, "": false} {
		require.Equal(t, is, holdsWords(text, "ada byron"), text)
	}
	require.Equal(t, "strasse 1 ada", folded(" STRASSE\t１  Ada "))
	k := known{values: map[string]bool{}, pseudonym: "erased"}
	k.value("Ada Byron", 3)
	k.compile()
	require.Equal(t, "to erased, London", k.redact("to ADA\n  byron, London"))
	require.NotNil(t, regexp.MustCompile(newPhone("+49 30 1234567").pattern()))
}
