package reports // want package:"."

import (
	"context"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
)

type sum struct{ Total int64 }

// What the program wrote itself, and as tenancy takes it.

const (
	columns = "reference"
	listing = "SELECT " + columns + " FROM {sales} AS s WHERE s.reference = ?"
)

func constants(ctx context.Context, tx *tenancy.Tx) {
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT reference FROM {sales} AS s JOIN {sale_lines} AS l ON l.sale_id = s.id", 1)
	_, _ = tenancy.Report[sum](ctx, tx, listing, "R-1")
	_, _ = tenancy.Report[sum](ctx, tx, (`SELECT `)+columns+` FROM {sales} AS s`)
	_, _ = tenancy.Report[sum](ctx, tx, `WITH best AS (SELECT id FROM {sales} AS s), last AS (SELECT id FROM best) SELECT id FROM best, last JOIN best AS again ON again.id = last.id`)
	_, _ = tenancy.Report[sum](ctx, tx, `SELECT x.n FROM (SELECT COUNT(*) AS n FROM {sales} AS a, {sale_lines} AS b, (SELECT 1) AS c) AS x, {sales} AS y WHERE x.n IS DISTINCT FROM y.n`)
	_, _ = tenancy.Report[sum](ctx, tx, `SELECT a.x FROM ({sales} AS a JOIN {sale_lines} AS b USING (id, line_no)) WHERE a.x IS NOT DISTINCT FROM b.y AND 'from nowhere' <> a.x`)
	_, _ = tenancy.Report[sum](ctx, tx, `SELECT TRIM(BOTH FROM a.name), COALESCE(a.x, a.y) FROM {sales} AS a ORDER BY a.x, a.y`)
	_, _ = tenancy.Report[sum](ctx, tx, `SELECT 1 FROM {of_a_module_that_this_package_does_not_know} AS x`)
}

func conditional(ctx context.Context, tx *tenancy.Tx, late bool, names []string) {
	query := "SELECT 1 FROM {sales} AS s WHERE 1 = 1"
	if late {
		query += " AND s.late"
	} else {
		query = query + " AND s.due = ?"
	}
	for range names {
		query += " AND s.name <> ?"
	}
	_, _ = tenancy.Report[sum](ctx, tx, query+" ORDER BY 1")

	var order string
	switch {
	case late:
		order = "1"
	default:
		order = "2"
	}
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1 FROM {sales} AS s ORDER BY "+order)
}

type proof struct{ name, query string }

var proofs = []proof{
	{"one", "SELECT 1 FROM {sales} AS s"},
	{name: "two", query: "SELECT 2 FROM {sales} AS s"},
	{"bad", "SELECT 3 FROM sales"}, // want `report: name the table as {sales}, in braces`
}

func fromATable(ctx context.Context, tx *tenancy.Tx) {
	for _, p := range proofs {
		_, _ = tenancy.Report[sum](ctx, tx, p.query)
	}
	for _, query := range []string{"SELECT 1 FROM {sales} AS s", "SELECT 2 FROM {sale_lines} AS l"} {
		_, _ = tenancy.Report[sum](ctx, tx, query)
	}
	byName := map[string]string{"a": "SELECT 1 FROM {sales} AS s"}
	byName["b"] = "SELECT 1"
	_, _ = tenancy.Report[sum](ctx, tx, byName["a"])
	var more []string
	more = append(more, "SELECT 1 FROM {sales} AS s")
	more = append(more, "SELECT 1 FROM crm", "SELECT 2") // want `report: name the table as {crm}, in braces`
	for i := range more {
		_, _ = tenancy.Report[sum](ctx, tx, more[i])
	}
}

func where(late bool) (conditions string, args []any, err error) {
	if !late {
		return "", nil, nil
	}
	conditions, args = conditions+" AND s.late = ?", append(args, late)
	return conditions, args, nil
}

func byParts(ctx context.Context, tx *tenancy.Tx, late bool) {
	conditions, args, _ := where(late)
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1 FROM {sales} AS s WHERE 1 = 1"+conditions, args...)
	run(ctx, tx, "SELECT 1 FROM {sales} AS s")
	service{}.list(ctx, tx, "SELECT 2 FROM {sales} AS s")
	service{}.list(ctx, tx, "SELECT 2 FROM invoices") // want `report: name the table as {invoices}, in braces`
}

