package sqltext

import "strings"

// Kind is what a [Token] is.
type Kind int

// The kinds of tokens.
const (
	Word    Kind = iota // a keyword, a name or a number, in lower case
	Name                // a "name" in quotes or `backticks`, without them and as it is written
	Literal             // a 'text' or $tag$text$tag$, without its quotes
	Braces              // the {name} of a report, without its braces
	Mark                // one byte of anything else
)

// Token is one piece of a SQL text. Space and comments are none.
type Token struct {
	Kind Kind
	Text string
	At   int // the byte of the text at which it begins
}

// Tokens takes a SQL text apart, whatever engine it is for. What is not closed ends with the text.
func Tokens(text string) []Token {
	var out []Token
	for rest := skipBlank(text); rest != ""; rest = skipBlank(rest) {
		at, kind := len(text)-len(rest), Literal
		var after string
		switch c := rest[0]; {
		case c == '\'':
			after = skipQuoted(rest)
		case c == '"' || c == '`':
			after, kind = skipQuoted(rest), Name
		case c == '{' && strings.IndexByte(rest, '}') > 0:
			after, kind = rest[strings.IndexByte(rest, '}')+1:], Braces
		case c == '$' && len(skipQuoted(rest)) < len(rest)-1:
			after = skipQuoted(rest)
		case strings.HasPrefix(strings.ToLower(rest), "e'"):
			after = skipEscapeString(rest[1:])
		case isWord(c):
			n := 1
			for n < len(rest) && (isWord(rest[n]) || rest[n] == '$') {
				n++
			}
			after, kind = rest[n:], Word
		default:
			after, kind = rest[1:], Mark
		}
		token := Token{Kind: kind, Text: rest[:len(rest)-len(after)], At: at}
		switch kind {
		case Word:
			token.Text = strings.ToLower(token.Text)
		case Name, Literal, Braces:
			token.Text = unquoted(token.Text)
		}
		out = append(out, token)
		rest = after
	}
	return out
}

// unquoted is what stands between the quotes of a token.
func unquoted(text string) string {
	if text[0] == 'e' || text[0] == 'E' {
		text = text[1:]
	}
	quote := text[:1]
	switch quote {
	case "{":
		return strings.TrimSuffix(text[1:], "}")
	case "$":
		quote = text[:strings.IndexByte(text[1:], '$')+2]
	}
	return strings.TrimSuffix(text[len(quote):], quote)
}
