package tenantlint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
)

// code is what the rules ask of a package's syntax: what stands around a node, who writes a variable, who calls a function.
type code struct {
	pkg     *types.Package
	info    *types.Info
	parents map[ast.Node]ast.Node
	writes  map[*types.Var][]write // to variables and fields, as they stand in the files
	uses    map[*types.Var][]*ast.Ident
	leaked  map[*types.Var]bool // whose address is taken: anybody may write them
	calls   map[*types.Func][]*ast.CallExpr
	values  map[*types.Func]bool // used otherwise than by calling them
	decls   map[*types.Func]*ast.FuncDecl
	consts  map[*types.Const]ast.Expr
	params  map[*types.Var]param
}

// write is one way in which a variable comes by its value.
type write struct {
	how   how
	value ast.Expr // what is assigned, added, ranged over or called; nil with zero
	index int      // which result of the call
	at    ast.Node
	done  token.Pos // from here on the value is there
	maybe bool      // of reaching: a use may see what was there before as well
}

type how int

const (
	assigned how = iota
	zeroed       // declared without a value
	added        // v += value
	ranged       // each element of value in turn
	keyed        // each key of value in turn
	resulted     // result number index of the call value
	stored       // v[...] = value
	unknown      // in some other way
)

// param is the place of a parameter.
type param struct {
	fn       ast.Node // *ast.FuncDecl or *ast.FuncLit
	index    int
	variadic bool
}

func newCode(pass *analysis.Pass, files []*ast.File) *code {
	c := &code{pkg: pass.Pkg, info: pass.TypesInfo, parents: map[ast.Node]ast.Node{}, writes: map[*types.Var][]write{}, uses: map[*types.Var][]*ast.Ident{},
		leaked: map[*types.Var]bool{}, calls: map[*types.Func][]*ast.CallExpr{}, values: map[*types.Func]bool{}, decls: map[*types.Func]*ast.FuncDecl{},
		consts: map[*types.Const]ast.Expr{}, params: map[*types.Var]param{}}
	for _, f := range files {
		var stack []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			if len(stack) > 0 {
				c.parents[n] = stack[len(stack)-1]
			}
			stack = append(stack, n)
			return true
		})
		ast.Inspect(f, func(n ast.Node) bool {
			c.read(n)
			return true
		})
	}
	for _, ws := range c.writes {
		slices.SortStableFunc(ws, func(a, b write) int { return int(a.done - b.done) })
	}
	return c
}

// read notes what one node says.
func (c *code) read(n ast.Node) {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if f, ok := c.info.Defs[n.Name].(*types.Func); ok {
			c.decls[f] = n
		}
		c.readParams(n, n.Type)
	case *ast.FuncLit:
		c.readParams(n, n.Type)
	case *ast.AssignStmt:
		c.readAssign(n)
	case *ast.ValueSpec:
		c.readSpec(n)
	case *ast.RangeStmt:
		c.write(n.Key, write{how: keyed, value: n.X, at: n, done: n.X.End()})
		c.write(n.Value, write{how: ranged, value: n.X, at: n, done: n.X.End()})
	case *ast.CompositeLit:
		c.readLiteral(n)
	case *ast.UnaryExpr:
		if v := c.variable(n.X); v != nil && n.Op == token.AND {
			c.leaked[v] = true
		}
	case *ast.CallExpr:
		c.readCall(n)
	case *ast.Ident:
		switch o := c.info.Uses[n].(type) {
		case *types.Func:
			if !c.isCalled(n) {
				c.values[o.Origin()] = true
			}
		case *types.Var:
			c.uses[o.Origin()] = append(c.uses[o.Origin()], n)
		}
	}
}

func (c *code) readCall(n *ast.CallExpr) {
	f := callee(c.info, n)
	if f == nil {
		return
	}
	if s, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok && c.info.Selections[s] != nil {
		if c.info.Selections[s].Kind() == types.MethodExpr {
			c.values[f] = true // T.method(receiver, ...): its arguments stand elsewhere
			return
		}
		if v := c.variable(s.X); v != nil && deref(f.Signature().Recv().Type()) != f.Signature().Recv().Type() && deref(v.Type()) == v.Type() {
			c.leaked[v] = true // the method is given its address
		}
	}
	c.calls[f] = append(c.calls[f], n)
}

func (c *code) readParams(fn ast.Node, t *ast.FuncType) {
	i := 0
	for _, field := range t.Params.List {
		_, variadic := field.Type.(*ast.Ellipsis)
		for _, name := range field.Names {
			if v, ok := c.info.Defs[name].(*types.Var); ok {
				c.params[v] = param{fn, i, variadic}
			}
			i++
		}
		if len(field.Names) == 0 {
			i++
		}
	}
	if t.Results == nil {
		return
	}
	for _, field := range t.Results.List {
		for _, name := range field.Names {
			c.write(name, write{how: zeroed, at: field, done: field.End()})
		}
	}
}

func (c *code) readAssign(n *ast.AssignStmt) {
	for i, left := range n.Lhs {
		w := write{how: unknown, at: n, done: n.End()}
		switch {
		case len(n.Lhs) != len(n.Rhs):
			w.how, w.value, w.index = resulted, n.Rhs[0], i
		case n.Tok == token.ASSIGN || n.Tok == token.DEFINE:
			w.how, w.value = assigned, n.Rhs[i]
		case n.Tok == token.ADD_ASSIGN:
			w.how, w.value = added, n.Rhs[i]
		}
		if index, ok := ast.Unparen(left).(*ast.IndexExpr); ok {
			left = index.X
			if w.how == assigned {
				w.how = stored
			} else {
				w.how = unknown
			}
		}
		c.write(left, w)
	}
}

