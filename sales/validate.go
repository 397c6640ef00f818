package sales

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
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The limits of a batch: they bound the memory of one act and how long it holds its locks.
const (
	// MaxBatch is the greatest number of documents that one act takes.
	MaxBatch = accounting.MaxBatch
	// MaxBatchLines is the greatest number of lines of one act, over all its documents.
	MaxBatchLines = accounting.MaxBatchLines
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

// checkTags holds an input to its validate tags.
func checkTags(op, what string, input any) error {
	err := check.Struct(input)
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

// drafts checks all that needs no database.
func drafts(op string, in []Document) ([]*draft, error) {
	if len(in) > MaxBatch {
		return nil, ErrTooMany.New(op, "%d documents are more than the %d that one act takes", len(in), MaxBatch)
	}
	out := make([]*draft, len(in))
	lines := 0
	for i, document := range in {
		if document == nil {
			return nil, ErrBadInput.New(op, "document %d is nil", i+1)
		}
		out[i] = document.draft()
		if lines += len(out[i].lines); lines > MaxBatchLines {
			return nil, ErrTooMany.New(op, "the documents have more than the %d lines that one act takes", MaxBatchLines)
		}
	}
	byReference := make(map[string]*draft, len(in))
	for i, d := range out {
		d.what = fmt.Sprintf("document %d (%q)", i+1, d.reference)
		if err := d.check(op); err != nil {
			return nil, err
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
	return out, nil
}

func (d *draft) check(op string) error {
	err := checkTags(op, d.what, d.input)
	if err != nil {
		return err
	}
	if d.kind == KindSale && d.party == uuid.Nil && d.settledBy.IsZero() {
		return ErrBadInput.New(op, "%s: without a customer it is paid at once: SettledBy is needed", d.what)
	}
	for i, l := range d.lines {
		if why := d.wrong(l); why != "" {
			return ErrBadInput.New(op, "%s, line %d: %s", d.what, i+1, why)
		}
	}
	d.fingerprint, err = d.digest()
	if err != nil {
		return ErrBadInput.Wrap(op, err, "%s cannot be written down", d.what)
	}
	return nil
}

// wrong says what is wrong with a line; "" when nothing is.
func (d *draft) wrong(l draftLine) string {
	if why := wrongLine(l.NewLine, l.saleLine != 0); why != "" {
		return why
	}
	switch {
	case !l.returnCost.Valid():
		return "ReturnCost is below zero, stated both per unit and in total, or has too many digits"
	case l.saleLine != 0 && d.credits == "":
		return "SaleLine names a line of a sale, and Credits names none"
	case d.credits != "" && l.saleLine == 0 && l.ProductID != uuid.Nil:
		return "a credit of a sale names the line that a product comes from (SaleLine)"
	case l.saleLine != 0 && len(l.Dimensions) > 0:
		return "what comes back from a known sale has the dimensions of that; none can be stated"
	case l.saleLine != 0 && l.returnCost.Stated():
		return "what comes back from a known sale comes back at its cost; none can be stated"
	}
	return ""
}

// wrongLine says what is wrong with a line of a sale, a quotation or an order; elsewhere says that another line tells what
// it is about.
func wrongLine(l NewLine, elsewhere bool) string {
	switch p := l.UnitPrice; {
	case p.Exponent() > 20 || p.Exponent() < -20 || p.Coefficient().BitLen() > 128:
		return "UnitPrice has too many digits"
	case l.Giveaway && !p.IsZero():
		return "goods that are given away have no price"
	case l.Giveaway && l.ProductID == uuid.Nil && !elsewhere:
		return "only a product can be given away"
	case l.ProductID == uuid.Nil && !elsewhere && strings.TrimSpace(l.Description) == "":
		return "Description is needed of a line about no product"
	}
	return ""
}

// digest tells two inputs apart by all but their free text, which erasure may empty.
func (d *draft) digest() (string, error) {
	type line struct {
		ProductID  uuid.UUID
		Quantity   money.Quantity
		UnitPrice  decimal.Decimal
		TaxCode    string
		Account    string
		Giveaway   bool
		SaleLine   int64
		Moves      bool
		ReturnCost inventory.Cost
		Dimensions accounting.Dimensions `json:",omitempty"`
	}
	lines := make([]line, len(d.lines))
	for i, l := range d.lines {
		lines[i] = line{l.ProductID, l.Quantity, l.UnitPrice, l.TaxCode, l.Account.String(), l.Giveaway, l.saleLine, l.moves, l.returnCost, l.Dimensions}
	}
	b, err := json.Marshal(struct {
		Kind        Kind
		Credits     string
		PartyID     uuid.UUID
		Date, Due   date.Date
		SettledBy   string
		WarehouseID uuid.UUID
		Dimensions  accounting.Dimensions `json:",omitempty"`
		Lines       []line
	}{d.kind, d.credits, d.party, d.date, d.due, d.settledBy.String(), d.warehouse, d.dimensions, lines})
	if err != nil {
		return "", err
	}
	return shortHash(b), nil
}

func shortHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
