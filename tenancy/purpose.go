package tenancy

import "fmt"

// Purpose is what personal data are used for. The list is closed: what is not on it is done with nobody's data, and selling them and
// advertising are not on it.
type Purpose string

// The purposes.
const (
	ProvideService Purpose = "provide_service" // processing, storing and showing business data
	ManageAccount  Purpose = "manage_account"  // authentication, authorisation, billing, subscriptions
	ImproveService Purpose = "improve_service" // counts over many tenants; nobody's data by themselves
	Communicate    Purpose = "communicate"     // announcements, security alerts, answers
	EnsureSecurity Purpose = "ensure_security" // fraud, abuse, access without authority
	ComplyWithLaw  Purpose = "comply_with_law" // legal obligations, lawful requests, claims
)

// Purposes lists them.
func Purposes() []Purpose {
	return []Purpose{ProvideService, ManageAccount, ImproveService, Communicate, EnsureSecurity, ComplyWithLaw}
}

// Basis is on what lawful ground personal data are processed (GDPR Art. 6(1)).
type Basis string

// The lawful bases.
const (
	OnConsent      Basis = "consent"              // Art. 6(1)(a); for each purpose by itself, and withdrawable
	ForContract    Basis = "contract"             // Art. 6(1)(b)
	LegalDuty      Basis = "legal_obligation"     // Art. 6(1)(c)
	LegitimateNeed Basis = "legitimate_interests" // Art. 6(1)(f); may be objected to
)

// Bases lists them. Vital interests and public tasks (Art. 6(1)(d) and (e)) are no ground for anything that is done here.
func Bases() []Basis { return []Basis{OnConsent, ForContract, LegalDuty, LegitimateNeed} }

// usualUse is what a class of records is used for and on what ground, where nobody says otherwise.
var usualUse = map[RecordClass]struct {
	purpose Purpose
	basis   Basis
}{
	Master:   {ProvideService, ForContract},
	Letter:   {ProvideService, ForContract},
	Book:     {ComplyWithLaw, LegalDuty},
	Voucher:  {ComplyWithLaw, LegalDuty},
	Log:      {EnsureSecurity, LegitimateNeed},
	Settings: {ProvideService, ForContract},
}

// use fills in what is usual for a class, and refuses what is on no list.
func use(class RecordClass, p Purpose, b Basis) (Purpose, Basis, error) {
	usual, ok := usualUse[class]
	if !ok {
		return "", "", fmt.Errorf("%q is no record class", class)
	}
	if p == "" {
		p = usual.purpose
	}
	if b == "" {
		b = usual.basis
	}
	for _, known := range Purposes() {
		for _, ground := range Bases() {
			if p == known && b == ground {
				return p, b, nil
			}
		}
	}
	return "", "", fmt.Errorf("%q on the ground of %q is no use that is made of personal data here", p, b)
}

// nobodys refuses what is to improve the service and leads to somebody, or could name them: only counts are for that.
func nobodys[C any](subject string, columns []C, class func(C) (string, Privacy)) error {
	if subject != "" {
		return fmt.Errorf("what improves the service is nobody's, and its rows lead to a person by %s", subject)
	}
	for _, c := range columns {
		if name, p := class(c); p.Personal() {
			return fmt.Errorf("what improves the service is nobody's, and %s is personal", name)
		}
	}
	return nil
}
