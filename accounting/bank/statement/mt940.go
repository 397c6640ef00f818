package statement

import (
	"io"
	"regexp"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
)

// ReadMT940 reads a file of MT940 messages (SWIFT User Handbook, Category 9), bare or in their blocks, with what a bank writes around them. A
// message is a statement, and so is a page of one (60M, 62M).
//
// In field 61 the letter after the mark of debit or credit is a funds code: CR is a credit in a currency whose third letter is R, and RCR
// the reversal of one. A field 86 in the German (?20, ?32), or Dutch (/REMI/, /NAME/) structure is taken apart; any other is one text. Years
// 80 to 99 are of the last century.
//
// Errors: statement.unreadable, statement.too_large.
func ReadMT940(r io.Reader) ([]Statement, error) {
	const op = "statement.ReadMT940"
	raw, err := slurp(op, r)
	if err != nil {
		return nil, err
	}
	text, err := decoded(op, raw)
	if err != nil {
		return nil, err
	}
	p := &mt940{op: op}
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		if err := p.line(i+1, strings.TrimRight(line, " \t")); err != nil {
			return nil, err
		}
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	if len(p.out) == 0 {
		return nil, ErrUnreadable.New(op, "the file has no field :20:, with which a statement begins")
	}
	return p.out, nil
}

// field is one tagged field with its continuation lines.
type field struct {
	at    int
	tag   string
	lines []string
}

// mt940 gathers fields into statements.
type mt940 struct {
	op      string
	out     []Statement
	now     *Statement // being read
	field   *field     // the last one, which further lines continue
	closed  bool       // the closing balance was read: a field 86 is about the statement
	hasOpen bool
	lines   int // over all statements
}

var (
	tagPattern = regexp.MustCompile(`^:([0-9A-Z]{2,3}):(.*)$`)
	endPattern = regexp.MustCompile(`^-(\}.*|[A-Z]{3})?$`)
)

func (p *mt940) line(at int, line string) error {
	if strings.HasPrefix(line, "{") { // {1:...}{2:...}{4:
		_, line, _ = strings.Cut(line, "{4:")
	}
	if m := tagPattern.FindStringSubmatch(line); m != nil {
		if err := p.flush(); err != nil {
			return err
		}
		if m[1] == "20" {
			if err := p.end(); err != nil {
				return err
			}
			if len(p.out) == MaxStatements {
				return ErrTooLarge.New(p.op, "line %d: more than %d statements", at, MaxStatements)
			}
			p.now, p.closed, p.hasOpen = &Statement{Format: MT940, FileLine: at}, false, false
		}
		if p.now != nil {
			p.field = &field{at: at, tag: m[1], lines: []string{m[2]}}
		}
		return nil
	}
	switch {
	case endPattern.MatchString(line):
		return p.end()
	case p.field != nil && line != "":
		p.field.lines = append(p.field.lines, line)
	}
	return nil // what stands between messages is the bank's envelope
}

