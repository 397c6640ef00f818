package retention

import (
	"time"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Facts are what of a record its period counts from.
type Facts struct {
	// Date is the record's own: of the entry, of drawing up, of sending. Zero: nothing says since when, and no period begins.
	Date date.Date
	// PeriodEnd is the last day of the accounting period in which Date falls. Zero: not known; then twelve months are counted, the longest that a period of account can be (such as CTA 2009 s 10(1)(a)).
	PeriodEnd date.Date
	// LastEntry is the day on which the last entry was made into the book of that period, which may be long after its end. Zero: not known; then the year of PeriodEnd counts.
	LastEntry date.Date
}

// Release is the first day on which a record of a class in a table may go, by the rules of a jurisdiction alone, and the rule that says so: the duty that ends last, or the limit that ends first, whichever is later. A zero Rule: none is of it. A zero day with a rule: nothing says since
// when, and the record is kept.
func (s *Rules) Release(jurisdiction string, class tenancy.RecordClass, in string, f Facts) (date.Date, Rule) {
	return s.release(jurisdiction, class, in, f, func(Kind) bool { return true })
}

// release is the latest of the duties and of the limit that ends first.
func (s *Rules) release(jurisdiction string, class tenancy.RecordClass, in string, f Facts, kinds func(Kind) bool) (free date.Date, by Rule) {
	var limit date.Date
	var limited Rule
	for _, c := range s.of(jurisdiction, class, in) {
		if !kinds(c.last().Kind) {
			continue
		}
		day, r := c.release(f)
		if day.IsZero() {
			return day, r
		}
		switch {
		case r.Kind == Limit && (limit.IsZero() || day.Before(limit)):
			limit, limited = day, r
		case r.Kind == Duty && day.After(free):
			free, by = day, r
		}
	}
	if limit.After(free) {
		return limit, limited
	}
	return free, by
}

// Through is the last day of which records of a class in a table may go on a day, by the rules of a jurisdiction alone: for what somebody else than [Service.Sweep] deletes ([Rule].By). Zero: no rule is of it, or nothing may go yet.
func (s *Rules) Through(jurisdiction string, class tenancy.RecordClass, in string, on date.Date) date.Date {
	return latest(on, func(f Facts) date.Date {
		free, rule := s.Release(jurisdiction, class, in, f)
		if rule.ID == "" {
			return date.Last
		}
		return free
	})
}

// latest is the last day of which a record is free on another, release being monotone in it; zero when none is.
func latest(on date.Date, free func(Facts) date.Date) date.Date {
	first := date.Of(1, 1, 1)
	low, high := -1, first.DaysUntil(on)
	for low < high { // the answer is in [low, high]
		mid := (low + high + 1) / 2
		d := first.AddDays(mid)
		if free(Facts{Date: d, PeriodEnd: d, LastEntry: d}).After(on) {
			high = mid - 1
		} else {
			low = mid
		}
	}
	if low < 0 {
		return date.Date{}
	}
	return first.AddDays(low)
}

// release goes through the rules in the order in which they came into force. One that comes takes over what the one before it still kept: what had gone free stays free, and nothing goes free before it is in force.
func (c chain) release(f Facts) (date.Date, Rule) {
	if f.Date.IsZero() {
		return date.Date{}, *c.last()
	}
	free, by := c[0].end(f), c[0]
	for _, r := range c[1:] {
		if r.NewOnly && f.Date.Before(r.ValidFrom) || !r.NewOnly && free.Before(r.ValidFrom) {
			continue
		}
		free, by = r.end(f), r
		if free.Before(r.ValidFrom) {
			free = r.ValidFrom
		}
	}
	return free, by
}

// end is the day after the last day of the period.
func (r *Rule) end(f Facts) date.Date {
	end := f.PeriodEnd
	if end.Before(f.Date) {
		end = f.Date.AddMonths(12).AddDays(-1)
	}
	var from date.Date
	switch r.Start {
	case OnDate:
		from = f.Date
	case PeriodEnd:
		from = end
	case ReturnGB:
		from = returnYear(end)
	case LastEntry:
		from = f.LastEntry
		if from.IsZero() {
			from = end
		}
		if from.Before(f.Date) {
			from = f.Date
		}
		from = yearEnd(from)
	case DrawingUp, Sending, LastUse:
		from = yearEnd(f.Date)
	}
	if from.Year() > lastYear {
		return date.Last
	}
	return r.Length.after(from).AddDays(1)
}

// lastYear is the last from which every period ends before the calendar does.
const lastYear = 9000

// returnYear is 31 January after the end of the British year of assessment (6 April to 5 April) in which a day falls.
func returnYear(d date.Date) date.Date {
	y := d.Year()
	if d.Before(date.Of(y, time.April, 6)) {
		y--
	}
	return date.Of(y+2, time.January, 31)
}

func yearEnd(d date.Date) date.Date { return date.Of(d.Year(), time.December, 31) }
