package retention_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

func day(s string) date.Date {
	if s == "" {
		return date.Date{}
	}
	return date.Must(s)
}

func rules(t testing.TB, host ...retention.Rule) *retention.Rules {
	t.Helper()
	r, err := retention.NewRules(host...)
	require.NoError(t, err)
	return r
}

// The release date of records, by rule, with days at the edges: the turn of the year, leap years, years of account that are not the calendar's.
func TestReleaseDates(t *testing.T) {
	const book, voucher, letter = tenancy.Book, tenancy.Voucher, tenancy.Letter
	for _, c := range []struct {
		country       string
		class         tenancy.RecordClass
		on, end, last string
		free, rule    string
	}{
		// Germany: books, 10 years from the end of the year of the last entry.
		{"DE", book, "2014-12-31", "2014-12-31", "2014-12-31", "2025-01-01", "de.books"},
		{"DE", book, "2015-01-01", "2015-12-31", "2015-12-31", "2026-01-01", "de.books"},
		{"DE", book, "2014-03-01", "2014-12-31", "2015-05-20", "2026-01-01", "de.books"}, // closing entries of the year were made in the next
		{"DE", book, "2014-03-01", "2014-12-31", "2015-01-01", "2026-01-01", "de.books"},
		{"DE", book, "2014-11-01", "2015-06-30", "", "2026-01-01", "de.books"}, // the year runs from July to June, and nothing says when the last entry was made
		{"DE", book, "2014-11-01", "2015-06-30", "2014-12-30", "2025-01-01", "de.books"},
		{"DE", book, "2014-05-05", "2014-12-31", "2013-12-31", "2025-01-01", "de.books"}, // the record is itself an entry
		{"DE", book, "2014-11-01", "", "", "2026-01-01", "de.books"},                     // the period is not known: twelve months at most
		// Germany: vouchers, 10 years until 2024, 8 since; what had not ended on 1 January 2025 is under the new rule.
		{"DE", voucher, "2013-12-31", "", "", "2024-01-01", "de.vouchers.until_2024"},
		{"DE", voucher, "2014-01-01", "", "", "2025-01-01", "de.vouchers"},
		{"DE", voucher, "2014-12-31", "", "", "2025-01-01", "de.vouchers"},
		{"DE", voucher, "2015-01-01", "", "", "2025-01-01", "de.vouchers"}, // by eight years it would have gone on 1 January 2024
		{"DE", voucher, "2016-12-31", "", "", "2025-01-01", "de.vouchers"},
		{"DE", voucher, "2017-01-01", "", "", "2026-01-01", "de.vouchers"},
		{"DE", voucher, "2024-02-29", "", "", "2033-01-01", "de.vouchers"},
		{"DE", voucher, "2024-12-31", "2025-06-30", "2025-09-01", "2033-01-01", "de.vouchers"}, // the voucher's own year counts, and no other
		{"DE", voucher, "2025-01-01", "", "", "2034-01-01", "de.vouchers"},
		// Germany: letters, 6 years.
		{"DE", letter, "2019-12-31", "", "", "2026-01-01", "de.letters"},
		{"DE", letter, "2020-01-01", "", "", "2027-01-01", "de.letters"},
		// The United Kingdom: the latest of six years from the date, six from the period's end, and 31 January plus five.
		{"GB", voucher, "2020-03-31", "2020-03-31", "", "2026-04-01", "gb.company_vouchers"},
		{"GB", voucher, "2019-04-01", "2020-03-31", "", "2026-04-01", "gb.corporation_tax_vouchers"},
		{"GB", book, "2020-02-29", "2020-02-29", "", "2026-03-01", "gb.company_books"},    // 29 February and six years is 28 February
		{"GB", book, "2020-04-05", "2020-04-05", "", "2026-04-06", "gb.company_books"},    // the year of assessment 2019-20 ends: 31 January 2021 and five years
		{"GB", book, "2020-04-06", "2020-04-06", "", "2027-02-01", "gb.income_tax_books"}, // it is the first day of 2020-21
		{"GB", letter, "2019-05-01", "2019-12-31", "", "2026-02-01", "gb.income_tax_letters"},
		// The United States: seven years from the day on which the return is due, which is within four months.
		{"US", voucher, "2018-06-30", "2018-12-31", "", "2026-05-01", "us.vouchers"},
		{"US", book, "2018-06-30", "2018-06-30", "", "2025-10-31", "us.books"},
		{"US", letter, "2019-10-31", "2019-10-31", "", "2027-03-01", "us.letters"}, // the last of February
		// France: ten years from the end of the year of account.
		{"FR", book, "2015-05-05", "2015-12-31", "", "2026-01-01", "fr.books"},
		{"FR", voucher, "2015-05-05", "2015-06-30", "", "2025-07-01", "fr.vouchers"},
		{"FR", letter, "2016-02-29", "2016-02-29", "", "2026-03-01", "fr.letters"},
		// Elsewhere, or where nobody said.
		{"", voucher, "2015-05-05", "2015-12-31", "", "2026-01-01", "general.vouchers"},
		{"PT", book, "2015-05-05", "2015-12-31", "2016-03-01", "2027-01-01", "general.books"},
		{"PT", letter, "2015-05-05", "", "", "2026-05-05", "general.letters"},
		// Persons among the master data, in every country.
		{"DE", tenancy.Master, "2022-12-31", "", "", "2026-01-01", "general.master"},
		{"US", tenancy.Master, "2023-01-01", "", "", "2027-01-01", "general.master"},
		// What the calendar has no room for is kept.
		{"DE", voucher, "9999-12-31", "", "", "9999-12-31", "de.vouchers"},
		// Nothing says since when.
		{"DE", voucher, "", "", "", "", "de.vouchers"},
		{"DE", tenancy.Settings, "2000-01-01", "", "", "", ""},
	} {
		free, rule := rules(t).Release(c.country, c.class, "", retention.Facts{Date: day(c.on), PeriodEnd: day(c.end), LastEntry: day(c.last)})
		require.Equal(t, [2]string{c.free, c.rule}, [2]string{free.String(), rule.ID}, "%+v", c)
	}
	logs := rules(t)
	for table, want := range map[string]string{"erp.access_log": "2025-03-01", "erp.feature_counts": "2024-03-30", "erp.feature_uses": "2026-03-30", "erp.feature_days": "2026-03-30", "erp.audit_events": ""} {
		free, _ := logs.Release("DE", tenancy.Log, table, retention.Facts{Date: day("2024-02-29")})
		require.Equal(t, want, free.String(), table)
	}
}

