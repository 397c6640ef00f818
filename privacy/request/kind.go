package request

import "slices"

// Kind is what a person asks for.
type Kind string

// The kinds of requests.
const (
	Access      Kind = "access"      // a copy of the data, and what is done with them (GDPR Art. 15)
	Correction  Kind = "correction"  // inaccurate data put right (Art. 16)
	Deletion    Kind = "deletion"    // erasure (Art. 17)
	Export      Kind = "export"      // the data in a format that machines read (Art. 20)
	Restriction Kind = "restriction" // data kept and not processed any further (Art. 18)
	Objection   Kind = "objection"   // processing on legitimate interests, for a purpose (Art. 21)
	Complaint   Kind = "complaint"   // about how data are processed, to the controller itself
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{Access, Correction, Deletion, Export, Restriction, Objection, Complaint}
}

// Channel is how something was said: by the person, or to the person.
type Channel string

// The channels. No channel is wrong for a request: the clock starts whichever it came by.
const (
	Email     Channel = "email"
	Letter    Channel = "letter"
	Telephone Channel = "telephone"
	Form      Channel = "form"
	InPerson  Channel = "in_person"
	Other     Channel = "other" // such as a message in a social network, or one left with another department
)

// Channels lists them.
func Channels() []Channel { return []Channel{Email, Letter, Telephone, Form, InPerson, Other} }

// Outcome is what an answer says.
type Outcome string

// The outcomes.
const (
	Granted     Outcome = "granted"      // what was asked for was done
	Partly      Outcome = "partly"       // a part of it; the note says which not, and why
	NothingHeld Outcome = "nothing_held" // there are no data of the person
	PassedOn    Outcome = "forwarded"    // another controller answers, who has it
)

var outcomes = []Outcome{Granted, Partly, NothingHeld, PassedOn}

// RefusalGround is why a request is refused.
type RefusalGround string

// The grounds of refusals.
const (
	Unfounded     RefusalGround = "unfounded"      // manifestly unfounded (GDPR Art. 12(5)); the controller bears the burden of proof
	Excessive     RefusalGround = "excessive"      // manifestly excessive, in particular by repetition (Art. 12(5))
	Unidentified  RefusalGround = "unidentified"   // whose data they are cannot be shown (Art. 11(2), 12(2), 12(6))
	LegalDuty     RefusalGround = "legal_duty"     // a law says to keep or to process (Art. 17(3)(b))
	LegalClaims   RefusalGround = "legal_claims"   // needed for claims (Art. 17(3)(e), 18(2), 21(1))
	OthersRights  RefusalGround = "others_rights"  // rights and freedoms of others (Art. 15(4), 20(4))
	OverridingUse RefusalGround = "overriding_use" // compelling legitimate grounds (Art. 21(1))
	NoSuchRight   RefusalGround = "no_such_right"  // the right does not reach this processing
)

var refusalGrounds = []RefusalGround{Unfounded, Excessive, Unidentified, LegalDuty, LegalClaims, OthersRights, OverridingUse, NoSuchRight}

// ExtensionGround is why more time is needed (GDPR Art. 12(3)).
type ExtensionGround string

// The grounds of extensions.
const (
	Complexity ExtensionGround = "complexity"
	Number     ExtensionGround = "number" // of the requests
)

var extensionGrounds = []ExtensionGround{Complexity, Number}

// Cause is what is waited for.
type Cause string

// The causes of waiting.
const (
	Identity      Cause = "identity"      // there are reasonable doubts who the person is (GDPR Art. 12(6))
	Clarification Cause = "clarification" // much is held, and the person is asked which data are meant (recital 63)
	Fee           Cause = "fee"           // a reasonable fee for what is manifestly unfounded or excessive (Art. 12(5)(a))
)

var causes = []Cause{Identity, Clarification, Fee}

func listed[T ~string](list []T, v T) bool { return slices.Contains(list, v) }
