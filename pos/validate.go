package pos

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// The limits of one act: they bound its memory and how long it holds the register.
const (
	// MaxBatch is the greatest number of tickets, cash moves or registers that one act takes.
	MaxBatch = accounting.MaxBatch
	// MaxBack is the greatest number of refunds or voids that one act takes: each may take back a thousand lines.
	MaxBack = 100
	// MaxBatchLines is the greatest number of lines of one act, over all its tickets.
	MaxBatchLines = accounting.MaxBatchLines
	// maxMinor is the greatest amount of a ticket, a cash move or a count, in minor units; the database holds them to it as well.
	maxMinor = 999_999_999_999
)

// check reads the validate tags. "line" is text on one line, "text" may have several, "reference" has no blanks at its ends;
// none has control characters or broken UTF-8, which one engine would store and the other refuse.
var check = newCheck()

func newCheck() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for tag, rule := range map[string]func(string) bool{
		"line": func(s string) bool { return clean(s, "") },
		"text": func(s string) bool { return clean(s, "\n\t") },
		"reference": func(s string) bool {
			return utf8.RuneCountInString(s) <= 100 && clean(s, "") && s == strings.TrimSpace(s)
		},
		"register_code": func(s string) bool { return len(s) >= 1 && len(s) <= 18 && only(s, codeRune) },
		"country":       func(s string) bool { return len(s) == 2 && only(s, capital) },
	} {
		if err := v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return rule(f.Field().String()) }); err != nil {
			panic(err) // a mistake in this table
		}
	}
	return v
}

func clean(s, allowed string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune(allowed, r)
	})
}

func only(s string, allowed func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !allowed(r) })
}

func capital(r rune) bool  { return r >= 'A' && r <= 'Z' }
func codeRune(r rune) bool { return capital(r) || r >= '0' && r <= '9' || r == '-' }

// checkInput refuses what the tags of in do not allow, and names the first field. what is where it stands, such as "ticket 3".
func checkInput(op, what string, in any) error {
	err := check.Struct(in)
	var fields validator.ValidationErrors
	if errors.As(err, &fields) {
		_, path, _ := strings.Cut(fields[0].Namespace(), ".")
		return ErrBadInput.Wrap(op, err, "%s: %s does not meet the rule %q", what, path, strings.TrimSpace(fields[0].Tag()+" "+fields[0].Param()))
	}
	if err != nil {
		return ErrBadInput.Wrap(op, err, "%s cannot be checked", what)
	}
	return nil
}

// checkAmount refuses what is not an amount of the books' currency between least and the limit of a till.
func checkAmount(op, what string, a money.Amount, base money.Currency, least int64) error {
	switch {
	case a.Currency != base:
		return accounting.ErrWrongCurrency.New(op, "%s: %q is not the books' currency, %s", what, string(a.Currency), base)
	case a.Minor < least:
		return ErrBadInput.New(op, "%s: the amount %s is too small", what, a)
	case a.Minor > maxMinor:
		return ErrAmountLimit.New(op, "%s: %s is larger than a till holds", what, a)
	}
	return nil
}

// reasonable bounds a price before anything is done with it: 1e1000000000 is a few bytes of input and a gigabyte of text.
func reasonable(p decimal.Decimal) bool {
	return p.Exponent() <= 20 && p.Exponent() >= -20 && p.Coefficient().BitLen() <= 128
}

// drafts checks all that needs no database.
func drafts(op string, in []*draft) ([]*draft, error) {
	if len(in) > MaxBatch || len(in) > MaxBack && in[0].kind != KindSale {
		return nil, ErrTooMany.New(op, "%d tickets are more than one act takes: %d sales, or %d that take back", len(in), MaxBatch, MaxBack)
	}
	lines := 0
	byReference := make(map[string]*draft, len(in))
	for i, d := range in {
		d.what = fmt.Sprintf("ticket %d (%q)", i+1, d.reference)
		if lines += len(d.lines) + len(d.back); lines > MaxBatchLines {
			return nil, ErrTooMany.New(op, "the tickets have more than the %d lines that one act takes", MaxBatchLines)
		}
		if err := d.check(op); err != nil {
			return nil, err
		}
		if d.session != in[0].session {
			return nil, ErrBadInput.New(op, "%s: all tickets of one act are made in one session", d.what)
		}
		if first := byReference[d.reference]; first != nil {
			if first.fingerprint != d.fingerprint {
				return nil, ErrReferenceTaken.New(op, "%s stands twice in the batch, with different content", d.what)
			}
			d.replayOf = first
		} else {
			byReference[d.reference] = d
		}
	}
	return in, nil
}

func (d *draft) check(op string) error {
	if err := checkInput(op, d.what, d.input); err != nil {
		return err
	}
	for i, l := range d.lines {
		switch {
		case !reasonable(l.UnitPrice):
			return ErrBadInput.New(op, "%s, line %d: UnitPrice has too many digits", d.what, i+1)
		case l.ProductID == uuid.Nil && strings.TrimSpace(l.Description) == "":
			return ErrBadInput.New(op, "%s, line %d: Description is needed of a line about no product", d.what, i+1)
		}
	}
	seen := map[int64]bool{}
	for i, l := range d.back {
		if seen[l.TicketLine] {
			return ErrBadInput.New(op, "%s, line %d: line %d of the sale stands twice", d.what, i+1, l.TicketLine)
		}
		seen[l.TicketLine] = true
	}
	cash := 0
	for i, p := range d.payments {
		if p.Method == Cash {
			cash++
		}
		if cash > 1 || p.Method == Cash && p.Reference != "" {
			return ErrBadInput.New(op, "%s, payment %d: cash is paid once, and has no reference", d.what, i+1)
		}
	}
	d.fingerprint = d.digest()
	return nil
}

// digest tells two inputs apart by all but their free text, which erasure may empty.
func (d *draft) digest() string {
	type line struct {
		ProductID  uuid.UUID
		Quantity   money.Quantity
		UnitPrice  string
		TaxCode    string
		Account    string
		Dimensions accounting.Dimensions `json:",omitempty"`
	}
	type payment struct {
		Method   Method
		Minor    int64
		Currency money.Currency
	}
	lines, payments := make([]line, len(d.lines)), make([]payment, len(d.payments))
	for i, l := range d.lines {
		lines[i] = line{l.ProductID, l.Quantity, l.UnitPrice.String(), l.TaxCode, l.Account.String(), l.Dimensions}
	}
	for i, p := range d.payments {
		payments[i] = payment{p.Method, p.Amount.Minor, p.Amount.Currency}
	}
	return fingerprint(struct {
		Kind        Kind
		Session     uuid.UUID
		Origin      uuid.UUID
		TaxIncluded bool
		Lines       []line
		Back        []NewRefundLine
		Payments    []payment
	}{d.kind, d.session, d.origin, d.taxIncluded, lines, d.back, payments})
}

// fingerprint is of what makes two inputs the same: 128 bits are enough to tell a retry from a mistake.
func fingerprint(in any) string {
	b, err := json.Marshal(in)
	if err != nil {
		panic(err) // all callers give plain structs of checked text and numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
