// Package retailgen makes large files of the Online Retail form, for tests and benchmarks. What it makes is invented;
// only the proportions follow the real data.
package retailgen

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// Options say what to make. The same options make the same bytes.
type Options struct {
	Documents int // at least 1
	Lines     int // at least as many as documents
	Seed      uint64
}

// FullYear has the size of the whole real data set: 541,909 lines in 25,900 documents over 374 days.
var FullYear = Options{Documents: 25_900, Lines: 541_909, Seed: 1}

const (
	days      = 374
	codeCount = 4_070
	customers = 4_372
)

// kind is a kind of document, with its weight per 10,000 documents.
type kind struct {
	prefix string
	weight int
	single bool // has one line
}

var (
	sale       = kind{"", 8_000, false}
	credit     = kind{"C", 1_481, false}
	adjustment = kind{"", 258, true}
	giveaway   = kind{"", 258, true}
	badDebt    = kind{"A", 3, true}
	kinds      = []*kind{&sale, &credit, &adjustment, &giveaway, &badDebt}
)

// product is an invented one; price is in tenths of a penny, as one in fifty has three decimals.
type product struct {
	code, name string
	price      int
}

type generator struct {
	Options
	r        *rand.Rand
	w        *bufio.Writer
	products []product
	line     []byte
	number   int // of the last document
	lines    int // left to be written
}

// Write streams the file to w.
func Write(w io.Writer, opt Options) error {
	if opt.Documents < 1 || opt.Lines < opt.Documents {
		return errors.New("retailgen: at least one document, and at least one line for each")
	}
	g := &generator{Options: opt, r: rand.New(rand.NewPCG(opt.Seed, 17)), w: bufio.NewWriterSize(w, 64<<10), number: 536_364, lines: opt.Lines} //nolint:gosec // not a secret
	g.invent()
	_, _ = g.w.WriteString("invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country\n")
	for i := range opt.Documents {
		g.document(i)
	}
	return g.w.Flush() // reports what went wrong before as well
}

func (g *generator) invent() {
	adjectives := []string{"RED", "WHITE", "SMALL", "VINTAGE", "HANGING", "RETRO", "PINK", "GLASS"}
	nouns := []string{"LANTERN", "TEA TOWEL", "HEART", "LUNCH BOX", "SIGN \"\"HOME\"\"", "CANDLE", "MUG", "BUNTING, 5M"}
	for i := range codeCount {
		p := product{code: strconv.Itoa(20_000 + i), price: 10 * (19 + g.r.IntN(900))}
		if i%50 == 0 {
			p.price += 1 + g.r.IntN(9)
		}
		if i%7 == 0 {
			p.code += string(rune('A' + i%3))
		}
		p.name = fmt.Sprintf(`"%s %s %d"`, adjectives[g.r.IntN(len(adjectives))], nouns[g.r.IntN(len(nouns))], i)
		g.products = append(g.products, p)
	}
}

// document writes one. The first and the last are sales: so every file begins with stock and comes out at its lines.
func (g *generator) document(i int) {
	left := g.Documents - i
	k := &sale
	if i > 0 && left > 1 {
		k = g.pick()
	}
	count := g.length(k, left)
	g.lines -= count
	g.number += 1 + g.r.IntN(20)/11*g.r.IntN(3) // most follow each other, some numbers are missing
	when := time.Date(2010, 12, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, i*days/g.Documents)
	when = when.Add(time.Duration(i*days%g.Documents*600/g.Documents) * time.Minute)
	customer := strconv.Itoa(12_346 + g.r.IntN(customers))
	if k == &adjustment || k == &giveaway || k == &badDebt || g.r.IntN(4) == 0 {
		customer = ""
	}
	for range count {
		g.row(k, customer, when)
	}
}

func (g *generator) pick() *kind {
	n := g.r.IntN(10_000)
	for _, k := range kinds {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	return &sale
}

// length is a number of lines that leaves at least one for each document to come, and all of them to the last.
func (g *generator) length(k *kind, left int) int {
	spare := g.lines - left
	switch {
	case left == 1:
		return g.lines
	case k.single:
		return 1
	case k == &credit:
		return 1 + min(g.r.IntN(4), spare)
	}
	return 1 + min(g.r.IntN(2*spare*5/4/left+1), spare) // a quarter more, for those that have one line only
}

func (g *generator) row(k *kind, customer string, when time.Time) {
	// Some products sell much better than others.
	p := g.products[g.r.Int64N(1<<20)*g.r.Int64N(1<<20)*codeCount>>40]
	quantity, price := 1+g.r.IntN(24), p.price
	switch {
	case k == &badDebt:
		p, quantity, price = product{code: "B", name: "Adjust bad debt"}, 1, 10*(g.r.IntN(2_000_000)-1_500_000)-10
	case k == &credit:
		quantity = -1 - g.r.IntN(6)
	case k == &adjustment:
		quantity, price = -quantity, 0
	case k == &giveaway || g.r.IntN(2_000) == 0:
		price = 0
	case g.r.IntN(300) == 0:
		p, quantity, price = product{code: "POST", name: "POSTAGE"}, 1, 18_000
	}
	b := append(g.line[:0], k.prefix...)
	b = strconv.AppendInt(b, int64(g.number), 10)
	b = append(append(append(b, ','), p.code...), ',')
	b = append(append(b, p.name...), ',')
	b = strconv.AppendInt(b, int64(quantity), 10)
	b = append(when.AppendFormat(append(b, ','), time.RFC3339), ',')
	b = appendPrice(b, price)
	b = append(append(append(b, ','), customer...), ",United Kingdom\n"...)
	g.line = b
	_, _ = g.w.Write(b) // Flush reports the error
}

// appendPrice writes tenths of a penny as pounds, without needless zeros.
func appendPrice(b []byte, tenths int) []byte {
	if tenths < 0 {
		b, tenths = append(b, '-'), -tenths
	}
	b = strconv.AppendInt(b, int64(tenths/1000), 10)
	if tenths %= 1000; tenths > 0 {
		fraction := strconv.Itoa(1000 + tenths)[1:]
		for fraction[len(fraction)-1] == '0' {
			fraction = fraction[:len(fraction)-1]
		}
		b = append(append(b, '.'), fraction...)
	}
	return b
}
