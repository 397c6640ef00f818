package retention

import (
	"slices"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// statutory are the rules that the package brings. README.md says what each is, and what is left out.
func statutory() []Rule {
	return slices.Concat(germany(), unitedKingdom(), unitedStates(), france(), everywhere())
}

// everywhere are the duties where no country's are known, and the limits, which are of all.
func everywhere() []Rule {
	const longest = "no law: where no country is stated, or one whose rules are not here, the longest period of those that are (Germany, § 147 AO; France, C. com. art. L123-22)"
	// A breach of Arts. 12 to 22 can be fined and claimed for until then, and the controller has to show that it answered (GDPR Art. 5(2)).
	const fined = "three years in which a breach can be fined (GDPR Art. 83 with § 41 (1) BDSG, § 31 (2) no. 1 OWiG) and claimed for, from the end of the year (GDPR Art. 82, §§ 195, 199 (1) BGB)"
	const claims = "GDPR Art. 5(1)(e) and (2); " + fined + "; longer than the 24 months of 11 CCR § 7101(a)"
	since := date.Of(1977, 1, 1)
	return []Rule{
		{ID: "general.deletions", Kind: Duty, Class: tenancy.Log, Start: DrawingUp, Length: Length{Years: 3}, ValidFrom: date.Of(2018, 5, 25), Tables: []string{"erp.deletion_certificates", "erp.deletions", "erp.ending_deliveries",
			"erp.ending_notices", "erp.ending_waivers", "erp_control.backups", "erp_control.legal_holds", "erp_control.moves", "erp_control.platform_journal"},
			Source: "GDPR Art. 5(2), 24(1) and 28(3)(g) and (h): who deletes for another shows that it did; " + fined},
		{ID: "general.erasure_ledger", Kind: Duty, Class: tenancy.Log, Tables: []string{"erp_control.erasure_ledger"}, Start: DrawingUp, Length: Length{Years: 3}, ValidFrom: date.Of(2018, 5, 25),
			Source: "GDPR Art. 5(1)(f), 17(1) and 32(1)(c): a restored backup must not bring back who was erased; then Art. 5(2): " + fined},
		{ID: "general.books", Kind: Duty, Class: tenancy.Book, Start: LastEntry, Length: Length{Years: 10}, Suspended: both, Source: longest, ValidFrom: since},
		{ID: "general.vouchers", Kind: Duty, Class: tenancy.Voucher, Start: PeriodEnd, Length: Length{Years: 10}, Suspended: both, Source: longest, ValidFrom: since},
		{ID: "general.letters", Kind: Duty, Class: tenancy.Letter, Start: PeriodEnd, Length: Length{Years: 10}, Suspended: both, Source: longest, ValidFrom: since},
		{ID: "general.master", Kind: Limit, Class: tenancy.Master, Start: LastUse, Length: Length{Years: 3}, ValidFrom: date.Of(2018, 5, 25),
			Source: "GDPR Art. 5(1)(e); three years after the end of the relation, as CNIL, délibération n° 2021-131 of 23 September 2021 (référentiel on the management of commercial activities), has it"},
		{ID: "general.access_log", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp.access_log"}, Start: OnDate, Length: Length{Months: 12}, Always: true, ValidFrom: date.Of(2021, 10, 14),
			Source: "CNIL, délibération n° 2021-122 of 14 October 2021: logs of access are kept for six months to one year"},
		{ID: "general.feature_counts", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp.feature_counts"}, Start: OnDate, Length: Length{Months: 1}, Always: true, ValidFrom: date.Of(2026, 2, 15),
			Source: "privacy policy, 2.4: aggregated, not individual-level; a day's counts go when it is added up over all tenants, and after a month at the latest"},
		{ID: "general.feature_uses", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp.feature_uses", "erp.feature_days"}, Start: OnDate, Length: Length{Months: 25}, Always: true, ValidFrom: date.Of(2020, 9, 17),
			Source: "CNIL, délibération n° 2020-091 of 17 September 2020: figures of an audience are kept for 25 months"},
		{ID: "general.requests", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp.subject_requests", "erp.recipient_notices"}, Start: DrawingUp, Length: Length{Years: 3}, ValidFrom: date.Of(2018, 5, 25), Source: claims},
		{ID: "general.requesters", Kind: Limit, Class: tenancy.Master, Tables: []string{"erp.requesters"}, Start: LastUse, Length: Length{Years: 3}, ValidFrom: date.Of(2018, 5, 25), Source: claims},
		{ID: "general.grants", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp_control.grants", "erp_control.grant_approvals", "erp_control.grant_uses"}, Start: DrawingUp, Length: Length{Years: 3}, By: "tenancy.sweep_grants",
			ValidFrom: date.Of(2018, 5, 25), Source: "GDPR Art. 5(1)(e) and 32(1)(d); " + fined + "; within the three years that CNIL, délibération n° 2021-122 of 14 October 2021, allows where logs serve internal control"},
		{ID: "general.tokens", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp_control.mailed_tokens", "erp_control.attempts"}, Start: OnDate, Length: Length{Days: 1}, By: "access.sweep", ValidFrom: date.Of(2018, 5, 25),
			Source: "GDPR Art. 5(1)(e): an invitation, a reset and a counter of failed attempts are deleted with the next run of the job after they have expired"},
		{ID: "general.sessions", Kind: Limit, Class: tenancy.Log, Tables: []string{"erp_control.user_sessions"}, Start: OnDate, Length: Length{Days: 1}, By: "access.sweep", ValidFrom: date.Of(2018, 5, 25),
			Source: "GDPR Art. 5(1)(e): a session that has ended, or was idle for too long, is deleted with the next run of the job"},
	}
}

var both = []Ground{OpenAssessment, OpenEnquiry}

// germany: for merchants and for whoever has to keep books by tax law.
func germany() []Rule {
	const de = "DE"
	assessed := []Ground{OpenAssessment, OpenEnquiry}
	return []Rule{
		{ID: "de.books", Kind: Duty, Class: tenancy.Book, Jurisdiction: de, Start: LastEntry, Length: Length{Years: 10}, Suspended: assessed, ValidFrom: date.Of(1977, 1, 1),
			Source: "§ 147 (1) nos. 1 and 4a, (3), (4) AO; § 257 (1) no. 1, (4), (5) HGB"},
		{ID: "de.vouchers.until_2024", Kind: Duty, Class: tenancy.Voucher, Jurisdiction: de, Start: DrawingUp, Length: Length{Years: 10}, Suspended: assessed, ValidFrom: date.Of(1998, 12, 24),
			Source: "§ 147 (1) no. 4, (3), (4) AO, § 257 (1) no. 4, (4), (5) HGB and § 14b (1) UStG as in force until 31 December 2024"},
		{ID: "de.vouchers", Kind: Duty, Class: tenancy.Voucher, Jurisdiction: de, Start: DrawingUp, Length: Length{Years: 8}, Suspended: assessed, ValidFrom: date.Of(2025, 1, 1), Replaces: "de.vouchers.until_2024",
			Source: "§ 147 (1) no. 4, (3), (4) AO, § 257 (1) no. 4, (4), (5) HGB and § 14b (1) UStG as amended by the Viertes Bürokratieentlastungsgesetz of 23 October 2024 (BGBl. 2024 I no. 323); of all whose period had not ended: Art. 97 § 19a (2) EGAO, § 27 (40) UStG"},
		{ID: "de.letters", Kind: Duty, Class: tenancy.Letter, Jurisdiction: de, Start: Sending, Length: Length{Years: 6}, Suspended: assessed, ValidFrom: date.Of(1977, 1, 1),
			Source: "§ 147 (1) nos. 2, 3 and 5, (3), (4) AO; § 257 (1) nos. 2 and 3, (4), (5) HGB"},
	}
}

// unitedKingdom: what is known of a tenant does not say whether it is a public company, a private one or a person, so the longest counts.
func unitedKingdom() []Rule {
	var out []Rule
	for _, of := range []struct {
		class tenancy.RecordClass
		name  string
	}{{tenancy.Book, "books"}, {tenancy.Voucher, "vouchers"}, {tenancy.Letter, "letters"}} {
		rule := Rule{Kind: Duty, Class: of.class, Jurisdiction: "GB"}
		company, corporation, income, vat := rule, rule, rule, rule
		company.ID, company.Start, company.Length, company.ValidFrom = "gb.company_"+of.name, OnDate, Length{Years: 6}, date.Of(2008, 4, 6)
		company.Source = "Companies Act 2006 s 388(4): six years from the date on which they are made (public companies; private ones three)"
		corporation.ID, corporation.Start, corporation.Length, corporation.ValidFrom = "gb.corporation_tax_"+of.name, PeriodEnd, Length{Years: 6}, date.Of(1999, 7, 1)
		corporation.Source, corporation.Suspended = "Finance Act 1998 Sch 18 para 21: six years from the end of the period, and until an enquiry is completed", []Ground{OpenEnquiry}
		income.ID, income.Start, income.Length, income.ValidFrom = "gb.income_tax_"+of.name, ReturnGB, Length{Years: 5}, date.Of(1996, 4, 6)
		income.Source, income.Suspended = "Taxes Management Act 1970 s 12B(2): the fifth anniversary of 31 January next following the year of assessment, and until an enquiry is completed", []Ground{OpenEnquiry}
		vat.ID, vat.Start, vat.Length, vat.ValidFrom = "gb.vat_"+of.name, OnDate, Length{Years: 6}, date.Of(1994, 9, 1)
		vat.Source = "Value Added Tax Act 1994 Sch 11 para 6(3); VAT Notice 700/21"
		out = append(out, company, corporation, income, vat)
	}
	return out
}

// unitedStates: a federal return is due by the fifteenth day of the fourth month after the tax year at the latest (IRC § 6072(a)), which is within four months of its end. States have rules of their own.
func unitedStates() []Rule {
	var out []Rule
	for _, of := range []struct {
		class tenancy.RecordClass
		name  string
	}{{tenancy.Book, "books"}, {tenancy.Voucher, "vouchers"}, {tenancy.Letter, "letters"}} {
		out = append(out, Rule{ID: "us." + of.name, Kind: Duty, Class: of.class, Jurisdiction: "US", Start: PeriodEnd, Length: Length{Years: 7, Months: 4}, Suspended: both, ValidFrom: date.Of(1986, 10, 22),
			Source: "IRC §§ 6001, 6501(a) (three years), 6501(e)(1)(A) (six), 6511(d)(1) (seven from the day on which the return is due); Treas. Reg. § 1.6001-1(e); IRS Publication 583"})
	}
	return out
}

// france: the six years of LPF art. L102 B end before the ten of the Code de commerce.
func france() []Rule {
	var out []Rule
	for _, of := range []struct {
		class tenancy.RecordClass
		name  string
		what  string
	}{{tenancy.Book, "books", "documents comptables"}, {tenancy.Voucher, "vouchers", "pièces justificatives"}, {tenancy.Letter, "letters", "orders among the pièces justificatives"}} {
		out = append(out, Rule{ID: "fr." + of.name, Kind: Duty, Class: of.class, Jurisdiction: "FR", Start: PeriodEnd, Length: Length{Years: 10}, Suspended: both, ValidFrom: date.Of(2000, 9, 21),
			Source: "Code de commerce art. L123-22 (2): ten years (" + of.what + "); LPF art. L102 B: six"})
	}
	return out
}
