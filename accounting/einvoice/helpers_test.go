package einvoice_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

var update = flag.Bool("update", false, "write the golden files anew")

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func eur(s string) money.Amount {
	a, err := money.Parse(s, "EUR")
	if err != nil {
		panic(err)
	}
	return a
}

// base is an invoice of everyday: two lines at two rates, nothing special. Tests change it.
func base() einvoice.Document {
	return einvoice.Document{
		Number: "INV-2026-0001", IssueDate: date.Must("2026-03-31"), DueDate: date.Must("2026-04-30"),
		Type: einvoice.CommercialInvoice, Currency: "EUR", BuyerReference: "PO desk 4",
		Seller: einvoice.Party{
			Name: "Lindgren Tools AB", TaxID: "SE556000000001", RegistrationID: einvoice.Identifier{ID: "5560000000", Scheme: "0007"},
			Electronic: einvoice.Identifier{ID: "5560000000", Scheme: "0007"},
			Address:    &einvoice.Address{Line1: "Verkstadsgatan 1", City: "Malmö", PostCode: "211 20", Country: "SE"},
		},
		Buyer: einvoice.Party{
			Name: "Möbel & Holz GmbH", TaxID: "DE123456789", Electronic: einvoice.Identifier{ID: "DE123456789", Scheme: "9930"},
			Address: &einvoice.Address{Line1: "Holzweg 2", City: "Köln", PostCode: "50667", Country: "DE"},
		},
		PaymentMeans: []einvoice.PaymentMeans{{
			Code: "58", Remittance: "INV-2026-0001", Account: &einvoice.Account{ID: "SE4550000000058398257466", BIC: "ESSESESS"},
		}},
		Lines: []einvoice.Line{
			line("1", "Plane iron", "3", "33.15", einvoice.Rated(dec("25"))),
			line("2", "Handbook", "1", "20", einvoice.Rated(dec("6"))),
		},
	}
}

func line(id, name, quantity, price string, tax einvoice.Tax) einvoice.Line {
	return einvoice.Line{
		ID: id, Quantity: einvoice.Dec(quantity), Unit: "C62", Tax: tax,
		Price: einvoice.Price{Net: einvoice.Dec(price)}, Item: einvoice.Item{Name: name},
	}
}

// calculated is a document with its figures.
func calculated(t require.TestingT, doc einvoice.Document) einvoice.Document {
	require.NoError(t, einvoice.Calculate(&doc))
	return doc
}

// canonical gives decimals the form in which they are read back, so that documents can be compared.
func canonical(doc einvoice.Document) einvoice.Document {
	v := reflect.New(reflect.TypeOf(doc)).Elem()
	v.Set(reflect.ValueOf(copied(reflect.ValueOf(doc)).Interface()))
	out, ok := v.Interface().(einvoice.Document)
	if !ok {
		panic("not a document")
	}
	return out
}

func copied(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(copied(v.Elem()))
		return p
	case reflect.Slice:
		if v.Len() == 0 {
			return reflect.Zero(v.Type())
		}
		s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			s.Index(i).Set(copied(v.Index(i)))
		}
		return s
	case reflect.Struct:
		switch x := v.Interface().(type) {
		case decimal.NullDecimal:
			return reflect.ValueOf(decimal.NullDecimal{Decimal: plain(x.Decimal), Valid: x.Valid})
		case date.Date:
			return v
		}
		s := reflect.New(v.Type()).Elem()
		for i := range v.NumField() {
			s.Field(i).Set(copied(v.Field(i)))
		}
		return s
	default:
		return v
	}
}

// plain is a decimal as reading its text gives it.
func plain(d decimal.Decimal) decimal.Decimal {
	if d.IsZero() {
		return decimal.Decimal{}
	}
	return dec(d.String())
}

// golden compares a file of testdata byte by byte.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the tests with -update, then read the difference")
	require.Equal(t, string(want), string(got))
}

// readUBL reads a file that lies in memory.
func readUBL(data []byte) (einvoice.Received, error) { return einvoice.ReadUBL(bytes.NewReader(data)) }
