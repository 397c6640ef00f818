package sqltext

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// library has one table, lib.books.
type library struct{}

func (library) Rows(name string) (string, bool) { return "(rows of " + name + ")", name == "books" }
func (library) Named(word string) bool {
	return word == "books" || word == "lib" || library{}.Stored(word)
}
func (library) Stored(word string) bool { return word == "lib_books" }

func TestScopeReport(t *testing.T) {
	text, refused := ScopeReport("SELECT b.title FROM {books} AS b WHERE b.title = ? AND b.kind = 'novel'", library{})
	require.Nil(t, refused)
	require.Equal(t, "SELECT b.title FROM (rows of books) AS b WHERE b.title = ? AND b.kind = 'novel'", text)
}

// A column may have the name of a table.
func TestScopeReportLetsColumnsHaveNamesOfTables(t *testing.T) {
	text, refused := ScopeReport("SELECT s.books FROM {books} AS s", library{})
	require.Nil(t, refused)
	require.Equal(t, "SELECT s.books FROM (rows of books) AS s", text)
}

// What is refused is named where it stands, for tenantlint points there.
func TestScopeReportPointsAtWhatItRefuses(t *testing.T) {
	for _, bad := range []string{ // « is not part of the text: what follows it is refused
		"SELECT * FROM «books", "SELECT * FROM «lib.books", "SELECT * FROM «lib_books", "SELECT 1«; SELECT 2", "«DELETE FROM {books}", "SELECT 1 «-- no",
		"SELECT «/* no */ 1", `SELECT * FROM «"books"`, "SELECT * FROM «{nowhere}", "SELECT * FROM «{books", "SELECT «'open", "SELECT «set_config('a', 'b', true)",
		"SELECT upper«('a')", "SELECT title FROM «'lib_books'", "SELECT title FROM «'anything'", "SELECT E«'a'", "SELECT «'why?'", "SELECT «pg_sleep(1)",
		"SELECT title FROM {books} AS b «FOR UPDATE", "SELECT 1«::text",
		"SELECT * FROM main.«lib_books",
	} {
		at := strings.Index(bad, "«")
		_, refused := ScopeReport(strings.Replace(bad, "«", "", 1), library{})
		require.NotNil(t, refused, bad)
		require.Equal(t, at, refused.At, bad)
		require.NotEmpty(t, refused.Why, bad)
	}
}