func run(ctx context.Context, tx *tenancy.Tx, query string, args ...any) {
	_, _ = tenancy.Report[sum](ctx, tx, query, args...)
}

type service struct{}

func (service) list(ctx context.Context, tx *tenancy.Tx, query string) {
	_, _ = tenancy.Report[sum](ctx, tx, query+" ORDER BY 1")
}

func (service) listed(ctx context.Context, tx *tenancy.Tx, query string) {
	_, _ = tenancy.Report[sum](ctx, tx, query) // want `report: query is not constant`
}

// Tables outside braces.

func outside(ctx context.Context, tx *tenancy.Tx) {
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM sales")                                                 // want `report: name the table as {sales}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM erp.sales")                                             // want `report: name the table as {erp}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM erp_sale_lines")                                        // want `report: name the table as {erp_sale_lines}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT tenant_gates.id FROM {sales} AS s")                            // want `report: name the table as {tenant_gates}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM crm_calls")                                             // want `report: name the table as {crm_calls}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM {sales} AS s LEFT JOIN crm_calls AS c ON 1 = 1")        // want `report: name the table as {crm_calls}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM {sales} AS s, crm_calls")                               // want `report: name the table as {crm_calls}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM ({sales} AS s JOIN {sale_lines} AS l USING (id)), crm") // want `report: name the table as {crm}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM (crm)")                                                 // want `report: name the table as {crm}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "WITH a AS (SELECT * FROM crm) SELECT * FROM a")                       // want `report: name the table as {crm}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "WITH a AS (SELECT 1) SELECT * FROM a JOIN b ON 1 = 1")                // want `report: name the table as {b}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT * FROM {sales} AS s WHERE EXISTS (SELECT 1 FROM crm)")         // want `report: name the table as {crm}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT x.a AS (b) FROM b")                                            // want `report: name the table as {b}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "WITH a AS (SELECT 1) SELECT b AS x FROM b")                           // want `report: name the table as {b}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1) FROM crm")                                                  // want `report: name the table as {crm}, in braces`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT DISTINCT a FROM crm")                                          // want `report: name the table as {crm}, in braces`
}

// What tenancy refuses at run time, at the place where it stands.

func refused(ctx context.Context, tx *tenancy.Tx) {
	_, _ = tenancy.Report[sum](ctx, tx, "DELETE FROM {sales}")                                     // want `report: a report starts with SELECT or WITH`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1; SELECT 2")                                      // want `report: ';' has no place in a report`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1 -- why")                                         // want `report: '-' has no place in a report`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT /* why */ 1")                                      // want `report: '/' has no place in a report`
	_, _ = tenancy.Report[sum](ctx, tx, `SELECT * FROM "sales"`)                                   // want `report: '"' has no place in a report`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 'why?' FROM {sales} AS s")                         // want `report: a string holds a question mark`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT set_config('erp.tenant', ?, true)")                // want `report: "set_config" has no place in a report`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT upper(s.name) FROM {sales} AS s")                  // want `report: "upper" is not one of the functions`
	_, _ = tenancy.Report[sum](ctx, tx, "WITH x AS (SELECT 1) SELECT 1 FROM {sales} AS s FOR all") // want `report: "for" has no place in a report`
	// want +3 `report: "like" has no place in a report`
	_, _ = tenancy.Report[sum](ctx, tx, `
		SELECT s.name
		FROM {sales} AS s WHERE s.name LIKE 'A%'
		`+"ORDER BY 1")
}

// What the program alone did not write.

var (
	Changeable = "SELECT 1 FROM {sales} AS s"
	pointedAt  = "SELECT 1 FROM {sales} AS s"
)

type Filter struct{ Query, hidden string }

