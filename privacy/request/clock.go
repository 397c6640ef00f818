package request

import (
	"time"

	"github.com/opsmatiq/erp/tenancy/date"
)

// calendar knows which days are no working days.
type calendar struct {
	holiday      func(jurisdiction string, day date.Date) bool
	jurisdiction string
}

func (c calendar) free(d date.Date) bool {
	switch d.Time().Weekday() { //nolint:exhaustive // the others are working days
	case time.Saturday, time.Sunday:
		return true
	}
	return c.holiday != nil && c.holiday(c.jurisdiction, d)
}

// longestBreak bounds how many days in a row are no working days, whatever a host says.
const longestBreak = 30

func (c calendar) working(d date.Date) date.Date {
	for range longestBreak {
		if !c.free(d) {
			break
		}
		d = d.AddDays(1)
	}
	return d
}

// after is the last day of a period from a day on. Months come first and go by the calendar, to the same day of the month or its last.
func (c calendar) after(from date.Date, p Period, rolls bool) date.Date {
	d := from.AddMonths(p.Months).AddDays(p.Days)
	for range p.WorkingDays {
		d = c.working(d.AddDays(1))
	}
	if rolls {
		d = c.working(d)
	}
	return d
}

// lawDue is the last day by which the law wants an answer; none while its clock stands still, or where it sets no period.
func (r *Request) lawDue(rule Rule, c calendar) date.Date {
	if rule.Answer.IsZero() || r.State == Waiting && rule.Waits[r.WaitingFor] != RunsOn {
		return date.Date{}
	}
	p := rule.Answer
	p.Months, p.Days = p.Months+int(r.ExtraMonths), p.Days+int(r.ExtraDays)+int(r.PausedDays)
	return c.after(r.LawFrom, p, rule.Rolls)
}

// wind sets what follows from the rest: the law's day, and the first of all days that are to be kept.
func (r *Request) wind(rule Rule, c calendar) {
	r.LawDueOn = r.lawDue(rule, c)
	r.DueOn = r.PolicyDueOn
	for _, run := range r.Clocks(date.Date{}) {
		if run.DueOn.Before(r.DueOn) {
			r.DueOn = run.DueOn
		}
	}
}

// Clock names what a day is of.
type Clock string

// The clocks.
const (
	LawClock         Clock = "law"         // the law's period for an answer
	PolicyClock      Clock = "policy"      // what the published policy promises: nothing stops it, and nothing extends it
	AcknowledgeClock Clock = "acknowledge" // the law's period for confirming the receipt
)

// Running is a clock of a request.
type Running struct {
	Clock Clock     `json:"clock"`
	DueOn date.Date `json:"due_on"` // the last day
	Late  bool      `json:"late"`   // the day has passed
}

// Clocks are the clocks that run for a request, as seen on a day: the law's unless it stands still or there is none, the policy's, and that of the acknowledgement until it was
// sent. Days are those of the controller's time zone. Of a closed request, what ran when it was closed.
func (r *Request) Clocks(today date.Date) []Running {
	var out []Running
	add := func(c Clock, due date.Date) {
		if !due.IsZero() {
			out = append(out, Running{c, due, due.Before(today)})
		}
	}
	if r.AcknowledgedAt.IsZero() {
		add(AcknowledgeClock, r.AcknowledgeDueOn)
	}
	add(LawClock, r.LawDueOn)
	add(PolicyClock, r.PolicyDueOn)
	return out
}
