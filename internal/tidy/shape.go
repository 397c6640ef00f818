package tidy

import (
	"fmt"
	"go/ast"
	"path"
)

// The limits of code that is no test: a function fits on one screen, a file in a few.
const (
	maxFunctionLines = 70
	maxFileLines     = 500
)

// sizeExemptions lists what may be larger: "path" for a file, "path:Function" for a function, each with its reason.
var sizeExemptions = map[string]string{}

// Sizes finds what does not fit. Generated files are exempt.
func Sizes(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		if f.Test || ast.IsGenerated(f.AST) {
			continue
		}
		if lines := t.line(f.AST.FileEnd); lines > maxFileLines && sizeExemptions[f.Path] == "" {
			found = append(found, Problem{f.Path, fmt.Sprintf("%d lines, at most %d", lines, maxFileLines)})
		}
		for _, d := range f.AST.Decls {
			name := f.Path + ":" + declared(d)
			if sizeExemptions[name] != "" {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n.(type) {
				case *ast.FuncDecl, *ast.FuncLit:
				default:
					return true
				}
				lines := t.line(n.End()) - t.line(n.Pos()) + 1
				if lines <= maxFunctionLines {
					return false
				}
				found = append(found, t.problem(f, n, "%s: %d lines, at most %d", name, lines, maxFunctionLines))
				return false // one report for a function, not one more for each closure in it
			})
		}
	}
	return found
}

// declared is the name of a function, and "" of what is no function.
func declared(d ast.Decl) string {
	if f, ok := d.(*ast.FuncDecl); ok {
		return f.Name.Name
	}
	return ""
}

// domains are the folders that read alike.
var domains = []string{"tenancy", "tenancy/access", "privacy", "accounting", "accounting/bank", "accounting/einvoice", "accounting/exchange", "inventory", "inventory/purchasing", "sales", "pos"}

// DomainFolders finds domain folders without their README.md (what it owns, its invariants, its states, what each date
// means) or doc.go.
func DomainFolders(t *Tree) []Problem {
	inhabited := make(map[string]bool)
	for _, f := range t.Files {
		inhabited[f.Dir] = inhabited[f.Dir] || !f.Test
	}
	var found []Problem
	for _, dir := range domains {
		for _, name := range []string{"README.md", "doc.go"} {
			if inhabited[dir] && !t.Names[path.Join(dir, name)] {
				found = append(found, Problem{dir, "has no " + name})
			}
		}
	}
	return found
}
