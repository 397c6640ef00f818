package tenancy

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// Report runs hand-written SQL that only reads. Tables are named in braces, and each becomes this tenant's rows:
//
//	tenancy.Report[Line](ctx, tx, `SELECT a.code, CAST(SUM(l.amount_minor) AS BIGINT) AS total
//	    FROM {journal_lines} AS l JOIN {accounts} AS a ON a.id = l.account_id
//	    WHERE l.entry_date <= ? GROUP BY a.code ORDER BY a.code`, asOf)
//
// T is a struct whose bun tags name the columns, or a scalar for one column. Placeholders are ?, lists are ? with
// [List]. The SQL must mean the same on both engines: LIKE, double quotes, :: casts and functions that only one of them has
// are refused, as are a registered table named outside braces, a semicolon, a comment, a verb that writes, every
// function that is not known to be harmless, and a sealed column, of which a table in braces has none (tenancy.bad_query,
// before anything is sent). Report SQL is the program's own:
// values belong in args, never in the text.
func Report[T any](ctx context.Context, tx *Tx, query string, args ...any) ([]T, error) {
	const op = "tenancy.Report"
	if err := tx.usable(op); err != nil {
		return nil, err
	}
	text, err := tx.scopeSQL(op, query)
	if err != nil {
		return nil, err
	}
	if args, err = reportArgs(op, args); err != nil {
		return nil, err
	}
	var rows []T
	if err := tx.session.DB().NewRaw(text, args...).Conn(tx.session.Conn()).Scan(ctx, &rows); err != nil {
		return nil, tx.failed(op, err)
	}
	return rows, nil
}

// list is a slice for IN (?).
type list struct{ slice any }

// List makes a slice usable as IN (?) in a [Report].
func List(slice any) any { return list{slice} }

// reportArgs lets only plain values through: bun would take some of its own types as SQL.
func reportArgs(op string, args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, a := range args {
		v := reflect.ValueOf(a)
		if l, ok := a.(list); ok {
			if v = reflect.ValueOf(l.slice); v.Kind() != reflect.Slice {
				return nil, ErrBadQuery.New(op, "List takes a slice, not a %T", l.slice)
			}
			if _, ok := valueType(v.Type().Elem()); !ok {
				return nil, ErrBadQuery.New(op, "a %T is no list of values", l.slice)
			}
			out[i] = bun.In(l.slice) //nolint:staticcheck // bun.Tuple would add its own brackets
			continue
		}
		if !v.IsValid() {
			return nil, ErrBadQuery.New(op, "an argument is nil")
		}
		typ, ok := valueType(v.Type())
		if !ok {
			return nil, ErrBadQuery.New(op, "a %T is no value for a report", a)
		}
		if typ == Text && !storable(v.String()) {
			return nil, ErrRefusedValue.New(op, "an argument holds a NUL or is not UTF-8")
		}
		out[i] = a
	}
	return out, nil
}

// forbidden are words that have no place in SQL that only reads within a tenant, and means the same on both engines.
var forbidden = words(`insert update delete merge truncate copy create alter drop grant revoke attach detach pragma vacuum call execute do into for share
	lateral like ilike similar glob regexp match pg_catalog information_schema current_setting set_config returning`)

// beforeBracket are the words that may stand before an opening bracket: keywords, and the functions that both engines have
// and answer alike. Everything else that looks like a call is refused: PostgreSQL has functions that run text as SQL.
var beforeBracket = words(`select with as from join left right inner outer cross on where and or not in exists case when then else end having by group order
	over partition union all except intersect distinct values using limit offset between is any filter
	count sum min max coalesce nullif cast abs length trim substr replace row_number rank dense_rank lag lead first_value last_value`)

func words(text string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(text) {
		out[w] = true
	}
	return out
}

// scopeSQL replaces {tables} by the tenant's rows of them, and refuses what it cannot vouch for.
func (tx *Tx) scopeSQL(op, query string) (string, error) {
	s := &scanner{tx: tx, op: op, text: query, words: map[string]bool{}}
	for s.at < len(s.text) {
		if err := s.next(); err != nil {
			return "", err
		}
	}
	return s.out.String(), s.unsealed()
}

// unsealed refuses the name of a sealed column of one of the tables, unless it may be another's of the same name; then the
// database decides, to whom a sealed column is not shown.
func (s *scanner) unsealed() error {
	for _, m := range s.tables {
		for _, c := range m.sealed {
			other := slices.ContainsFunc(s.tables, func(o *Model) bool { return o.Column(c.Name) != nil && !o.Column(c.Name).Privacy.Sealed })
			if s.words[c.Name] && !other {
				return ErrBadQuery.New(s.op, "%s.%s is sealed: a report cannot read it", m.Name(), c.Name)
			}
		}
	}
	return nil
}

