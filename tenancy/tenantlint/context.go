package tenantlint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// passesContext is the fact of a function that hands contexts to erp, by the places of the parameters that it is given them
// in. Joining are those from which a transaction is joined or begun.
type passesContext struct{ Params, Joining []int }

// AFact implements analysis.Fact.
func (*passesContext) AFact() {}

var _ analysis.Fact = new(passesContext)

// checkContexts follows contexts to erp's functions.
func (l *linter) checkContexts() {
	c := &contextReader{linter: l, passing: map[*types.Func]passesContext{}}
	c.findPassing()
	for _, f := range l.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				c.checkCall(n)
			case *ast.GoStmt:
				c.checkGo(n)
			case *ast.FuncLit:
				if c.code.startsGoroutine(n) {
					c.checkGoroutine(n)
				}
			}
			return true
		})
	}
}

type contextReader struct {
	*linter
	passing map[*types.Func]passesContext // the functions of this package that hand contexts to erp
}

// takes are the places of the arguments that a call hands to erp as contexts, directly or through a function that does.
func (c *contextReader) takes(call *ast.CallExpr) passesContext {
	f := callee(c.code.info, call)
	if f == nil || f.Pkg() == nil {
		return passesContext{}
	}
	if isERP(f.Pkg()) {
		return erpTakes(f)
	}
	if f.Pkg() == c.pass.Pkg {
		return c.passing[f]
	}
	var fact passesContext
	c.pass.ImportObjectFact(f, &fact)
	return fact
}

// erpTakes is what a function of erp's does with contexts.
func erpTakes(f *types.Func) (out passesContext) {
	if isMethod(f, tenancyPath, "Scope", "Attach") || isFunc(f, tenancyPath, "ScopeOf") {
		return out // Attach puts a scope on a context that has none; ScopeOf only looks
	}
	joins := !within(f.Pkg().Path(), tenancyPath) || isFunc(f, tenancyPath, "Act", "View") ||
		isMethod(f, tenancyPath, "DB", "Tx", "Read", "DryRun", "Join", "Enter", "System")
	i := 0
	for p := range f.Signature().Params().Variables() {
		if isContext(p.Type()) {
			out.Params = append(out.Params, i)
			if joins {
				out.Joining = append(out.Joining, i)
			}
		}
		i++
	}
	return out
}

// findPassing finds the package's functions that hand a context on to erp, and those that hand one to them.
func (c *contextReader) findPassing() {
	if isERP(c.pass.Pkg) {
		return // all of ours count
	}
	for grown := true; grown; {
		grown = false
		for f, decl := range c.code.decls {
			if decl.Body == nil {
				continue
			}
			was, is := c.passing[f], c.passedBy(decl)
			if len(is.Params) > len(was.Params) || len(is.Joining) > len(was.Joining) {
				c.passing[f], grown = is, true
			}
		}
	}
	for f, places := range c.passing {
		if f.Exported() {
			c.pass.ExportObjectFact(f, &places)
		}
	}
}

func (c *contextReader) passedBy(decl *ast.FuncDecl) (out passesContext) {
	note := func(call *ast.CallExpr, places []int, to *[]int) {
		for _, i := range places {
			if i >= len(call.Args) {
				continue
			}
			for _, r := range c.roots(call.Args[i]) {
				if p, ok := c.code.params[r.v]; ok && p.fn == decl && !slices.Contains(*to, p.index) {
					*to = append(*to, p.index)
				}
			}
		}
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			takes := c.takes(call)
			note(call, takes.Params, &out.Params)
			note(call, takes.Joining, &out.Joining)
		}
		return true
	})
	slices.Sort(out.Params) // a fact is written the same way each time
	slices.Sort(out.Joining)
	return out
}

// root is where a context comes from: a variable that holds one from elsewhere, or a fresh one.
type root struct {
	v     *types.Var
	fresh string // the name of the function that made it out of nothing
}

func (c *contextReader) roots(e ast.Expr) []root { return c.rootsOf(e, map[ast.Node]bool{}) }

