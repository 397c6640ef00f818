package money

import (
	"database/sql/driver"
	"fmt"
)

// Currency is an ISO 4217 alphabetic code in capitals, such as "GBP". It is stored and sent as that plain text; the zero
// Currency means "none" and is stored as NULL.
type Currency string

// ParseCurrency reads exactly three capital letters that ISO 4217 gives minor units to.
//
// Errors: money.unknown_currency.
func ParseCurrency(code string) (Currency, error) {
	c := Currency(code)
	if _, err := c.units("money.ParseCurrency"); err != nil {
		return "", err
	}
	return c, nil
}

// Valid reports whether amounts can be counted in this currency: its code is on List One with minor units, or was
// withdrawn from it recently enough that books still hold it (see [Currency.Withdrawn]).
func (c Currency) Valid() bool {
	_, ok := minorUnits[c]
	return ok
}

// Withdrawn reports whether ISO 4217 has withdrawn the code (HRK, BGN, ANG, ...). Such amounts are read, reported and
// converted as ever; whether a new document may still use one is for the document to decide.
func (c Currency) Withdrawn() bool {
	_, gone := withdrawnUnits[c]
	return gone
}

// MinorUnits is the number of decimals of the currency by ISO 4217: 2 for GBP, 0 for JPY, 3 for KWD. An unknown currency
// gives 0; ask [Currency.Valid] where that matters.
func (c Currency) MinorUnits() int { return int(minorUnits[c]) }

// String is the code.
func (c Currency) String() string { return string(c) }

// Value stores the code as text, and NULL for none. An unknown code is refused before it reaches the database: what is
// written without known minor units could never be read as an amount again.
//
// Errors: money.unknown_currency.
func (c Currency) Value() (driver.Value, error) {
	if c == "" {
		return nil, nil
	}
	if _, err := c.units("money.Currency.Value"); err != nil {
		return nil, err
	}
	return string(c), nil
}

// Scan reads a text column; NULL is none.
//
// Errors: money.unknown_currency.
func (c *Currency) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c = ""
		return nil
	case string:
		return c.UnmarshalText([]byte(v))
	case []byte:
		return c.UnmarshalText(v)
	}
	return ErrUnknownCurrency.New("money.Currency.Scan", "a currency cannot be read from a %T", src)
}

// UnmarshalText reads a code; empty text is none. JSON goes through here as well.
//
// Errors: money.unknown_currency.
func (c *Currency) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = ""
		return nil
	}
	parsed, err := ParseCurrency(string(text))
	if err != nil {
		return err
	}
	*c = parsed
	return nil
}

// units is MinorUnits with a refusal instead of a silent 0.
func (c Currency) units(op string) (int32, error) {
	units, ok := minorUnits[c]
	if !ok {
		return 0, ErrUnknownCurrency.New(op, "%s is not a currency of ISO 4217 with minor units", shown(string(c)))
	}
	return units, nil
}

// shown quotes input for an error message and keeps a hostile one short.
func shown(input string) string {
	const limit = 40
	if len(input) > limit {
		return fmt.Sprintf("%q...", input[:limit])
	}
	return fmt.Sprintf("%q", input)
}
