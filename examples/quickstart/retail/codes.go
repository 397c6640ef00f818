package retail

import "strings"

// services are the stock codes that stand for no goods: they are charged, but never in stock.
var services = map[string]bool{
	"POST": true, "DOT": true, "C2": true, // carriage
	"M": true, "m": true, // manual entries
	"D": true, "S": true, "B": true, // discount, samples, bad debt
	CodeBankCharges: true, CodeAmazonFee: true,
	"CRUK": true, "PADS": true, // a commission, and pads to match all cushions
}

// The codes of fees: on a credit note they are what somebody else charged the shop.
const (
	CodeBankCharges = "BANK CHARGES"
	CodeAmazonFee   = "AMAZONFEE"
)

// IsGoods reports whether a stock code stands for goods. Codes count exactly as written.
func IsGoods(code string) bool { return !services[code] && !strings.HasPrefix(code, "gift_") }

// IsFee reports whether a stock code stands for a fee that somebody else charged.
func IsFee(code string) bool { return code == CodeBankCharges || code == CodeAmazonFee }