func (c *contextReader) rootsOf(e ast.Expr, seen map[ast.Node]bool) []root {
	if seen[e] {
		return nil
	}
	seen[e] = true
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		f := callee(c.code.info, e)
		if isFunc(f, "context", "Background", "TODO") {
			return []root{{fresh: "context." + f.Name()}}
		}
		if f == nil || isERP(f.Pkg()) || f.Signature().Results().Len() == 0 {
			return nil // Enter gives a context of its own; how it was called is looked at there
		}
		var out []root
		for i := range min(len(e.Args), f.Signature().Params().Len()) {
			if isContext(f.Signature().Params().At(i).Type()) {
				out = append(out, c.rootsOf(e.Args[i], seen)...)
			}
		}
		return out
	case *ast.Ident:
		v := c.code.variable(e)
		if v == nil || v.IsField() {
			return nil
		}
		ws, first := c.code.reaching(v, e)
		var out []root
		if first {
			out = append(out, root{v: v})
		}
		for _, w := range ws {
			if (w.how == assigned || w.how == resulted) && !c.replacesNil(v, w) {
				out = append(out, c.rootsOf(w.value, seen)...)
			}
		}
		return out
	}
	return nil
}

// replacesNil reports whether a write stands under if v == nil: a default, not a loss.
func (c *contextReader) replacesNil(v *types.Var, w write) bool {
	for n := c.code.parents[w.at]; n != nil; n = c.code.parents[n] {
		branch, ok := n.(*ast.IfStmt)
		if !ok {
			continue
		}
		if cond, ok := ast.Unparen(branch.Cond).(*ast.BinaryExpr); ok && cond.Op == token.EQL && c.code.encloses(branch.Body, w.at) &&
			(c.code.variable(cond.X) == v && c.code.info.Types[cond.Y].IsNil() || c.code.variable(cond.Y) == v && c.code.info.Types[cond.X].IsNil()) {
			return true
		}
	}
	return false
}

// checkCall looks at the contexts of one call.
func (c *contextReader) checkCall(call *ast.CallExpr) {
	takes := c.takes(call)
	for _, i := range takes.Params {
		if i >= len(call.Args) {
			continue
		}
		roots := c.roots(call.Args[i])
		for _, r := range roots {
			if from, ok := c.requestAround(call); ok && r.fresh != "" {
				c.found(ruleContext, call.Args[i].Pos(), call,
					"%s in a request path: scope, deadline and cancellation are lost. Pass on %s, or context.WithoutCancel of it for what outlives the request", r.fresh, from)
			}
		}
		c.checkTransactionContext(call, call.Args[i], roots, slices.Contains(takes.Joining, i))
	}
}

// checkTransactionContext finds, in a transaction, the context from outside of it, which tenancy refuses
// (tenancy.outer_context), and in a goroutine the transaction's, which it refuses too (tenancy.other_goroutine).
func (c *contextReader) checkTransactionContext(call *ast.CallExpr, arg ast.Expr, roots []root, joining bool) {
	in := c.transactionAround(call)
	if in == nil {
		return
	}
	for _, r := range roots {
		switch {
		case r.v == nil:
		case in.goroutine && r.v == in.ctx:
			c.found(ruleContext, arg.Pos(), call, "the transaction's context in another goroutine, where it is refused: a transaction belongs to the goroutine that began it")
		case !in.goroutine && in.isOutside(r.v) && joining:
			c.found(ruleContext, arg.Pos(), call, "%s is from outside the transaction, where it is refused: use the context that the function is given", r.v.Name())
		}
	}
}

// checkGo finds a transaction handed to a goroutine.
func (c *contextReader) checkGo(n *ast.GoStmt) {
	parts := slices.Clone(n.Call.Args)
	if s, ok := ast.Unparen(n.Call.Fun).(*ast.SelectorExpr); ok {
		parts = append(parts, s.X)
	}
	in := c.transactionAround(n)
	for _, e := range parts {
		t := c.code.info.TypeOf(e)
		switch {
		case t == nil:
		case isTx(t):
			c.found(ruleContext, e.Pos(), n, "a transaction handed to another goroutine, where it is refused: it belongs to the goroutine that began it")
		case isContext(t) && in != nil && in.ctx != nil && len(c.takes(n.Call).Params) > 0 && slices.Contains(c.roots(e), root{v: in.ctx}):
			c.found(ruleContext, e.Pos(), n, "the transaction's context handed to another goroutine, where it is refused: a transaction belongs to the goroutine that began it")
		}
	}
}

// checkGoroutine finds the first use in a goroutine's function of a transaction from outside of it.
func (c *contextReader) checkGoroutine(lit *ast.FuncLit) {
	done := false
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if done || !ok {
			return !done
		}
		if v, ok := c.code.info.Uses[id].(*types.Var); ok && isTx(v.Type()) && (v.Pos() < lit.Pos() || v.Pos() >= lit.End()) {
			c.found(ruleContext, id.Pos(), id, "the transaction %s in another goroutine, where it is refused: it belongs to the goroutine that began it", id.Name)
			done = true
		}
		return true
	})
}

