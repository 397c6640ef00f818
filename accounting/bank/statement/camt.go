package statement

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ReadCAMT053 reads a Bank to Customer Statement, camt.053.001.02 to camt.053.001.08 (ISO 20022). Any other version is refused by its name.
//
// The opening balance is OPBD, else PRCD, else the first interim one (ITBD); the closing is CLBD, else the last interim one. Entries that are
// not booked (pending, information) are left out and noted. An entry is one line, whatever number of transactions the bank shows within it: their references and texts
// are put together.
//
// Errors: statement.unreadable, statement.unsupported (version, encoding, a document type declaration), statement.too_large.
func ReadCAMT053(r io.Reader) ([]Statement, error) {
	const op = "statement.ReadCAMT053"
	raw, err := slurp(op, r)
	if err != nil {
		return nil, err
	}
	c := &camt{op: op}
	c.source = xml.NewDecoder(bytes.NewReader(raw))
	c.source.CharsetReader = func(label string, _ io.Reader) (io.Reader, error) {
		return nil, ErrUnsupported.New(op, "the encoding %q is not read: ISO 20022 messages are UTF-8", clean(label))
	}
	if err := c.read(xml.NewTokenDecoder(c)); err != nil {
		return nil, err
	}
	if len(c.out) == 0 {
		return nil, ErrUnreadable.New(op, "the file has no statement (Stmt)")
	}
	return c.out, nil
}

// camt is one file being read. It is the token reader between the file and the decoder, so that nothing is decoded before its depth and
// kind are looked at.
type camt struct {
	op     string
	source *xml.Decoder
	depth  int
	out    []Statement
	lines  int
	// at are the lines of the file on which the entries and balances of the statement begin, in order.
	entries, balances []int
	path              []string
}

// Token implements xml.TokenReader.
func (c *camt) Token() (xml.Token, error) {
	t, err := c.source.Token()
	if err != nil {
		return t, err
	}
	switch t := t.(type) {
	case xml.Directive:
		return nil, ErrUnsupported.New(c.op, "line %d: a document type declaration is refused: it is where XML entities are defined", c.line())
	case xml.StartElement:
		if c.depth++; c.depth > maxDepth {
			return nil, ErrTooLarge.New(c.op, "line %d: elements stand more than %d deep", c.line(), maxDepth)
		}
		if err := c.locate(t.Name.Local); err != nil {
			return nil, err // with a token the decoder would pass over it
		}
	case xml.EndElement:
		c.depth--
		c.path = c.path[:len(c.path)-1]
	}
	return t, nil
}

// locate remembers where entries and balances begin.
func (c *camt) locate(name string) error {
	c.path = append(c.path, name)
	if len(c.path) < 2 || c.path[len(c.path)-2] != "Stmt" {
		return nil
	}
	switch name {
	case "Bal":
		c.balances = append(c.balances, c.line())
	case "Ntry":
		c.entries = append(c.entries, c.line())
		if c.lines++; c.lines > MaxLines {
			return ErrTooLarge.New(c.op, "line %d: more than %d entries", c.line(), MaxLines)
		}
	}
	return nil
}

func (c *camt) line() int { line, _ := c.source.InputPos(); return line }

var namespacePattern = regexp.MustCompile(`^urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.0[2-8]$`)

// read walks to the statements and reads each whole.
func (c *camt) read(d *xml.Decoder) error {
	known := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return c.failed(err)
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if !known {
			if start.Name.Local != "Document" || !namespacePattern.MatchString(start.Name.Space) {
				return ErrUnsupported.New(c.op, "line %d: this is %q of %q; read are camt.053.001.02 to camt.053.001.08", c.line(),
					shown(start.Name.Local), shown(start.Name.Space))
			}
			known = true
		}
		if start.Name.Local != "Stmt" {
			continue
		}
		if len(c.out) == MaxStatements {
			return ErrTooLarge.New(c.op, "line %d: more than %d statements", c.line(), MaxStatements)
		}
		at := c.line()
		c.entries, c.balances = nil, nil
		var in camtStatement
		if err := d.DecodeElement(&in, &start); err != nil {
			return c.failed(err)
		}
		if err := c.statement(at, &in); err != nil {
			return err
		}
	}
}

// shown keeps a hostile name short.
func shown(s string) string {
	if s = clean(s); len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "..."
	}
	return s
}

// failed is a decoder's error with its line.
func (c *camt) failed(err error) error {
	for _, ours := range []error{ErrUnsupported, ErrTooLarge, ErrUnreadable} {
		if errors.Is(err, ours) {
			return err
		}
	}
	return ErrUnreadable.Wrap(c.op, err, "line %d: %s", c.line(), shown(err.Error()))
}

