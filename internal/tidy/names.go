package tidy

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

var codePattern = regexp.MustCompile(`^([a-z][a-z0-9]*)\.[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// FaultCodes finds fault.Define calls whose code is not package.snake_case, not a literal, or taken.
func FaultCodes(t *Tree) []Problem {
	var found []Problem
	taken := make(map[string]string)
	for _, f := range t.Files {
		if f.Test {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !defines(f, call.Fun) || len(call.Args) < 2 {
				return true
			}
			code := literal(call.Args[1])
			m := codePattern.FindStringSubmatch(code)
			switch {
			case code == "":
				found = append(found, t.problem(f, n, "the fault code is no literal, so it cannot be looked up"))
			case m == nil || m[1] != f.AST.Name.Name:
				found = append(found, t.problem(f, n, "fault code %q is not %s.snake_case", code, f.AST.Name.Name))
			case taken[code] != "":
				found = append(found, t.problem(f, n, "fault code %q is taken by %s", code, taken[code]))
			default:
				taken[code] = f.Path
			}
			return true
		})
	}
	return found
}

func defines(f *File, fun ast.Expr) bool {
	if f.Dir == "tenancy/fault" {
		id, ok := fun.(*ast.Ident)
		return ok && id.Name == "Define"
	}
	return selects(fun, f.localName(modulePath+"/tenancy/fault"), "Define")
}

// literal is the value of a string literal, else "".
func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return value
}

// DocComments finds exported identifiers without a doc comment, and packages without one, outside internal/ and programs.
// A group's comment or a comment at the line's end serves constants and variables.
func DocComments(t *Tree) []Problem {
	var found []Problem
	documented := make(map[string]bool)
	first := make(map[string]*File)
	for _, f := range t.Files {
		if f.Test || f.AST.Name.Name == "main" || strings.Contains("/"+f.Dir+"/", "/internal/") {
			continue
		}
		if first[f.Dir] == nil {
			first[f.Dir] = f
		}
		documented[f.Dir] = documented[f.Dir] || f.AST.Doc != nil
		for _, d := range f.AST.Decls {
			for _, id := range undocumented(d) {
				found = append(found, t.problem(f, id, "%s has no doc comment", id.Name))
			}
		}
	}
	for dir, f := range first {
		if !documented[dir] {
			found = append(found, Problem{path.Join(dir, "doc.go"), "package " + f.AST.Name.Name + " has no doc comment"})
		}
	}
	return found
}

// undocumented lists the exported names of a declaration that nothing describes.
func undocumented(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				if s.Doc != nil || s.Comment != nil || d.Doc != nil {
					continue
				}
				for _, id := range s.Names {
					if id.IsExported() {
						names = append(names, id)
					}
				}
			}
		}
		return names
	}
	return nil
}

// exportedReceiver reports whether a function belongs to the package's surface: no method, or one of an exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}
