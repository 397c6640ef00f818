package tenantlint

import (
	"go/types"
	"slices"
	"strings"
)

// databases are the packages, with all below them, that take SQL or turn Go values into it.
var databases = []string{
	"database/sql",
	// query builders and mappers
	"github.com/uptrace/bun", "gorm.io", "github.com/jmoiron/sqlx", "entgo.io/ent", "xorm.io/xorm", "github.com/go-pg/pg", "github.com/go-gorp/gorp",
	"github.com/go-jet/jet", "github.com/stephenafamo/bob", "github.com/aarondl/sqlboiler", "github.com/volatiletech/sqlboiler", "github.com/upper/db",
	"github.com/gocraft/dbr", "github.com/Masterminds/squirrel", "github.com/doug-martin/goqu", "github.com/huandu/go-sqlbuilder", "github.com/georgysavva/scany",
	// drivers of the two engines
	"github.com/jackc/pgx", "github.com/jackc/pgconn", "github.com/lib/pq", "modernc.org/sqlite", "github.com/mattn/go-sqlite3",
	"github.com/ncruces/go-sqlite3", "github.com/glebarez", "zombiezen.com/go/sqlite", "crawshaw.io/sqlite",
}

// values may be imported where databases may not: it says what a column's value is, and opens nothing.
const values = "database/sql/driver"

func isDatabase(p *types.Package) bool { return p != nil && within(p.Path(), databases...) }

// ofDatabase reports whether a type is declared by a database package, behind pointers.
func ofDatabase(t types.Type) bool {
	path, _ := named(t)
	return path != "" && within(path, databases...)
}

// speaks reports whether a function hands its arguments to a database: it belongs to a database package, or takes or
// gives what does, as the interfaces and helpers that programs write for themselves do.
func speaks(f *types.Func) bool {
	if f == nil {
		return false
	}
	if isDatabase(f.Pkg()) {
		return true
	}
	s := f.Signature()
	for _, tuple := range []*types.Tuple{s.Params(), s.Results()} {
		for v := range tuple.Variables() {
			if ofDatabase(v.Type()) {
				return true
			}
		}
	}
	return false
}

// connections are the types that reach a database by a way of their own. A transaction is none: it may be the one that Host
// gives, or that Join takes.
var connections = map[string][]string{
	"database/sql":                {"DB", "Conn"},
	"github.com/uptrace/bun":      {"DB", "Conn"},
	"github.com/jackc/pgx":        {"Conn", "Pool"},
	"github.com/jmoiron/sqlx":     {"DB", "Conn"},
	"gorm.io/gorm":                {"DB"},
	"xorm.io/xorm":                {"Engine"},
	"github.com/go-pg/pg":         {"DB", "Conn"},
	"github.com/go-gorp/gorp":     {"DbMap"},
	"github.com/lib/pq":           {"Listener"},
	"github.com/mattn/go-sqlite3": {"SQLiteConn"},
}

// carried are the connections on which a builder's query can be sent through another transaction, as with bun's Conn.
var carried = []string{"github.com/uptrace/bun", "gorm.io/gorm", "xorm.io/xorm"}

// writers are how the names of methods begin that write, or begin to.
var writers = []string{"Exec", "MustExec", "NamedExec", "Begin", "MustBegin", "RunInTx", "Transaction", "SendBatch", "CopyFrom", "NewInsert", "NewUpdate",
	"NewDelete", "NewMerge", "NewTruncate", "NewCreate", "NewDrop", "Create", "Save", "Insert", "Update", "Delete", "FirstOrCreate"}

// writesBy reports whether a method writes over a connection of its own, and whether its query may be carried elsewhere.
func writesBy(f *types.Func) (writes, mayBeCarried bool) {
	if f == nil || f.Signature().Recv() == nil || !slices.ContainsFunc(writers, func(w string) bool { return strings.HasPrefix(f.Name(), w) }) {
		return false, false
	}
	path, name := named(f.Signature().Recv().Type())
	for of, names := range connections {
		if within(path, of) && slices.Contains(names, name) {
			return true, within(path, carried...)
		}
	}
	return false, false
}
