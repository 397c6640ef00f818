package accounting

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// The limits of one act. They bound what a transaction locks and holds in memory; none is near what a document needs.
const (
	MaxBatch      = 1_000               // documents in one call
	MaxLines      = 10_000              // lines of one document
	MaxBatchLines = 100_000             // lines of all documents in one call
	maxMinor      = 999_999_999_999_999 // of any amount, in minor units; the database holds lines to it as well
)

// validate checks the declared rules of input structs. Its own tags are for what the library's lack or get wrong: its gt=0
// panics on a decimal, its alphanum knows no dashes.
var validate = newValidator()

func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterCustomTypeFunc(func(f reflect.Value) any { return !f.IsZero() }, date.Date{}) // the zero Date is none
	v.RegisterCustomTypeFunc(func(f reflect.Value) any {
		if d, ok := f.Interface().(decimal.Decimal); ok && reasonable(d) {
			return d.String()
		}
		return "" // which is no number
	}, decimal.Decimal{})
	rules := map[string]func(validator.FieldLevel) bool{
		"day":          func(f validator.FieldLevel) bool { return f.Field().Bool() },
		"currency":     func(f validator.FieldLevel) bool { return money.Currency(f.Field().String()).Valid() },
		"chart":        func(f validator.FieldLevel) bool { return Chart(f.Field().String()).Valid() },
		"role":         func(f validator.FieldLevel) bool { return Role(f.Field().String()).Valid() },
		"account_type": func(f validator.FieldLevel) bool { return AccountType(f.Field().String()).valid() },
		"cash_flow":    func(f validator.FieldLevel) bool { return CashFlow(f.Field().String()).Valid() },
		"country":      func(f validator.FieldLevel) bool { return isCountry(f.Field().String()) },
		"territory":    func(f validator.FieldLevel) bool { return isTerritory(f.Field().String()) },
		"journal":      func(f validator.FieldLevel) bool { return only(f.Field().String(), 2, 10, capitalOrDigit) },
		"code":         func(f validator.FieldLevel) bool { return only(f.Field().String(), 1, 20, codeRune) },
		"reference":    func(f validator.FieldLevel) bool { return validReference(f.Field().String()) },
		"line":         func(f validator.FieldLevel) bool { return validText(f.Field().String(), f.Param(), true) },
		"text":         func(f validator.FieldLevel) bool { return validText(f.Field().String(), f.Param(), false) },
		"percent":      func(f validator.FieldLevel) bool { return validPercent(f.Field().String()) },
		"tax_kind":     func(f validator.FieldLevel) bool { return TaxKind(f.Field().String()).Valid() },
		"place":        func(f validator.FieldLevel) bool { return validPlace(f.Field().String()) },
		"vatex":        func(f validator.FieldLevel) bool { return vatex.MatchString(f.Field().String()) },
	}
	for tag, rule := range rules {
		if err := v.RegisterValidation(tag, rule); err != nil {
			panic(err) // a mistake in this table
		}
	}
	return v
}

// vatex is the form of the codes of the exemption reason code list of EN 16931.
var vatex = regexp.MustCompile(`^VATEX-[A-Z]{2}-[0-9A-Z-]{1,20}$`)

// says is what a bookkeeper reads when a rule is broken.
var says = map[string]string{
	"required": "is needed", "required_without": "or {} must be set", "day": "is needed", "currency": "must be a currency code such as GBP",
	"chart": "must be one of: " + chartNames(), "role": "is not a role",
	"account_type": "must be one of: " + strings.Join(accountTypes(), " "),
	"cash_flow":    "is no place in the statement of cash flows",
	"country":      "must be a country code of ISO 3166-1 such as GB", "territory": "must be a country code of ISO 3166-1 such as GB", "journal": "must be 2 to 10 capitals or digits",
	"code":      "must be 1 to 20 letters, digits, dots, dashes or underscores",
	"reference": "must be at most 100 characters, without control characters or blanks at its ends",
	"line":      "must be one line of 1 to {} characters", "text": "must be at most {} characters", "max": "has more than {}", "min": "has less than {}",
	"tax_kind": "is not a kind of tax", "place": "must be a country code, domestic, eu or abroad",
	"vatex":   "must be a code of the VATEX list such as VATEX-EU-132",
	"percent": "must be a percentage from 0 to 1,000 with at most four decimals", "oneof": "must be one of: {}", "email": "must be an e-mail address",
}