func (c *camt) statement(at int, in *camtStatement) error {
	s := Statement{Format: CAMT053, FileLine: at, ID: clean(in.ID), Sequence: clean(in.Electronic)}
	if s.Account = accountNumber(in.Account.IBAN); s.Account == "" {
		s.Account = accountNumber(in.Account.Other)
	}
	if s.Sequence == "" {
		s.Sequence = clean(in.Legal)
	}
	if page := clean(in.Page); page != "" {
		n, err := strconv.ParseInt(page, 10, 32)
		if err != nil || n < 0 {
			return ErrUnreadable.New(c.op, "line %d: the page %q is no number", at, shown(page))
		}
		s.Page = n
	}
	if err := c.readBalances(&s, in.Balances); err != nil {
		return err
	}
	if s.Currency = money.Currency(clean(in.Account.Currency)); s.Currency == "" {
		s.Currency = s.Opening.Amount.Currency
	} else if !s.Currency.Valid() {
		return ErrUnreadable.New(c.op, "line %d: the account's currency %q is none", at, shown(string(s.Currency)))
	}
	left, booked := map[string]int{}, len(in.Entries)
	for i := range in.Entries {
		e := &in.Entries[i]
		e.FileLine = c.entries[i]
		status := clean(e.Status.Code)
		if status == "" {
			status = clean(e.Status.Text)
		}
		if status != "BOOK" {
			left[status]++
			continue
		}
		if err := c.entry(&s, e); err != nil {
			return err
		}
	}
	for _, status := range []string{"PDNG", "INFO", "FUTR"} {
		if n := left[status]; n > 0 {
			s.note(at, NotBooked, "what is of status %s is not booked and left out: %d in all", status, n)
			booked -= n
			delete(left, status)
		}
	}
	for status := range left {
		return ErrUnreadable.New(c.op, "line %d: an entry has the status %q, which is none", at, shown(status))
	}
	c.stated(&s, in)
	if booked == len(in.Entries) { // the summary counts the others as well
		s.compare(at)
	}
	if err := s.complete(c.op); err != nil {
		return err
	}
	c.out = append(c.out, s)
	return nil
}

// readBalances finds the opening and the closing balance.
func (c *camt) readBalances(s *Statement, all []camtBalance) error {
	find := func(last bool, codes ...string) *camtBalance {
		for _, code := range codes {
			var found *camtBalance
			for i := range all {
				all[i].FileLine = c.balances[i]
				if clean(all[i].Code) == code && (found == nil || last) {
					found = &all[i]
				}
			}
			if found != nil {
				return found
			}
		}
		return nil
	}
	opening, closing := find(false, "OPBD", "PRCD", "ITBD"), find(true, "CLBD", "ITBD")
	if opening == nil || closing == nil || opening == closing {
		return ErrUnreadable.New(c.op, "line %d: the statement has no opening (OPBD, PRCD, ITBD) or no closing balance (CLBD, ITBD)", s.FileLine)
	}
	for _, b := range []struct {
		in   *camtBalance
		into *Balance
	}{{opening, &s.Opening}, {closing, &s.Closing}} {
		amount, err := c.amount(b.in.FileLine, b.in.Amount, b.in.Mark)
		if err != nil {
			return err
		}
		on, stated := c.day(b.in.Date)
		if on.IsZero() {
			return ErrUnreadable.New(c.op, "line %d: the balance's date %q is no day", b.in.FileLine, shown(stated))
		}
		*b.into = Balance{On: on, Amount: amount, Intermediate: clean(b.in.Code) == "ITBD" || clean(b.in.Sub) == "INTM"}
	}
	return nil
}

func (c *camt) amount(at int, a camtAmount, mark string) (money.Amount, error) {
	cur, err := money.ParseCurrency(clean(a.Currency))
	if err != nil {
		return money.Amount{}, ErrUnreadable.Wrap(c.op, err, "line %d: %v", at, err)
	}
	amount, err := figures(strings.TrimSpace(a.Value), ".", cur)
	if err != nil {
		return money.Amount{}, ErrUnreadable.Wrap(c.op, err, "line %d: %s", at, shown(err.Error()))
	}
	switch clean(mark) {
	case "CRDT":
	case "DBIT":
		amount.Minor = -amount.Minor
	default:
		return money.Amount{}, ErrUnreadable.New(c.op, "line %d: CdtDbtInd is neither CRDT nor DBIT", at)
	}
	return amount, nil
}

