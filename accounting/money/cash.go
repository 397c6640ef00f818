package money

import "github.com/opsmatiq/erp/tenancy/date"

// RoundCash rounds what is to be paid in coins to what coins can pay, in a country on a day, and says by how much:
// rounded = a + difference. The difference is booked as a line of its own.
//
// country is ISO 3166-1 alpha-2 in capitals; it matters where countries that share a currency round differently (the
// euro), and may be empty elsewhere. Nothing is refused: where the table has no rule, rounded is a and difference is zero.
//
// The rules speak of the total of one payment in cash, never of its lines and never of card payments. Which payments the
// law exempts (in Slovakia returned goods, in Belgium sales at a distance) and whether a voluntary rule (Ireland, the
// Netherlands, New Zealand) is followed at all, the caller knows and then does not ask. A negative amount (money given
// back) is rounded as the positive one. At the very end of int64 the multiple nearer to zero is taken, as the other does
// not exist.
func RoundCash(a Amount, country string, on date.Date) (rounded, difference Amount) {
	rounded, difference = a, Zero(a.Currency)
	rule, ok := cashRuleFor(a.Currency, country, on)
	if !ok {
		return rounded, difference
	}
	rounded.Minor = rule.round(a.Minor)
	difference.Minor = rounded.Minor - a.Minor // less than one step: cannot wrap
	return rounded, difference
}

// cashRule is how one currency, perhaps in one country, is paid in coins from a day on.
type cashRule struct {
	currency Currency
	country  string // "" is wherever the currency is used
	from     date.Date
	step     int64 // in minor units: the smallest coin, or what the law rounds to

	tiesDown bool  // an amount half-way goes toward zero; else away from it
	keepTo   int64 // amounts up to this many minor units are not rounded
	liftTo   int64 // amounts above zero up to this many minor units become one step
}

// cashRuleFor finds the youngest rule that is in force on the day.
func cashRuleFor(cur Currency, country string, on date.Date) (cashRule, bool) {
	var found cashRule
	for _, rule := range cashRules {
		if rule.currency != cur || (rule.country != "" && rule.country != country) || on.Before(rule.from) {
			continue
		}
		if found.step == 0 || rule.from.After(found.from) {
			found = rule
		}
	}
	return found, found.step != 0
}

// round works on magnitudes, which makes it symmetric.
func (c cashRule) round(minor int64) int64 {
	size, unit := magnitude(minor), int64(sign(minor))
	switch {
	case size == 0 || size <= uint64(c.keepTo): //nolint:gosec // keepTo is a small constant
		return minor
	case size <= uint64(c.liftTo): //nolint:gosec // as is liftTo
		return unit * c.step
	}
	rest := minor % c.step // has the sign of minor
	nearer := minor - rest
	twice := 2 * rest * unit
	if twice < c.step || (twice == c.step && c.tiesDown) {
		return nearer
	}
	farther, err := addInt64("money.RoundCash", nearer, unit*c.step)
	if err != nil {
		return nearer
	}
	return farther
}
