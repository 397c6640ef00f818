package retention

import (
	"regexp"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Kind is whether a rule keeps records or ends them.
type Kind string

// The kinds.
const (
	// Duty: records are kept until then, whoever asks for their erasure (GDPR Art. 17(3)(b)).
	Duty Kind = "duty"
	// Limit: records are not kept for longer (GDPR Art. 5(1)(e)). It holds nothing.
	Limit Kind = "limit"
)

// Start is the event from which a period counts.
type Start string

// The events.
const (
	// LastEntry is the end of the calendar year in which the last entry was made into the book of the record's period.
	LastEntry Start = "end of the calendar year of the last entry"
	// DrawingUp is the end of the calendar year in which the record was drawn up.
	DrawingUp Start = "end of the calendar year of drawing up"
	// Sending is the end of the calendar year in which a letter was sent or received.
	Sending Start = "end of the calendar year of receipt or sending"
	// LastUse is the end of the calendar year of the last record that refers to the row; without any, of the day on which the row was made.
	LastUse Start = "end of the calendar year of the last use"
	// PeriodEnd is the end of the accounting period in which the record falls.
	PeriodEnd Start = "end of the accounting period"
	// ReturnGB is 31 January after the end of the British year of assessment in which the accounting period ends, by which a return is due.
	ReturnGB Start = "31 January after the year of assessment"
	// OnDate is the record's own date.
	OnDate Start = "date of the record"
)

// Ground is why a record is held beyond its period.
type Ground string

// The grounds.
const (
	// ByAuthority and ForClaim are legal holds: of the records or persons that they name.
	ByAuthority Ground = "authority" // an authority or a court demands that it is kept
	ForClaim    Ground = "claim"     // needed to establish, exercise or defend a legal claim (GDPR Art. 17(3)(e))
	// OpenAssessment and OpenEnquiry suspend the rules that name them, for records of some days.
	OpenAssessment Ground = "assessment" // a tax for which the records matter can still be assessed
	OpenEnquiry    Ground = "enquiry"    // the tax authority has begun to look into it
)

// Length is how long a period is; parts add up. A month's end stays one: a year from 29 February ends on 28 February.
type Length struct{ Years, Months, Days int }

// after is the last day of a period that counts from the end of a day.
func (l Length) after(from date.Date) date.Date {
	return from.AddMonths(12*l.Years + l.Months).AddDays(l.Days)
}

// days is a length for comparing rules.
func (l Length) days() int { return l.Years*366 + l.Months*31 + l.Days }

// General is the jurisdiction of rules that hold everywhere, and of duties where a country has none of its own here.
const General = ""

// Rule is how long records of a class are kept in a jurisdiction. Rules are data with a date: one that takes another's place says so, and which records it is of.
type Rule struct {
	// ID is "jurisdiction.records", such as "de.vouchers". It stays for ever: it stands in reports and in what a tenant switched on.
	ID string
	// Kind is whether it keeps or ends.
	Kind Kind
	// Class is what it is of; with Tables, of these tables alone ("schema.name").
	Class  tenancy.RecordClass
	Tables []string
	// Jurisdiction is ISO 3166-1 alpha-2, or [General].
	Jurisdiction string
	// Start and Length make the period.
	Start  Start
	Length Length
	// Suspended are the grounds that keep the period from ending, while one stands.
	Suspended []Ground
	// Source is the law, with its article. ValidFrom is the first day on which it is in force.
	Source    string
	ValidFrom date.Date
	// Replaces is the rule that it takes the place of on ValidFrom. It is then of the records whose period under that one had not ended on the day before; with NewOnly, of those that are of
	// ValidFrom or later.
	Replaces string
	NewOnly  bool
	// Shortens is the law by which a rule of the host replaces one by a shorter period.
	Shortens string
	// Always has [Service.Sweep] delete without being switched on. It is for the platform's own records of how its program was used.
	Always bool
	// By is the background job that deletes, where Sweep does not.
	By string
	// Statutory says that the rule is one of those that the package brings.
	Statutory bool
}

var (
	ruleID  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}(\.[a-z0-9_]{1,40})+$`)
	country = regexp.MustCompile(`^[A-Z]{2}$`)
	table   = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`)
)

func (r *Rule) check(op string) error {
	starts := []Start{LastEntry, DrawingUp, Sending, LastUse, PeriodEnd, ReturnGB, OnDate}
	classes := []tenancy.RecordClass{tenancy.Master, tenancy.Book, tenancy.Voucher, tenancy.Letter, tenancy.Log}
	switch {
	case !ruleID.MatchString(r.ID):
		return ErrBadRule.New(op, "%.60q is no id of a rule of the form jurisdiction.records", r.ID)
	case r.Kind != Duty && r.Kind != Limit:
		return ErrBadRule.New(op, "%s is neither a duty nor a limit", r.ID)
	case !slices.Contains(classes, r.Class):
		return ErrBadRule.New(op, "%s is of no class of records that can be swept", r.ID)
	case r.Kind == Duty && r.Class == tenancy.Master, (r.Class == tenancy.Master) != (r.Start == LastUse):
		return ErrBadRule.New(op, "%s: master data are kept for as long as they are used, and a limit counts from their last use; nothing else does", r.ID)
	case r.Class == tenancy.Log && len(r.Tables) == 0:
		return ErrBadRule.New(op, "%s: a rule for logs names its tables, for what is in force stands among them", r.ID)
	case r.Jurisdiction != General && !country.MatchString(r.Jurisdiction):
		return ErrBadRule.New(op, "%s: a jurisdiction is a country by its two capital letters (ISO 3166-1), or General", r.ID)
	case !slices.Contains(starts, r.Start):
		return ErrBadRule.New(op, "%s: a period begins with one of the events of this package", r.ID)
	case r.Length.Years < 0 || r.Length.Months < 0 || r.Length.Days < 0 || r.Length == (Length{}) || r.Length.days() > 100*366:
		return ErrBadRule.New(op, "%s: a period is a day at least, and a hundred years at most", r.ID)
	case strings.TrimSpace(r.Source) == "" || len(r.Source) > 1000 || r.ValidFrom.IsZero():
		return ErrBadRule.New(op, "%s names its source and the day from which it is in force", r.ID)
	case slices.ContainsFunc(r.Suspended, func(g Ground) bool { return g != OpenAssessment && g != OpenEnquiry }):
		return ErrBadRule.New(op, "%s is suspended by an open assessment or an open enquiry, and by nothing else", r.ID)
	case slices.ContainsFunc(r.Tables, func(t string) bool { return !table.MatchString(t) }):
		return ErrBadRule.New(op, "%s: a table is \"schema.name\"", r.ID)
	case r.Always && (r.Kind != Limit || r.Class != tenancy.Log):
		return ErrBadRule.New(op, "%s: what is always deleted is a log under a limit; the tenant switches on the rest", r.ID)
	}
	return nil
}

// of reports whether a rule is of records of a class in a table.
func (r *Rule) of(class tenancy.RecordClass, in string) bool {
	return r.Class == class && (len(r.Tables) == 0 || slices.Contains(r.Tables, in))
}