// Which rule was in force on a day.
func TestRulesHaveADate(t *testing.T) {
	for on, want := range map[string]string{"2024-12-31": "de.vouchers.until_2024", "2025-01-01": "de.vouchers"} {
		got := rules(t).Of("DE", tenancy.Voucher, "", day(on))
		require.Len(t, got, 1)
		require.Equal(t, want, got[0].ID)
	}
	require.Len(t, rules(t).Of("GB", tenancy.Book, "", day("2026-01-01")), 4)
	require.Equal(t, "general.books", rules(t).Of("", tenancy.Book, "", day("2026-01-01"))[0].ID)
	for _, r := range rules(t).All() {
		require.NotEmpty(t, r.Source, r.ID)
		require.True(t, r.Statutory, r.ID)
	}
	require.Equal(t, "8 years from the end of the calendar year of drawing up (de.vouchers)", rules(t).Words("DE", tenancy.Voucher, ""))
	require.Equal(t, "3 years from the end of the calendar year of the last use at most (general.master)", rules(t).Words("DE", tenancy.Master, "erp.parties"))
	require.Equal(t, "12 months from the date of the record at most (general.access_log)", rules(t).Words("FR", tenancy.Log, "erp.access_log"))
	require.Equal(t, "3 years from the end of the calendar year of drawing up at most (general.requests)", rules(t).Words("FR", tenancy.Log, "erp.subject_requests"), "no rule of another table")
	require.Equal(t, "7 years 4 months from the end of the accounting period (us.books)", rules(t).Words("US", tenancy.Book, ""))
	require.Contains(t, rules(t).Words("", tenancy.Letter, ""), "general.letters")
	require.Empty(t, rules(t).Words("DE", tenancy.Settings, ""))
}