type scanner struct {
	tx   *Tx
	op   string
	text string
	at   int
	out  strings.Builder
	last string // the word before, until something other than space follows it
	any  bool   // a word has been seen

	words  map[string]bool
	tables []*Model
}

// next takes one token.
func (s *scanner) next() error {
	c, rest := s.text[s.at], s.text[s.at:]
	switch {
	case c == '\'':
		return s.literal(rest)
	case c == '{':
		return s.table(rest)
	case strings.IndexByte(";\"`$\\[]:@#&", c) >= 0 || c >= 0x80 || c < ' ' && !blank(c) || strings.HasPrefix(rest, "--") || strings.HasPrefix(rest, "/*"):
		return ErrBadQuery.New(s.op, "%q has no place in a report", c)
	case wordByte(c):
		return s.word(rest)
	case c == '(' && s.last != "" && !beforeBracket[s.last]:
		return ErrBadQuery.New(s.op, "%q is not one of the functions that a report may call", s.last)
	}
	if !blank(c) {
		s.last = ""
	}
	s.out.WriteByte(c)
	s.at++
	return nil
}

func (s *scanner) literal(rest string) error {
	if s.at > 0 && wordByte(s.text[s.at-1]) {
		return ErrBadQuery.New(s.op, "a string of another kind than 'text' has no place in a report")
	}
	end := strings.IndexByte(rest[1:], '\'')
	if end < 0 {
		return ErrBadQuery.New(s.op, "a string is not closed")
	}
	text := rest[1 : end+1]
	switch name := strings.ToLower(text); {
	case strings.ContainsAny(text, "?\\") || strings.IndexFunc(text, func(r rune) bool { return r < ' ' }) >= 0:
		return ErrBadQuery.New(s.op, "a string holds a question mark, a backslash or a control character: hand it over as an argument")
	case s.last == "from" || s.last == "join" || strings.HasPrefix(name, "sqlite_") || s.tx.db.registry.namesEngineTable(name):
		return ErrBadQuery.New(s.op, "a string stands where SQLite would take it for a table")
	}
	s.last = ""
	s.out.WriteString(rest[:end+2])
	s.at += end + 2
	return nil
}

func (s *scanner) table(rest string) error {
	end := strings.IndexByte(rest, '}')
	if end < 0 {
		return ErrBadQuery.New(s.op, "a brace is not closed")
	}
	m := s.tx.db.registry.byName(rest[1:end])
	if m == nil {
		return ErrBadQuery.New(s.op, "{%s} is not a registered table", rest[1:end])
	}
	s.tables = append(s.tables, m)
	s.out.WriteString("(SELECT " + reportable(m) + " FROM " + s.tx.store.TableName(m.Table) + " WHERE tenant_id = '" + s.tx.scope.tenant.String() + "')")
	s.at += end + 1
	s.last = ""
	return nil
}

// reportable are the columns that a report can see.
func reportable(m *Model) string {
	if len(m.sealed) == 0 {
		return "*"
	}
	var names []string
	for _, c := range m.Columns {
		if !c.Privacy.Sealed {
			names = append(names, `"`+c.Name+`"`)
		}
	}
	return strings.Join(names, ", ")
}

func (s *scanner) word(rest string) error {
	n := 0
	for n < len(rest) && wordByte(rest[n]) {
		n++
	}
	word := strings.ToLower(rest[:n])
	switch {
	case !s.any && word != "select" && word != "with":
		return ErrBadQuery.New(s.op, "a report starts with SELECT or WITH")
	case forbidden[word] || strings.HasPrefix(word, "pg_") || strings.HasPrefix(word, "sqlite_"):
		return ErrBadQuery.New(s.op, "%q has no place in a report", word)
	case s.tx.db.registry.namesTable(word):
		return ErrBadQuery.New(s.op, "name the table as {%s}, in braces", word)
	}
	s.any, s.last, s.words[word] = true, word, true
	s.out.WriteString(rest[:n])
	s.at += n
	return nil
}

// namesTable reports whether a bare word is the name of a registered table or of its schema, as either engine writes it.
func (r *Registry) namesTable(word string) bool {
	for _, m := range r.Models {
		schema, name, _ := strings.Cut(m.Table, ".")
		if word == name || word == schema {
			return true
		}
	}
	return r.namesEngineTable(word)
}

// namesEngineTable reports whether a word is a registered table's name on SQLite.
func (r *Registry) namesEngineTable(word string) bool {
	for _, m := range r.Models {
		if word == strings.Replace(m.Table, ".", "_", 1) {
			return true
		}
	}
	return false
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
