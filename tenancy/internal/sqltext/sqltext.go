// Package sqltext reads as much of a SQL text as it takes to tell what it would do to a transaction.
package sqltext

import (
	"slices"
	"strings"
)

// FirstWord is the lower-case first word of a statement, past space, comments and opening brackets.
func FirstWord(text string) string {
	text = skipBlank(text)
	for strings.HasPrefix(text, "(") {
		text = skipBlank(text[1:])
	}
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	return strings.ToLower(text[:n])
}

// EndsTransaction finds a statement that would end or replace the transaction: COMMIT, END, ABORT, BEGIN, START, ROLLBACK
// (but not ROLLBACK TO) and PREPARE TRANSACTION. It is for the host's SQL, which may hold several statements. Procedures
// and DO blocks need no look inside: PostgreSQL itself refuses to end a transaction from there.
func EndsTransaction(text string) (verb string, found bool) {
	for {
		var statement []string
		statement, text = nextStatement(text)
		if len(statement) > 0 {
			second := ""
			if len(statement) > 1 {
				second = statement[1]
			}
			switch statement[0] {
			case "commit", "end", "abort", "begin", "start":
				return statement[0], true
			case "rollback":
				if second != "to" && (len(statement) < 3 || statement[2] != "to") { // ROLLBACK [WORK|TRANSACTION] TO
					return statement[0], true
				}
			case "prepare":
				if second == "transaction" {
					return "prepare transaction", true
				}
			}
		}
		if text == "" {
			return "", false
		}
	}
}

// IsSingle reports whether nothing follows the text's first semicolon, if it has one.
func IsSingle(text string) bool {
	_, rest := nextStatement(text)
	return skipBlank(rest) == ""
}

// nextStatement gives the first three words of a statement and what follows its semicolon.
func nextStatement(text string) (words []string, rest string) {
	for {
		text = skipBlank(text)
		switch {
		case text == "":
			return words, ""
		case text[0] == ';':
			return words, text[1:]
		case text[0] == '\'' || text[0] == '"' || text[0] == '$':
			text = skipQuoted(text)
		case isWord(text[0]):
			n := 1
			for n < len(text) && (isWord(text[n]) || text[n] == '$') {
				n++
			}
			word := strings.ToLower(text[:n])
			if len(words) < 3 {
				words = append(words, word)
			}
			text = text[n:]
			if word == "e" && strings.HasPrefix(text, "'") {
				text = skipEscapeString(text)
			}
		default:
			if len(words) < 3 {
				words = append(words, text[:1])
			}
			text = text[1:]
		}
	}
}

// skipBlank passes over white space and comments; block comments nest.
func skipBlank(text string) string {
	for {
		text = strings.TrimLeft(text, " \t\r\n\f\v")
		switch {
		case strings.HasPrefix(text, "--"):
			end := strings.IndexAny(text, "\r\n")
			if end < 0 {
				return ""
			}
			text = text[end:]
		case strings.HasPrefix(text, "/*"):
			text = skipComment(text)
		default:
			return text
		}
	}
}

func skipComment(text string) string {
	depth := 0
	for i := 0; i+1 < len(text); i++ {
		switch text[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
		}
		if depth == 0 {
			return text[i+1:]
		}
	}
	return ""
}

// skipQuoted passes over 'text', "name" and $tag$body$tag$. A lone dollar is a parameter's and counts for nothing.
func skipQuoted(text string) string {
	if text[0] != '$' {
		end := strings.IndexByte(text[1:], text[0])
		if end < 0 {
			return ""
		}
		return text[end+2:] // a doubled quote is simply the start of the next piece
	}
	n := 1
	for n < len(text) && isWord(text[n]) {
		n++
	}
	if n >= len(text) || text[n] != '$' || n > 1 && text[1] >= '0' && text[1] <= '9' {
		return text[1:]
	}
	tag := text[:n+1]
	body := text[n+1:]
	end := strings.Index(body, tag)
	if end < 0 {
		return ""
	}
	return body[end+len(tag):]
}

func skipEscapeString(text string) string {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\'':
			return text[i+1:]
		}
	}
	return ""
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// HasStatement reports whether any of a text's statements begins with one of the words.
func HasStatement(text string, words ...string) bool {
	for {
		var statement []string
		statement, text = nextStatement(text)
		if len(statement) > 0 && slices.Contains(words, statement[0]) {
			return true
		}
		if text == "" {
			return false
		}
	}
}
