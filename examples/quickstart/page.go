package main

import (
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// pageWidth is how wide the report is, in characters.
const pageWidth = 78

// page is a report in the making: text in columns for a terminal.
type page struct{ b strings.Builder }

func (p *page) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, p.b.String())
	return err
}

func (p *page) line(text string) {
	p.b.WriteString(strings.TrimRight(text, " "))
	p.b.WriteByte('\n')
}

// title is the page's, or of a part of it.
func (p *page) title(text string) {
	p.line("")
	p.line(text)
	p.line(strings.Repeat("═", utf8.RuneCountInString(text)))
}

// heading begins a section; right stands at the right margin, over the columns of the rows when there are several.
func (p *page) heading(text string, right ...string) {
	end := ""
	for i, r := range right {
		if i > 0 {
			r = padLeft(r, columnWidth)
		}
		end += r
	}
	p.line("")
	p.line(padRight(text, pageWidth-utf8.RuneCountInString(end)) + end)
	p.line(strings.Repeat("─", pageWidth))
}

// columnWidth is that of a column of amounts.
const columnWidth = 14

// row has a text on the left and columns of amounts on the right. A text that is too long takes several lines, and the
// columns stand on its last.
func (p *page) row(text string, columns ...string) {
	left := pageWidth - len(columns)*columnWidth
	lines := wrap(text, left-len(rowIndent)-1)
	for _, l := range lines[:len(lines)-1] {
		p.line(rowIndent + l)
	}
	last := padRight(rowIndent+lines[len(lines)-1], left)
	for _, c := range columns {
		last += padLeft(c, columnWidth)
	}
	p.line(last)
}

const rowIndent = "  "

// wrapped breaks a long text into lines behind an indent.
func (p *page) wrapped(text, indent string) {
	for _, l := range wrap(text, pageWidth-utf8.RuneCountInString(indent)) {
		p.line(indent + l)
	}
}

// wrap breaks a text between words, into at least one line. Several blanks in a row are kept where no line ends.
func wrap(text string, width int) []string {
	var lines []string
	for utf8.RuneCountInString(text) > width {
		r := []rune(text)
		at := width
		for at > 0 && r[at] != ' ' {
			at--
		}
		if at == 0 {
			at = width // one long word
		}
		lines = append(lines, strings.TrimRight(string(r[:at]), " "))
		text = strings.TrimLeft(string(r[at:]), " ")
	}
	return append(lines, text)
}

// rule stands above the totals of the last columns.
func (p *page) rule(columns int) {
	left := pageWidth - columns*columnWidth
	p.line(strings.Repeat(" ", left) + strings.Repeat("  "+strings.Repeat("─", columnWidth-2), columns))
}

func padRight(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s))) + s
}

// pounds shows an amount for people: 1,234.56.
func pounds(a money.Amount) string { return groupDigits(a.String()) }

// blankZero leaves a column empty where there is nothing.
func blankZero(a money.Amount) string {
	if a.IsZero() {
		return ""
	}
	return pounds(a)
}

func grouped(n int64) string { return groupDigits(strconv.FormatInt(n, 10)) }

// groupDigits puts a comma between the thousands of a plain decimal number.
func groupDigits(number string) string {
	sign, digits := "", number
	if strings.HasPrefix(number, "-") {
		sign, digits = "-", number[1:]
	}
	whole, fraction, point := strings.Cut(digits, ".")
	var b strings.Builder
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	if point {
		b.WriteString("." + fraction)
	}
	return sign + b.String()
}

// day is a date for people: 1 December 2010.
func day(d date.Date) string {
	return strconv.Itoa(d.Day()) + " " + d.Month().String() + " " + strconv.Itoa(d.Year())
}

// days is a span of days for people: 1 to 23 December 2010.
func days(from, to date.Date) string {
	switch {
	case from == to:
		return day(to)
	case from.Year() == to.Year() && from.Month() == to.Month():
		return strconv.Itoa(from.Day()) + " to " + day(to)
	}
	return day(from) + " to " + day(to)
}