func strangers(ctx context.Context, tx *tenancy.Tx, name string, f Filter, lookup func() string) {
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1 FROM {sales} AS s WHERE s.name = '"+name+"'")                   // want `report: name is not constant: a report's text is the program's own, values belong in its arguments`
	_, _ = tenancy.Report[sum](ctx, tx, fmt.Sprintf("SELECT 1 FROM {sales} AS s WHERE s.name = '%s'", name))      // want `report: fmt.Sprintf\(.* is not constant`
	_, _ = tenancy.Report[sum](ctx, tx, "SELECT 1 FROM {sales} AS s WHERE s.id IN ("+strings.Repeat("?,", 2)+")") // want `report: strings.Repeat\("\?,", 2\) is not constant`
	_, _ = tenancy.Report[sum](ctx, tx, Changeable)                                                               // want `report: Changeable is not constant`
	_, _ = tenancy.Report[sum](ctx, tx, pointedAt)                                                                // want `report: pointedAt is not constant`
	_, _ = tenancy.Report[sum](ctx, tx, f.Query)                                                                  // want `report: f.Query is not constant`
	_, _ = tenancy.Report[sum](ctx, tx, f.hidden)                                                                 // want `report: f.hidden is not constant`
	_, _ = tenancy.Report[sum](ctx, tx, lookup())                                                                 // want `report: lookup\(\) is not constant`
	scan(&pointedAt, &f.hidden)

	query := "SELECT 1 FROM {sales} AS s"
	if name != "" {
		query += " WHERE s.name = '" + name + "'" // want `report: name is not constant`
	}
	_, _ = tenancy.Report[sum](ctx, tx, query)

	lists := []string{"SELECT 1"}
	fill(lists)
	_, _ = tenancy.Report[sum](ctx, tx, lists[0]) // want `report: lists is not constant`

	for _, q := range []string{"SELECT 1", name} { // want `report: name is not constant`
		_, _ = tenancy.Report[sum](ctx, tx, q)
	}
	q := "SELECT 1"
	for range 2 {
		_, _ = tenancy.Report[sum](ctx, tx, q)
		q = name // want `report: name is not constant`
	}
	late := "SELECT 1"
	show := func() { _, _ = tenancy.Report[sum](ctx, tx, late) }
	late = lookup() // want `report: lookup\(\) is not constant`
	show()

	shadowed := name
	shadowed = "SELECT 1" // what was there before is gone
	_, _ = tenancy.Report[sum](ctx, tx, shadowed)
}

type clause string

func (c *clause) set(s string)  { *c = clause(s) }
func (c clause) String() string { return string(c) }

func methods(ctx context.Context, tx *tenancy.Tx, name string) {
	kept, changed := clause("SELECT 1"), clause("SELECT 1")
	changed.set(name)
	_ = kept.String()
	_, _ = tenancy.Report[sum](ctx, tx, string(kept))
	_, _ = tenancy.Report[sum](ctx, tx, string(changed)) // want `report: changed is not constant`
	service.listed(service{}, ctx, tx, name)
	service{}.listed(ctx, tx, "SELECT 1")
	methods(ctx, tx, name)
}

func scan(...any)     {}
func fill(q []string) { q[0] = "SELECT 2" }

// A function that others can call takes any text.
func Run(ctx context.Context, tx *tenancy.Tx, query string) { // want Run:"."
	_, _ = tenancy.Report[sum](ctx, tx, query) // want `report: query is not constant`
}

func asValue(ctx context.Context, tx *tenancy.Tx) {
	report := tenancy.Report[sum] // want `report: tenancy.Report is called by its name`
	_, _ = report(ctx, tx, "SELECT 1")
	use := handed
	use(ctx, tx, "SELECT 1")
	handed(ctx, tx, "SELECT 1")
	Run(ctx, tx, "SELECT 1")
	looped(ctx, tx, "SELECT 1", 3)
}

func handed(ctx context.Context, tx *tenancy.Tx, query string) {
	_, _ = tenancy.Report[sum](ctx, tx, query) // want `report: query is not constant`
}

func looped(ctx context.Context, tx *tenancy.Tx, query string, n int) {
	_, _ = tenancy.Report[sum](ctx, tx, query)
	if n > 0 {
		looped(ctx, tx, query+" -- ", n-1) // want `report: query \+ " -- " is not constant`
	}
}

type lister interface {
	through(ctx context.Context, tx *tenancy.Tx, query string)
}

func (service) through(ctx context.Context, tx *tenancy.Tx, query string) {
	_, _ = tenancy.Report[sum](ctx, tx, query) // want `report: query is not constant`
}

func callThrough(ctx context.Context, tx *tenancy.Tx, l lister, s string) {
	l.through(ctx, tx, s)
	service{}.through(ctx, tx, "SELECT 1")
}

var _ = sales.Models
