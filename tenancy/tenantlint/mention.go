package tenantlint

import (
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// ownSchemas are erp's schemas besides "erp", which may be a host's alias.
var ownSchemas = []string{"erp_control", "erp_migrations"}

// mention is a place in SQL that names what is erp's.
type mention struct {
	at   int
	what string
}

// mentioned finds what a text of SQL names of erp's: a registered table by either engine's name, a schema, a role, or
// the setting that says whose rows are seen. bare says that the text may be a table's name alone.
func (t tables) mentioned(text string, bare bool) *mention {
	m := mentions{tables: t, tokens: sqltext.Tokens(text), bare: bare}
	for m.at = range m.tokens {
		if what := m.here(); what != "" {
			return &mention{m.tokens[m.at].At, what}
		}
	}
	return nil
}

type mentions struct {
	tables tables
	tokens []sqltext.Token
	at     int
	bare   bool
}

func (m *mentions) token(distance int) sqltext.Token {
	if i := m.at + distance; i >= 0 && i < len(m.tokens) {
		return m.tokens[i]
	}
	return sqltext.Token{Kind: sqltext.Mark}
}

// name is a name or keyword at a distance, in lower case.
func (m *mentions) name(distance int) string {
	if t := m.token(distance); t.Kind == sqltext.Word || t.Kind == sqltext.Name {
		return strings.ToLower(t.Text)
	}
	return ""
}

func (m *mentions) mark(distance int, text string) bool {
	t := m.token(distance)
	return t.Kind == sqltext.Mark && t.Text == text
}

func (m *mentions) here() string {
	if t := m.token(0); t.Kind == sqltext.Literal {
		if m.mark(-1, "(") && m.name(-2) == "set_config" && strings.HasPrefix(t.Text, "erp.") {
			return "the setting " + t.Text
		}
		return ""
	}
	name := m.name(0)
	switch {
	case name == "":
		return ""
	case m.mark(1, ".") && !m.tables.Stored(name):
		return m.qualified(name, m.name(2))
	case m.mark(-1, ".") && m.name(-2) != "main": // SQLite's name for its own file
		return "" // a column, or another schema's; a schema was looked at before its table
	case m.tables.Stored(name):
		return "the table " + name
	case slices.Contains(ownSchemas, name) && m.isSchema(), name == "erp" && m.isSchema():
		return "the schema " + name
	case strings.HasPrefix(name, "erp_") && slices.Contains([]string{"role", "authorization"}, m.name(-1)) && slices.Contains([]string{"set", "local", "session"}, m.name(-2)):
		return "the role " + name
	}
	return ""
}

// qualified looks at schema.name.
func (m *mentions) qualified(schema, name string) string {
	full := schema + "." + name
	switch {
	case name == "":
		return ""
	case m.tables[full], slices.Contains(ownSchemas, schema):
		return "the table " + full
	case schema != "erp":
		return ""
	case slices.Contains([]string{"set", "local", "session", "reset"}, m.name(-1)):
		return "the setting " + full
	case m.isTable() && !m.isAlias():
		return "the table " + full
	}
	return ""
}

// beforeTable are the words behind which a table's name stands.
var beforeTable = []string{"from", "join", "into", "update", "table", "only", "references", "using", "truncate", "copy", "lock", "view", "on", "exists"}

func (m *mentions) isTable() bool {
	return slices.Contains(beforeTable, m.name(-1)) || m.bare && m.at == 0
}

// isAlias reports whether the text gives the name erp to something of its own.
func (m *mentions) isAlias() bool {
	for i, t := range m.tokens {
		at := &mentions{tokens: m.tokens, at: i}
		if t.Kind <= sqltext.Name && strings.EqualFold(t.Text, "erp") && !at.mark(1, ".") && !at.mark(-1, ".") && !at.isSchema() {
			return true
		}
	}
	return false
}

// isSchema reports whether a name stands where a schema does.
func (m *mentions) isSchema() bool {
	if m.name(-1) == "schema" {
		return true
	}
	if m.name(-1) == "exists" && slices.ContainsFunc(m.tokens[:m.at], func(t sqltext.Token) bool { return t.Kind == sqltext.Word && t.Text == "schema" }) {
		return true
	}
	return slices.ContainsFunc(m.tokens[:m.at], func(t sqltext.Token) bool { return t.Kind == sqltext.Word && t.Text == "search_path" })
}
