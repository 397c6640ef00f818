package exchange

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// MaxProblems is how many problems one import lists; what comes after them is not looked for.
const MaxProblems = 100

// Problem is one thing wrong with one place of a file.
type Problem struct {
	File   string // "chart", "parties", "balances", "open_items", "entries" or "allocations"
	Line   int    // as an editor counts, the header being line 1; 0 when it is about the file as a whole
	Column string // by its header; "" when it is about the row as a whole
	Code   fault.Code
	Detail string // one sentence a bookkeeper understands
}

// String is "entries line 7, debit: ... (exchange.bad_value)".
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, " line %d", p.Line)
	}
	if p.Column != "" {
		b.WriteString(", " + p.Column)
	}
	fmt.Fprintf(&b, ": %s (%s)", p.Detail, p.Code)
	return b.String()
}

// FilesError is all that is wrong with the files of an import, in the order of files and lines, up to [MaxProblems]. It comes as the
// cause of [ErrRejected]:
//
//	var files *exchange.FilesError
//	if errors.As(err, &files) {
//		for _, p := range files.Problems { ... }
//	}
type FilesError struct {
	Problems []Problem
	More     bool // there may be more: the list is full
}

// Error is the first problem and how many there are.
func (p *FilesError) Error() string {
	if len(p.Problems) == 0 {
		return "no problems"
	}
	if len(p.Problems) == 1 {
		return p.Problems[0].String()
	}
	return fmt.Sprintf("%s, and %d more", p.Problems[0], len(p.Problems)-1)
}

// add notes a problem.
func (p *FilesError) add(file string, line int, column string, what *fault.Definition, format string, args ...any) {
	if len(p.Problems) == MaxProblems {
		p.More = true
		return
	}
	detail := fmt.Sprintf(format, args...)
	if detail == "" {
		detail = what.Meaning
	}
	p.Problems = append(p.Problems, Problem{file, line, column, what.Code, detail})
}

// full reports that looking further is of no use.
func (p *FilesError) full() bool { return p.More }

// rejected is the error of an import with problems; nil without. Files keep the order in which they are read.
func (p *FilesError) rejected(op string) error {
	if len(p.Problems) == 0 {
		return nil
	}
	slices.SortStableFunc(p.Problems, func(a, b Problem) int {
		if a.File != b.File {
			return slices.Index(fileNames, a.File) - slices.Index(fileNames, b.File)
		}
		return a.Line - b.Line
	})
	return ErrRejected.Wrap(op, p, "%s", p.Error())
}

// numbered is how accounting's batch acts say which of their inputs they refuse: "party 3: ...", "entry 2: line 1: ...".
var numbered = regexp.MustCompile(`^(?:account|party|entry|allocation|unallocation) (\d+): (.*)$`)

// located turns what an act of accounting refused of a batch into a problem of the row that the input came from. Errors that are
// nobody's row stay as they are.
func located(op, file string, err error, lineOf func(i int) int) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal || f.Kind == fault.Forbidden || f.Kind == fault.Unscoped {
		return err
	}
	m := numbered.FindStringSubmatch(f.Detail)
	if m == nil {
		return err
	}
	n, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		return err
	}
	found := &FilesError{Problems: []Problem{{File: file, Line: lineOf(n - 1), Code: f.Code, Detail: m[2]}}}
	return found.rejected(op)
}
