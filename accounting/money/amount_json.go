package money

import (
	"encoding/json"
	"errors"
)

// amountJSON is the form on the wire. The amount is text: a JSON number becomes a float in most readers.
type amountJSON struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"amount":"12.34","currency":"GBP"}. An amount that is not set is {"amount":"0","currency":""}.
//
// Errors: money.unknown_currency.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a != (Amount{}) {
		if _, err := a.Currency.units("money.Amount.MarshalJSON"); err != nil {
			return nil, err
		}
	}
	return json.Marshal(amountJSON{Amount: a.String(), Currency: a.Currency})
}

// UnmarshalJSON reads what MarshalJSON writes. The amount must be text, never a number. A JSON null leaves the amount as
// it is, as encoding/json asks for.
//
// Errors: money.unknown_currency, money.not_an_amount, money.overflow.
func (a *Amount) UnmarshalJSON(data []byte) error {
	const op = "money.Amount.UnmarshalJSON"
	if string(data) == "null" {
		return nil
	}
	var wire amountJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		if errors.Is(err, ErrUnknownCurrency) {
			return err
		}
		return ErrNotAnAmount.Wrap(op, err, `an amount is written as {"amount":"12.34","currency":"GBP"}`)
	}
	if wire == (amountJSON{Amount: "0"}) {
		*a = Amount{}
		return nil
	}
	parsed, err := Parse(wire.Amount, wire.Currency)
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}
