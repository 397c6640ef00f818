package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// modulePath is the library's own; the modules under examples/ import it under this name too.
const modulePath = "github.com/opsmatiq/erp"

// Tree is a set of sources under one root.
type Tree struct {
	Files []*File         // the Go files, by path
	Names map[string]bool // every file, Go or not, by slash-separated path from the root
	fset  *token.FileSet
}

// File is one parsed Go file.
type File struct {
	Path string // from the root, such as sales/order.go
	Dir  string // "" for the root
	Test bool   // its name ends in _test.go
	AST  *ast.File
}

// Problem is one breach of one rule.
type Problem struct {
	Where string // path or path:line
	What  string
}

// String is the line a developer reads.
func (p Problem) String() string { return p.Where + ": " + p.What }

// Check is one rule.
type Check struct {
	Name string
	Run  func(*Tree) []Problem
}

// Checks are all rules, in the order they are run.
func Checks() []Check {
	return []Check{
		{"import arrows", Arrows},
		{"one door to the database", Drivers},
		{"no floats", Floats},
		{"sizes", Sizes},
		{"domain folders", DomainFolders},
		{"posting.go makes entries", Posting},
		{"no skips", Skips},
		{"no open ends", OpenEnds},
		{"no sleeping tests", Sleeps},
		{"races by name", Races},
		{"fault codes", FaultCodes},
		{"doc comments", DocComments},
	}
}

// Parse makes a tree of sources by path. What is no Go file is kept by name only.
func Parse(sources map[string]string) (*Tree, error) {
	t := &Tree{Names: make(map[string]bool), fset: token.NewFileSet()}
	for name, source := range sources {
		t.Names[name] = true
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(t.fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		t.Files = append(t.Files, &File{
			Path: name, Dir: strings.TrimPrefix(path.Dir(name), "."), Test: strings.HasSuffix(name, "_test.go"), AST: parsed,
		})
	}
	slices.SortFunc(t.Files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

// Load parses the sources under root. Like the go command it passes over testdata and names that start with a dot or an underscore.
func Load(root string) (*Tree, error) {
	sources := make(map[string]string)
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := e.Name()
		hidden := name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_"))
		if e.IsDir() {
			if hidden || base == "testdata" || base == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		if hidden || !e.Type().IsRegular() {
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		var source []byte
		if strings.HasSuffix(base, ".go") {
			if source, err = os.ReadFile(name); err != nil { // #nosec G122 G304 -- our own checkout
				return err
			}
		}
		sources[filepath.ToSlash(relative)] = string(source)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return Parse(sources)
}

// problem places a breach.
func (t *Tree) problem(f *File, at ast.Node, format string, args ...any) Problem {
	return Problem{fmt.Sprintf("%s:%d", f.Path, t.line(at.Pos())), fmt.Sprintf(format, args...)}
}

func (t *Tree) line(p token.Pos) int { return t.fset.Position(p).Line }

// imports lists a file's imports as path and node.
func (f *File) imports() map[string]*ast.ImportSpec {
	all := make(map[string]*ast.ImportSpec)
	for _, spec := range f.AST.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			all[name] = spec
		}
	}
	return all
}

// localName is how a file refers to an import, or "" when it does not import it.
func (f *File) localName(importPath string) string {
	spec, ok := f.imports()[importPath]
	switch {
	case !ok:
		return ""
	case spec.Name != nil:
		return spec.Name.Name
	default:
		return path.Base(importPath)
	}
}

// selects reports whether e is pkg.name.
func selects(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name || pkg == "" {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// within reports whether dir is one of the folders or below it.
func within(dir string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return dir == folder || strings.HasPrefix(dir, folder+"/")
	})
}
