package purchasing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
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

// checkSize bounds a batch.
func checkSize[T any](op string, in []T, lines func(T) int) error {
	if len(in) > MaxBatch {
		return ErrTooMany.New(op, "%d documents are more than the %d that one act takes", len(in), MaxBatch)
	}
	n := 0
	for _, d := range in {
		if n += lines(d); n > MaxBatchLines {
			return ErrTooMany.New(op, "the documents have more than the %d lines that one act takes", MaxBatchLines)
		}
	}
	return nil
}

// tooLong reports whether a price has more digits than can be worked with: 1e1000000000 is a few bytes of input and a
// gigabyte when written out.
func tooLong(d decimal.Decimal) bool {
	return d.Exponent() > 20 || d.Exponent() < -20 || d.Coefficient().BitLen() > 128
}

// digest tells two inputs apart. What is handed to it has no free text, which erasure may empty.
func digest(op, what string, content any) (string, error) {
	b, err := json.Marshal(content)
	if err != nil {
		return "", ErrBadInput.Wrap(op, err, "%s cannot be written down", what)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}
