package tenantlint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// origin is where the address of erp's database comes from: a variable, a field of one, an environment variable, or a
// constant.
type origin struct {
	base  types.Object
	path  string // the fields behind base
	value string // a constant, or env:NAME
	dir   bool   // it is the directory of a SQLite engine, in which other files may lie
	// engine is the field of an engine that is read to make the address; nothing else is set then.
	engine string
}

// engineOrigins gathers what the package gives to engines as their addresses.
func (l *linter) engineOrigins() []origin {
	var out []origin
	add := func(field string, e ast.Expr) {
		if strings.HasSuffix(field, "DSN") || field == "Dir" {
			for _, o := range l.originsOf(e, 3) {
				o.dir = field == "Dir"
				out = append(out, o)
			}
		}
	}
	for _, f := range l.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if !isEngine(l.code.info.TypeOf(n)) {
					return true
				}
				for _, e := range n.Elts {
					if pair, ok := e.(*ast.KeyValueExpr); ok {
						if key, ok := pair.Key.(*ast.Ident); ok {
							add(key.Name, pair.Value)
						}
					}
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if s, ok := left.(*ast.SelectorExpr); ok && len(n.Lhs) == len(n.Rhs) && isEngine(l.code.info.TypeOf(s.X)) {
						add(s.Sel.Name, n.Rhs[i])
					}
				}
			case *ast.CallExpr:
				if isFunc(callee(l.code.info, n), postgresPath, "Install") && len(n.Args) > 1 {
					add("DSN", n.Args[1])
				}
			}
			return true
		})
	}
	return out
}

func isEngine(t types.Type) bool {
	return t != nil && (isNamed(t, postgresPath, "Engine") || isNamed(t, sqlitePath, "Engine"))
}

// originsOf follows an expression to where its value may come from.
func (l *linter) originsOf(e ast.Expr, depth int) []origin {
	if value, ok := constantString(l.code.info, e); ok {
		if value == "" {
			return nil
		}
		return []origin{{value: value}}
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident, *ast.SelectorExpr:
		base, path := l.rooted(e)
		if base == nil {
			return nil
		}
		out := []origin{{base: base, path: path}}
		for _, value := range l.valuesOf(e, depth) {
			out = append(out, l.originsOf(value, depth-1)...)
		}
		return out
	case *ast.CallExpr:
		if f := callee(l.code.info, e); isFunc(f, "os", "Getenv") && len(e.Args) == 1 {
			if name, ok := constantString(l.code.info, e.Args[0]); ok {
				return []origin{{value: "env:" + name}}
			}
		}
	}
	return nil
}

// valuesOf is what is assigned to a variable, or to a field that only this package can name.
func (l *linter) valuesOf(e ast.Expr, depth int) (out []ast.Expr) {
	v := l.code.variable(e)
	if v == nil || depth == 0 || v.IsField() && v.Exported() {
		return nil
	}
	for _, w := range l.code.writes[v] {
		if w.how == assigned {
			out = append(out, w.value)
		}
	}
	return out
}

// rooted takes a.b.c apart into the variable a and ".b.c". A receiver counts as its type, for every method has its own.
func (l *linter) rooted(e ast.Expr) (types.Object, string) {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := l.code.info.Uses[e].(*types.Var)
		if !ok {
			return nil, ""
		}
		if v.Kind() == types.RecvVar {
			if n, ok := types.Unalias(deref(v.Type())).(*types.Named); ok {
				return n.Obj(), ""
			}
		}
		return v, ""
	case *ast.SelectorExpr:
		if v, ok := l.code.info.Uses[e.Sel].(*types.Var); ok && !v.IsField() {
			return v, "" // another package's
		}
		base, path := l.rooted(e.X)
		return base, path + "." + e.Sel.Name
	case *ast.StarExpr:
		return l.rooted(e.X)
	}
	return nil, ""
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// checkOpening finds erp's database opened again by somebody else.
func (l *linter) checkOpening(call *ast.CallExpr, f *types.Func, engines []origin) {
	for _, arg := range call.Args {
		if t := l.code.info.TypeOf(arg); t != nil && isString(t) && l.leadsTo(l.madeOf(arg, 3), engines) {
			l.found(ruleDatabase, arg.Pos(), call, "%s opens erp's own database beside the store, without a tenant: use the store, tx.Host for SQL of your own, or a login of your own", f.Name())
		}
	}
}

// madeOf are the origins of all parts of an address.
func (l *linter) madeOf(address ast.Expr, depth int) (out []origin) {
	ast.Inspect(address, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		out = append(out, l.originsOf(e, depth)...)
		if s, ok := e.(*ast.SelectorExpr); ok && isEngine(l.code.info.TypeOf(s.X)) {
			out = append(out, origin{engine: s.Sel.Name})
		}
		for _, value := range l.valuesOf(e, depth) {
			out = append(out, l.madeOf(value, depth-1)...)
		}
		_, selects := e.(*ast.SelectorExpr) // a.b is not made of a
		return !selects
	})
	return out
}

// leadsTo reports whether an address made of parts is an engine's: that of its database, or of one of its own files.
func (l *linter) leadsTo(parts, engines []origin) bool {
	ownFile := slices.ContainsFunc(parts, func(p origin) bool {
		return strings.Contains(p.value, "control.db") || strings.Contains(p.value, "tenants")
	})
	return slices.ContainsFunc(parts, func(p origin) bool {
		if p.engine != "" {
			return strings.HasSuffix(p.engine, "DSN") || p.engine == "Dir" && ownFile
		}
		return slices.ContainsFunc(engines, func(e origin) bool {
			if !e.dir {
				return p == e
			}
			inside := e.value != "" && strings.HasPrefix(strings.TrimPrefix(p.value, "file:"), strings.TrimSuffix(e.value, "/")+"/")
			return ownFile && (inside || p.base == e.base && p.path == e.path && p.value == e.value)
		})
	})
}
