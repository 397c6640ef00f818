package bank

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
)

// The limits of a batch: they bound the memory of one act and how long it holds its locks.
const (
	// MaxStatements is the greatest number of statements that one import takes.
	MaxStatements = 1_000
	// MaxLines is the greatest number of lines of one import.
	MaxLines = 50_000
	// MaxReconciliations is the greatest number of lines that one act reconciles.
	MaxReconciliations = 1_000
	// MaxParts is the greatest number of parts of one line.
	MaxParts = 200
)

// check reads the validate tags: "line" is text on one line, "text" may have several.
var check = newCheck()

func newCheck() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for tag, rule := range map[string]func(string) bool{"line": oneLine, "text": func(s string) bool { return plain(s, "\n\t") }} {
		if err := v.RegisterValidation(tag, func(f validator.FieldLevel) bool { return rule(f.Field().String()) }); err != nil {
			panic(err) // a mistake in this table
		}
	}
	return v
}

func oneLine(s string) bool { return plain(s, "") }

func plain(s, allowed string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune(allowed, r) })
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
