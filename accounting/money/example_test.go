package money_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

func ExampleParse() {
	price, err := money.Parse("12.34", "GBP")
	fmt.Println(price.Format(), price.Minor, err)
	_, err = money.Parse("12.345", "GBP")
	fmt.Println(err)
	// Output:
	// 12.34 GBP 1234 <nil>
	// money.Parse: "12.345" has too many decimals (money.not_an_amount)
}

func ExampleAmount_Add() {
	total, err := money.Of(1234, "GBP").Add(money.Of(66, "GBP"))
	fmt.Println(total, err)
	_, err = total.Add(money.Of(100, "EUR"))
	fmt.Println(errors.Is(err, money.ErrCurrencyMismatch))
	// Output:
	// 13.00 <nil>
	// true
}

// A line of 3 at 1.115: the product is rounded, not the price.
func ExampleExtend() {
	quantity, _ := money.Units(3)
	net, err := money.Extend(quantity, decimal.RequireFromString("1.115"), "GBP", money.HalfUp)
	fmt.Println(net.Format(), err)
	// Output: 3.35 GBP <nil>
}

// Two of seven leave a stock that is worth 100.00.
func ExampleAmount_MulDiv() {
	cost, err := money.Of(10000, "EUR").MulDiv(2, 7, money.HalfUp)
	fmt.Println(cost.Format(), err)
	// Output: 28.57 EUR <nil>
}

// Freight of 10.00 over three lines.
func ExampleAllocate() {
	parts, err := money.Allocate(money.Of(1000, "EUR"), []int64{1, 1, 1})
	fmt.Println(parts, err)
	// Output: [3.34 3.33 3.33] <nil>
}

func ExampleRoundCash() {
	toPay, difference := money.RoundCash(money.Of(1787, "CHF"), "CH", date.Must("2026-03-02"))
	fmt.Println(toPay.Format(), difference)
	// Output: 17.85 CHF -0.02
}

func ExampleRate_Convert() {
	rate := money.Rate{From: "EUR", To: "JPY", Value: decimal.RequireFromString("162.87"), On: date.Must("2026-03-02"), Source: "ECB"}
	yen, err := rate.Convert(money.Of(1050, "EUR"), money.HalfUp)
	fmt.Println(yen.Format(), err)
	// Output: 1710 JPY <nil>
}

func ExampleAmount_MarshalJSON() {
	data, err := json.Marshal(money.Of(1234, "GBP"))
	fmt.Println(string(data), err)
	// Output: {"amount":"12.34","currency":"GBP"} <nil>
}

func ExampleParseQuantity() {
	q, err := money.ParseQuantity("1.500")
	fmt.Println(q, int64(q), err)
	// Output: 1.5 1500000 <nil>
}
