package accounting

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// rateColumns is the first line of a file of rates.
var rateColumns = []string{"from", "to", "date", "rate", "quoted", "source"}

// ParseRates reads exchange rates for [Service.SetRates] from CSV (RFC 4180) whose first line is from,to,date,rate,quoted,source: currencies by
// their ISO codes, days as 2010-12-31, rates with a decimal point, and quoted is direct (units of to for one of from) or indirect (units of from for one of
// to; see [NewExchangeRate]). It needs no permission, for it touches nothing. A mistake names its line. At most [MaxBatch] rates.
//
// Errors: accounting.bad_input, accounting.too_many.
func ParseRates(r io.Reader) ([]NewExchangeRate, error) {
	const op = "accounting.ParseRates"
	in := csv.NewReader(r)
	in.FieldsPerRecord = len(rateColumns)
	first, err := in.Read()
	if err != nil || !slices.Equal(first, rateColumns) {
		return nil, ErrBadInput.New(op, "line 1: the first line is %s", strings.Join(rateColumns, ","))
	}
	var out []NewExchangeRate
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, ErrBadInput.Wrap(op, err, "line %d: %v", broken.StartLine, broken.Err)
		}
		if err != nil {
			return nil, ErrBadInput.Wrap(op, err, "the file cannot be read")
		}
		line, _ := in.FieldPos(0)
		n, err := parseRate(op, line, fields)
		if err != nil {
			return nil, err
		}
		if out = append(out, n); len(out) > MaxBatch {
			return nil, ErrTooMany.New(op, "line %d: more than %d rates in one file", line, MaxBatch)
		}
	}
}

func parseRate(op string, line int, fields []string) (NewExchangeRate, error) {
	on, err := date.Parse(fields[2])
	if err != nil {
		return NewExchangeRate{}, ErrBadInput.Wrap(op, err, "line %d: date %q is no day such as 2010-12-31", line, fields[2])
	}
	value, err := decimal.NewFromString(fields[3])
	if err != nil || !reasonable(value) || value.Sign() <= 0 {
		return NewExchangeRate{}, ErrBadInput.New(op, "line %d: rate %q is no number above zero", line, fields[3])
	}
	n := NewExchangeRate{From: money.Currency(fields[0]), To: money.Currency(fields[1]), On: on, Rate: value, Indirect: fields[4] == "indirect", Source: fields[5]}
	if !n.Indirect && fields[4] != "direct" {
		return NewExchangeRate{}, ErrBadInput.New(op, "line %d: quoted is direct or indirect, not %q", line, fields[4])
	}
	return n, checkRate(op, fmt.Sprintf("line %d: ", line), &n)
}