// checkInput holds a struct to its validate tags. where says which one of a batch it is: "party 3: ".
func checkInput(op, where string, in any) error {
	err := validate.Struct(in)
	if err == nil {
		return nil
	}
	var broken validator.ValidationErrors
	if !errors.As(err, &broken) || len(broken) == 0 {
		return ErrBadInput.Wrap(op, err, "%sthe input cannot be read", where)
	}
	first := broken[0]
	_, field, _ := strings.Cut(first.StructNamespace(), ".")
	return ErrBadInput.Wrap(op, err, "%s%s %s", where, field, saying(first))
}

// saying is what a bookkeeper reads of a broken rule.
func saying(broken validator.FieldError) string {
	message, ok := says[broken.Tag()]
	if !ok {
		message = "is not valid"
	}
	if hint := countryHints[fmt.Sprint(broken.Value())]; hint != "" && (broken.Tag() == "country" || broken.Tag() == "territory") {
		message += ": " + hint
	}
	return strings.ReplaceAll(message, "{}", broken.Param())
}

// done is what an act returns after its last write: the row as the store has completed it, or the error.
func done[T any](row *T, err error) (T, error) {
	if err != nil {
		return *new(T), err
	}
	return *row, nil
}

// checkBatch bounds a call.
func checkBatch(op, what string, n int) error {
	if n > MaxBatch {
		return ErrTooMany.New(op, "%d %s in one call; the limit is %d", n, what, MaxBatch)
	}
	return nil
}

func (t AccountType) valid() bool { return slices.Contains(accountTypes(), string(t)) }

// chartNames are the templates, and that of a chart of one's own.
func chartNames() string {
	var names []string
	for _, c := range append(Charts(), ChartOwn) {
		names = append(names, string(c))
	}
	return strings.Join(names, " ")
}

func accountTypes() []string {
	return []string{string(Asset), string(Liability), string(Equity), string(Income), string(CostOfSales), string(Expense)}
}

func capital(r rune) bool        { return r >= 'A' && r <= 'Z' }
func capitalOrDigit(r rune) bool { return capital(r) || r >= '0' && r <= '9' }
func codeRune(r rune) bool {
	return capitalOrDigit(r) || r >= 'a' && r <= 'z' || r == '.' || r == '-' || r == '_'
}

func only(s string, least, most int, allowed func(rune) bool) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for _, r := range s {
		if !allowed(r) {
			return false
		}
	}
	return true
}

func validPlace(s string) bool {
	return s == PlaceDomestic || s == PlaceEU || s == PlaceAbroad || isTerritory(s)
}

func validReference(s string) bool {
	return s == "" || validRunes(s, 100, false) && s == strings.TrimSpace(s)
}

// validText is free text of at most so many characters; oneLine asks for something in it, and no line breaks.
func validText(s, most string, oneLine bool) bool {
	limit, err := strconv.Atoi(most)
	if err != nil || oneLine && strings.TrimSpace(s) == "" {
		return false
	}
	return validRunes(s, limit, !oneLine)
}

func validRunes(s string, most int, breaks bool) bool {
	if len(s) > most*utf8.UTFMax || !utf8.ValidString(s) {
		return false
	}
	n := 0
	for _, r := range s {
		n++
		if unicode.IsControl(r) && (!breaks || r != '\n' && r != '\t') {
			return false
		}
	}
	return n <= most
}

// reasonable bounds a decimal before anything is done with it: 1e1000000000 is a few bytes of input and a gigabyte of text.
func reasonable(d decimal.Decimal) bool {
	return d.Exponent() >= -20 && d.Exponent() <= 30 && d.Coefficient().BitLen() <= 128
}

func validPercent(s string) bool {
	d, err := decimal.NewFromString(s)
	return err == nil && !d.IsNegative() && d.LessThanOrEqual(decimal.NewFromInt(1000)) && d.Equal(d.Truncate(4))
}
