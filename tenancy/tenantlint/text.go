package tenantlint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// text is one value that a string may have, in the pieces it was written in.
type text []piece

type piece struct {
	text  string
	at    token.Pos // where it is written; NoPos when that is another package
	exact bool      // each byte of text stands at its distance from at
}

func (t text) String() string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
	}
	return b.String()
}

// pos is where the byte at an offset is written.
func (t text) pos(offset int) token.Pos {
	for _, p := range t {
		if offset < len(p.text) {
			if p.exact {
				return p.at + token.Pos(offset)
			}
			return p.at
		}
		offset -= len(p.text)
	}
	return token.NoPos
}

// maxTexts bounds how many values of one string are looked at, beyond those that show each piece once: twelve conditional pieces
// would make 4,096.
const maxTexts = 64

// texts are all values that a string expression may have, when the program's text alone decides that. Otherwise stranger is
// the part that does not come from there.
func (c *code) texts(e ast.Expr) (found []text, stranger ast.Expr) {
	return (&textReader{code: c, busy: map[ast.Node]bool{}}).read(e)
}

// outlines are the values that a string expression may have, with a question mark for what the program's text alone does not
// decide.
func (c *code) outlines(e ast.Expr) []text {
	found, _ := (&textReader{code: c, busy: map[ast.Node]bool{}, lenient: true}).read(e)
	return found
}

type textReader struct {
	*code
	busy    map[ast.Node]bool // being read: what depends on itself is not followed
	lenient bool              // read on past a stranger
}

func (r *textReader) read(e ast.Expr) ([]text, ast.Expr) {
	if r.busy[e] {
		return r.pastStranger(e, nil, e)
	}
	r.busy[e] = true
	defer delete(r.busy, e)
	found, stranger := r.follow(e)
	return r.pastStranger(e, found, stranger)
}

// pastStranger puts a question mark where a lenient reader met a stranger, behind the texts that a call was given.
func (r *textReader) pastStranger(e ast.Expr, found []text, stranger ast.Expr) ([]text, ast.Expr) {
	if stranger == nil || !r.lenient {
		return found, stranger
	}
	out := []text{nil}
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		for _, arg := range call.Args {
			if t := r.info.TypeOf(arg); t != nil && isString(t) {
				given, _ := r.read(arg)
				out = pairs(pairs(out, given), []text{{{text: " "}}})
			}
		}
	}
	return pairs(out, []text{{{text: "?"}}}), nil
}

func (r *textReader) follow(e ast.Expr) ([]text, ast.Expr) {
	if value, ok := constantString(r.info, e); ok {
		if t, ok := r.written(e); ok && t.String() == value {
			return []text{t}, nil
		}
		return []text{{{text: value}}}, nil
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return r.read(e.X)
	case *ast.BinaryExpr:
		return r.join(e)
	case *ast.Ident, *ast.SelectorExpr:
		if v := r.variable(e); v != nil {
			return r.ofVariable(v, e)
		}
	case *ast.IndexExpr:
		return r.elements(e.X, false)
	case *ast.CallExpr:
		return r.ofCall(e, 0)
	}
	return nil, e
}

// written takes a constant apart into the literals that it is made of.
func (c *code) written(e ast.Expr) (text, bool) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return c.written(e.X)
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return text{{text: value, at: e.Pos() + 1, exact: len(value) == len(e.Value)-2}}, err == nil
	case *ast.BinaryExpr:
		left, ok := c.written(e.X)
		right, also := c.written(e.Y)
		return append(slices.Clip(left), right...), ok && also
	case *ast.Ident:
		return c.constant(e)
	case *ast.SelectorExpr:
		return c.constant(e.Sel)
	}
	return nil, false
}

func (c *code) constant(id *ast.Ident) (text, bool) {
	k, ok := c.info.Uses[id].(*types.Const)
	if !ok || c.consts[k] == nil {
		return nil, false
	}
	return c.written(c.consts[k])
}

func (r *textReader) join(e *ast.BinaryExpr) ([]text, ast.Expr) {
	left, stranger := r.read(e.X)
	if stranger != nil {
		return nil, stranger
	}
	right, stranger := r.read(e.Y)
	return pairs(left, right), stranger
}

