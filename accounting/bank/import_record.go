package bank

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/opsmatiq/erp/accounting/bank/statement"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// maxMinor bounds a balance and an amount: what the books hold.
const maxMinor = 999_999_999_999_999

// check holds the statements to their limits: a host may make them by hand.
func (w *importing) check() error {
	if err := checkTags(w.op, "the import", w.in); err != nil {
		return err
	}
	if len(w.in.Statements) > MaxStatements {
		return ErrTooMany.New(w.op, "%d statements in one import; the limit is %d", len(w.in.Statements), MaxStatements)
	}
	lines := 0
	for i := range w.in.Statements {
		in := &w.in.Statements[i]
		if lines += len(in.Lines); lines > MaxLines {
			return ErrTooMany.New(w.op, "more than %d lines in one import", MaxLines)
		}
		if why := wrongHead(in); why != "" {
			return ErrBadInput.New(w.op, "%s%s", where(i, in), why)
		}
		for n := range in.Lines {
			if why := wrongLine(&in.Lines[n]); why != "" {
				return ErrBadInput.New(w.op, "%sline %d: %s", where(i, in), n+1, why)
			}
		}
	}
	return nil
}

func wrongHead(in *statement.Statement) string {
	named := func(s string) bool { return len(s) <= 100 && oneLine(s) }
	switch {
	case in.Format != statement.CAMT053 && in.Format != statement.MT940 && in.Format != statement.CSV:
		return "Format is none that is known"
	case in.Account == "" || in.ID == "" || !named(in.Account) || !named(in.ID) || !named(in.Sequence) || in.Page < 0:
		return "Account and ID are needed; they and Sequence have at most 100 bytes on one line, and Page is not below zero"
	case in.Opening.On.IsZero() || in.Closing.On.IsZero():
		return "the balances have no day"
	case !in.Opening.Amount.Currency.Valid() || !in.Closing.Amount.Currency.Valid():
		return "the balances have no currency"
	case beyond(in.Opening.Amount.Minor) || beyond(in.Closing.Amount.Minor):
		return "a balance is larger than the books hold"
	}
	return ""
}

func wrongLine(l *statement.Line) string {
	switch {
	case l.BookedOn.IsZero():
		return "BookedOn is needed"
	case beyond(l.Amount.Minor):
		return "the amount is larger than the books hold"
	case wrongForeign(l):
		return "Foreign is in another currency than Amount and on the same side, and ForeignRate is not below zero, with at most 20 digits"
	case !oneLine(l.ValueStated) || len(l.ValueStated) > 100:
		return "ValueStated has more than 100 bytes, or control characters"
	}
	for _, text := range []string{l.Code, l.Reference, l.BankReference, l.Party, l.PartyAccount, l.Text} {
		if len(text) > statement.MaxText || !plain(text, "\n\t") {
			return fmt.Sprintf("a text has more than %d bytes, or control characters", statement.MaxText)
		}
	}
	return ""
}

func wrongForeign(l *statement.Line) bool {
	f, r := l.Foreign, l.ForeignRate
	if f != (money.Amount{}) && (!f.Currency.Valid() || f.Currency == l.Amount.Currency || beyond(f.Minor) || f.Minor == 0 || l.Amount.Sign() != f.Sign()) {
		return true
	}
	return r.IsNegative() || r.NumDigits() > 20 || r.Exponent() < -20 || r.Exponent() > 20
}

func beyond(minor int64) bool { return minor > maxMinor || minor < -maxMinor }

// record makes the rows of a statement. Errors: bank.wrong_currency, statement.mixed_currencies, money.overflow.
func (w *importing) record(i int, in *statement.Statement) (*Statement, []*Line, []*LineText, error) {
	account := w.accounts[number(in.Account)]
	difference, err := in.Difference()
	if err != nil {
		return nil, nil, nil, err
	}
	if cur := in.Opening.Amount.Currency; cur != account.Currency {
		return nil, nil, nil, ErrWrongCurrency.New(w.op, "%sthe statement is in %s and the bank account in %s", where(i, in), cur, account.Currency)
	}
	sum, err := in.Sum()
	if err != nil {
		return nil, nil, nil, err
	}
	if beyond(sum.Minor) || beyond(difference.Minor) {
		return nil, nil, nil, ErrBadInput.New(w.op, "%sthe lines add up to more than the books hold", where(i, in))
	}
	st := &Statement{Row: tenancy.Row{TenantID: w.tx.Scope().TenantID(), ID: tenancy.NewID()}, BankAccountID: account.ID, Format: in.Format,
		StatementID: in.ID, Sequence: account.sequence(in), Page: in.Page, Fingerprint: fingerprint(in), OpeningOn: in.Opening.On, Opening: in.Opening.Amount,
		ClosingOn: in.Closing.On, Closing: in.Closing.Amount, Sum: sum, Difference: difference, LineCount: int64(len(in.Lines)), ImportedAt: w.tx.Now()}
	if n, err := strconv.ParseInt(in.Sequence, 10, 64); err == nil {
		st.SequenceNo = n
	}
	var notes []string
	for _, n := range in.Notes {
		notes = append(notes, n.Text)
	}
	st.Notes = strings.Join(notes, "\n")
	lines, texts := make([]*Line, len(in.Lines)), make([]*LineText, len(in.Lines))
	for n := range in.Lines {
		l := &in.Lines[n]
		lines[n] = &Line{Row: tenancy.Row{ID: tenancy.NewID()}, BankAccountID: account.ID, StatementID: st.ID, LineNo: int64(n + 1), BookedOn: l.BookedOn,
			ValueOn: l.ValueOn, ValueStated: l.ValueStated, Amount: l.Amount, ForeignMinor: l.Foreign.Minor, ForeignCurrency: l.Foreign.Currency, ForeignRate: l.ForeignRate, Reversal: l.Reversal, Code: l.Code}
		texts[n] = &LineText{LineID: lines[n].ID, StatementID: st.ID, Reference: l.Reference, BankReference: l.BankReference, Party: l.Party,
			PartyAccount: l.PartyAccount, Remittance: l.Text}
	}
	return st, lines, texts, nil
}

// fingerprint is of what a statement says in figures, days and codes. Every text is preceded by its length, so that no two statements give
// the same bytes. Names and remittance texts stay out: a hash of them would outlive their erasure. They are compared as they are.
func fingerprint(in *statement.Statement) string {
	var b []byte
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	balance := func(on string, a money.Amount) {
		text(on)
		b = binary.AppendVarint(b, a.Minor)
		text(string(a.Currency))
	}
	flag := func(set bool) { b = strconv.AppendBool(b, set) }
	balance(in.Opening.On.String(), in.Opening.Amount)
	flag(in.Opening.Intermediate)
	balance(in.Closing.On.String(), in.Closing.Amount)
	flag(in.Closing.Intermediate)
	b = binary.AppendVarint(b, int64(len(in.Lines)))
	for i := range in.Lines {
		l := &in.Lines[i]
		balance(l.BookedOn.String(), l.Amount)
		balance(l.ForeignRate.String(), l.Foreign)
		text(l.ValueOn.String())
		text(l.ValueStated)
		text(l.Code)
		flag(l.Reversal)
		// That there were texts, so that a line which had none is told from one whose texts were erased.
		flag(l.Reference != "" || l.BankReference != "" || l.Party != "" || l.PartyAccount != "" || l.Text != "")
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:16])
}