// end finishes the statement that is being read.
func (p *mt940) end() error {
	if p.now == nil {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	s := p.now
	p.now = nil
	if !p.hasOpen || !p.closed {
		return ErrUnreadable.New(p.op, "line %d: the statement has no opening (60F, 60M) or no closing balance (62F, 62M)", s.FileLine)
	}
	s.compare(s.FileLine)
	if err := s.complete(p.op); err != nil {
		return err
	}
	p.out = append(p.out, *s)
	return nil
}

// flush reads the field that is complete now.
func (p *mt940) flush() error {
	f := p.field
	p.field = nil
	if f == nil {
		return nil
	}
	s, first := p.now, f.lines[0]
	switch f.tag {
	case "20":
		s.ID = clean(first)
	case "25", "25P":
		s.Account = accountNumber(first)
	case "28", "28C":
		return p.sequence(f)
	case "60F", "60M":
		p.hasOpen = true
		return p.balance(f, &s.Opening)
	case "62F", "62M":
		p.closed = true
		return p.balance(f, &s.Closing)
	case "61":
		return p.entry(f)
	case "86":
		p.information(f)
	case "21", "64", "65":
	default:
		s.note(f.at, NotRead, "field :%s: is not read", f.tag)
	}
	return nil
}

func (p *mt940) wrong(f *field, format string, args ...any) error {
	return ErrUnreadable.New(p.op, "line %d: field :%s: "+format, append([]any{f.at, f.tag}, args...)...)
}

var sequencePattern = regexp.MustCompile(`^(\d{1,20})(?:/(\d{1,9}))?$`)

func (p *mt940) sequence(f *field) error {
	m := sequencePattern.FindStringSubmatch(f.lines[0])
	if m == nil {
		return p.wrong(f, "is not of the form number/page")
	}
	p.now.Sequence, p.now.Page = m[1], int64(number(m[2]))
	return nil
}

var balancePattern = regexp.MustCompile(`^([CD])(\d\d)(\d\d)(\d\d)([A-Z]{3})(\d{1,15}(?:,\d*)?)$`)

func (p *mt940) balance(f *field, b *Balance) error {
	m := balancePattern.FindStringSubmatch(f.lines[0])
	if m == nil {
		return p.wrong(f, "is no balance such as C260131EUR100,00")
	}
	cur, err := money.ParseCurrency(m[5])
	if err != nil {
		return p.wrong(f, "%v", err)
	}
	if b.Amount, err = figures(m[6], ",", cur); err != nil {
		return p.wrong(f, "%v", err)
	}
	if m[1] == "D" {
		b.Amount.Minor = -b.Amount.Minor
	}
	on, stated := dayOf(century(number(m[2])), number(m[3]), number(m[4]))
	if stated != "" {
		return p.wrong(f, "there is no day %s", stated)
	}
	b.On, b.Intermediate = on, strings.HasSuffix(f.tag, "M")
	if b == &p.now.Opening {
		p.now.Currency = cur
		if bare := strings.TrimSuffix(p.now.Account, m[5]); bare != p.now.Account && ValidIBAN(bare) {
			p.now.Account = bare // some banks add the currency to the number
		}
	}
	return nil
}

func century(yy int) int {
	if yy >= 80 {
		return 1900 + yy
	}
	return 2000 + yy
}

// entryPattern is field 61: value date, entry date, mark, funds code, amount, type, reference, the bank's reference.
var entryPattern = regexp.MustCompile(`^(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(RC|RD|C|D)([A-Z])?(\d{1,15}(?:,\d*)?)([NSF][A-Z0-9]{3})(.*)$`)

func (p *mt940) entry(f *field) error {
	m := entryPattern.FindStringSubmatch(f.lines[0])
	switch {
	case m == nil:
		return p.wrong(f, "is no line such as 2601310131C10,00NTRFREF")
	case !p.hasOpen || p.closed:
		return p.wrong(f, "stands before the opening balance or after the closing one")
	}
	if p.lines++; p.lines > MaxLines {
		return ErrTooLarge.New(p.op, "line %d: more than %d lines", f.at, MaxLines)
	}
	amount, err := figures(m[8], ",", p.now.Currency)
	if err != nil {
		return p.wrong(f, "%v", err)
	}
	l := Line{FileLine: f.at, Amount: amount, Reversal: len(m[6]) == 2, Code: m[9]}
	if m[6] == "D" || m[6] == "RC" {
		l.Amount.Minor = -amount.Minor
	}
	year, month := century(number(m[1])), number(m[2])
	if l.ValueOn, l.ValueStated = dayOf(year, month, number(m[3])); l.ValueStated != "" {
		p.now.note(f.at, NoSuchDay, "the value date is %s, which is no day", l.ValueStated)
	}
	l.BookedOn = l.ValueOn
	if m[5] != "" {
		booked := number(m[4])
		switch { // the entry date has no year: it is that which lies nearest to the value date
		case booked-month > 6:
			year--
		case month-booked > 6:
			year++
		}
		var stated string
		if l.BookedOn, stated = dayOf(year, booked, number(m[5])); stated != "" {
			p.now.note(f.at, NoSuchDay, "the booking date is %s, which is no day", stated)
		}
	}
	own, banks, _ := strings.Cut(m[10], "//")
	l.Reference, l.BankReference = reference(own), reference(banks)
	l.Text = clean(strings.Join(f.lines[1:], " "))
	p.now.Lines = append(p.now.Lines, l)
	return nil
}

// trailerPattern is what some banks put after the closing balance: numbers and sums of debits and credits.
var trailerPattern = regexp.MustCompile(`^D(\d{1,6})C(\d{1,6})D(\d{1,15}(?:,\d*)?)C(\d{1,15}(?:,\d*)?)$`)

// information is field 86: of the line before it, or of the statement.
func (p *mt940) information(f *field) {
	s := p.now
	if !p.closed {
		if n := len(s.Lines); n > 0 {
			s.Lines[n-1].inform(f.lines)
		}
		return
	}
	m := trailerPattern.FindStringSubmatch(f.lines[0])
	if m == nil {
		return // a word of the bank's about the statement
	}
	debits, err1 := figures(m[3], ",", s.Currency)
	credits, err2 := figures(m[4], ",", s.Currency)
	s.Stated = Summary{Given: true, HasCounts: true, Debits: int64(number(m[1])), Credits: int64(number(m[2])),
		HasTotals: err1 == nil && err2 == nil, DebitSum: debits.Minor, CreditSum: credits.Minor}
}
