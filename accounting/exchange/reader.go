package exchange

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The limits of one import. An import is one transaction and its files are held in memory.
const (
	MaxRows  = 200_000  // rows of one file
	MaxBytes = 64 << 20 // bytes of one file

	maxEntry = 999_999_999_999_999 // minor units on one side of an entry; accounting holds to it as well
)

// The files of an import, in the order in which they are read and written.
const (
	chartFile       = "chart"
	partiesFile     = "parties"
	balancesFile    = "balances"
	openItemsFile   = "open_items"
	entriesFile     = "entries"
	allocationsFile = "allocations"
	dimensionsFile  = "dimensions"
)

var fileNames = []string{chartFile, dimensionsFile, partiesFile, balancesFile, openItemsFile, entriesFile, allocationsFile}

// layout is the declared columns of a file: all that there may be, in any order, and those that there must be.
type layout struct {
	file   string
	all    []string
	needed []string
	// analysed files have a column for each dimension besides.
	analysed bool
}

var layouts = map[string]layout{
	chartFile:       {chartFile, chartColumns, []string{"code", "name", "type"}, false},
	dimensionsFile:  {dimensionsFile, dimensionColumns, []string{"dimension", "name"}, false},
	partiesFile:     {partiesFile, partyColumns, []string{"reference", "name"}, false},
	balancesFile:    {balancesFile, balanceColumns, []string{"account", "debit", "credit"}, false},
	openItemsFile:   {openItemsFile, openItemColumns, []string{"reference", "account", "party", "debit", "credit"}, true},
	entriesFile:     {entriesFile, entryColumns, []string{"entry", "date", "account", "debit", "credit"}, true},
	allocationsFile: {allocationsFile, allocationColumns, []string{"debit_entry", "debit_line", "credit_entry", "credit_line", "date", "amount"}, false},
}

// sheetIn is a file that was read.
type sheetIn struct {
	layout
	rows  []rowIn
	where map[string]int // columns by name
	found *FilesError
	base  money.Currency

	analysedBy []string // the dimensions that there are columns for
}

// rowIn is a row with the line that it begins on.
type rowIn struct {
	*sheetIn
	line  int
	cells []string
}

// read takes a file apart. What is not a row becomes a problem; rows with problems are left out.
func read(file string, r io.Reader, base money.Currency, found *FilesError) (*sheetIn, error) {
	s := &sheetIn{layout: layouts[file], where: map[string]int{}, found: found, base: base}
	if r == nil {
		return s, nil
	}
	limited := &io.LimitedReader{R: r, N: MaxBytes + 1}
	in := csv.NewReader(limited)
	in.FieldsPerRecord = -1
	for first := true; !found.full(); first = false {
		cells, err := in.Read()
		var bad *csv.ParseError
		switch {
		case limited.N == 0:
			return nil, ErrTooLarge.New("exchange.Import", "%s: more than %d bytes", file, MaxBytes)
		case err == io.EOF && first:
			found.add(file, 0, "", ErrBadHeader, "the file is empty: it begins with a header")
			return s, nil
		case err == io.EOF:
			return s, nil
		case errors.As(err, &bad):
			found.add(file, bad.Line, "", ErrBadCSV, "character %d: %v", bad.Column, bad.Err)
			return s, nil // where quotation marks are wrong, nothing after them can be trusted
		case err != nil:
			return nil, err
		}
		line, _ := in.FieldPos(0)
		if first {
			if !s.header(cells) {
				return s, nil
			}
			continue
		}
		if len(s.rows) == MaxRows {
			return nil, ErrTooLarge.New("exchange.Import", "%s: more than %d rows", file, MaxRows)
		}
		s.row(line, cells)
	}
	return s, nil
}

