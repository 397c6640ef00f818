package statement

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ReadCSV reads a bank's CSV export (RFC 4180) by a declared profile, as one statement. Text is UTF-8, or else Windows-1252.
//
// Errors: statement.bad_profile, statement.unreadable (with the line, and the column by its name), statement.too_large.
func ReadCSV(r io.Reader, p Profile) (Statement, error) {
	const op = "statement.ReadCSV"
	if err := p.check(op); err != nil {
		return Statement{}, err
	}
	raw, err := slurp(op, r)
	if err != nil {
		return Statement{}, err
	}
	text, err := decoded(op, raw)
	if err != nil {
		return Statement{}, err
	}
	c := &csvFile{op: op, p: &p, out: Statement{Format: CSV, FileLine: 1, Account: accountNumber(p.Account), Currency: p.Currency, ID: clean(p.ID)}}
	if err := c.read(text); err != nil {
		return Statement{}, err
	}
	if err := c.finish(); err != nil {
		return Statement{}, err
	}
	return c.out, c.out.complete(op)
}

// csvFile is one file being read.
type csvFile struct {
	op       string
	p        *Profile
	places   map[string]int
	out      Statement
	balances []money.Amount // after each line, where the file has them
}

func (c *csvFile) read(text string) error {
	in := bufio.NewReader(strings.NewReader(text))
	for range c.p.Skip {
		if _, err := in.ReadString('\n'); err != nil {
			return ErrUnreadable.New(c.op, "the file has fewer than the %d lines to be skipped", c.p.Skip)
		}
	}
	rows := csv.NewReader(in)
	rows.Comma = c.p.delimiter()
	for {
		record, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return ErrUnreadable.Wrap(c.op, err, "line %d: %v", broken.Line+c.p.Skip, broken.Err)
		}
		if err != nil {
			return ErrUnreadable.Wrap(c.op, err, "%v", err)
		}
		at, _ := rows.FieldPos(0)
		at += c.p.Skip
		if c.places == nil {
			if c.places, err = c.p.Columns.find(c.op, at, record); err != nil {
				return err
			}
			continue
		}
		if len(c.out.Lines) == MaxLines {
			return ErrTooLarge.New(c.op, "line %d: more than %d lines", at, MaxLines)
		}
		if err := c.line(at, record); err != nil {
			return err
		}
	}
	if c.places == nil {
		return ErrUnreadable.New(c.op, "the file has no header")
	}
	return nil
}

// line reads one record.
func (c *csvFile) line(at int, record []string) error {
	cell := func(column string) string {
		if column == "" {
			return ""
		}
		return strings.TrimSpace(record[c.places[column]])
	}
	wrong := func(column string, err error) error {
		return ErrUnreadable.Wrap(c.op, err, "line %d, column %q: %v", at, shown(column), err)
	}
	cols := &c.p.Columns
	l := Line{FileLine: at, Code: clean(cell(cols.Code)), Reference: reference(cell(cols.Reference)), BankReference: reference(cell(cols.BankReference)),
		Party: clean(cell(cols.Party)), PartyAccount: accountNumber(cell(cols.PartyAccount))}
	for _, column := range cols.Text {
		l.say(cell(column))
	}
	var err error
	if l.BookedOn, _, err = c.p.day(cell(cols.Booked)); err != nil {
		return wrong(cols.Booked, err)
	} else if l.BookedOn.IsZero() {
		return wrong(cols.Booked, errors.New("there is no such day")) //nolint:err113 // wrapped with its code and place
	}
	if value := cell(cols.Value); value != "" {
		if l.ValueOn, l.ValueStated, err = c.p.day(value); err != nil {
			return wrong(cols.Value, err)
		} else if l.ValueStated != "" {
			c.out.note(at, NoSuchDay, "the value date is %s, which is no day", l.ValueStated)
		}
	}
	if cur := cell(cols.Currency); cols.Currency != "" && cur != string(c.p.Currency) {
		return wrong(cols.Currency, fmt.Errorf("%q is not the account's currency, %s", shown(cur), c.p.Currency)) //nolint:err113 // wrapped with its code and place
	}
	column, amount, err := c.amount(cell)
	if err != nil {
		return wrong(column, err)
	}
	l.Amount = amount
	if cols.Balance != "" {
		balance, err := c.p.amount(cell(cols.Balance))
		if err != nil {
			return wrong(cols.Balance, err)
		}
		c.balances = append(c.balances, balance)
	}
	c.out.Lines = append(c.out.Lines, l)
	return nil
}

