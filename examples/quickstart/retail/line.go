package retail

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Currency is what the file's prices are in.
const Currency money.Currency = "GBP"

// Line is one row of a document.
type Line struct {
	Number      int64  // in the file, from 1 (the header's)
	Code        string // the stock code, exactly as written
	Description string // may be empty
	Goods       bool   // whether the code stands for goods
	Quantity    int64  // below zero when goods come back or are written off
	Price       decimal.Decimal
	Amount      money.Amount // Quantity x Price, rounded half up
}

// GivenAway reports whether it is goods (or a service) handed out for nothing.
func (l *Line) GivenAway() bool { return l.Price.IsZero() && l.Quantity > 0 }

// WrittenOff reports whether it takes goods out of the stock without a sale. On a credit note it means nothing.
func (l *Line) WrittenOff() bool { return l.Price.IsZero() && l.Quantity < 0 }

// The limits keep a sum over a whole file far inside 64 bits. What is beyond them is refused.
const (
	maxQuantity   = 100_000_000
	maxPriceUnits = 100_000_000        // pounds
	maxMinor      = 99_999_999_999_999 // of one line, one document, and a file's turnover: just below a million million pounds
	maxDecimals   = 9                  // of a price
	maxNumber     = 40                 // bytes of an invoice number
	maxCode       = 64                 // bytes of a stock code
	maxText       = 500                // characters of a description
	maxName       = 60                 // bytes of a customer number or country
	firstYear     = 1970
	lastYear      = 2100
)

// rowDate is the day of a row; the clock time decides nothing.
type rowDate struct {
	text string // the last one parsed: the rows of a document usually share it
	day  date.Date
}

func (d *rowDate) parse(text string) (date.Date, error) {
	if text == d.text && text != "" {
		return d.day, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return date.Date{}, fmt.Errorf("invoice_date %s is not a date and time such as 2010-12-01T08:26:00Z", quote(text))
	}
	if t.Year() < firstYear || t.Year() > lastYear {
		return date.Date{}, fmt.Errorf("invoice_date %s lies outside the years %d to %d", quote(text), firstYear, lastYear)
	}
	d.text, d.day = text, date.In(t, t.Location())
	return d.day, nil
}

// parseQuantity reads a whole number that is not zero.
func parseQuantity(text string) (int64, error) {
	digits := strings.TrimPrefix(text, "-")
	if !isDigits(digits) {
		return 0, fmt.Errorf("quantity %s is not a whole number", quote(text))
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n > maxQuantity || n < -maxQuantity:
		return 0, fmt.Errorf("quantity %s is too large", quote(text))
	case n == 0:
		return 0, fmt.Errorf("quantity is zero")
	}
	return n, nil
}

// parsePrice reads a decimal number without exponent.
func parsePrice(text string) (decimal.Decimal, error) {
	unsigned := strings.TrimPrefix(text, "-")
	whole, fraction, point := strings.Cut(unsigned, ".")
	switch {
	case !isDigits(whole) || point && !isDigits(fraction):
		return decimal.Decimal{}, fmt.Errorf("unit_price %s is not a number", quote(text))
	case len(fraction) > maxDecimals:
		return decimal.Decimal{}, fmt.Errorf("unit_price %s has more than %d decimals", quote(text), maxDecimals)
	}
	units, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || units >= maxPriceUnits {
		return decimal.Decimal{}, fmt.Errorf("unit_price %s is too large", quote(text))
	}
	digits, err := strconv.ParseInt(whole+fraction, 10, 64) // at most 8 digits before the point, leading zeros apart
	if err != nil {
		return decimal.Decimal{}, fmt.Errorf("unit_price %s is too large", quote(text))
	}
	if unsigned != text {
		digits = -digits
	}
	return decimal.New(digits, -int32(len(fraction))), nil //nolint:gosec // at most maxDecimals
}

// extend is the line's amount.
func extend(quantity int64, price decimal.Decimal) (money.Amount, error) {
	q, err := money.Units(quantity)
	if err != nil {
		return money.Amount{}, err
	}
	amount, err := money.Extend(q, price, Currency, money.HalfUp)
	if err != nil || amount.Minor > maxMinor || amount.Minor < -maxMinor {
		return money.Amount{}, fmt.Errorf("the amount %d x %s is too large", quantity, price)
	}
	return amount, nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// checkWord refuses what cannot be a number, a code or a name: other than UTF-8, several lines, blanks around it, too long.
func checkWord(column int, text string, required bool, limit int) error {
	name := columnNames[column]
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not valid UTF-8", name)
	case required && strings.TrimSpace(text) == "":
		return fmt.Errorf("%s is empty", name)
	case len(text) > limit:
		return fmt.Errorf("%s is longer than %d bytes", name, limit)
	case column != columnCode && text != strings.TrimSpace(text): // codes count exactly as written
		return fmt.Errorf("%s %s has blanks around it", name, quote(text))
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("%s %s has a control character", name, quote(text))
	}
	return nil
}

// checkText is for the description, which may have several lines.
func checkText(text string) error {
	name := columnNames[columnDescription]
	switch {
	case !utf8.ValidString(text):
		return fmt.Errorf("%s is not valid UTF-8", name)
	case utf8.RuneCountInString(text) > maxText:
		return fmt.Errorf("%s is longer than %d characters", name, maxText)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		return fmt.Errorf("%s has a control character", name)
	}
	return nil
}

// quote shows what stands in the file, at most 40 characters of it.
func quote(text string) string {
	const limit = 40
	if r := []rune(text); len(r) > limit {
		return strconv.QuoteToGraphic(string(r[:limit])) + "..."
	}
	return strconv.QuoteToGraphic(text)
}
