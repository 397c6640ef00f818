package tenantlint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// What the analyser knows of erp by name. names_test.go holds it against the real packages.
const (
	module       = "github.com/opsmatiq/erp"
	tenancyPath  = module + "/tenancy"
	postgresPath = tenancyPath + "/postgres"
	sqlitePath   = tenancyPath + "/sqlite"
)

// behindTheDoor reports whether a package is of tenancy's own, which alone speaks to the database: the rule database is about
// everybody else, and about the one package there that is a host's.
func behindTheDoor(path string) bool {
	return within(path, tenancyPath) && !within(path, tenancyPath+"/tenancytest", tenancyPath+"/tenantlint")
}

// within reports whether an import path is one of the folders or below it.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") })
}

// isERP reports whether a package is erp's own.
func isERP(p *types.Package) bool { return p != nil && within(p.Path(), module) }

// named takes pointers off and gives the type's package path and name; "" for what has none.
func named(t types.Type) (path, name string) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return "", ""
	}
	return n.Obj().Pkg().Path(), n.Obj().Name()
}

func isNamed(t types.Type, wantPath string, names ...string) bool {
	path, name := named(t)
	return path == wantPath && slices.Contains(names, name)
}

func isTx(t types.Type) bool {
	_, pointer := types.Unalias(t).(*types.Pointer)
	return pointer && isNamed(t, tenancyPath, "Tx")
}

func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }

// callee is the function or method that a call names; nil for a function value, a conversion or a builtin.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	f, _ := typeutil.Callee(info, call).(*types.Func)
	if f == nil {
		return nil
	}
	return f.Origin()
}

// isFunc reports whether f is a function, not a method, of a package.
func isFunc(f *types.Func, path string, names ...string) bool {
	return f != nil && f.Pkg() != nil && f.Pkg().Path() == path && f.Signature().Recv() == nil && slices.Contains(names, f.Name())
}

// isMethod reports whether f is a method of a named type, or of a pointer to it.
func isMethod(f *types.Func, path, typ string, names ...string) bool {
	return f != nil && f.Signature().Recv() != nil && isNamed(f.Signature().Recv().Type(), path, typ) && (len(names) == 0 || slices.Contains(names, f.Name()))
}
