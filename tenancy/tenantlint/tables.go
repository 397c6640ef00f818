package tenantlint

import (
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// registered is the fact of a package that uses erp: the tables, "schema.name", that it and what it imports register with
// tenancy.Define. So a package knows the tables of every model that it can name.
type registered struct{ Tables []string }

// AFact implements analysis.Fact.
func (*registered) AFact() {}

var _ analysis.Fact = new(registered)

// tables are registered tables by "schema.name". They answer as tenancy's registry does.
type tables map[string]bool

// shareTables gathers the tables that the package can know of, hands them on, and says whether it uses erp.
func (l *linter) shareTables() bool {
	l.tables = tables{}
	erp := within(l.path, module)
	for _, p := range l.pass.Pkg.Imports() {
		erp = erp || isERP(p)
		var fact registered
		if l.pass.ImportPackageFact(p, &fact) {
			erp = true
			for _, t := range fact.Tables {
				l.tables[t] = true
			}
		}
	}
	if !erp {
		return false
	}
	for _, f := range l.files {
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && isFunc(callee(l.pass.TypesInfo, call), tenancyPath, "Define") && len(call.Args) == 1 {
				if name := constantField(l.pass.TypesInfo, call.Args[0], "Table"); name != "" {
					l.tables[name] = true
				}
			}
			return true
		})
	}
	l.pass.ExportPackageFact(&registered{slices.Sorted(maps.Keys(l.tables))})
	return true
}

// constantField is the constant string that a composite literal gives to a field; "" when it gives none.
func constantField(info *types.Info, e ast.Expr, field string) string {
	literal, ok := ast.Unparen(e).(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == field {
				value, _ := constantString(info, pair.Value)
				return value
			}
		}
	}
	return ""
}

func constantString(info *types.Info, e ast.Expr) (string, bool) {
	v := info.Types[e].Value
	if v == nil || v.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(v), true
}

// Rows implements sqltext.Tables. A table in braces may be one that this package does not know, so all are let through: at
// run time {nowhere} is refused. What is in braces stays as it is, and every place in the text with it.
func (t tables) Rows(name string) (string, bool) { return "{" + name + "}", true }

// Named implements sqltext.Tables.
func (t tables) Named(word string) bool {
	for table := range t {
		schema, name, _ := strings.Cut(table, ".")
		if word == schema || word == name {
			return true
		}
	}
	return t.Stored(word)
}

// Stored implements sqltext.Tables.
func (t tables) Stored(word string) bool {
	for table := range t {
		if strings.Replace(table, ".", "_", 1) == word {
			return true
		}
	}
	return false
}