// header finds the columns.
func (s *sheetIn) header(cells []string) bool {
	before := len(s.found.Problems)
	for i, name := range cells {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff") // what spreadsheets put before UTF-8
		}
		name = strings.TrimSpace(name)
		_, twice := s.where[name]
		switch {
		case s.analysed && strings.HasPrefix(name, dimensionPrefix) && !twice:
			s.analysedBy = append(s.analysedBy, strings.TrimPrefix(name, dimensionPrefix))
		case !slices.Contains(s.all, name) && !twice:
			s.found.add(s.file, 1, "", ErrBadHeader, "there is no column %.60q; the columns are %s", name, strings.Join(s.all, ", "))
		case twice:
			s.found.add(s.file, 1, name, ErrBadHeader, "the column is there twice")
		}
		s.where[name] = i
	}
	for _, name := range s.needed {
		if _, ok := s.where[name]; !ok {
			s.found.add(s.file, 1, name, ErrBadHeader, "the column is missing")
		}
	}
	return len(s.found.Problems) == before
}

func (s *sheetIn) row(line int, cells []string) {
	switch {
	case len(cells) != len(s.where):
		s.found.add(s.file, line, "", ErrBadCSV, "the row has %d cells and the header %d", len(cells), len(s.where))
		return
	case !utf8.ValidString(strings.Join(cells, "")):
		s.found.add(s.file, line, "", ErrBadCSV, "the text is not UTF-8")
		return
	}
	s.rows = append(s.rows, rowIn{s, line, cells})
}

// text is a cell, without blanks around it and without the apostrophe of [guard]; "" where there is no such column.
func (r rowIn) text(column string) string {
	i, ok := r.where[column]
	if !ok {
		return ""
	}
	return unguard(strings.TrimSpace(r.cells[i]))
}

// bad notes that a cell does not hold what it should.
func (r rowIn) bad(column, format string, args ...any) {
	r.found.add(r.file, r.line, column, ErrBadValue, format, args...)
}

// day is a date as YYYY-MM-DD; zero for an empty cell.
func (r rowIn) day(column string) date.Date {
	text := r.text(column)
	if text == "" {
		return date.Date{}
	}
	d, err := date.Parse(text)
	if err != nil {
		r.bad(column, "%.40q is no date: write 2010-12-31", text)
	}
	return d
}

// flag is yes or no; empty is otherwise.
func (r rowIn) flag(column string, otherwise bool) bool {
	switch strings.ToLower(r.text(column)) {
	case "":
		return otherwise
	case "yes", "true", "1":
		return true
	case "no", "false", "0":
		return false
	}
	r.bad(column, "%.40q is neither yes nor no", r.text(column))
	return false
}

// amount is decimal text in a currency, not below zero; zero for an empty cell.
func (r rowIn) amount(column string, currency money.Currency) money.Amount {
	a := r.signed(column, currency)
	if a.Sign() < 0 {
		r.bad(column, "%s is below zero: it belongs on the other side", a)
		return money.Zero(currency)
	}
	return a
}

// sides are the cells debit and credit, of which one is filled; with optional, neither may be.
func (r rowIn) sides(optional bool) (minor int64) {
	before := len(r.found.Problems)
	debit, credit := r.amount("debit", r.base), r.amount("credit", r.base)
	switch {
	case len(r.found.Problems) > before:
	case !debit.IsZero() && !credit.IsZero():
		r.bad("credit", "a row has a debit or a credit, not both")
	case debit.IsZero() && credit.IsZero() && !optional:
		r.bad("debit", "a row has an amount above zero, in debit or in credit")
	}
	return debit.Minor - credit.Minor
}

// needs is text that may not be empty.
func (r rowIn) needs(column string) string {
	text := r.text(column)
	if text == "" {
		r.bad(column, "the cell is empty")
	}
	return text
}

// once notes keys that stand in the file again; further columns are part of the key.
func (s *sheetIn) once(column string, more ...string) {
	at := make(map[string]int, len(s.rows))
	for i, r := range s.rows {
		key := r.text(column)
		for _, c := range more {
			key = strings.TrimSpace(key + " " + r.text(c))
		}
		if first, twice := at[key]; twice && key != "" {
			s.found.add(s.file, r.line, column, ErrRepeated, "%.60q stands on line %d already", key, s.rows[first].line)
			continue
		}
		at[key] = i
	}
}

// number is the number of a line, from 1.
func (r rowIn) number(column string) int {
	n, err := strconv.Atoi(r.text(column))
	if err != nil || n < 1 || n > accounting.MaxLines {
		r.bad(column, "%.40q is no line number", r.text(column))
		return 0
	}
	return n
}
