package tidy

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// exact are the folders in which every number is exact.
var exact = []string{"accounting", "inventory", "sales", "pos"}

// Floats finds binary fractions where money and quantities live: the types, and literals, which become float64.
func Floats(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		if f.Test || !within(f.Dir, exact...) {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if n.Name == "float32" || n.Name == "float64" {
					found = append(found, t.problem(f, n, "%s: amounts are integers, rates are decimals", n.Name))
				}
			case *ast.BasicLit:
				if n.Kind == token.FLOAT {
					found = append(found, t.problem(f, n, "%s is a float: amounts are integers, rates are decimals", n.Value))
				}
			}
			return true
		})
	}
	return found
}

// entryRooms are the folders whose journal entries are made in posting.go. Examples and tests are hosts.
var entryRooms = []string{"tenancy", "privacy", "accounting", "inventory", "sales", "pos"}

// Posting finds journal entries made elsewhere than in posting.go, the one file per domain that an auditor reads.
func Posting(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		domain := f.Dir == "" || within(f.Dir, entryRooms...)
		if f.Test || !domain || strings.HasSuffix("/"+f.Path, "/posting.go") {
			continue
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if makesEntry(f, n) {
				found = append(found, t.problem(f, n, "makes a journal entry: only posting.go does"))
			}
			return true
		})
	}
	return found
}

// makesEntry reports whether n is NewEntry{...}, new(NewEntry), or a list that spells out entries without their type. A list
// of ready entries makes none.
func makesEntry(f *File, n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		if isEntry(f, n.Type) {
			return true
		}
		return isEntry(f, element(n.Type)) && slices.ContainsFunc(n.Elts, func(e ast.Expr) bool {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				e = pair.Value
			}
			literal, ok := e.(*ast.CompositeLit)
			return ok && literal.Type == nil
		})
	case *ast.CallExpr:
		fun, ok := n.Fun.(*ast.Ident)
		return ok && fun.Name == "new" && len(n.Args) == 1 && isEntry(f, n.Args[0])
	}
	return false
}

// element is what a list or a map holds, without its pointer.
func element(e ast.Expr) ast.Expr {
	switch list := e.(type) {
	case *ast.ArrayType:
		e = list.Elt
	case *ast.MapType:
		e = list.Value
	default:
		return nil
	}
	if star, ok := e.(*ast.StarExpr); ok {
		return star.X
	}
	return e
}

func isEntry(f *File, e ast.Expr) bool {
	const name = "NewEntry"
	if f.Dir == "accounting" {
		id, ok := e.(*ast.Ident)
		return ok && id.Name == name
	}
	return selects(e, f.localName(modulePath+"/accounting"), name)
}

// testPackages are the packages whose values a test could skip through.
var testPackages = []string{"testing", "pgregory.net/rapid", "github.com/stretchr/testify/suite"}

// Skips finds tests that can pass without running.
func Skips(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		names := testValues(f)
		ast.Inspect(f.AST, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
				return true
			}
			if x, ok := s.X.(*ast.Ident); ok && names[x.Name] || isT(s.X) {
				found = append(found, t.problem(f, n, "%s: a test that does not run proves nothing; fail, or leave it out", s.Sel.Name))
			}
			return true
		})
	}
	return found
}

// testValues are the names under which a file's functions take a testing.T and its like.
func testValues(f *File) map[string]bool {
	var packages []string
	for _, p := range testPackages {
		packages = append(packages, f.localName(p))
	}
	names := make(map[string]bool)
	ast.Inspect(f.AST, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		kind := field.Type
		if star, ok := kind.(*ast.StarExpr); ok {
			kind = star.X
		}
		of, ok := kind.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := of.X.(*ast.Ident); ok && (slices.Contains(packages, x.Name) || of.Sel.Name == "TB") {
			for _, name := range field.Names {
				names[name.Name] = true
			}
		}
		return true
	})
	return names
}

// isT reports whether e is a call of a method T, as a testify suite has.
func isT(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	s, ok := call.Fun.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "T"
}

// openEnd is spelt so that this file does not contain what it looks for.
var openEnd = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME)\b`)

// OpenEnds finds notes about work left undone. Such work is an issue, not a comment.
func OpenEnds(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		for _, group := range f.AST.Comments {
			for _, c := range group.List {
				if word := openEnd.FindString(c.Text); word != "" {
					found = append(found, t.problem(f, c, "%s: write an issue", word))
				}
			}
		}
	}
	return found
}

// Sleeps finds tests that wait for a time instead of for an event.
func Sleeps(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		if !f.Test && !within(f.Dir, "tenancy/tenancytest") {
			continue
		}
		pkg := f.localName("time")
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok && selects(e, pkg, "Sleep") {
				found = append(found, t.problem(f, n, "time.Sleep: wait for what is to happen (a channel, require.Eventually)"))
			}
			return true
		})
	}
	return found
}

// Races finds tests that start goroutines under a name that does not say so: `make test` runs only TestRace... under the race detector.
func Races(t *Tree) []Problem {
	var found []Problem
	for _, f := range t.Files {
		if !f.Test {
			continue
		}
		for _, d := range f.AST.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || fn.Body == nil || !strings.HasPrefix(fn.Name.Name, "Test") || strings.HasPrefix(fn.Name.Name, "TestRace") {
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if starts(n) {
					found = append(found, t.problem(f, n, "%s starts goroutines: call it TestRace..., so that the race detector sees it", fn.Name.Name))
				}
				return true
			})
		}
	}
	return found
}

// starts reports whether a node starts a goroutine, by itself or by one of the helpers that do.
func starts(n ast.Node) bool {
	if _, ok := n.(*ast.GoStmt); ok {
		return true
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		return fn.Name == "together"
	case *ast.SelectorExpr:
		return fn.Sel.Name == "Together" || fn.Sel.Name == "Go"
	}
	return false
}
