package money

import (
	"maps"
	"strings"
)

// ISO 4217 minor units.
//
// Source: ISO 4217 Current Currency & Funds Code List ("List One"), published 2026-01-01 by the maintenance agency SIX
// (https://www.six-group.com/dam/download/financial-information/data-center/iso-currrency/lists/list-one.xml), read
// through a public copy. It already has ZWG, XCG and XAD, and no longer ZWL, ANG and BGN.
//
// The codes whose minor units List One gives as "N.A." are left out, because no amount can be counted in them: XAU, XAG,
// XPT, XPD, XDR, XSU, XUA, XBA, XBB, XBC, XBD, XTS, XXX.
//
// CLDR (and so golang.org/x/text/currency) is no source for this table: its digits are for display and differ, for
// example RSD 0, IQD 0, COP 0 and IDR 0 where ISO says 2, 3, 2 and 2.
const (
	isoUnits0 = `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`

	isoUnits2 = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
		CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
		HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
		MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK
		SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD
		XCG YER ZAR ZMW ZWG`

	isoUnits3 = `BHD IQD JOD KWD LYD OMR TND`

	isoUnits4 = `CLF UYW`

	// Withdrawn since 2020 (ISO 4217 List Three, historic codes), kept because ten years of books must stay readable:
	// ANG (2025-03, now XCG), BGN (2026-01, EUR), CUC (2021-06, CUP), HRK (2023-01, EUR), SLL (now SLE), ZWL (2024-09,
	// ZWG). Each had 2 minor units on List One while it was there.
	isoWithdrawn2 = `ANG BGN CUC HRK SLL ZWL`
)

var (
	withdrawnUnits = unitsOf(map[int32]string{2: isoWithdrawn2})
	minorUnits     = withWithdrawn(unitsOf(map[int32]string{0: isoUnits0, 2: isoUnits2, 3: isoUnits3, 4: isoUnits4}))
)

func unitsOf(lists map[int32]string) map[Currency]int32 {
	table := map[Currency]int32{}
	for units, codes := range lists {
		for _, code := range strings.Fields(codes) {
			table[Currency(code)] = units
		}
	}
	return table
}

func withWithdrawn(current map[Currency]int32) map[Currency]int32 {
	maps.Copy(current, withdrawnUnits)
	return current
}
