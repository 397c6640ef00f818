package accounting

// What acts derive, nobody names dimensions of. So none of it ever waits for one that an account requires: a reversal and the
// closing of a year take what was booked along, and the rest stands without.

// derived reports whether acts book to the account without being told any dimensions.
func (set *setup) derived(a *Account) bool {
	switch a.Role { //nolint:exhaustive // the others are named by whoever posts
	case RoleCurrencyClearing, RoleExchangeGain, RoleExchangeLoss, RoleUnrealisedGain, RoleUnrealisedLoss, RoleReceivableValuation,
		RolePayableValuation, RoleRounding, RoleTaxNotDue, RoleInputTaxNotDue:
		return true
	}
	return a.Control != NoControl || set.taxAccounts[a.ID]
}

// derived reports whether the entries of the kind follow from others, or have no place for dimensions of the account that they
// move: a revaluation moves the account itself, a payment the bank.
func (k EntryKind) derived() bool {
	switch k { //nolint:exhaustive // the others are stated by whoever posts
	case KindRevaluation, KindRealised, KindTaxDue, KindPayment, KindBadDebt:
		return true
	}
	return false
}
