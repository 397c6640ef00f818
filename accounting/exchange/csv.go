package exchange

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// formulaMarks are what a spreadsheet takes for the beginning of a formula when a cell begins with it (OWASP, "CSV Injection"),
// with the full-width forms that some read alike.
const formulaMarks = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"

// guard puts an apostrophe before text that a spreadsheet would calculate: text by our users or theirs, opened by somebody else. Text
// that would look guarded is guarded too, so that [unguard] gives every text back.
func guard(s string) string {
	if formulaLike(s) {
		return "'" + s
	}
	return s
}

func unguard(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && formulaLike(rest) {
		return rest
	}
	return s
}

// formulaLike reports whether s begins with a mark, behind any number of apostrophes.
func formulaLike(s string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "'"))
	return first != utf8.RuneError && strings.ContainsRune(formulaMarks, first)
}

// sheet writes one CSV file as RFC 4180 has it: a header, commas, CRLF, quotation marks where they are needed, in UTF-8.
type sheet struct {
	csv *csv.Writer
	buf *bufio.Writer
	row []string
	err error
}

func newSheet(w io.Writer, header []string) *sheet {
	s := &sheet{buf: bufio.NewWriterSize(w, 1<<16)}
	s.csv = csv.NewWriter(s.buf)
	s.csv.UseCRLF = true
	s.err = s.csv.Write(header)
	return s
}

// text is a cell of free text, or of anything that a user chose: guarded.
func (s *sheet) text(v string) *sheet { s.row = append(s.row, guard(v)); return s }

// plain is a cell of our own making: an id, a kind, yes or no.
func (s *sheet) plain(v string) *sheet { s.row = append(s.row, v); return s }

func (s *sheet) flag(v bool) *sheet {
	if v {
		return s.plain("yes")
	}
	return s.plain("no")
}

func (s *sheet) day(d date.Date) *sheet {
	if d.IsZero() {
		return s.plain("")
	}
	return s.plain(d.String())
}

// amount is decimal text with the currency's decimals, such as -12.34: a number, so it is not guarded.
func (s *sheet) amount(a money.Amount) *sheet { return s.plain(a.String()) }

// sides are two cells, debit and credit, of which the other one is empty; zero stands on neither.
func (s *sheet) sides(a money.Amount) *sheet {
	switch a.Sign() {
	case 1:
		return s.amount(a).plain("")
	case -1:
		return s.plain("").amount(money.Amount{Minor: -a.Minor, Currency: a.Currency})
	}
	return s.plain("").plain("")
}

// end ends a row. It gives the writer's first error, so that a loop can stop.
func (s *sheet) end() error {
	if s.err == nil {
		s.err = s.csv.Write(s.row)
	}
	s.row = s.row[:0]
	return s.err
}

func (s *sheet) close() error {
	if s.err != nil {
		return s.err
	}
	s.csv.Flush()
	if err := s.csv.Error(); err != nil {
		return err
	}
	return s.buf.Flush()
}

// anyInput is the check of what has none of its own: accounting's acts look at what they are given.
func anyInput() error { return nil }

// sheet is export of one CSV file.
func (s *Service) sheet(ctx context.Context, w io.Writer, check func() error, header []string, fill func(ctx context.Context, tx *tenancy.Tx, out *sheet) error) error {
	return s.export(ctx, check, func(ctx context.Context, tx *tenancy.Tx) error {
		out := newSheet(w, header)
		if err := fill(ctx, tx, out); err != nil {
			return err
		}
		return out.close()
	})
}
