package tidy

import (
	"path"
	"slices"
	"strings"
)

// root stands for package erp in the tables: the folder above all others.
const root = "erp"

// leaves may be imported from everywhere.
var leaves = []string{"accounting/money", "tenancy/fault", "tenancy/date", "tenancy/agent"}

// books are what every domain from sales upwards stands on.
var books = []string{"inventory", "accounting", "tenancy"}

// arrows says what the code of each room may import, besides itself, its own internal/ and the leaves. A folder belongs to
// the longest room that contains it. Everything else is refused. (DESIGN.md, section 1.) An arrow may lead to a folder of a
// room instead of to all of it.
var arrows = map[string][]string{
	"tenancy":          {},
	"tenancy/fault":    {},
	"tenancy/date":     {},
	"tenancy/agent":    {},
	"tenancy/postgres": {"tenancy"},
	"tenancy/sqlite":   {"tenancy"},
	"tenancy/local":    {"tenancy"},
	"tenancy/access":   {"tenancy"},
	"tenancy/audit":    {"tenancy"},
	// For hosts as well as for us, hence no domain.
	"tenancy/tenancytest": {"tenancy", "tenancy/postgres", "tenancy/sqlite", "tenancy/local", "internal/pgtest"},
	// It reads programs and must not need one: no database behind it, only tenancy's own reader of SQL.
	"tenancy/tenantlint": {"tenancy/internal"},

	"privacy":              {"tenancy"},
	"privacy/register":     {"privacy", "tenancy"},
	"privacy/request":      {"privacy", "privacy/register", "tenancy"},
	"privacy/ending":       {"privacy", "tenancy"},
	"privacy/usage":        {"privacy", "tenancy"},
	"privacy/retention":    {"privacy", "tenancy"},
	"accounting/money":     {},
	"accounting/einvoice":  {}, // a format: it knows amounts and dates, and no books
	"accounting":           {"tenancy"},
	"accounting/exchange":  {"accounting", "accounting/einvoice", "tenancy"},
	"accounting/bank":      {"accounting", "tenancy"},
	"inventory":            {"accounting", "tenancy"},
	"inventory/purchasing": books,
	"sales":                books,
	"pos":                  append([]string{"sales"}, books...),
	// No engine: a host imports only the one it uses.
	root: append([]string{"accounting/einvoice", "accounting/bank", "pos", "sales", "inventory/purchasing", "accounting/exchange", "privacy", "privacy/register", "privacy/request", "privacy/ending", "privacy/usage", "privacy/retention", "tenancy/local", "tenancy/access", "tenancy/audit"}, books...),

	// Examples show what a host can do, so internal/ is shut to them.
	"examples": append([]string{
		root, "pos", "sales", "inventory/purchasing", "accounting/bank", "accounting/exchange", "privacy", "privacy/register", "privacy/request", "privacy/ending", "privacy/usage", "privacy/retention",
		"tenancy/postgres", "tenancy/sqlite", "tenancy/local", "tenancy/access", "tenancy/audit",
	}, books...),
	// The tests' and benchmarks' own house: it sees all, and nothing but tests sees it.
	"internal":          {"*"},
	"internal/pgtest":   {}, // below everything, so that tenancy's own tests can use it
	"internal/racetest": {}, // as low, so that all tests can use it
	"internal/laws":     {},
	"internal/tidy":     {},
}

// testArrows is what tests may import besides: the whole, the engines and the helpers, but no room above their own.
var testArrows = []string{
	root, "tenancy", "tenancy/postgres", "tenancy/sqlite", "tenancy/local", "tenancy/access", "tenancy/audit", "tenancy/tenancytest",
	"internal", "internal/pgtest", "internal/racetest", "internal/laws",
}

// leafArrows orders the leaves among themselves.
var leafArrows = map[string][]string{
	"tenancy/fault":    {},
	"tenancy/agent":    {},
	"tenancy/date":     {"tenancy/fault"},
	"accounting/money": {"tenancy/fault", "tenancy/date"},
}

// Arrows finds imports against the direction of the house.
func Arrows(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		for name, spec := range f.imports() {
			target, ours := folder(name)
			if ours && !mayImport(f, target) {
				found = append(found, t.problem(f, spec, "%s may not import %s", room(f.Dir), target))
			}
		}
	}
	return found
}

// folder is the folder of one of our packages, root for the module's own.
func folder(importPath string) (string, bool) {
	if importPath == modulePath {
		return root, true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// room is the longest key of arrows that contains a folder. A folder nobody gave a room belongs to the root.
func room(dir string) string {
	for dir != "" && dir != "." {
		if _, ok := arrows[dir]; ok {
			return dir
		}
		dir = path.Dir(dir)
	}
	return root
}

func mayImport(f *File, target string) bool {
	from, to := room(f.Dir), room(target)
	switch {
	case f.Test && (slices.Contains(testArrows, to) || strings.TrimPrefix(f.Dir, ".") == target):
		return true
	case from == to:
		// The door to the database must not lean on what stands behind it, even in a folder of the same room.
		return from != "tenancy" || f.Dir != "tenancy" || within(target, "tenancy/internal")
	case slices.Contains(leaves, to):
		allowed, isLeaf := leafArrows[from]
		return !isLeaf || slices.Contains(allowed, to)
	case slices.Contains(arrows[from], "*"):
		return true
	}
	// The engines share what is under tenancy/internal with tenancy itself, since that is tenancy's room.
	return slices.ContainsFunc(arrows[from], func(allowed string) bool {
		_, isRoom := arrows[allowed]
		return allowed == to || !isRoom && within(target, allowed)
	})
}

// drivers are the packages that open a way to the database beside tenancy.
var drivers = []string{
	"github.com/uptrace/bun", "database/sql", "github.com/jackc/pgx", "github.com/lib/pq", "modernc.org", "github.com/pressly/goose",
}

// driverRooms may import drivers. Tests may as well: they look from outside.
var driverRooms = map[string]string{
	"tenancy":  "it is the door",
	"examples": "a host brings its own *sql.DB, and shows how it joins",
	"internal": "baselines and helpers for tests; no domain can import it",
}

// driverExemptions lists imports elsewhere as "file import", each with its reason.
var driverExemptions = map[string]string{
	"accounting/money/currency.go database/sql/driver": "a Currency is a column's value; this package names what a value is and opens nothing",
}

// Drivers finds ways to the database that do not lead through tenancy.
func Drivers(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		top, _, _ := strings.Cut(f.Dir, "/")
		if _, ok := driverRooms[top]; ok || f.Test {
			continue
		}
		for name, spec := range f.imports() {
			if within(name, drivers...) && driverExemptions[f.Path+" "+name] == "" {
				found = append(found, t.problem(f, spec, "imports %s: only tenancy/ speaks to the database", name))
			}
		}
	}
	return found
}
