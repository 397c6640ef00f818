package money

import "github.com/opsmatiq/erp/tenancy/date"

// cashRules is the table of cash rounding, as known on 2026-01-01. A rule stays for ever, because old tickets are read
// again; a change is a new row with a later date. Each row names its source; two rest on memory of the source rather than
// on its text (AUD, NZD's date) and say so.
var cashRules = []cashRule{
	// Switzerland: the one-centime coin ceased to be legal tender on 2007-01-01 (Federal Council, decision of 2006-04-12,
	// swissmint release of 2006-12-19); the two-centime coin in 1978. Usual commercial rounding to 5 centimes.
	{currency: "CHF", from: date.Must("2007-01-01"), step: 5},

	// Sweden: Lag (1970:1029) om avrundning av vissa oresbelopp, section 2, as amended by SFS 2009:283: 1-49 ore down,
	// 50-99 up, when the 50-ore coin ceased to be legal tender on 2010-09-30.
	{currency: "SEK", from: date.Must("2010-10-01"), step: 100},

	// Norway: FOR-2011-03-16-294, section 2: from 2012-05-01 1-49 ore down, 50-99 up.
	{currency: "NOK", from: date.Must("2012-05-01"), step: 100},

	// Denmark: Bekendtgorelse nr. 928 of 2008-09-19, section 2: from 2008-10-01 to the nearest amount divisible by 50;
	// Danmarks Nationalbank: .25 to .74 become .50.
	{currency: "DKK", from: date.Must("2008-10-01"), step: 50},

	// Hungary: 2008. evi III. torveny, section 2: 2.50 to 4.99 up to 5, 7.50 to 9.99 up to 10; coins of 1 and 2 forint
	// withdrawn on 2008-03-01 (MNB). Steps in minor units: 5 forint are 500 filler in ISO 4217.
	{currency: "HUF", from: date.Must("2008-03-01"), step: 500},

	// Czechia: Act 634/1992 Coll. on consumer protection, section 3(c): the total paid in cash is rounded to the nearest
	// legal tender in circulation; the 50-heller coin ended on 2008-08-31 (CNB decrees 173 and 174/2008).
	{currency: "CZK", from: date.Must("2008-09-01"), step: 100},

	// Canada: Department of Finance, Economic Action Plan 2012, rounding guideline as published by the Canada Revenue
	// Agency ("Phasing out the penny"): from 2013-02-04 to the nearest five cents.
	{currency: "CAD", from: date.Must("2013-02-04"), step: 5},

	// Australia: 1- and 2-cent coins withdrawn from February 1992, totals rounded to the nearest five cents (Royal
	// Australian Mint and Reserve Bank of Australia; from memory, the text was not at hand).
	{currency: "AUD", from: date.Must("1992-02-01"), step: 5},

	// New Zealand: the 5-cent coin ceased to be legal tender on 2006-11-01 (Reserve Bank; the date is from memory). No
	// law; the New Zealand Retailers Association recommends 1-5 cents down, 6-9 up (Reserve Bank, "Change for the Better").
	{currency: "NZD", from: date.Must("2006-11-01"), step: 10, tiesDown: true},

	// Finland: Laki euromaaraisten maksujen pyoristamisesta 890/2000 (as amended by 496/2002), section 1, in force
	// 2002-01-01; a payment of one or two cents is not rounded.
	{currency: "EUR", country: "FI", from: date.Must("2002-01-01"), step: 5, keepTo: 2},

	// Netherlands: voluntary, agreed in the Maatschappelijk Overleg Betalingsverkeer (chaired by DNB), from 2004-09-01.
	{currency: "EUR", country: "NL", from: date.Must("2004-09-01"), step: 5},

	// Belgium: allowed from 2014-10-01 (royal decree of 2014-09-22), an obligation from 2019-12-01 (Code of Economic Law,
	// art. VI.7/1); only totals of more than 5 cents.
	{currency: "EUR", country: "BE", from: date.Must("2014-10-01"), step: 5, keepTo: 5},

	// Ireland: voluntary, Central Bank of Ireland, national rollout on 2015-10-28.
	{currency: "EUR", country: "IE", from: date.Must("2015-10-28"), step: 5},

	// Italy: D.L. 50/2017, art. 13-quater (converted by L. 96/2017): from 2018-01-01 to the nearest multiple of five cents,
	// for amounts paid wholly in cash.
	{currency: "EUR", country: "IT", from: date.Must("2018-01-01"), step: 5},

	// Slovakia: Act 18/1996 Z. z. on prices as amended by 457/2021 Z. z., from 2022-07-01; a price of one or two cents
	// becomes five.
	{currency: "EUR", country: "SK", from: date.Must("2022-07-01"), step: 5, liftTo: 2},

	// Estonia: amendment passed by the Riigikogu, from 2025-01-01 (Eesti Pank, FAQ about the rounding rule).
	{currency: "EUR", country: "EE", from: date.Must("2025-01-01"), step: 5},

	// Lithuania: Law on the rounding of cash payments, adopted 2024-03-28, from 2025-05-01 (press release of the Seimas).
	{currency: "EUR", country: "LT", from: date.Must("2025-05-01"), step: 5},
}
