package einvoice

import "fmt"

// text picks the wording for what may have a breakdown for each rate, or exactly one.
func (f family) text(byRate, once string) string {
	if f.byRate {
		return fmt.Sprintf(byRate, f.name)
	}
	return fmt.Sprintf(once, f.name)
}

func (f family) textOfTax() string {
	if f.byRate {
		return "BT-117 = BT-116 x BT-119 / 100"
	}
	return "BT-117 is nothing"
}

func (f family) textOfReason() string {
	if f.reasoned {
		return "a reason why no tax is owed (BT-120 or BT-121)"
	}
	return "no reason why no tax is owed"
}

func (r idRule) text() string {
	switch r {
	case sellerAndBuyer:
		return "the seller's or representative's tax identifier (BT-31, BT-32, BT-63), and the buyer's VAT identifier or registration (BT-48, BT-47)"
	case sellerAndBuyerVAT:
		return "the seller's or representative's VAT identifier (BT-31, BT-63), and the buyer's (BT-48)"
	case sellerVAT:
		return "the seller's or representative's VAT identifier (BT-31, BT-63)"
	case nobodyTaxed:
		return "no VAT identifiers (BT-31, BT-48, BT-63)"
	case sellerTaxed:
	}
	return "the seller's or representative's tax identifier (BT-31, BT-32, BT-63)"
}

func (r rateRule) must() string {
	switch r {
	case rateZero:
		return "be zero"
	case rateNotNegative:
		return "be zero or above"
	case rateNone:
		return "not be there"
	case ratePositive:
	}
	return "be above zero"
}

func (r rateRule) admits(t Tax) bool {
	switch r {
	case rateZero:
		return t.Rate.Valid && t.Rate.Decimal.IsZero()
	case rateNotNegative:
		return t.Rate.Valid && t.Rate.Decimal.Sign() >= 0
	case rateNone:
		return !t.Rate.Valid
	case ratePositive:
	}
	return t.Rate.Valid && t.Rate.Decimal.Sign() > 0
}