func (c *code) readSpec(n *ast.ValueSpec) {
	for i, name := range n.Names {
		w := write{how: zeroed, at: n, done: n.End()}
		switch {
		case len(n.Values) == len(n.Names):
			w.how, w.value = assigned, n.Values[i]
		case len(n.Values) == 1:
			w.how, w.value, w.index = resulted, n.Values[0], i
		}
		if k, ok := c.info.Defs[name].(*types.Const); ok {
			c.consts[k] = w.value
		}
		c.write(name, w)
	}
}

// readLiteral notes what a struct's literal writes into its fields.
func (c *code) readLiteral(n *ast.CompositeLit) {
	t := c.info.TypeOf(n)
	if t == nil {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok { // &T{} without its type, in a list
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, e := range n.Elts {
		var field *types.Var
		value := e
		if pair, ok := e.(*ast.KeyValueExpr); ok {
			key, _ := pair.Key.(*ast.Ident)
			field, _ = c.info.Uses[key].(*types.Var)
			value = pair.Value
		} else if i < s.NumFields() {
			field = s.Field(i)
		}
		if field != nil {
			field = field.Origin()
			c.writes[field] = append(c.writes[field], write{how: assigned, value: value, at: n, done: n.End()})
		}
	}
}

func (c *code) write(to ast.Expr, w write) {
	if to == nil {
		return
	}
	if v := c.variable(to); v != nil {
		c.writes[v] = append(c.writes[v], w)
	}
}

// variable is the variable or field that an expression names; nil for anything else.
func (c *code) variable(e ast.Expr) *types.Var {
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return nil
	}
	v, _ := c.info.ObjectOf(id).(*types.Var)
	if v == nil {
		return nil
	}
	return v.Origin()
}

// isCalled reports whether the name of a function stands where it is called.
func (c *code) isCalled(id *ast.Ident) bool {
	var e ast.Node = id
	for {
		switch p := c.parents[e].(type) {
		case *ast.SelectorExpr:
			if p.Sel != e {
				return false
			}
		case *ast.IndexExpr:
			if p.X != e {
				return false
			}
		case *ast.IndexListExpr:
			if p.X != e {
				return false
			}
		case *ast.ParenExpr:
		case *ast.CallExpr:
			return p.Fun == e
		default:
			return false
		}
		e = c.parents[e]
	}
}

// statement is the smallest statement, declaration or field that holds a node.
func (c *code) statement(n ast.Node) ast.Node {
	for at := n; at != nil; at = c.parents[at] {
		switch at.(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
			return n
		case ast.Stmt, ast.Spec, ast.Decl, *ast.Field:
			return at
		}
	}
	return n
}

// encloses reports whether outer is n or stands around it.
func (c *code) encloses(outer, n ast.Node) bool {
	for ; n != nil; n = c.parents[n] {
		if n == outer {
			return true
		}
	}
	return false
}

// function is the function that a node stands in; nil for none.
func (c *code) function(n ast.Node) ast.Node {
	for n = c.parents[n]; n != nil; n = c.parents[n] {
		switch n.(type) {
		case *ast.FuncDecl, *ast.FuncLit:
			return n
		}
	}
	return nil
}

// certain reports whether a write has happened when a use behind it is reached: no branch, loop or closure around the one
// leaves out the other.
func (c *code) certain(w write, use ast.Node) bool {
	for n := c.parents[w.at]; n != nil; n = c.parents[n] {
		switch n.(type) {
		case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause, *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt,
			*ast.FuncDecl, *ast.FuncLit, *ast.File:
			return c.encloses(n, use)
		}
	}
	return false
}

// isGlobal reports whether any function of the package may write a variable at any time.
func (c *code) isGlobal(v *types.Var) bool { return v.IsField() || v.Parent() == c.pkg.Scope() }

// reaching are the writes to a variable that a use of it may see, in order. first reports that the value from before all of
// them, such as a parameter's, may be seen too.
func (c *code) reaching(v *types.Var, use ast.Node) (ws []write, first bool) {
	var later []write
	first = true
	for _, w := range c.writes[v] {
		switch {
		case c.isGlobal(v):
			w.maybe = true
			ws = append(ws, w)
		case w.done > use.Pos():
			w.maybe = true
			if c.again(v, w, use) {
				later = append(later, w)
			}
		default:
			w.maybe = !c.certain(w, use)
			if !w.maybe && w.how != added && w.how != stored {
				ws, first = nil, false
			}
			ws = append(ws, w)
		}
	}
	return append(ws, later...), first
}

// again reports whether a write that stands behind a use may have happened before it: in a loop around both, or because
// the use is in a closure that runs later.
func (c *code) again(v *types.Var, w write, use ast.Node) bool {
	for n := c.parents[use]; n != nil; n = c.parents[n] {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			if c.encloses(n, w.at) {
				return true
			}
		case *ast.FuncLit:
			if v.Pos() < n.Pos() || v.Pos() >= n.End() {
				return true
			}
		}
	}
	return false
}
