package tenantlint

import (
	"go/ast"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// checkDatabase finds ways to erp's data that do not lead through the store. A host's own tables and connections are its own
// business.
func (l *linter) checkDatabase() {
	if behindTheDoor(l.path) || l.opt.allow.match(l.path) {
		return
	}
	closed := l.opt.closed.match(l.path)
	origins := l.engineOrigins()
	for _, f := range l.files {
		for _, spec := range f.Imports {
			if path, err := strconv.Unquote(spec.Path.Value); err == nil && closed && path != values && within(path, databases...) {
				l.found(ruleDatabase, spec.Pos(), spec, "%s is imported in a package that is closed to databases (-tenantlint.closed)", path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				l.checkDatabaseCall(n, origins)
			case *ast.CompositeLit:
				l.checkIdentifier(n)
			case *ast.Field:
				l.checkTag(n)
			case *ast.FuncDecl:
				l.checkTableName(n)
			case *ast.SelectorExpr:
				l.checkEngine(n)
			}
			return true
		})
	}
}

func (l *linter) checkDatabaseCall(call *ast.CallExpr, origins []origin) {
	f := callee(l.code.info, call)
	if !speaks(f) || isERP(f.Pkg()) {
		return
	}
	l.checkSQL(call, f)
	l.checkConnection(call, f)
	if !isDatabase(f.Pkg()) {
		return
	}
	for _, arg := range call.Args {
		if name := l.modelOf(l.code.info.TypeOf(arg)); name != "" {
			l.found(ruleDatabase, arg.Pos(), call, "%s is a model of the store: %s would read or write its rows without a tenant", name, f.Name())
		}
	}
	if f.Signature().Recv() == nil {
		l.checkOpening(call, f, origins)
	}
}

// checkSQL reads the texts that a call hands to a database.
func (l *linter) checkSQL(call *ast.CallExpr, f *types.Func) {
	for _, arg := range call.Args {
		if t := l.code.info.TypeOf(arg); t == nil || !isString(t) {
			continue
		}
		for _, t := range l.code.outlines(arg) {
			if m := l.tables.mentioned(t.String(), takesTable(f)); m != nil {
				l.found(ruleDatabase, or(t.pos(m.at), arg.Pos()), call,
					"SQL names %s, which is erp's: use the store, which knows whose rows they are (tenancy.Find, Report, a service)", m.what)
			}
		}
	}
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

// takesTable reports whether a builder's function is named after what takes a table.
func takesTable(f *types.Func) bool {
	return slices.ContainsFunc([]string{"Table", "From", "Join", "Into", "Insert", "Update", "Delete", "Truncate"}, func(part string) bool {
		return strings.Contains(f.Name(), part)
	})
}

// checkConnection finds writes over another connection inside a transaction of the store: they are neither undone nor
// retried with it.
func (l *linter) checkConnection(call *ast.CallExpr, f *types.Func) {
	writes, mayBeCarried := writesBy(f)
	if !writes && l.queryWrites(call, f) {
		writes = true
	}
	in := l.transactionAround(call)
	if !writes || in == nil || in.inHost && mayBeCarried {
		return
	}
	instead := "use tx.Host, or tx.AfterCommit for what is to happen once it is committed"
	if in.inHost {
		instead = "use the *sql.Tx that Host gives"
	}
	l.found(ruleDatabase, call.Pos(), call, "%s writes over another connection inside a transaction of the store, which neither undoes it nor does it once: %s", f.Name(), instead)
}

// queryWrites reports whether a query over a connection of its own changes rows, as INSERT ... RETURNING does.
func (l *linter) queryWrites(call *ast.CallExpr, f *types.Func) bool {
	if f.Signature().Recv() == nil || !strings.HasPrefix(f.Name(), "Query") {
		return false
	}
	path, name := named(f.Signature().Recv().Type())
	if !slices.ContainsFunc([]string{"database/sql", "github.com/jackc/pgx", "github.com/jmoiron/sqlx"}, func(of string) bool {
		return within(path, of) && slices.Contains(connections[of], name)
	}) {
		return false
	}
	return slices.ContainsFunc(call.Args, func(arg ast.Expr) bool {
		text, ok := constantString(l.code.info, arg)
		return ok && slices.Contains([]string{"insert", "update", "delete", "merge"}, sqltext.FirstWord(text))
	})
}

// modelOf is the name of a type whose rows the store keeps, behind pointers and in lists; "" for others.
func (l *linter) modelOf(t types.Type) string {
	for range 5 {
		switch x := types.Unalias(t).(type) {
		case *types.Pointer:
			t = x.Elem()
		case *types.Slice:
			t = x.Elem()
		case *types.Array:
			t = x.Elem()
		case *types.Map:
			t = x.Elem()
		case *types.Named:
			s, ok := x.Underlying().(*types.Struct)
			if !ok {
				return ""
			}
			for f := range s.Fields() {
				if f.Embedded() && isNamed(f.Type(), tenancyPath, "Row", "Owned") {
					return types.TypeString(x, types.RelativeTo(l.pass.Pkg))
				}
			}
			return ""
		default:
			return ""
		}
	}
	return ""
}

// checkIdentifier reads pgx.Identifier{"erp", "invoices"}.
func (l *linter) checkIdentifier(n *ast.CompositeLit) {
	path, name := named(l.code.info.TypeOf(n))
	if name != "Identifier" || !within(path, "github.com/jackc/pgx") {
		return
	}
	var parts []string
	for _, e := range n.Elts {
		part, _ := constantString(l.code.info, e)
		parts = append(parts, part)
	}
	if m := l.tables.mentioned(strings.Join(parts, "."), true); m != nil {
		l.found(ruleDatabase, n.Pos(), n, "an identifier names %s, which is erp's: use the store, which knows whose rows they are", m.what)
	}
}

// checkTag reads `bun:"table:erp.invoices"`.
func (l *linter) checkTag(n *ast.Field) {
	if n.Tag == nil {
		return
	}
	tag, err := strconv.Unquote(n.Tag.Value)
	if err != nil {
		return
	}
	for option := range strings.SplitSeq(reflect.StructTag(tag).Get("bun"), ",") {
		table, ok := strings.CutPrefix(strings.TrimSpace(option), "table:")
		if m := l.tables.mentioned(table, true); ok && m != nil {
			l.found(ruleDatabase, n.Tag.Pos(), n, "a model of bun's is laid over %s, which is erp's: use the store, which knows whose rows they are", m.what)
		}
	}
}

// checkTableName reads what gorm calls for a model's table.
func (l *linter) checkTableName(n *ast.FuncDecl) {
	if n.Recv == nil || n.Name.Name != "TableName" || n.Body == nil || len(n.Body.List) != 1 {
		return
	}
	ret, ok := n.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return
	}
	text, _ := constantString(l.code.info, ret.Results[0])
	if m := l.tables.mentioned(text, true); m != nil {
		l.found(ruleDatabase, ret.Results[0].Pos(), ret, "a model is laid over %s, which is erp's: use the store, which knows whose rows they are", m.what)
	}
}

// checkEngine finds the engines' own interface in use: what it gives has no tenant, or any.
func (l *linter) checkEngine(n *ast.SelectorExpr) {
	f, ok := l.code.info.Uses[n.Sel].(*types.Func)
	if !ok {
		return
	}
	if isMethod(f, tenancyPath, "Store") || isMethod(f, tenancyPath, "Session") || isMethod(f, tenancyPath, "Engine", "Open") ||
		isMethod(f, postgresPath, "Engine", "Open") || isMethod(f, sqlitePath, "Engine", "Open") {
		l.found(ruleDatabase, n.Sel.Pos(), n, "%s is for tenancy itself: what it gives knows no scope. Open the engine with erp.Open or tenancy.Open", f.Name())
	}
}
