package tenantlint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// checkReports holds every text that is handed to tenancy.Report against the rules that tenancy itself applies to it when it
// runs, and against one that only a reader of the program can apply: that the program alone wrote it.
func (l *linter) checkReports() {
	for _, f := range l.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if isFunc(callee(l.code.info, n), tenancyPath, "Report") && len(n.Args) > 2 {
					l.checkReport(n, n.Args[2])
				}
			case *ast.Ident:
				if fn, ok := l.code.info.Uses[n].(*types.Func); ok && isFunc(fn, tenancyPath, "Report") && !l.code.isCalled(n) {
					l.found(ruleReport, n.Pos(), n, "tenancy.Report is called by its name, so that its text can be read where it is used")
				}
			}
			return true
		})
	}
}

func (l *linter) checkReport(call *ast.CallExpr, query ast.Expr) {
	found, stranger := l.code.texts(query)
	if stranger != nil {
		l.found(ruleReport, stranger.Pos(), call, "%s is not constant: a report's text is the program's own, values belong in its arguments", short(stranger))
		return
	}
	for _, t := range found {
		if at, why := l.refused(t.String()); why != "" {
			l.found(ruleReport, or(t.pos(at), query.Pos()), call, "%s", why)
		}
	}
}

// refused says what is wrong with the text of a report.
func (l *linter) refused(text string) (at int, why string) {
	if _, refused := sqltext.ScopeReport(text, l.tables); refused != nil {
		return refused.At, refused.Why
	}
	if name := outsideBraces(sqltext.Tokens(text)); name != nil {
		return name.At, "name the table as {" + name.Text + "}, in braces"
	}
	return 0, ""
}

func or(pos, otherwise token.Pos) token.Pos {
	if pos.IsValid() {
		return pos
	}
	return otherwise
}

// short is an expression on one line of reasonable length.
func short(e ast.Expr) string {
	const most = 60
	s := []rune(types.ExprString(e))
	if len(s) > most {
		return string(s[:most]) + "..."
	}
	return string(s)
}

// outsideBraces finds a name that stands where a table does, and is neither in braces nor that of a WITH. It reads only
// what ScopeReport let pass: there are no comments and no quoted names.
func outsideBraces(tokens []sqltext.Token) *sqltext.Token {
	r := fromReader{tokens: tokens, lists: []list{{}}}
	for r.at = range tokens {
		if r.next() {
			return &tokens[r.at]
		}
	}
	return nil
}

// list is what stands between brackets.
type list struct {
	from bool // we are in its FROM: a comma leads to a table
	call bool // it holds arguments, where FROM leads to a value
}

type fromReader struct {
	tokens []sqltext.Token
	at     int
	lists  []list
	table  bool // a table comes next
}

// word is the word at a distance; "" for what is none.
func (r *fromReader) word(distance int) string {
	if i := r.at + distance; i >= 0 && i < len(r.tokens) && r.tokens[i].Kind == sqltext.Word {
		return r.tokens[i].Text
	}
	return ""
}

// next reads a token, and reports whether it is a table that should be in braces.
func (r *fromReader) next() bool {
	t, inner := r.tokens[r.at], &r.lists[len(r.lists)-1]
	switch {
	case t.Kind == sqltext.Mark && t.Text == "(":
		r.lists = append(r.lists, list{call: slices.Contains([]string{"trim", "substr"}, r.word(-1))})
		return false // after FROM ( a table may come
	case t.Kind == sqltext.Mark && t.Text == ")":
		if len(r.lists) > 1 {
			r.lists = r.lists[:len(r.lists)-1]
		}
	case t.Kind == sqltext.Mark && t.Text == ",":
		r.table = inner.from
		return false
	case t.Kind != sqltext.Word:
	case t.Text == "from" && !inner.call && r.word(-1) != "distinct", t.Text == "join":
		r.table, inner.from = true, true
		return false
	case slices.Contains([]string{"select", "values", "with", "where", "group", "having", "order", "limit", "offset", "union", "intersect", "except"}, t.Text):
		inner.from = false
	case r.table:
		r.table = false
		return !r.isWith(t.Text)
	}
	r.table = false
	return false
}

// isWith reports whether the text defines a name by WITH.
func (r *fromReader) isWith(name string) bool {
	return slices.ContainsFunc(r.tokens, func(t sqltext.Token) bool { return t.Kind == sqltext.Word && t.Text == "with" }) &&
		slices.ContainsFunc(indexes(r.tokens, name), func(i int) bool {
			return i+2 < len(r.tokens) && r.tokens[i+1].Text == "as" && r.tokens[i+2].Text == "("
		})
}

func indexes(tokens []sqltext.Token, word string) []int {
	var out []int
	for i, t := range tokens {
		if t.Kind == sqltext.Word && t.Text == word {
			out = append(out, i)
		}
	}
	return out
}
