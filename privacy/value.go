package privacy

import (
	"errors"
	"net/mail"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/opsmatiq/erp/tenancy"
)

// The most characters that a corrected text has by its class, where nobody says less.
const (
	maxName    = 200    // identity, behaviour
	maxContact = 1_000  // with a postal address of several lines
	maxFree    = 10_000 // free text
)

var (
	errControl = errors.New("no control characters stand in it")
	errBreak   = errors.New("it is one line")
	errLong    = errors.New("it is too long")
	errAddress = errors.New("an e-mail address is of the form name@example.com")
)

// checkValue holds a column that was corrected to what its own service would, where the row knows that ([tenancy.ColumnChecker]), and to its class in any case. "" is nothing, which a class allows.
func checkValue(row any, col *tenancy.Column) error {
	if col.Type == tenancy.Text {
		if err := checkText(col.Privacy.Category, reflect.ValueOf(row).Elem().FieldByIndex(col.Index).String()); err != nil {
			return err
		}
	}
	if of, ok := row.(tenancy.ColumnChecker); ok {
		return of.CheckColumn(col.Name)
	}
	return nil
}

// checkText holds a text to its class: names are of one line, addresses may be of several, unless they are of e-mail.
func checkText(class tenancy.Category, text string) error {
	lines, most := false, maxName
	switch class { //nolint:exhaustive // the others are names
	case tenancy.Contact:
		lines, most = !strings.Contains(text, "@"), maxContact
	case tenancy.FreeText:
		lines, most = true, maxFree
	}
	if !utf8.ValidString(text) {
		return errControl
	}
	for _, r := range text {
		switch {
		case r == '\n' && lines, r == '\t' && class == tenancy.FreeText:
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return errBreak
		case unicode.IsControl(r):
			return errControl
		}
	}
	if utf8.RuneCountInString(text) > most {
		return errLong
	}
	if class == tenancy.Contact && strings.Contains(text, "@") && !strings.ContainsAny(strings.TrimSpace(text), " ,") {
		if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
			return errAddress
		}
	}
	return nil
}
