package einvoice

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// TypeCode is BT-3: what kind of document this is, of UNTDID 1001.
type TypeCode string

// The types in common use. The others that EN 16931 admits are read and written as well.
const (
	CommercialInvoice TypeCode = "380"
	CreditNote        TypeCode = "381"
	DebitNote         TypeCode = "383"
	CorrectedInvoice  TypeCode = "384"
	PrepaymentInvoice TypeCode = "386"
	SelfBilledInvoice TypeCode = "389"
	FactoredInvoice   TypeCode = "393"
)

// The code lists of the CEN validation artefacts (EN16931-UBL-codes.sch; README.md says which copy was read).
var (
	invoiceTypes = strings.Fields(`71 80 81 82 84 102 130 202 203 204 211 218 219 295 325 326 331 380 382 383 384 385 386 387 388
		389 390 393 394 395 456 457 471 472 473 500 501 502 503 527 553 575 623 633 751 780 817 870 875 876 877 935`)
	creditTypes = strings.Fields(`81 83 261 262 296 308 381 396 420 458 532`)
	// selfBilled are the types that the buyer issues in the seller's name.
	selfBilled = strings.Fields(`261 389 527 500 501 502 503`)

	taxPointCodes    = strings.Fields(`3 35 432`)
	paymentCodes     = append(numbers(1, 70), strings.Fields(`74 75 76 77 78 91 92 93 94 95 96 97 98 ZZZ`)...)
	allowanceReasons = strings.Fields(`41 42 60 62 63 64 65 66 67 68 70 71 88 95 100 102 103 104 105`)
	mimeTypes        = []string{
		"application/pdf", "image/png", "image/jpeg", "text/csv",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.oasis.opendocument.spreadsheet",
	}
	categories = []Category{
		StandardRated, ZeroRated, Exempt, ReverseCharge, IntraCommunity, Export, NotSubject, CanaryIslands, CeutaMelilla,
	}
)

// The shapes of lists that are not carried.
var (
	unitPattern         = regexp.MustCompile(`^[A-Z0-9]{1,3}$`)                         // UN/ECE Recommendation 20 and 21
	chargeReasonPattern = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,2}$`)                    // UNTDID 7161
	classPattern        = regexp.MustCompile(`^[A-Z]{2,3}$`)                            // UNTDID 7143
	subjectPattern      = regexp.MustCompile(`^[A-Z]{3}$`)                              // UNTDID 4451
	referencePattern    = regexp.MustCompile(`^[A-Z]{2,3}$`)                            // UNTDID 1153
	icdPattern          = regexp.MustCompile(`^0[0-9]{3}$`)                             // ISO/IEC 6523
	easPattern          = regexp.MustCompile(`^(0[0-9]{3}|99[0-9]{2}|AN|AQ|AS|AU|EM)$`) // CEF EAS
	vatexPattern        = regexp.MustCompile(`^VATEX-[A-Z]{2}-[A-Z0-9]+(-[A-Z0-9]+)*$`)
)

// IsCredit reports whether documents of this type credit: in UBL they are a CreditNote and not an Invoice. Code 81 is on both
// lists of EN 16931 and counts as a credit note; an Invoice that has it is refused, for nobody can say who owes whom.
func (c TypeCode) IsCredit() bool { return slices.Contains(creditTypes, string(c)) }

// SelfBilled reports whether the buyer issues documents of this type in the seller's name.
func (c TypeCode) SelfBilled() bool { return slices.Contains(selfBilled, string(c)) }

func (c TypeCode) valid() bool { return c.IsCredit() || slices.Contains(invoiceTypes, string(c)) }

// numbers are the codes from first to last.
func numbers(first, last int) []string {
	var all []string
	for n := first; n <= last; n++ {
		all = append(all, strconv.Itoa(n))
	}
	return all
}

var countries = validator.New()

// isCountry reports whether EN 16931 admits a country code: ISO 3166-1, and 1A (Kosovo) and XI (Northern Ireland).
func isCountry(code string) bool {
	switch code {
	case "1A", "XI":
		return true
	case "XK": // in wide use for Kosovo, and not on the list
		return false
	}
	return countries.Var(code, "required,iso3166_1_alpha2") == nil
}
