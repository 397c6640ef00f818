package sqltext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokens(t *testing.T) {
	kinds := map[Kind]string{Word: "w", Name: "n", Literal: "l", Braces: "b", Mark: "m"}
	for text, want := range map[string]string{
		"SELECT a.B FROM {books} AS b": "w:select w:a m:. w:b w:from b:books w:as w:b",
		`"Erp" . "x"`:                  "n:Erp m:. n:x",
		"`erp_x` [y]":                  "n:erp_x m:[ w:y m:]",
		"-- c\n/* d /* e */ */ x":      "w:x",
		"'a''b'":                       "l:a l:b",
		`E'\'x' y`:                     `l:\'x w:y`,
		"$$a$$ $q$b$q$ $1":             "l:a l:b m:$ w:1",
		"$":                            "m:$",
		"'open":                        "l:open",
		`"open`:                        "n:open",
		"{open":                        "m:{ w:open",
		"a$b?::c":                      "w:a$b m:? m:: m:: w:c",
		"":                             "",
	} {
		var got []string
		for _, token := range Tokens(text) {
			got = append(got, kinds[token.Kind]+":"+token.Text)
			require.Contains(t, strings.ToLower(text[token.At:]), strings.ToLower(token.Text), text)
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
}

func TestTokensSayWhereTheyBegin(t *testing.T) {
	tokens := Tokens(" a /* b */ 'c'\n{d}")
	require.Len(t, tokens, 3)
	for i, at := range []int{1, 11, 15} {
		require.Equal(t, at, tokens[i].At)
	}
}
