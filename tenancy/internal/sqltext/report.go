package sqltext

import (
	"fmt"
	"strings"
)

// Tables is what the reader of a report's SQL has to know of the registered tables.
type Tables interface {
	// Rows is the SQL that stands for {name}, and whether there is such a table.
	Rows(name string) (sql string, known bool)
	// Named reports whether a word, in lower case, is the name of a registered table or of its schema, as either engine
	// writes it.
	Named(word string) bool
	// Stored reports whether a word, in lower case, is a registered table's name on SQLite.
	Stored(word string) bool
}

// Refusal says why a text is no report.
type Refusal struct {
	At  int // the byte of the text at which what was refused begins
	Why string
}

// forbidden are words that have no place in SQL that only reads within a tenant, and means the same on both engines.
var forbidden = set(`insert update delete merge truncate copy create alter drop grant revoke attach detach pragma vacuum call execute do into for share
	lateral like ilike similar glob regexp match pg_catalog information_schema current_setting set_config returning`)

// beforeBracket are the words that may stand before an opening bracket: keywords, and the functions that both engines have
// and answer alike. Everything else that looks like a call is refused: PostgreSQL has functions that run text as SQL.
var beforeBracket = set(`select with as from join left right inner outer cross on where and or not in exists case when then else end having by group order
	over partition union all except intersect distinct values using limit offset between is any filter
	count sum min max coalesce nullif cast abs length trim substr replace row_number rank dense_rank lag lead first_value last_value`)

func set(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// ScopeReport replaces {tables} in hand-written SQL that only reads, and refuses what it cannot vouch for. Report runs what it
// returns; tenantlint reads a program's reports through it, so that the two cannot disagree.
func ScopeReport(query string, tables Tables) (string, *Refusal) {
	s := &scanner{tables: tables, text: query}
	for s.at < len(s.text) {
		if refused := s.next(); refused != nil {
			return "", refused
		}
	}
	return s.out.String(), nil
}

type scanner struct {
	tables Tables
	text   string
	at     int
	out    strings.Builder
	last   string // the word before, until something other than space follows it
	any    bool   // a word has been seen
}

func (s *scanner) refuse(format string, args ...any) *Refusal {
	return &Refusal{At: s.at, Why: fmt.Sprintf(format, args...)}
}

// next takes one token.
func (s *scanner) next() *Refusal {
	c, rest := s.text[s.at], s.text[s.at:]
	switch {
	case c == '\'':
		return s.literal(rest)
	case c == '{':
		return s.table(rest)
	case strings.IndexByte(";\"`$\\[]:@#&", c) >= 0 || c >= 0x80 || c < ' ' && !blank(c) || strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*"):
		return s.refuse("%q has no place in a report", c)
	case wordByte(c):
		return s.word(rest)
	case c == '(' && s.last != "" && !beforeBracket[s.last]:
		return s.refuse("%q is not one of the functions that a report may call", s.last)
	}
	if !blank(c) {
		s.last = ""
	}
	s.out.WriteByte(c)
	s.at++
	return nil
}

func (s *scanner) literal(rest string) *Refusal {
	if s.at > 0 && wordByte(s.text[s.at-1]) {
		return s.refuse("a string of another kind than 'text' has no place in a report")
	}
	end := strings.IndexByte(rest[1:], '\'')
	if end < 0 {
		return s.refuse("a string is not closed")
	}
	text := rest[1 : end+1]
	switch name := strings.ToLower(text); {
	case strings.ContainsAny(text, "?\\") || strings.IndexFunc(text, func(r rune) bool { return r < ' ' }) >= 0:
		return s.refuse("a string holds a question mark, a backslash or a control character: hand it over as an argument")
	case s.last == "from" || s.last == "join" || strings.HasPrefix(name, "sqlite_") || s.tables.Stored(name):
		return s.refuse("a string stands where SQLite would take it for a table")
	}
	s.last = ""
	s.out.WriteString(rest[:end+2])
	s.at += end + 2
	return nil
}

func (s *scanner) table(rest string) *Refusal {
	end := strings.IndexByte(rest, '}')
	if end < 0 {
		return s.refuse("a brace is not closed")
	}
	rows, known := s.tables.Rows(rest[1:end])
	if !known {
		return s.refuse("{%s} is not a registered table", rest[1:end])
	}
	s.out.WriteString(rows)
	s.at += end + 1
	s.last = ""
	return nil
}

func (s *scanner) word(rest string) *Refusal {
	n := 0
	for n < len(rest) && wordByte(rest[n]) {
		n++
	}
	word := strings.ToLower(rest[:n])
	// Behind a dot stands a column, or a table of a schema, whose name was looked at before it. On SQLite the schema is the file.
	qualified := s.at > 0 && s.text[s.at-1] == '.'
	named := s.tables.Named(word)
	switch {
	case !s.any && word != "select" && word != "with":
		return s.refuse("a report starts with SELECT or WITH")
	case forbidden[word] || strings.HasPrefix(word, "pg_") || strings.HasPrefix(word, "sqlite_"):
		return s.refuse("%q has no place in a report", word)
	case named && (!qualified || s.tables.Stored(word)):
		return s.refuse("name the table as {%s}, in braces", word)
	}
	s.any, s.last = true, word
	s.out.WriteString(rest[:n])
	s.at += n
	return nil
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
