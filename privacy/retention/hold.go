package retention

import "github.com/opsmatiq/erp/tenancy/date"

// Hold is what keeps a record from being erased. The zero Hold: nothing does.
type Hold struct {
	// Rule is the id of the rule, such as "de.books", or "legal_hold".
	Rule string
	// Source is the law, or the reference of the legal hold.
	Source string
	// Until is the first day on which the record may go; zero: not known while it is suspended, under a legal hold, or without a date to count from.
	Until date.Date
	// Why says it in words.
	Why string
}