// A host adds rules, and shortens none in silence.
func TestAHostsRules(t *testing.T) {
	longer := retention.Rule{ID: "host.vouchers", Kind: retention.Duty, Class: tenancy.Voucher, Jurisdiction: "DE", Start: retention.DrawingUp, Length: retention.Length{Years: 12}, Source: "a contract", ValidFrom: day("2020-01-01")}
	release := func(r *retention.Rules, on string) string {
		free, _ := r.Release("DE", tenancy.Voucher, "", retention.Facts{Date: day(on)})
		return free.String()
	}
	require.Equal(t, "2032-01-01", release(rules(t, longer), "2019-05-05"))
	shorter := longer
	shorter.Length = retention.Length{Years: 1}
	require.Equal(t, "2028-01-01", release(rules(t, shorter), "2019-05-05"), "it stands beside the law's, and the latest counts")
	change := func(f func(r *retention.Rule)) retention.Rule {
		r := shorter
		r.Replaces, r.ValidFrom = "de.vouchers", day("2027-01-01")
		f(&r)
		return r
	}
	_, err := retention.NewRules(change(func(*retention.Rule) {}))
	require.ErrorIs(t, err, retention.ErrShortens)
	_, err = retention.NewRules(change(func(r *retention.Rule) { r.Length, r.Start = retention.Length{Years: 9}, retention.OnDate }))
	require.ErrorIs(t, err, retention.ErrShortens, "another start may be an earlier one")
	_, err = retention.NewRules(change(func(r *retention.Rule) { r.Length = retention.Length{Years: 9} }))
	require.ErrorIs(t, err, retention.ErrShortens, "it is suspended by less")
	lawful := rules(t, change(func(r *retention.Rule) { r.Shortens = "BEG V" }))
	require.Equal(t, "2027-01-01", release(lawful, "2019-05-05"), "not before the law is in force")
	require.Equal(t, "2026-01-01", release(lawful, "2017-05-05"), "what goes before that goes by the old one")
	fresh := rules(t, change(func(r *retention.Rule) { r.Shortens, r.NewOnly = "BEG V", true }))
	require.Equal(t, "2035-01-01", release(fresh, "2026-12-31"))
	require.Equal(t, "2029-01-01", release(fresh, "2027-01-01"))
	month := retention.Rule{ID: "host.access_log", Kind: retention.Limit, Class: tenancy.Log, Tables: []string{"erp.access_log"}, Start: retention.OnDate, Length: retention.Length{Months: 1}, Always: true,
		Source: "our own", ValidFrom: day("2026-01-01"), Replaces: "general.access_log"}
	free, _ := rules(t, month).Release("", tenancy.Log, "erp.access_log", retention.Facts{Date: day("2026-01-31")})
	require.Equal(t, "2026-03-01", free.String(), "a limit may be shorter")

	beside := month
	beside.Replaces, beside.Length = "", retention.Length{Months: 36}
	free, _ = rules(t, beside).Release("", tenancy.Log, "erp.access_log", retention.Facts{Date: day("2026-01-31")})
	require.Equal(t, "2027-02-01", free.String(), "of two limits the first to end counts")
	long := month
	long.Length = retention.Length{Months: 36}
	_, err = retention.NewRules(long)
	require.ErrorIs(t, err, retention.ErrBadRule, "a limit is not lengthened")
	ends := retention.Rule{ID: "host.end", Kind: retention.Limit, Class: tenancy.Voucher, Start: retention.OnDate, Length: retention.Length{Years: 1}, Source: "our own", ValidFrom: day("2020-01-01")}
	require.Equal(t, "2028-01-01", release(rules(t, ends), "2019-05-05"), "no limit ends a duty")
	ends.Length.Years = 20
	require.Equal(t, "2039-05-06", release(rules(t, ends), "2019-05-05"), "what the duty lets go may be kept until the limit")

	for name, f := range map[string]func(r *retention.Rule){
		"no id":           func(r *retention.Rule) { r.ID = "vouchers" },
		"no kind":         func(r *retention.Rule) { r.Kind = "" },
		"no class":        func(r *retention.Rule) { r.Class = tenancy.Settings },
		"no country":      func(r *retention.Rule) { r.Jurisdiction = "Germany" },
		"no start":        func(r *retention.Rule) { r.Start = "" },
		"no length":       func(r *retention.Rule) { r.Length = retention.Length{} },
		"back in time":    func(r *retention.Rule) { r.Length = retention.Length{Years: 2, Days: -1} },
		"for ever":        func(r *retention.Rule) { r.Length.Years = 101 },
		"no source":       func(r *retention.Rule) { r.Source = " " },
		"no day":          func(r *retention.Rule) { r.ValidFrom = date.Date{} },
		"no ground":       func(r *retention.Rule) { r.Suspended = []retention.Ground{retention.ForClaim} },
		"no table":        func(r *retention.Rule) { r.Tables = []string{"bills; DROP TABLE"} },
		"always":          func(r *retention.Rule) { r.Always = true },
		"always business": func(r *retention.Rule) { r.Always, r.Kind = true, retention.Limit },
		"master duty":     func(r *retention.Rule) { r.Class = tenancy.Master },
		"use of a record": func(r *retention.Rule) { r.Start = retention.LastUse },
		"all logs":        func(r *retention.Rule) { r.Class, r.Kind = tenancy.Log, retention.Limit },
		"taken":           func(r *retention.Rule) { r.ID = "de.vouchers" },
		"replaces none":   func(r *retention.Rule) { r.Replaces = "de.none" },
		"replaces other":  func(r *retention.Rule) { r.Replaces = "de.books" },
		"itself":          func(r *retention.Rule) { r.Replaces = r.ID },
		"earlier":         func(r *retention.Rule) { r.Replaces, r.ValidFrom = "de.vouchers", day("2025-01-01") },
		"twice replaced": func(r *retention.Rule) {
			r.Replaces, r.ValidFrom, r.Shortens = "de.vouchers.until_2024", day("2025-01-01"), "x"
		},
	} {
		r := longer
		f(&r)
		_, err := retention.NewRules(r)
		require.ErrorIs(t, err, retention.ErrBadRule, name)
	}
}

