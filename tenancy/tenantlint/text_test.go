package tenantlint

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
	"pgregory.net/rapid"
)

// textsOf reads the argument of the one call of use in a function's body.
func textsOf(t interface{ Fatalf(string, ...any) }, body string) (values []string, stranger ast.Expr) {
	found, stranger, _ := readTexts(t, body)
	for _, one := range found {
		values = append(values, one.String())
	}
	return values, stranger
}

const before = "package p\nfunc use(string) {}\nfunc f(c func() bool) {\n"

func readTexts(t interface{ Fatalf(string, ...any) }, body string) (found []text, stranger ast.Expr, fset *token.FileSet) {
	fset = token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", before+body+"\n}\n", 0)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Instances: map[*ast.Ident]types.Instance{}}
	pkg, err := (&types.Config{Importer: importer.Default()}).Check("p", fset, []*ast.File{f}, info)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	c := newCode(&analysis.Pass{Pkg: pkg, TypesInfo: info}, []*ast.File{f})
	for fn, calls := range c.calls {
		if fn.Name() == "use" {
			found, stranger = c.texts(calls[0].Args[0])
		}
	}
	return found, stranger, fset
}

// A place in a text is a place in the source, as far as the source is written as it reads.
func TestTextsKnowWhereTheyAreWritten(t *testing.T) {
	body := "q := `raw\nX` + \"plain Y\"\nq += \"\\t escaped Z\"\nuse(q)"
	found, _, fset := readTexts(t, body)
	require.Len(t, found, 1)
	value := found[0].String()
	for _, c := range []string{"X", "Y"} {
		at := fset.Position(found[0].pos(strings.Index(value, c))).Offset
		require.Equal(t, c, (before + body)[at:at+1])
	}
	at := fset.Position(found[0].pos(strings.Index(value, "Z"))).Offset
	require.Equal(t, `\t esc`, (before + body)[at:at+6], "the beginning of its literal")
	require.False(t, found[0].pos(len(value)).IsValid())
}

// block is a piece of a made-up program that changes q: as Go, and as what it does to each value that q may have before.
type block struct {
	source string
	run    func(before []string) []string
}

func each(before []string, f func(string) string) []string {
	out := make([]string, len(before))
	for i, v := range before {
		out[i] = f(v)
	}
	return out
}

func drawBlock(t *rapid.T, depth int, name *int) block {
	piece := fmt.Sprintf("%c", 'a'+*name%26)
	*name++
	switch kind := rapid.IntRange(0, 3+2*min(depth, 1)).Draw(t, "kind"); kind {
	case 0:
		return block{fmt.Sprintf("q = %q", piece), func(before []string) []string { return each(before, func(string) string { return piece }) }}
	case 1:
		return block{fmt.Sprintf("q += %q", piece), func(before []string) []string { return each(before, func(v string) string { return v + piece }) }}
	case 2:
		return block{fmt.Sprintf("q = %q + q", piece), func(before []string) []string { return each(before, func(v string) string { return piece + v }) }}
	case 3:
		return block{fmt.Sprintf("if p := q; c() {\nq = p + %q\n}", piece), func(before []string) []string {
			return append(before, each(before, func(v string) string { return v + piece })...)
		}}
	case 4:
		then, otherwise := drawBlocks(t, depth-1, name), drawBlocks(t, depth-1, name)
		return block{"if c() {\n" + then.source + "\n} else {\n" + otherwise.source + "\n}", func(before []string) []string {
			return append(then.run(before), otherwise.run(before)...)
		}}
	default:
		one, other := drawBlocks(t, depth-1, name), drawBlocks(t, depth-1, name)
		return block{"switch {\ncase c():\n" + one.source + "\ncase c():\n" + other.source + "\n}", func(before []string) []string {
			return append(append(one.run(before), other.run(before)...), before...)
		}}
	}
}

func drawBlocks(t *rapid.T, depth int, name *int) block {
	blocks := make([]block, rapid.IntRange(1, 3-min(depth, 1)).Draw(t, "blocks"))
	var sources []string
	for i := range blocks {
		blocks[i] = drawBlock(t, depth, name)
		sources = append(sources, blocks[i].source)
	}
	return block{strings.Join(sources, "\n"), func(before []string) []string {
		for _, b := range blocks {
			before = b.run(before)
		}
		return before
	}}
}

// Whatever value a string can have when the program runs is among those that are read: none goes unlooked at.
func TestTextsLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := 0
		b := drawBlocks(t, 2, &name)
		possible := b.run([]string{"-"})
		source := "q := \"-\"\n" + b.source + "\nuse(q)"
		values, stranger := textsOf(t, source)
		if stranger != nil {
			t.Fatalf("not constant: %s\n%s", types.ExprString(stranger), source)
		}
		for _, v := range strings.Join(possible, "") {
			require.Contains(t, strings.Join(values, ""), string(v), source)
		}
		if len(values) > maxTexts/2 {
			return // some may have been left out
		}
		for _, v := range possible {
			require.Contains(t, values, v, source)
		}
	})
}

// A query of many conditional pieces has more values than can be looked at; each piece is looked at all the same, soon.
func TestEveryPieceOfManyIsRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("q := \"\"\n")
	for i := range 40 {
		fmt.Fprintf(&b, "if c() {\nq += \" p%d \"\n}\n", i)
	}
	start := time.Now()
	values, stranger := textsOf(t, b.String()+"use(q)")
	require.Nil(t, stranger)
	require.LessOrEqual(t, len(values), maxTexts)
	all := strings.Join(values, "|")
	for i := range 40 {
		require.Contains(t, all, fmt.Sprintf(" p%d ", i))
	}
	require.Less(t, time.Since(start), 30*time.Second)
}

// However many queries a table has, each is read, with what is put behind it.
func TestEveryQueryOfATableIsRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("tail := \"\"\nif c() {\ntail = \" tail\"\n}\nfor _, q := range []string{\n")
	for i := range 3 * maxTexts {
		fmt.Fprintf(&b, "\"q%03d\",\n", i)
	}
	values, stranger := textsOf(t, b.String()+"} {\nuse(q + tail)\n}")
	require.Nil(t, stranger)
	for i := range 3 * maxTexts {
		require.Contains(t, strings.Join(values, "|"), fmt.Sprintf("q%03d", i))
	}
}