// amount reads what a record says of it; the column is that to blame.
func (c *csvFile) amount(cell func(string) string) (string, money.Amount, error) {
	cols := &c.p.Columns
	if cols.Amount == "" {
		debit, credit := cell(cols.Debit), cell(cols.Credit)
		if (debit == "") == (credit == "") {
			return cols.Debit, money.Amount{}, errors.New("one of debit and credit is given, and not both") //nolint:err113 // wrapped by line
		}
		if credit != "" {
			a, err := c.p.amount(credit)
			return cols.Credit, a, err
		}
		a, err := c.p.amount(debit)
		if a.Minor > 0 { // some banks put a minus into the column of debits as well
			a.Minor = -a.Minor
		}
		return cols.Debit, a, err
	}
	a, err := c.p.amount(cell(cols.Amount))
	if err != nil || cols.Sign == "" {
		return cols.Amount, a, err
	}
	mark := cell(cols.Sign)
	switch {
	case a.Minor < 0:
		return cols.Amount, a, errors.New("the amount has a sign beside the column of signs") //nolint:err113 // wrapped by line
	case slices.Contains(c.p.DebitMarks, mark):
		a.Minor = -a.Minor
	case !slices.Contains(c.p.CreditMarks, mark):
		return cols.Sign, a, fmt.Errorf("%q is no mark of debit or credit", shown(mark)) //nolint:err113 // wrapped by line
	}
	return cols.Amount, a, nil
}

// day reads a date as the profile writes it; of a day that does not exist it gives how it would be written.
func (p *Profile) day(text string) (on date.Date, stated string, err error) {
	layout := p.dates()
	if len(text) != len(layout) {
		return on, "", fmt.Errorf("%q is not of the form %s", shown(text), layout)
	}
	part := func(mark string) int {
		i := strings.Index(layout, mark)
		if i < 0 || !digits(text[i:i+len(mark)]) {
			return -1
		}
		return number(text[i : i+len(mark)])
	}
	year, month, day := part("YYYY"), part("MM"), part("DD")
	if !strings.Contains(layout, "YYYY") {
		if year = part("YY"); year >= 0 {
			year += 2000
		}
	}
	for i := range layout {
		if !strings.ContainsRune("YMD", rune(layout[i])) && text[i] != layout[i] {
			year = -1
		}
	}
	if year < 0 || month < 0 || day < 0 {
		return on, "", fmt.Errorf("%q is not of the form %s", shown(text), layout)
	}
	on, stated = dayOf(year, month, day)
	return on, stated, nil
}

// finish orders the lines and finds the balances and the id.
func (c *csvFile) finish() error {
	s := &c.out
	if len(s.Lines) == 0 {
		return ErrUnreadable.New(c.op, "the file has no lines, so that neither its days nor its balances are known")
	}
	if c.p.NewestFirst {
		slices.Reverse(s.Lines)
		slices.Reverse(c.balances)
	}
	first, last := s.Lines[0].BookedOn, s.Lines[0].BookedOn
	for i := range s.Lines {
		if on := s.Lines[i].BookedOn; on.Before(first) {
			first = on
		} else if on.After(last) {
			last = on
		}
	}
	s.Opening.On, s.Closing.On = first, last
	if s.ID == "" {
		s.ID = first.String() + "/" + last.String()
	}
	if c.p.Opening != nil {
		s.Opening.Amount, s.Closing.Amount = *c.p.Opening, *c.p.Closing
		return nil
	}
	var err error
	if s.Opening.Amount, err = c.balances[0].Sub(s.Lines[0].Amount); err != nil {
		return ErrUnreadable.Wrap(c.op, err, "line %d: the balance before the line is no amount", s.Lines[0].FileLine)
	}
	s.Closing.Amount = c.balances[len(c.balances)-1]
	for i := 1; i < len(c.balances); i++ {
		if follows, err := c.balances[i-1].Add(s.Lines[i].Amount); err != nil || follows != c.balances[i] {
			s.note(s.Lines[i].FileLine, BalanceDiffers, "the balance is stated as %s, which does not follow from the line before", c.balances[i].Format())
		}
	}
	return nil
}
