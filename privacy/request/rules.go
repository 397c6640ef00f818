package request

import "github.com/opsmatiq/erp/tenancy/date"

const regionEU = "EU"

var (
	gdpr = date.Of(2018, 5, 25) // GDPR Art. 99(2)
	eea  = date.Of(2018, 7, 20) // Decision of the EEA Joint Committee No 154/2018 of 6 July 2018, in force 20 July 2018
)

// memberStates are the countries in which the GDPR holds, and since when, by ISO 3166-1; "EU" itself is for who does not say which.
var memberStates = map[string]date.Date{
	regionEU: gdpr,
	"AT":     gdpr, "BE": gdpr, "BG": gdpr, "CY": gdpr, "CZ": gdpr, "DE": gdpr, "DK": gdpr, "EE": gdpr, "ES": gdpr, "FI": gdpr, "FR": gdpr, "GR": gdpr, "HR": gdpr, "HU": gdpr,
	"IE": gdpr, "IT": gdpr, "LT": gdpr, "LU": gdpr, "LV": gdpr, "MT": gdpr, "NL": gdpr, "PL": gdpr, "PT": gdpr, "RO": gdpr, "SE": gdpr, "SI": gdpr, "SK": gdpr,
	"IS": eea, "LI": eea, "NO": eea,
}

var (
	// What Art. 12(3) speaks of: "a request under Articles 15 to 22".
	rights = []Kind{Access, Correction, Deletion, Export, Restriction, Objection}
	// The same without access, of which a controller that holds much may ask what is meant.
	otherRights = []Kind{Correction, Deletion, Export, Restriction, Objection}
)

const (
	sourceEU = "GDPR Art. 12(3): one month of receipt, and two further months; by the calendar, to the same day of the month or its last, and on to the next working day " +
		"(Regulation (EEC, Euratom) No 1182/71, Art. 3). A suspension while identity is asked for without undue delay: Art. 12(6), EDPB Guidelines 01/2022 on the right of access, section 5.3"
	sourceGB = "UK GDPR Art. 12(3); ICO, Right of access: from the day of receipt to the corresponding date of the next month or its last day, and on to the next working day; the period " +
		"runs from when identity is shown and a fee is paid"
	sourceGB26 = "UK GDPR Art. 12A (Data (Use and Access) Act 2025, s. 76; in force 5 February 2026 by SI 2026/82): one month from the latest of receipt, what was asked for about identity, and " +
		"a fee; days of asking what is meant do not count; two further months"
	sourceCA = "Cal. Civ. Code § 1798.130(a)(2); 11 CCR § 7021: receipt is confirmed within 10 business days; 45 calendar days after receipt, whatever verifying takes, and 45 more with notice"
)

// rules are in the order of regions and days.
var rules = []Rule{
	{Region: regionEU, Kinds: []Kind{Access}, ValidFrom: gdpr, Answer: Period{Months: 1}, Extension: Period{Months: 2}, Rolls: true,
		Waits: map[Cause]Effect{Identity: Pauses, Clarification: Pauses}, Source: sourceEU + "; and while it is asked what is meant: recital 63"},
	{Region: regionEU, Kinds: otherRights, ValidFrom: gdpr, Answer: Period{Months: 1}, Extension: Period{Months: 2}, Rolls: true,
		Waits: map[Cause]Effect{Identity: Pauses}, Source: sourceEU},
	{Region: regionEU, Kinds: []Kind{Complaint}, ValidFrom: gdpr,
		Source: "The GDPR sets no period for complaints to the controller itself (Art. 77 is of the authority's)"},

	{Region: "GB", Kinds: []Kind{Access}, ValidFrom: gdpr, Answer: Period{Months: 1}, Extension: Period{Months: 2}, Rolls: true,
		Waits: map[Cause]Effect{Identity: Restarts, Fee: Restarts, Clarification: Pauses}, Source: sourceGB},
	{Region: "GB", Kinds: otherRights, ValidFrom: gdpr, Answer: Period{Months: 1}, Extension: Period{Months: 2}, Rolls: true,
		Waits: map[Cause]Effect{Identity: Restarts, Fee: Restarts}, Source: sourceGB},
	{Region: "GB", Kinds: []Kind{Access}, ValidFrom: date.Of(2026, 2, 5), Answer: Period{Months: 1}, Extension: Period{Months: 2}, Rolls: true,
		Waits: map[Cause]Effect{Identity: Restarts, Fee: Restarts, Clarification: Pauses}, Source: sourceGB26},
	{Region: "GB", Kinds: otherRights, ValidFrom: date.Of(2026, 2, 5), Answer: Period{Months: 1}, Extension: Period{Months: 2}, Rolls: true,
		Waits: map[Cause]Effect{Identity: Restarts, Fee: Restarts}, Source: sourceGB26},
	{Region: "GB", Kinds: []Kind{Complaint}, ValidFrom: gdpr,
		Source: "No period for complaints to the controller itself before 19 June 2026"},
	{Region: "GB", Kinds: []Kind{Complaint}, ValidFrom: date.Of(2026, 6, 19), Acknowledge: Period{Days: 29},
		Source: "Data Protection Act 2018 s. 164A (Data (Use and Access) Act 2025, s. 103; in force 19 June 2026 by SI 2026/82): acknowledged within 30 days, of which the day of receipt is " +
			"counted as the first, dealt with without undue delay"},

	{Region: "US-CA", Kinds: []Kind{Access, Export, Deletion}, ValidFrom: date.Of(2020, 8, 14), Answer: Period{Days: 45}, Extension: Period{Days: 45}, Acknowledge: Period{WorkingDays: 10}, Source: sourceCA},
	{Region: "US-CA", Kinds: []Kind{Correction}, ValidFrom: date.Of(2023, 1, 1), Answer: Period{Days: 45}, Extension: Period{Days: 45}, Acknowledge: Period{WorkingDays: 10}, Source: sourceCA},

	{Region: General, Kinds: append([]Kind{Complaint}, rights...), ValidFrom: date.Of(1, 1, 1), Source: "no law's: what the published policy promises (section 8)"},
}