// A later fact releases a record no earlier.
func TestReleaseIsMonotone(t *testing.T) {
	set := rules(t)
	classes := []tenancy.RecordClass{tenancy.Book, tenancy.Voucher, tenancy.Letter, tenancy.Master}
	rapid.Check(t, func(t *rapid.T) {
		for range 40 { // each is a sum, and no history
			anyDay := func(name string) date.Date { return date.Of(2005, 1, 1).AddDays(rapid.IntRange(0, 9000).Draw(t, name)) }
			more := func(name string) int { return rapid.SampledFrom([]int{0, 1, 30, 365, 366}).Draw(t, name) }
			country, class := rapid.SampledFrom([]string{"", "DE", "GB", "US", "FR"}).Draw(t, "country"), rapid.SampledFrom(classes).Draw(t, "class")
			f := retention.Facts{Date: anyDay("date")}
			f.PeriodEnd = f.Date.AddDays(rapid.IntRange(0, 365).Draw(t, "rest"))
			f.LastEntry = f.Date.AddDays(rapid.IntRange(0, 700).Draw(t, "late"))
			g := retention.Facts{Date: f.Date.AddDays(more("d")), PeriodEnd: f.PeriodEnd.AddDays(more("p")), LastEntry: f.LastEntry.AddDays(more("l"))}
			if g.PeriodEnd.Before(g.Date) {
				g.PeriodEnd = g.Date
			}
			early, _ := set.Release(country, class, "", f)
			late, _ := set.Release(country, class, "", g)
			if late.Before(early) {
				t.Fatalf("%s %s: %+v goes on %s, %+v on %s", country, class, f, early, g, late)
			}
			if !early.After(f.Date) {
				t.Fatalf("%+v goes on %s", f, early)
			}
		}
	})
}
