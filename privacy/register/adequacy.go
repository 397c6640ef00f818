package register

import (
	"slices"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Law is whose rules on transfers into third countries hold for a controller.
type Law string

// The laws that are known here. A controller of another country is refused by name (register.jurisdiction), never judged by these.
const (
	LawEU Law = "eu" // Regulation (EU) 2016/679, Chapter V, in the European Economic Area
	LawUK Law = "uk" // the same as it is part of the law of the United Kingdom (UK GDPR), with the Data Protection Act 2018
)

// eea are the members of the European Economic Area, to which the Regulation applies (Decision of the EEA Joint Committee No 154/2018 of 6 July 2018).
var eea = []string{"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}

// lawOf is the law of a country; "" where it is not known here.
func lawOf(jurisdiction string) Law {
	switch {
	case slices.Contains(eea, jurisdiction):
		return LawEU
	case jurisdiction == "GB":
		return LawUK
	}
	return ""
}

// third reports whether a country is a third country to a law.
func (l Law) third(country string) bool {
	if l == LawEU {
		return !slices.Contains(eea, country)
	}
	return country != "GB"
}

// Adequacy is a decision that a country protects personal data adequately (Art. 45).
type Adequacy struct {
	Law     Law
	Country string
	// From is the day of the decision, or of its coming into force where it names one; Until its last day, zero where it has none.
	From, Until date.Date
	// Certified says that it covers recipients alone that are certified under it.
	Certified bool
	// Limits says what it does not cover, for whoever relies on it to look at; "" for nothing.
	Limits string
	Source string
}

// decisions are the decisions that are known, as of 1 November 2026. Who needs one that is not here states another safeguard; nothing is taken for adequate because it was.
var decisions = []Adequacy{
	{Law: LawEU, Country: "AD", From: date.Must("2010-10-19"), Source: "Decision 2010/625/EU"},
	{Law: LawEU, Country: "AR", From: date.Must("2003-06-30"), Source: "Decision 2003/490/EC"},
	{Law: LawEU, Country: "BR", From: date.Must("2026-01-26"), Source: "Implementing Decision (EU) 2026/179"},
	{Law: LawEU, Country: "CA", From: date.Must("2001-12-20"), Limits: "recipients subject to the Personal Information Protection and Electronic Documents Act", Source: "Decision 2002/2/EC"},
	{Law: LawEU, Country: "CH", From: date.Must("2000-07-26"), Source: "Decision 2000/518/EC"},
	{Law: LawEU, Country: "FO", From: date.Must("2010-03-05"), Source: "Decision 2010/146/EU"},
	{Law: LawEU, Country: "GB", From: date.Must("2021-06-28"), Until: date.Must("2031-12-27"), Limits: "not for immigration control before the renewal of 19 December 2025",
		Source: "Implementing Decision (EU) 2021/1772, extended by (EU) 2025/1226 and renewed on 19 December 2025"},
	{Law: LawEU, Country: "GG", From: date.Must("2003-11-21"), Source: "Decision 2003/821/EC"},
	{Law: LawEU, Country: "IL", From: date.Must("2011-01-31"), Limits: "automated processing", Source: "Decision 2011/61/EU"},
	{Law: LawEU, Country: "IM", From: date.Must("2004-04-28"), Source: "Decision 2004/411/EC"},
	{Law: LawEU, Country: "JE", From: date.Must("2008-05-08"), Source: "Decision 2008/393/EC"},
	{Law: LawEU, Country: "JP", From: date.Must("2019-01-23"), Limits: "recipients subject to the Act on the Protection of Personal Information", Source: "Implementing Decision (EU) 2019/419"},
	{Law: LawEU, Country: "KR", From: date.Must("2021-12-17"), Limits: "recipients subject to the Personal Information Protection Act", Source: "Implementing Decision (EU) 2022/254"},
	{Law: LawEU, Country: "NZ", From: date.Must("2012-12-19"), Source: "Implementing Decision 2013/65/EU"},
	{Law: LawEU, Country: "US", From: date.Must("2023-07-10"), Certified: true, Source: "Implementing Decision (EU) 2023/1795 (EU-US Data Privacy Framework)"},
	{Law: LawEU, Country: "UY", From: date.Must("2012-08-21"), Source: "Implementing Decision 2012/484/EU"},

	{Law: LawUK, Country: "KR", From: date.Must("2022-12-19"), Source: "The Data Protection (Adequacy) (Republic of Korea) Regulations 2022 (SI 2022/1213)"},
	{Law: LawUK, Country: "US", From: date.Must("2023-10-12"), Certified: true, Source: "The Data Protection (Adequacy) (United States of America) Regulations 2023 (SI 2023/1028; UK Extension to the Data Privacy Framework)"},
}

// retained are the countries that the United Kingdom has treated as adequate since it left: the European Economic Area, Gibraltar, and those of which the Union had decided so by then.
var retained = append([]string{"GI", "AD", "AR", "CA", "CH", "FO", "GG", "IL", "IM", "JE", "JP", "NZ", "UY"}, eea...)

// Adequacies lists the decisions that are known, by law and country.
func Adequacies() []Adequacy {
	out := slices.Clone(decisions)
	for _, c := range retained {
		a := Adequacy{Law: LawUK, Country: c, From: date.Must("2021-01-01"), Source: "Data Protection Act 2018, Schedule 21, paragraphs 4 to 6"}
		if i := slices.IndexFunc(decisions, func(d Adequacy) bool { return d.Law == LawEU && d.Country == c }); i >= 0 {
			a.Limits = decisions[i].Limits
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Adequacy) int {
		return slices.Compare([]string{string(a.Law), a.Country}, []string{string(b.Law), b.Country})
	})
	return out
}

// adequate finds the decision that covers a country on a day; certified asks for one that covers certified recipients.
func adequate(law Law, country string, on date.Date, certified bool) (Adequacy, bool) {
	for _, a := range Adequacies() {
		if a.Law == law && a.Country == country && a.Certified == certified && holds(on, a.From, a.Until, date.Date{}) {
			return a, true
		}
	}
	return Adequacy{}, false
}
