package money

import (
	"cmp"
	"math/bits"
)

// Add is a + b.
//
// Errors: money.currency_mismatch, money.overflow.
func (a Amount) Add(b Amount) (Amount, error) {
	const op = "money.Add"
	if err := a.same(op, b); err != nil {
		return Amount{}, err
	}
	return a.with(addInt64(op, a.Minor, b.Minor))
}

// Sub is a - b.
//
// Errors: money.currency_mismatch, money.overflow.
func (a Amount) Sub(b Amount) (Amount, error) {
	const op = "money.Sub"
	if err := a.same(op, b); err != nil {
		return Amount{}, err
	}
	return a.with(subInt64(op, a.Minor, b.Minor))
}

// Neg is -a. The least int64 has no opposite, so this can fail.
//
// Errors: money.overflow.
func (a Amount) Neg() (Amount, error) {
	return a.with(subInt64("money.Neg", 0, a.Minor))
}

// Abs is a without its sign.
//
// Errors: money.overflow, for the least int64.
func (a Amount) Abs() (Amount, error) {
	if a.Minor >= 0 {
		return a, nil
	}
	return a.with(subInt64("money.Abs", 0, a.Minor))
}

// Cmp is -1, 0 or 1 as a is less than, equal to or greater than b. Amounts of different currencies have no order.
//
// Errors: money.currency_mismatch.
func (a Amount) Cmp(b Amount) (int, error) {
	if err := a.same("money.Cmp", b); err != nil {
		return 0, err
	}
	return cmp.Compare(a.Minor, b.Minor), nil
}

// Sum adds one or more amounts of one currency. Only the total must fit: the order of the amounts never matters. The sum
// of none has no currency and is refused; use [SumIn] where there may be none.
//
// Errors: money.not_an_amount (no amounts), money.currency_mismatch, money.overflow.
func Sum(amounts ...Amount) (Amount, error) {
	const op = "money.Sum"
	if len(amounts) == 0 {
		return Amount{}, ErrNotAnAmount.New(op, "the sum of no amounts has no currency")
	}
	return sum(op, amounts[0].Currency, amounts)
}

// SumIn is Sum where the currency is known: the sum of none is Zero(cur).
//
// Errors: money.currency_mismatch, money.overflow.
func SumIn(cur Currency, amounts ...Amount) (Amount, error) {
	return sum("money.SumIn", cur, amounts)
}

// sum adds up in 128 bits (high, low), so that a passing overflow within the row is none.
func sum(op string, cur Currency, amounts []Amount) (Amount, error) {
	var high int64
	var low uint64
	for _, a := range amounts {
		if err := Zero(cur).same(op, a); err != nil {
			return Amount{}, err
		}
		var carry uint64
		low, carry = bits.Add64(low, uint64(a.Minor), 0) //nolint:gosec // two's complement is meant
		high += int64(carry) + a.Minor>>63               //nolint:gosec // carry is 0 or 1
	}
	if total := int64(low); high == total>>63 {
		return Amount{Minor: total, Currency: cur}, nil
	}
	return Amount{}, ErrOverflow.New(op, "")
}

// same refuses two currencies in one calculation.
func (a Amount) same(op string, b Amount) error {
	if a.Currency != b.Currency {
		return ErrCurrencyMismatch.New(op, "%s and %s cannot be combined", shown(string(a.Currency)), shown(string(b.Currency)))
	}
	return nil
}

// with takes a result into a's currency, or hands on why there is none.
func (a Amount) with(minor int64, err error) (Amount, error) {
	if err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: a.Currency}, nil
}
