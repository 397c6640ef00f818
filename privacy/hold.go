package privacy

import (
	"github.com/opsmatiq/erp/tenancy/date"
)

// Hold is what keeps a row though the person in it asked to be forgotten: a rule of retention, or a legal hold. The zero Hold: nothing does.
type Hold struct {
	// Rule names what holds, such as "DE voucher": a rule's key, or a legal hold's reference. It is stored, and names nobody.
	Rule string
	// Source is the law and article that the rule rests on, such as "HGB section 257(4)".
	Source string
	// Until is the first day on which the row is held no more. Zero: not known while the rule is suspended, or under a legal hold.
	Until date.Date
	// Why says it in a sentence, to be read by people.
	Why string
}
