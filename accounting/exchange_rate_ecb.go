package accounting

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// ParseReferenceRates reads for [Service.SetRates] the euro foreign exchange reference rates of the European Central Bank, from the XML in which it publishes
// them (eurofxref-daily.xml, and those of the last 90 days and of all days): each currency to the euro, Indirect, as the bank quotes it. Of the currencies named, or of all. It
// needs no permission, for it touches nothing. A mistake names its day and currency. At most [MaxBatch] rates.
//
// Errors: accounting.bad_input, accounting.too_many.
func ParseReferenceRates(r io.Reader, of ...money.Currency) ([]NewExchangeRate, error) {
	const op = "accounting.ParseReferenceRates"
	in := xml.NewDecoder(r)
	var out []NewExchangeRate
	var on date.Date
	for {
		token, err := in.Token()
		if errors.Is(err, io.EOF) && len(out) > 0 {
			return out, nil
		}
		if err != nil {
			return nil, ErrBadInput.Wrap(op, err, "this is no file of reference rates, or has none: %v", err)
		}
		cube, ok := token.(xml.StartElement)
		if !ok || cube.Name.Local != "Cube" {
			continue
		}
		attributes := map[string]string{}
		for _, a := range cube.Attr {
			attributes[a.Name.Local] = a.Value
		}
		if day, ok := attributes["time"]; ok {
			if on, err = date.Parse(day); err != nil {
				return nil, ErrBadInput.Wrap(op, err, "time %q is no day such as 2010-12-31", day)
			}
		}
		from := money.Currency(attributes["currency"])
		if from == "" || len(of) > 0 && !slices.Contains(of, from) {
			continue
		}
		n, err := referenceRate(op, from, on, attributes["rate"])
		if err != nil {
			return nil, err
		}
		if out = append(out, n); len(out) > MaxBatch {
			return nil, ErrTooMany.New(op, "more than %d rates in one file: name the currencies that are wanted", MaxBatch)
		}
	}
}

func referenceRate(op string, from money.Currency, on date.Date, text string) (NewExchangeRate, error) {
	where := fmt.Sprintf("%s of %s: ", from, on)
	value, err := decimal.NewFromString(text)
	if err != nil {
		return NewExchangeRate{}, ErrBadInput.Wrap(op, err, "%srate %q is no number", where, text)
	}
	n := NewExchangeRate{From: from, To: "EUR", On: on, Rate: value, Indirect: true, Source: "ECB"}
	return n, checkRate(op, where, &n)
}
