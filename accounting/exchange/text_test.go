package exchange

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestGuard: what a spreadsheet would calculate, it is not given to calculate; everything else is left alone.
func TestGuard(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "",
		"plain":                      "plain",
		"1 - 1":                      "1 - 1",
		"'t Hooft":                   "'t Hooft",
		`=HYPERLINK("http://x")`:     `'=HYPERLINK("http://x")`,
		"+44 20 7946 0000":           "'+44 20 7946 0000",
		"-1":                         "'-1",
		"@SUM(A1)":                   "'@SUM(A1)",
		"\t=1":                       "'\t=1",
		"\r=1":                       "'\r=1",
		"\n=1":                       "'\n=1",
		"\uff1dcmd|' /C calc'!A0":    "'\uff1dcmd|' /C calc'!A0",
		"'=1":                        "''=1",
		"''=1":                       "'''=1",
		"=1+1\";=2":                  "'=1+1\";=2",
		"\u00e9=1":                   "\u00e9=1",
		strings.Repeat("-", 3) + "'": "'---'",
	} {
		require.Equal(t, want, guard(text), "%q", text)
		require.Equal(t, text, unguard(guard(text)), "%q", text)
	}
	require.Equal(t, "'t Hooft", unguard("'t Hooft"), "an apostrophe of the name's own stays")
}

func TestTextLaws(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.String().Draw(rt, "s")
		require.Equal(rt, s, unguard(guard(s)))
		if g := guard(s); g != "" {
			first, _ := utf8.DecodeRuneInString(g)
			require.NotContains(rt, formulaMarks, string(first))
		}
		for _, risky := range []string{riskyInTitle, riskyInTag} {
			e := escape(s, risky)
			require.Equal(rt, s, Unescape(e))
			require.NotContains(rt, e, "\n")
			require.False(rt, strings.ContainsAny(e, strings.ReplaceAll(risky, `\`, "")), "%q", e)
		}
		q := quote(s)
		require.NotContains(rt, q, "\n")
		require.Zero(rt, strings.Count(strings.NewReplacer(`\\`, "", `\"`, "").Replace(q[1:len(q)-1]), `"`), "%q ends early", q)
	})
}
