package tenantlint

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Analyzer finds the ways round the walls that the compiler cannot see. The package's documentation gives its rules.
var Analyzer = newAnalyzer()

// The rules, by the names that diagnostics carry and directives give.
const (
	ruleDatabase  = "database"
	ruleReport    = "report"
	ruleContext   = "context"
	ruleDirective = "directive" // about directives themselves; it cannot be allowed
)

// rules are those that a directive may allow.
var rules = []string{ruleDatabase, ruleReport, ruleContext}

// options are the analyser's flags.
type options struct {
	allow, closed patterns
	tests         bool
}

// patterns are import paths; one that ends in /... stands for what is below it as well.
type patterns []string

func (p *patterns) String() string { return strings.Join(*p, ",") }

// Set implements flag.Value.
func (p *patterns) Set(text string) error {
	*p = nil
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		if strings.Contains(strings.TrimSuffix(one, "/..."), "...") {
			return fmt.Errorf("%q: three dots stand at the end only, after a slash", one)
		}
		if one != "" {
			*p = append(*p, one)
		}
	}
	return nil
}

func (p *patterns) match(importPath string) bool {
	return slices.ContainsFunc(*p, func(one string) bool {
		dir, below := strings.CutSuffix(one, "/...")
		return importPath == dir || below && within(importPath, dir)
	})
}

func newAnalyzer() *analysis.Analyzer {
	opt := new(options)
	a := &analysis.Analyzer{
		Name: "tenantlint",
		Doc: `find the ways round erp's tenancy

Three rules, for programs that use github.com/opsmatiq/erp: the database is used through the store (database), the text of
a report is constant and names its tables in braces (report), and a request's context goes along (context). An exception
is a comment with its reason: //tenantlint:allow RULE REASON.`,
		URL:       "https://pkg.go.dev/" + module + "/tenancy/tenantlint",
		FactTypes: []analysis.Fact{new(registered), new(passesContext)},
		Run:       func(pass *analysis.Pass) (any, error) { run(pass, opt); return nil, nil },
	}
	a.Flags.Var(&opt.allow, "allow", "comma-separated import paths (path/... for all below) in which the rule database does not hold")
	a.Flags.Var(&opt.closed, "closed", "comma-separated import paths (path/... for all below) that may not import a database package at all")
	a.Flags.BoolVar(&opt.tests, "tests", false, "read _test.go files as well")
	return a
}

// linter reads one package.
type linter struct {
	pass     *analysis.Pass
	opt      *options
	path     string // of the package, without what go vet adds for a test
	files    []*ast.File
	code     *code
	tables   tables
	findings []finding
}

// finding is a breach of a rule. A directive that allows it stands at one of its lines.
type finding struct {
	rule    string
	pos     token.Pos
	node    ast.Node // the call, import or field that pos is about
	message string
}

func run(pass *analysis.Pass, opt *options) {
	path, _, _ := strings.Cut(pass.Pkg.Path(), " ")
	l := &linter{pass: pass, opt: opt, path: path}
	if within(path, databases...) || strings.HasSuffix(path, ".test") {
		return // their business is what we look for, or go test wrote it
	}
	for _, f := range pass.Files {
		if opt.tests || !strings.HasSuffix(l.position(f.FileStart).Filename, "_test.go") {
			l.files = append(l.files, f)
		}
	}
	erp := l.shareTables()
	if !erp && !slices.ContainsFunc(pass.Pkg.Imports(), isDatabase) {
		return // it can reach neither us nor a database
	}
	l.code = newCode(pass, l.files)
	l.checkDatabase()
	l.checkReports()
	l.checkContexts()
	l.report()
}

func (l *linter) position(pos token.Pos) token.Position { return l.pass.Fset.Position(pos) }

// found notes a breach at a position within node, or at node itself.
func (l *linter) found(rule string, pos token.Pos, node ast.Node, format string, args ...any) {
	if !pos.IsValid() {
		pos = node.Pos()
	}
	f := finding{rule, pos, node, fmt.Sprintf(format, args...)}
	if !slices.ContainsFunc(l.findings, func(g finding) bool { return g.pos == f.pos && g.message == f.message }) {
		l.findings = append(l.findings, f)
	}
}

// report says what no directive allows, and what is wrong with the directives.
func (l *linter) report() {
	directives := l.directives()
	slices.SortStableFunc(l.findings, func(a, b finding) int { return int(a.pos - b.pos) })
	for _, f := range l.findings {
		if !directives.allow(l, f) {
			l.say(f)
		}
	}
	for _, f := range directives.faults() {
		l.say(f)
	}
}

func (l *linter) say(f finding) {
	l.pass.Report(analysis.Diagnostic{Pos: f.pos, Category: f.rule, Message: f.rule + ": " + f.message})
}
