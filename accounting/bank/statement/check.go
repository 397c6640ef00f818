package statement

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// slurp reads a file within its limit.
func slurp(op string, r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, ErrUnreadable.Wrap(op, err, "the file cannot be read: %v", err)
	}
	if len(b) > MaxBytes {
		return nil, ErrTooLarge.New(op, "the file has more than %d bytes", MaxBytes)
	}
	return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), nil
}

// decoded gives text as UTF-8. What is no UTF-8 is taken as Windows-1252, the superset of ISO 8859-1 in which older banks write.
func decoded(op string, b []byte) (string, error) {
	if utf8.Valid(b) {
		return string(b), nil
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return "", ErrUnreadable.Wrap(op, err, "the file is neither UTF-8 nor Windows-1252")
	}
	return string(out), nil
}

// clean is a text as it is kept: blanks folded to one, no control characters or broken UTF-8.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// accountNumber is a number without blanks, in capitals.
func accountNumber(s string) string { return strings.ToUpper(strings.ReplaceAll(clean(s), " ", "")) }

// reference is one that says something.
func reference(s string) string {
	s = clean(s)
	switch strings.ToUpper(strings.ReplaceAll(s, " ", "")) {
	case "NONREF", "NOTPROVIDED", "NONE", "KREF+", "EREF+":
		return ""
	}
	return s
}

// figures reads an unsigned amount with a decimal mark, without grouping.
func figures(text string, mark string, cur money.Currency) (money.Amount, error) {
	whole, decimals, _ := strings.Cut(text, mark)
	if whole == "" || !digits(whole) || !digits(decimals) {
		return money.Amount{}, fmt.Errorf("%q is no amount", text)
	}
	if decimals != "" {
		whole += "." + decimals
	}
	a, err := money.Parse(whole, cur)
	if err == nil && a.Minor > maxMinor {
		err = fmt.Errorf("%q is larger than the books hold", text)
	}
	return a, err
}

func digits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// dayOf makes a day of its parts; stated is how it was written, in the order of ISO 8601, where there is no such day.
func dayOf(year, month, day int) (on date.Date, stated string) {
	if on = date.Of(year, time.Month(month), day); on.IsZero() {
		stated = fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	}
	return on, stated
}

// number reads digits that are known to be few.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// note adds a note.
func (s *Statement) note(line int, code NoteCode, format string, args ...any) {
	s.Notes = append(s.Notes, Note{FileLine: line, Code: code, Text: fmt.Sprintf(format, args...)})
}

// compare holds what the file states of its lines against them.
func (s *Statement) compare(line int) {
	if !s.Stated.Given {
		return
	}
	var have Summary
	for i := range s.Lines {
		if m := s.Lines[i].Amount.Minor; m < 0 {
			have.Debits, have.DebitSum = have.Debits+1, have.DebitSum-m
		} else {
			have.Credits, have.CreditSum = have.Credits+1, have.CreditSum+m
		}
	}
	of := func(minor int64) string { return money.Amount{Minor: minor, Currency: s.Currency}.Format() }
	differ := func(code NoteCode, what, stated, there string) {
		s.note(line, code, "the file states %s %s and has %s", stated, what, there)
	}
	if s.Stated.HasCounts && s.Stated.Debits != have.Debits {
		differ(CountDiffers, "debits", strconv.FormatInt(s.Stated.Debits, 10), strconv.FormatInt(have.Debits, 10))
	}
	if s.Stated.HasCounts && s.Stated.Credits != have.Credits {
		differ(CountDiffers, "credits", strconv.FormatInt(s.Stated.Credits, 10), strconv.FormatInt(have.Credits, 10))
	}
	if s.Stated.HasTotals && s.Stated.DebitSum != have.DebitSum {
		differ(SumDiffers, "of debits", of(s.Stated.DebitSum), of(have.DebitSum))
	}
	if s.Stated.HasTotals && s.Stated.CreditSum != have.CreditSum {
		differ(SumDiffers, "of credits", of(s.Stated.CreditSum), of(have.CreditSum))
	}
}

// complete is what every reader ends a statement with: limits, and what is needed of it.
func (s *Statement) complete(op string) error {
	if s.Account == "" || s.ID == "" {
		return ErrUnreadable.New(op, "line %d: the statement names no account, or has no id of its own", s.FileLine)
	}
	for _, text := range []string{s.Account, s.ID, s.Sequence} {
		if len(text) > 100 {
			return ErrTooLarge.New(op, "line %d: the account, id or number of the statement has more than 100 bytes", s.FileLine)
		}
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		for _, text := range []string{l.Code, l.Reference, l.BankReference, l.Party, l.PartyAccount, l.Text} {
			if len(text) > MaxText {
				return ErrTooLarge.New(op, "line %d: a text has more than %d bytes", l.FileLine, MaxText)
			}
		}
		if l.BookedOn.IsZero() {
			if l.BookedOn = l.ValueOn; l.BookedOn.IsZero() {
				l.BookedOn = s.Closing.On
			}
			s.note(l.FileLine, NoBookingDate, "the booking date is missing; %s stands for it", l.BookedOn)
		}
	}
	return nil
}
