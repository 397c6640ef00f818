package accounting

import "github.com/opsmatiq/erp/tenancy/date"

// membership is when a country was in the tax territory of the European Union.
type membership struct{ from, until date.Date }

// memberStates are the member states by ISO 3166-1 code, with the days on which they acceded (treaties of accession,
// European Union, "EU countries"). For the United Kingdom the VAT rules held until the end of the transition period, 31
// December 2020 (Withdrawal Agreement, OJ L 29, 31.1.2020, Art. 126 and 127). Greece is GR here, though its VAT numbers
// begin with EL.
var memberStates = func() map[string]membership {
	out := map[string]membership{"GB": {from: date.Of(1973, 1, 1), until: date.Of(2020, 12, 31)}}
	for _, wave := range []struct {
		from  date.Date
		codes []string
	}{
		{date.Of(1958, 1, 1), []string{"BE", "DE", "FR", "IT", "LU", "NL"}},
		{date.Of(1973, 1, 1), []string{"DK", "IE"}},
		{date.Of(1981, 1, 1), []string{"GR"}},
		{date.Of(1986, 1, 1), []string{"ES", "PT"}},
		{date.Of(1995, 1, 1), []string{"AT", "FI", "SE"}},
		{date.Of(2004, 5, 1), []string{"CY", "CZ", "EE", "HU", "LT", "LV", "MT", "PL", "SI", "SK"}},
		{date.Of(2007, 1, 1), []string{"BG", "RO"}},
		{date.Of(2013, 7, 1), []string{"HR"}},
	} {
		for _, code := range wave.codes {
			out[code] = membership{from: wave.from}
		}
	}
	return out
}()

// memberState reports whether a country was a member state on a day.
func memberState(country string, on date.Date) bool {
	m, ok := memberStates[country]
	return ok && !on.Before(m.from) && (m.until.IsZero() || !m.until.Before(on))
}