// pairs are all texts of the first followed by all of the second.
func pairs(first, second []text) []text {
	var out []text
	for _, a := range first {
		for _, b := range second {
			out = append(out, append(slices.Clip(a), b...))
		}
	}
	return thinned(out)
}

// thinned leaves out texts when there are too many, but none that holds a piece which no other does: those are as many as the
// pieces, and no more.
func thinned(all []text) []text {
	if len(all) <= maxTexts {
		return all
	}
	keep, kept := make([]bool, len(all)), 0
	seen := map[piece]bool{}
	for i := len(all) - 1; i >= 0; i-- { // what holds most stands last
		for _, p := range all[i] {
			if !seen[p] && !keep[i] {
				keep[i], kept = true, kept+1
			}
			seen[p] = true
		}
	}
	var out []text
	for i := range all {
		if rest := max(0, maxTexts-kept); keep[i] || i*rest/len(all) != (i+1)*rest/len(all) {
			out = append(out, all[i])
		}
	}
	return out
}

// ofVariable follows the writes to a variable or field, if this package alone can write it.
func (r *textReader) ofVariable(v *types.Var, use ast.Expr) ([]text, ast.Expr) {
	place, isParam := r.params[v]
	switch {
	case r.leaked[v] || v.Pkg() != r.pkg:
		return nil, use
	case v.IsField() && v.Exported(): // a decoder can write it
		return nil, use
	case !v.IsField() && v.Parent() == r.pkg.Scope() && v.Exported() && r.pkg.Name() != "main":
		return nil, use
	}
	var out []text
	ws, first := r.reaching(v, use)
	switch {
	case isParam && first:
		var stranger ast.Expr
		if out, stranger = r.ofParam(place, use); stranger != nil {
			return nil, stranger
		}
	case len(ws) == 0 && !v.IsField():
		return nil, use
	}
	for _, w := range ws {
		var more []text
		var stranger ast.Expr
		switch w.how {
		case zeroed:
			more = []text{nil}
		case assigned, added:
			if more, stranger = r.read(w.value); w.how == added && r.isGlobal(v) {
				stranger = use
			}
		case resulted:
			more, stranger = r.ofResult(w, use)
		case ranged, keyed:
			more, stranger = r.elements(w.value, w.how == keyed)
		default:
			stranger = use
		}
		if stranger != nil {
			return nil, stranger
		}
		out = after(out, more, w)
	}
	return out, nil
}

func (r *textReader) ofResult(w write, use ast.Expr) ([]text, ast.Expr) {
	if call, ok := ast.Unparen(w.value).(*ast.CallExpr); ok {
		return r.ofCall(call, w.index)
	}
	return nil, use // a look into a map, a receive
}

// after are the texts of a variable behind a write to it.
func after(before, written []text, w write) []text {
	if w.how == added {
		written = pairs(before, written)
	}
	if w.maybe {
		return thinned(append(slices.Clip(before), written...))
	}
	return written
}

// ofParam gathers what the package hands over for a parameter of a function that nobody else can call.
func (r *textReader) ofParam(at param, use ast.Expr) ([]text, ast.Expr) {
	decl, ok := at.fn.(*ast.FuncDecl)
	if !ok || at.variadic {
		return nil, use
	}
	f, ok := r.info.Defs[decl.Name].(*types.Func)
	if !ok || f.Exported() || r.values[f] || r.satisfies(f) || len(r.calls[f]) == 0 {
		return nil, use
	}
	var out []text
	for _, call := range r.calls[f] {
		if len(call.Args) < f.Signature().Params().Len()-1 || len(call.Args) <= at.index {
			return nil, use // f(g())
		}
		more, stranger := r.read(call.Args[at.index])
		if stranger != nil {
			return nil, stranger
		}
		out = append(out, more...)
	}
	return out, nil
}

// satisfies reports whether a method may be called through an interface of this package. Others cannot name it.
func (c *code) satisfies(f *types.Func) bool {
	if f.Signature().Recv() == nil {
		return false
	}
	for other := range c.calls {
		if other != f && other.Name() == f.Name() && other.Signature().Recv() != nil && types.IsInterface(other.Signature().Recv().Type()) {
			return true
		}
	}
	return false
}

