package inventory

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"github.com/opsmatiq/erp/accounting"
)

// The limits of a batch: they bound the memory of one act and how long it holds its locks.
const (
	// MaxBatch is the greatest number of documents that one act takes.
	MaxBatch = accounting.MaxBatch
	// MaxBatchLines is the greatest number of lines of one act, over all its documents.
	MaxBatchLines = accounting.MaxBatchLines
	// MaxProducts is the greatest number of products that one act takes.
	MaxProducts = 10_000
)

// check reads the validate tags. "line" is text on one line, "text" may have several, "reference" has no blanks at its ends;
// none has control characters or broken UTF-8, which one engine would store and the other refuse.
var check = newCheck()

func newCheck() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	must := func(err error) {
		if err != nil {
			panic(err) // a mistake in the program
		}
	}
	must(v.RegisterValidation("line", func(f validator.FieldLevel) bool { return clean(f.Field().String(), "") }))
	must(v.RegisterValidation("text", func(f validator.FieldLevel) bool { return clean(f.Field().String(), "\n\t") }))
	must(v.RegisterValidation("reference", func(f validator.FieldLevel) bool {
		s := f.Field().String()
		return utf8.RuneCountInString(s) <= 100 && clean(s, "") && s == strings.TrimSpace(s)
	}))
	return v
}

func clean(s, allowed string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune(allowed, r)
	})
}

// checkInput refuses what the tags of in do not allow, and names the first field. what is where it stands, such as
// "document 3".
func checkInput(op, what string, in any) error {
	err := check.Struct(in)
	var fields validator.ValidationErrors
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &fields):
		return ErrBadInput.Wrap(op, err, "%s cannot be checked", what)
	}
	f := fields[0]
	_, path, _ := strings.Cut(f.Namespace(), ".")
	rule := f.Tag()
	if f.Param() != "" {
		rule += " " + f.Param()
	}
	return ErrBadInput.Wrap(op, err, "%s: %s does not meet the rule %q", what, path, rule)
}

// digest tells two inputs apart. in must have been checked.
func digest(op string, in any) (string, error) {
	b, err := json.Marshal(in)
	if err != nil {
		return "", ErrBadInput.Wrap(op, err, "the input cannot be written down")
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}
