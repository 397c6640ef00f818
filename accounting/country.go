package accounting

import "github.com/go-playground/validator/v10"

// countryCodes knows the officially assigned codes of ISO 3166-1 alpha-2, as go-playground/validator v10 carries them (go.mod says which
// version; checked on 2026-11-26: 249 codes of the standard as of 2020, no code was added or withdrawn since, and XK besides).
var countryCodes = validator.New()

// isCountry reports whether a code is officially assigned in ISO 3166-1. XK is in wide use for Kosovo, and not on the list.
func isCountry(code string) bool {
	return code != "XK" && len(code) == 2 && countryCodes.Var(code, "iso3166_1_alpha2") == nil
}

// isTerritory admits besides them the codes that only stand for a place in questions of tax, to be refused there by name: Northern Ireland,
// the Canary Islands, Ceuta and Melilla.
func isTerritory(code string) bool { return isCountry(code) || oddTerritories[code] != "" }

// countryHints say what is meant by codes that are no country's. EL and XI begin VAT identification numbers alone (Directive 2006/112/EC,
// Art. 215, and Council Directive (EU) 2020/1756).
var countryHints = map[string]string{
	"UK": "the United Kingdom is GB", "EL": "Greece is GR; EL begins its VAT numbers",
	"XI": "Northern Ireland is GB; XI begins its VAT numbers", "XK": "Kosovo has no code of the standard",
}