// ofCall reads one of the results of a function of this package.
func (r *textReader) ofCall(call *ast.CallExpr, index int) (out []text, stranger ast.Expr) {
	if r.info.Types[call.Fun].IsType() && len(call.Args) == 1 { // string(x), Query(x)
		return r.read(call.Args[0])
	}
	f := callee(r.info, call)
	if f == nil || r.decls[f] == nil || r.decls[f].Body == nil || r.busy[r.decls[f]] {
		return nil, call
	}
	r.busy[r.decls[f]] = true
	defer delete(r.busy, r.decls[f])
	ast.Inspect(r.decls[f].Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if stranger != nil {
				return false
			}
			if len(n.Results) != f.Signature().Results().Len() { // by the results' names, or return g()
				stranger = call
				return false
			}
			var more []text
			more, stranger = r.read(n.Results[index])
			out = append(out, more...)
		}
		return stranger == nil
	})
	return out, stranger
}

// elements are the texts in a list or map that is written out, or its keys.
func (r *textReader) elements(e ast.Expr, keys bool) ([]text, ast.Expr) {
	switch x := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		return r.ofLiteral(x, keys)
	case *ast.CallExpr:
		if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "append" && !keys && len(x.Args) > 0 && !x.Ellipsis.IsValid() {
			out, stranger := r.elements(x.Args[0], false)
			for _, a := range x.Args[1:] {
				if stranger != nil {
					break
				}
				var more []text
				more, stranger = r.read(a)
				out = append(out, more...)
			}
			return out, stranger
		}
	case *ast.Ident, *ast.SelectorExpr:
		v := r.variable(x)
		if v == nil || r.leaked[v] || v.Pkg() != r.pkg || v.Exported() && v.Parent() == r.pkg.Scope() || v.IsField() || r.shared(v) || r.busy[x] {
			return nil, e
		}
		r.busy[x] = true
		defer delete(r.busy, x)
		return r.ofList(v, e, keys)
	}
	return nil, e
}

func (r *textReader) ofLiteral(x *ast.CompositeLit, keys bool) (out []text, stranger ast.Expr) {
	for _, element := range x.Elts {
		pair, isPair := element.(*ast.KeyValueExpr)
		switch {
		case isPair && keys:
			element = pair.Key
		case isPair:
			element = pair.Value
		}
		more, stranger := r.read(element)
		if stranger != nil {
			return nil, stranger
		}
		out = append(out, more...)
	}
	return out, nil
}

func (r *textReader) ofList(v *types.Var, use ast.Expr, keys bool) (out []text, stranger ast.Expr) {
	if len(r.writes[v]) == 0 {
		return nil, use
	}
	for _, w := range r.writes[v] {
		var more []text
		switch {
		case w.how == zeroed:
		case w.how == assigned:
			more, stranger = r.appended(v, w.value, keys)
		case w.how == stored && !keys:
			more, stranger = r.read(w.value)
		default:
			stranger = use
		}
		if stranger != nil {
			return nil, stranger
		}
		out = append(out, more...)
	}
	return out, nil
}

// appended are the elements of a list that is assigned to v, without those that v had already.
func (r *textReader) appended(v *types.Var, e ast.Expr, keys bool) ([]text, ast.Expr) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok || len(call.Args) == 0 || r.variable(call.Args[0]) != v {
		return r.elements(e, keys)
	}
	rest := &ast.CallExpr{Fun: call.Fun, Args: append([]ast.Expr{&ast.CompositeLit{}}, call.Args[1:]...), Ellipsis: call.Ellipsis}
	return r.elements(rest, keys)
}

// shared reports whether a list is handed to somebody who could write into it.
func (c *code) shared(v *types.Var) bool {
	return slices.ContainsFunc(c.uses[v], func(id *ast.Ident) bool {
		var e ast.Node = id
		if s, ok := c.parents[e].(*ast.SelectorExpr); ok {
			e = s
		}
		switch p := c.parents[e].(type) {
		case *ast.RangeStmt:
			return false
		case *ast.IndexExpr:
			return p.X != e
		case *ast.AssignStmt:
			return !slices.ContainsFunc(p.Lhs, func(l ast.Expr) bool { return l == e })
		case *ast.CallExpr:
			fun, ok := p.Fun.(*ast.Ident)
			return !ok || !slices.Contains([]string{"len", "append", "cap"}, fun.Name)
		}
		return true
	})
}