// day reads a date, or the day of a moment as its clock shows it.
func (c *camt) day(d camtDate) (on date.Date, stated string) {
	text := clean(d.Day)
	if text == "" {
		text = clean(d.Moment)
	}
	if len(text) > 10 { // a moment, or a date with a zone: 2026-01-31T12:00:00+01:00, 2026-01-31Z
		text = text[:10]
	}
	on, err := date.Parse(text)
	if err != nil {
		return date.Date{}, text
	}
	return on, ""
}

func (c *camt) entry(s *Statement, e *camtEntry) error {
	amount, err := c.amount(e.FileLine, e.Amount, e.Mark)
	if err != nil {
		return err
	}
	l := Line{FileLine: e.FileLine, Amount: amount, Code: e.Code.text(), Reference: reference(e.Reference), BankReference: reference(e.Servicer)}
	switch clean(e.Reversal) {
	case "", "false", "0":
	case "true", "1":
		l.Reversal = true
	default:
		return ErrUnreadable.New(c.op, "line %d: RvslInd is neither true nor false", e.FileLine)
	}
	var stated string
	if l.BookedOn, stated = c.day(e.Booked); stated != "" {
		s.note(e.FileLine, NoSuchDay, "the booking date is %s, which is no day", shown(stated))
	}
	if l.ValueOn, l.ValueStated = c.day(e.Value); l.ValueStated != "" {
		l.ValueStated = shown(l.ValueStated)
		s.note(e.FileLine, NoSuchDay, "the value date is %s, which is no day", l.ValueStated)
	}
	l.explain(e)
	l.Foreign, l.ForeignRate = c.foreign(s, e, amount)
	s.Lines = append(s.Lines, l)
	return nil
}

// text is "PMNT/RCDT/ESCT" of the ISO codes, else the bank's own.
func (c camtCode) text() string {
	if c.Domain == "" {
		return clean(c.Proprietary)
	}
	return strings.Join(slices.DeleteFunc([]string{clean(c.Domain), clean(c.Family), clean(c.SubFamily)}, func(s string) bool { return s == "" }), "/")
}

// explain takes names, references and texts from the transactions within the entry.
func (l *Line) explain(e *camtEntry) {
	var references, parties, accounts []string
	for i := range e.Transactions {
		t := &e.Transactions[i]
		own := []string{reference(t.EndToEnd)}
		party, account := t.Debtor, t.DebtorAccount
		if l.Amount.Minor < 0 {
			party, account = t.Creditor, t.CreditorAccount
		}
		parties, accounts = append(parties, party.name()), append(accounts, account.number())
		for _, remittance := range t.Structured {
			if own[0] == "" {
				own[0] = reference(remittance.Creditor)
			} else {
				l.say(remittance.Creditor)
			}
			l.say(strings.Join(append(remittance.Documents, remittance.Additional...), " "))
		}
		l.say(strings.Join(t.Unstructured, " "))
		l.say(t.Additional)
		for _, p := range t.Proprietary {
			own = append(own, reference(p.Reference))
		}
		references = append(references, own[0])
		if l.BankReference == "" {
			l.BankReference = reference(t.Servicer)
		}
		for _, p := range own[1:] {
			l.say(p)
		}
	}
	l.Party, l.PartyAccount = only(parties), only(accounts)
	if ref := joined(references); ref != "" {
		l.Reference = ref
	}
	l.say(e.Additional)
}

// only is the value that all have in common, as far as they have one: a collected entry of many parties is nobody's.
func only(values []string) string {
	values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
	if len(values) == 0 || slices.ContainsFunc(values, func(s string) bool { return s != values[0] }) {
		return ""
	}
	return values[0]
}

func joined(values []string) string {
	return strings.Join(slices.DeleteFunc(values, func(s string) bool { return s == "" }), " ")
}

// stated reads the summary, as far as the file has one.
func (c *camt) stated(s *Statement, in *camtStatement) {
	if in.Summary == nil {
		return
	}
	total := func(t camtTotal) (n, sum int64, counted, summed bool) {
		n, err := strconv.ParseInt(clean(t.Number), 10, 32)
		a, err2 := figures(strings.TrimSpace(t.Sum), ".", s.Currency)
		return n, a.Minor, err == nil, err2 == nil
	}
	var counts, sums [2]bool
	s.Stated.Given = true
	s.Stated.Credits, s.Stated.CreditSum, counts[0], sums[0] = total(in.Summary.Credits)
	s.Stated.Debits, s.Stated.DebitSum, counts[1], sums[1] = total(in.Summary.Debits)
	s.Stated.HasCounts, s.Stated.HasTotals = counts[0] && counts[1], sums[0] && sums[1]
}
