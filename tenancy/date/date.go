// Package date has the calendar day that books are kept in: a year, a month and a day without clock or zone.
//
// time.Time is the wrong type for an invoice date: it carries a zone, and in SQLite a time.Time written to a DATE column
// matches no date comparison. A [Date] is stored and printed as YYYY-MM-DD on both engines, so text order is date order.
package date

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Date is a day of the proleptic Gregorian calendar, from 0001-01-01 to 9999-12-31. The zero Date means "none" and is
// stored as NULL. Dates are comparable with ==.
type Date struct {
	days int32 // days since 0000-12-31, so that 0 is none and 0001-01-01 is 1
}

var epoch = time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)

// Last is the greatest Date.
var Last = Of(9999, 12, 31)

// Of makes a Date. A day that does not exist (30 February) gives the zero Date; use [Parse] for input.
func Of(year int, month time.Month, day int) Date {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if t.Year() != year || t.Month() != month || t.Day() != day || year < 1 || year > 9999 {
		return Date{}
	}
	return fromUTC(t)
}

func fromUTC(t time.Time) Date {
	return Date{int32((t.Unix() - epoch.Unix()) / 86400)} //nolint:gosec // years 1 to 9999 fit
}

// In is the day on which the instant falls in a time zone.
func In(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(loc).Date()
	return Of(y, m, d)
}

// Parse reads exactly YYYY-MM-DD.
func Parse(s string) (Date, error) {
	if len(s) != 10 {
		return Date{}, fmt.Errorf("date %q is not of the form YYYY-MM-DD", s)
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("date %q is not a day of the form YYYY-MM-DD", s)
	}
	return fromUTC(t), nil
}

// Must is Parse for constants; it panics on bad input.
func Must(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// Time is the day's midnight in UTC.
func (d Date) Time() time.Time { return epoch.AddDate(0, 0, int(d.days)) }

// String is YYYY-MM-DD, and "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format("2006-01-02")
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d.days == 0 }

// Year is the year.
func (d Date) Year() int { return d.Time().Year() }

// Month is the month of the year.
func (d Date) Month() time.Month { return d.Time().Month() }

// Day is the day of the month.
func (d Date) Day() int { return d.Time().Day() }

// Before reports whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.days < o.days }

// After reports whether d is later than o.
func (d Date) After(o Date) bool { return d.days > o.days }

// Compare orders dates: -1, 0 or 1.
func (d Date) Compare(o Date) int {
	switch {
	case d.days < o.days:
		return -1
	case d.days > o.days:
		return 1
	}
	return 0
}

// AddDays moves by whole days.
func (d Date) AddDays(n int) Date { return fromUTC(d.Time().AddDate(0, 0, n)) }

// AddMonths moves by whole months and stays within the month: 31 January plus one month is the last of February.
func (d Date) AddMonths(n int) Date {
	y, m, day := d.Time().Date()
	first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return fromUTC(first.AddDate(0, 0, min(day, last)-1))
}

// DaysUntil is the number of days from d to o.
func (d Date) DaysUntil(o Date) int { return int(o.days - d.days) }

// Value stores YYYY-MM-DD, and NULL for the zero Date.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads what either engine gives for a DATE column.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case time.Time:
		*d = In(v, time.UTC)
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("date: cannot read a %T", src)
}

// MarshalText is YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD; empty text is the zero Date.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := Parse(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