// requestAround says what a function around a node is given that carries a request's context, innermost first.
func (c *contextReader) requestAround(n ast.Node) (what string, ok bool) {
	for fn := c.code.function(n); fn != nil; fn = c.code.function(fn) {
		for _, field := range typeOf(fn).Params.List {
			suffix, carries := carriesContext(c.code.info.TypeOf(field.Type))
			if !carries {
				continue
			}
			if len(field.Names) == 0 || field.Names[0].Name == "_" {
				return "the context that the function is given", true
			}
			return field.Names[0].Name + suffix, true
		}
	}
	return "", false
}

func typeOf(fn ast.Node) *ast.FuncType {
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		return fn.Type
	case *ast.FuncLit:
		return fn.Type
	}
	return &ast.FuncType{Params: &ast.FieldList{}}
}

// carriesContext reports whether a parameter's type brings a request's context along, and how it is asked for it: a context
// (huma's and gRPC's handlers), *http.Request (net/http, chi), what holds a Request (gin, echo), Fiber's context, a gRPC stream.
func carriesContext(t types.Type) (suffix string, ok bool) {
	switch {
	case t == nil:
		return "", false
	case isContext(t):
		return "", true
	case isNamed(t, "net/http", "Request"):
		return ".Context()", true
	}
	if s, isStruct := deref(t).Underlying().(*types.Struct); isStruct {
		for f := range s.Fields() {
			if f.Name() == "Request" && isNamed(f.Type(), "net/http", "Request") {
				return ".Request.Context()", true
			}
		}
	}
	methods := types.NewMethodSet(t)
	gives := func(name, path, typ string) bool {
		m := methods.Lookup(nil, name)
		if m == nil {
			return false
		}
		s, ok := m.Type().(*types.Signature)
		return ok && s.Params().Len() == 0 && s.Results().Len() == 1 && isNamed(s.Results().At(0).Type(), path, typ)
	}
	switch {
	case gives("Request", "net/http", "Request"):
		return ".Request().Context()", true
	case gives("UserContext", "context", "Context"):
		return ".UserContext()", true
	case gives("Context", "context", "Context") && methods.Lookup(nil, "RecvMsg") != nil:
		return ".Context()", true
	}
	return "", false
}

// transaction is what is known of the transaction that a node stands in.
type transaction struct {
	fn        ast.Node
	ctx       *types.Var // the context that fn is given
	inHost    bool       // the node stands in a function given to Host
	goroutine bool       // the node stands in a function that another goroutine runs
}

// isOutside reports whether a variable is declared outside the transaction's function.
func (t *transaction) isOutside(v *types.Var) bool {
	return v.Pos() < t.fn.Pos() || v.Pos() >= t.fn.End()
}

// transactionAround finds the innermost function around a node that is given a transaction, unless the node runs after it.
func (l *linter) transactionAround(n ast.Node) *transaction {
	t := new(transaction)
	for fn := l.code.function(n); fn != nil; fn = l.code.function(fn) {
		has := false
		for _, field := range typeOf(fn).Params.List {
			typ := l.code.info.TypeOf(field.Type)
			has = has || isTx(typ)
			if isContext(typ) && len(field.Names) == 1 {
				t.ctx, _ = l.code.info.Defs[field.Names[0]].(*types.Var)
			}
		}
		if has {
			t.fn = fn
			return t
		}
		t.ctx = nil
		lit, ok := fn.(*ast.FuncLit)
		if !ok {
			return nil
		}
		if call, ok := l.code.parents[lit].(*ast.CallExpr); ok {
			f := callee(l.code.info, call)
			if isMethod(f, tenancyPath, "Tx", "AfterCommit") {
				return nil
			}
			t.inHost = t.inHost || isMethod(f, tenancyPath, "Tx", "Host")
		}
		t.goroutine = t.goroutine || l.code.startsGoroutine(lit)
	}
	return nil
}

// startsGoroutine reports whether a function is run by another goroutine: by go, or by a method called Go, as those of
// errgroup.Group, sync.WaitGroup and most pools.
func (c *code) startsGoroutine(lit *ast.FuncLit) bool {
	call, ok := c.parents[lit].(*ast.CallExpr)
	if !ok {
		return false
	}
	if _, ok := c.parents[call].(*ast.GoStmt); ok {
		return true
	}
	f := callee(c.info, call)
	return f != nil && call.Fun != lit && (f.Signature().Recv() != nil && strings.TrimPrefix(f.Name(), "Try") == "Go" || isFunc(f, "time", "AfterFunc"))
}
