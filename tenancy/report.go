package tenancy

import (
	"context"
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
// [List]. The SQL must mean the same on both engines. A registered table named outside braces, a semicolon, a comment, a
// double quote or a verb that writes is refused with tenancy.bad_query before anything is sent.
func Report[T any](ctx context.Context, tx *Tx, query string, args ...any) ([]T, error) {
	const op = "tenancy.Report"
	if err := tx.usable(op); err != nil {
		return nil, err
	}
	text, err := tx.scopeSQL(op, query)
	if err != nil {
		return nil, err
	}
	var rows []T
	if err := tx.session.DB().NewRaw(text, args...).Conn(tx.session.Conn()).Scan(ctx, &rows); err != nil {
		return nil, tx.failed(op, err)
	}
	return rows, nil
}

// List makes a slice usable as IN (?) in a [Report].
func List(slice any) any { return bun.In(slice) } //nolint:staticcheck // bun.Tuple would add its own brackets

// forbidden are words that have no place in SQL that only reads within a tenant.
var forbidden = map[string]bool{"insert": true, "update": true, "delete": true, "merge": true, "truncate": true, "copy": true,
	"create": true, "alter": true, "drop": true, "grant": true, "revoke": true, "attach": true, "pragma": true, "vacuum": true,
	"call": true, "execute": true, "do": true, "set_config": true, "current_setting": true, "pg_catalog": true, "information_schema": true,
	"sqlite_master": true, "sqlite_schema": true, "query_to_xml": true, "table_to_xml": true, "dblink": true, "load_extension": true}

// scopeSQL replaces {tables} by the tenant's rows of them, and refuses what it cannot vouch for.
func (tx *Tx) scopeSQL(op, query string) (string, error) {
	var out strings.Builder
	first := true
	for i := 0; i < len(query); {
		c := query[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(query[i+1:], '\'')
			if end < 0 {
				return "", ErrBadQuery.New(op, "a string is not closed")
			}
			out.WriteString(query[i : i+end+2])
			i += end + 2
		case c == '{':
			end := strings.IndexByte(query[i:], '}')
			if end < 0 {
				return "", ErrBadQuery.New(op, "a brace is not closed")
			}
			m := tx.db.registry.byName(query[i+1 : i+end])
			if m == nil {
				return "", ErrBadQuery.New(op, "{%s} is not a registered table", query[i+1:i+end])
			}
			out.WriteString("(SELECT * FROM " + tx.db.store.TableName(m.Table) + " WHERE tenant_id = '" + tx.scope.tenant.String() + "')")
			i += end + 1
		case strings.IndexByte(";\"`$\\[", c) >= 0 || strings.HasPrefix(query[i:], "--") || strings.HasPrefix(query[i:], "/*"):
			return "", ErrBadQuery.New(op, "%q has no place in a report", c)
		case wordByte(c):
			j := i
			for j < len(query) && wordByte(query[j]) {
				j++
			}
			word := strings.ToLower(query[i:j])
			if err := tx.checkWord(op, word, first); err != nil {
				return "", err
			}
			first = false
			out.WriteString(query[i:j])
			i = j
		default:
			out.WriteByte(c)
			i++
		}
	}
	return out.String(), nil
}

func (tx *Tx) checkWord(op, word string, first bool) error {
	switch {
	case first && word != "select" && word != "with":
		return ErrBadQuery.New(op, "a report starts with SELECT or WITH")
	case forbidden[word]:
		return ErrBadQuery.New(op, "%q has no place in a report", word)
	case tx.db.registry.namesTable(word):
		return ErrBadQuery.New(op, "name the table as {%s}, in braces", word)
	}
	return nil
}

// namesTable reports whether a bare word is the name of a registered table or of its schema, as either engine writes it.
func (r *Registry) namesTable(word string) bool {
	for _, m := range r.Models {
		schema, name, _ := strings.Cut(m.Table, ".")
		if word == name || word == schema || word == schema+"_"+name {
			return true
		}
	}
	return false
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}
