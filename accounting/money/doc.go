// Package money has the numbers that books are kept in: amounts, currencies, quantities, rates, rounding and allocation.
//
// What is summed is an integer. An [Amount] is a count of a currency's minor units (cents, or whole yen), a [Quantity] is
// a count of millionths of a unit; both are int64 and neither ever wraps: a result that does not fit is an error with the
// code money.overflow. What is multiplied (unit prices, rates, factors) is a decimal.Decimal of any precision. There is no
// float anywhere, and no I/O.
//
// Wherever a result may need rounding, the caller says how with a [Rounding]; its zero value is [HalfUp], the rule of
// commercial documents. Splitting an amount goes through [Allocate], so that the parts always sum to the whole.
//
// An order line of 3 at 1.115 GBP:
//
//	quantity, err := money.Units(3)
//	price := decimal.RequireFromString("1.115")
//	net, err := money.Extend(quantity, price, "GBP", money.HalfUp) // 3.35 GBP
//
// A domain model embeds an amount as two columns, here net_minor and net_currency:
//
//	Net money.Amount `bun:"embed:net_"`
package money
