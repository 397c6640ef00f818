package statement

import (
	"fmt"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
)

// Profile declares how a bank writes its CSV files. Nothing is guessed: what is not declared is not read.
type Profile struct {
	// Delimiter stands between fields. Default a comma.
	Delimiter rune
	// Skip is how many lines stand before the header, at most 100.
	Skip int
	// Columns are the names in the header, exactly.
	Columns Columns
	// Dates is how days are written, of YYYY, YY (2000 to 2099), MM and DD: "DD.MM.YYYY". Default "YYYY-MM-DD".
	Dates string
	// Decimal is the decimal mark, a point or a comma. Default a point.
	Decimal rune
	// Grouping stands between thousands (a point, a comma, a blank, an apostrophe) and is dropped. Default none.
	Grouping rune
	// DebitMarks and CreditMarks are the values of the column Sign, exactly.
	DebitMarks, CreditMarks []string
	// NewestFirst says that the file begins with the last line.
	NewestFirst bool

	// Account and Currency are the file's, which CSV files rarely state.
	Account  string
	Currency money.Currency
	// ID identifies the statement. Default its first and last booking day, "2026-01-01/2026-01-31".
	ID string
	// Opening and Closing are the balances, where no column Balance has them; both or neither.
	Opening, Closing *money.Amount
}

// Columns are names of columns; "" is a column that the file has not got. Booked is needed, and Amount or both of Debit and Credit.
type Columns struct {
	Booked, Value string
	// Amount is signed, or goes with Sign, whose values DebitMarks and CreditMarks explain. Debit and Credit are two columns of
	// unsigned amounts instead.
	Amount, Sign, Debit, Credit string
	// Balance is the account's after the line: opening and closing balance follow from it.
	Balance string
	// Currency of the line must be the profile's.
	Currency                                            string
	Code, Reference, BankReference, Party, PartyAccount string
	// Text is the remittance information, put together of several columns.
	Text []string
}

// check refuses a profile that contradicts itself. Errors: statement.bad_profile.
func (p *Profile) check(op string) error {
	c := &p.Columns
	marks := len(p.DebitMarks) > 0 || len(p.CreditMarks) > 0
	wrong := func(format string, args ...any) error { return ErrBadProfile.New(op, format, args...) }
	switch {
	case accountNumber(p.Account) == "" || !p.Currency.Valid():
		return wrong("Account and Currency are needed")
	case c.Booked == "":
		return wrong("Columns.Booked is needed")
	case (c.Amount == "") == (c.Debit == "" || c.Credit == "") || c.Amount != "" && (c.Debit != "" || c.Credit != ""):
		return wrong("either Columns.Amount is given, or both Debit and Credit")
	case (c.Sign != "") != marks, c.Sign != "" && c.Amount == "":
		return wrong("Columns.Sign goes with Amount, DebitMarks and CreditMarks")
	case slices.ContainsFunc(p.DebitMarks, func(m string) bool { return slices.Contains(p.CreditMarks, m) }):
		return wrong("a mark is one of debit and of credit")
	case (p.Opening == nil) != (p.Closing == nil), (p.Opening == nil) == (c.Balance == ""):
		return wrong("either Columns.Balance is given, or both Opening and Closing")
	case p.Opening != nil && (p.Opening.Currency != p.Currency || p.Closing.Currency != p.Currency):
		return wrong("Opening and Closing are in %s", p.Currency)
	case !slices.Contains([]rune{0, '.', ','}, p.Decimal), !slices.Contains([]rune{0, '.', ',', ' ', '\'', '\u00a0'}, p.Grouping),
		p.Grouping != 0 && p.Grouping == p.decimal():
		return wrong("Decimal is a point or a comma, and Grouping another mark")
	case p.Skip < 0 || p.Skip > 100:
		return wrong("Skip is 0 to 100")
	case strings.ContainsRune("\"\r\n\ufffd", p.delimiter()):
		return wrong("Delimiter cannot be a quote or a line break")
	}
	return p.checkDates(op)
}

// checkDates asks for a year, a month and a day, once each.
func (p *Profile) checkDates(op string) error {
	rest := p.dates()
	for _, part := range []string{"YY", "MM", "DD"} {
		if part == "YY" && strings.Contains(rest, "YYYY") {
			part = "YYYY"
		}
		if strings.Count(rest, part) != 1 {
			return ErrBadProfile.New(op, "Dates is made of YYYY or YY, MM and DD, such as DD.MM.YYYY")
		}
		rest = strings.Replace(rest, part, "", 1)
	}
	if len(rest) > 4 || strings.ContainsAny(rest, "0123456789YMD") {
		return ErrBadProfile.New(op, "Dates is made of YYYY or YY, MM and DD, such as DD.MM.YYYY")
	}
	return nil
}

func (p *Profile) delimiter() rune {
	if p.Delimiter == 0 {
		return ','
	}
	return p.Delimiter
}

func (p *Profile) decimal() rune {
	if p.Decimal == 0 {
		return '.'
	}
	return p.Decimal
}

func (p *Profile) dates() string {
	if p.Dates == "" {
		return "YYYY-MM-DD"
	}
	return p.Dates
}

// find places the named columns in a header. Errors: statement.bad_profile.
func (c *Columns) find(op string, at int, header []string) (map[string]int, error) {
	places := map[string]int{}
	for i, name := range header {
		if _, twice := places[name]; twice {
			places[name] = -1
			continue
		}
		places[name] = i
	}
	named := append([]string{c.Booked, c.Value, c.Amount, c.Sign, c.Debit, c.Credit, c.Balance, c.Currency, c.Code, c.Reference, c.BankReference,
		c.Party, c.PartyAccount}, c.Text...)
	for _, name := range named {
		place, ok := places[name]
		switch {
		case name == "":
		case !ok:
			return nil, ErrBadProfile.New(op, "line %d: the header has no column %q", at, shown(name))
		case place < 0:
			return nil, ErrBadProfile.New(op, "line %d: the header has the column %q twice", at, shown(name))
		}
	}
	return places, nil
}

// amount reads a figure that may have a sign before or after it.
func (p *Profile) amount(text string) (money.Amount, error) {
	bare := strings.TrimSpace(text)
	if p.Grouping != 0 {
		bare = strings.ReplaceAll(bare, string(p.Grouping), "")
	}
	negative := false
	if rest, ok := strings.CutPrefix(bare, "-"); ok {
		bare, negative = rest, true
	} else if rest, ok := strings.CutSuffix(bare, "-"); ok {
		bare, negative = rest, true
	} else {
		bare = strings.TrimPrefix(bare, "+")
	}
	a, err := figures(bare, string(p.decimal()), p.Currency)
	if err != nil {
		return money.Amount{}, fmt.Errorf("%q is no amount in %s with the decimal mark %q", shown(text), p.Currency, p.decimal())
	}
	if negative {
		a.Minor = -a.Minor
	}
	return a, nil
}
