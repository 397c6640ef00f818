package tenantlint

import (
	"bytes"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// directive is one //tenantlint:allow comment.
type directive struct {
	pos    token.Pos
	rule   string
	about  place
	whole  bool // it stands above the package clause, and is about the file
	used   bool
	faulty string // why it allows nothing
}

// place is a line of code.
type place struct {
	file string
	line int
}

func (l *linter) place(pos token.Pos) place {
	p := l.position(pos)
	return place{p.Filename, p.Line}
}

type directives []*directive

// directives reads the comments of the package.
func (l *linter) directives() directives {
	var out directives
	for _, f := range l.files {
		source, err := l.pass.ReadFile(l.pass.Fset.File(f.FileStart).Name())
		if err != nil {
			source = nil // a file that the build made up: a directive in it is about its own line
		}
		for _, group := range f.Comments {
			for _, c := range group.List {
				d := readDirective(c)
				if d == nil {
					continue
				}
				d.about, d.whole = l.place(c.Pos()), c.End() < f.Package
				if ownLine(source, l.pass.Fset.PositionFor(c.Pos(), false).Offset) {
					d.about.line = l.place(group.End()).line + 1
				}
				out = append(out, d)
			}
		}
	}
	return out
}

// readDirective understands a comment that is meant for tenantlint; nil for all others.
func readDirective(c *ast.Comment) *directive {
	text, ok := strings.CutPrefix(c.Text, "//")
	if !ok || !strings.HasPrefix(strings.TrimSpace(text), "tenantlint:") {
		return nil
	}
	d := &directive{pos: c.Pos()}
	verb, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	rule, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch d.rule = rule; {
	case text != strings.TrimLeft(text, " \t"):
		d.faulty = "a directive has no space behind its slashes"
	case verb != "tenantlint:allow":
		d.faulty = "the one directive is //tenantlint:allow RULE REASON"
	case !slices.Contains(rules, rule):
		d.faulty = "a directive names a rule: " + strings.Join(rules, ", ")
	case strings.TrimSpace(reason) == "":
		d.faulty = "a directive gives its reason behind the rule"
	}
	return d
}

// ownLine reports whether nothing but space stands before a place on its line.
func ownLine(source []byte, offset int) bool {
	if offset > len(source) {
		return false
	}
	start := bytes.LastIndexByte(source[:offset], '\n') + 1
	return len(bytes.TrimSpace(source[start:offset])) == 0
}

// allow reports whether a directive is about a finding: one for its file, or one at the line of what was found, of the call
// that it is part of, or of the statement in which that stands.
func (ds directives) allow(l *linter, f finding) bool {
	lines := []place{l.place(f.pos), l.place(f.node.Pos()), l.place(l.code.statement(f.node).Pos())}
	allowed := false
	for _, d := range ds {
		if d.faulty == "" && d.rule == f.rule && (d.whole && d.about.file == lines[1].file || slices.Contains(lines, d.about)) {
			d.used, allowed = true, true
		}
	}
	return allowed
}

// faults are directives that say too little, or allow what nobody does.
func (ds directives) faults() []finding {
	var out []finding
	for _, d := range ds {
		switch {
		case d.faulty != "":
			out = append(out, finding{rule: ruleDirective, pos: d.pos, message: d.faulty})
		case !d.used:
			out = append(out, finding{rule: ruleDirective, pos: d.pos, message: "nothing here breaks the rule " + d.rule + ": the directive is not needed"})
		}
	}
	return out
}
