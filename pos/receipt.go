package pos

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Receipt is what a [Signer] signs: the figures of a ticket and, by their digest and signature, all receipts of the register
// before it. It holds no free text and no ids, so that it can be computed again after an erasure and after the tenant has moved.
type Receipt struct {
	Register string    `json:"register"` // its code
	No       int64     `json:"no"`       // place in the register's chain, from 1
	Number   string    `json:"number"`   // the legal number
	Kind     Kind      `json:"kind"`
	Origin   string    `json:"origin"` // number of the sale that is taken back; ""
	Date     date.Date `json:"date"`
	MadeAt   time.Time `json:"made_at"` // UTC

	Lines    []ReceiptLine    `json:"lines"`
	Net      money.Amount     `json:"net"`
	Tax      money.Amount     `json:"tax"`
	Gross    money.Amount     `json:"gross"`
	Rounding money.Amount     `json:"rounding"`
	Payments []ReceiptPayment `json:"payments"`

	// PreviousDigest and PreviousSignature are those of the receipt before; "" on the first, and where nothing was signed.
	PreviousDigest    string `json:"previous_digest"`
	PreviousSignature string `json:"previous_signature"`

	// Digest is SHA-256 over all of the above as JSON, in lower-case hexadecimal.
	Digest string `json:"-"`
}

// ReceiptLine is one line of a [Receipt].
type ReceiptLine struct {
	Quantity  money.Quantity `json:"quantity"`
	UnitPrice string         `json:"unit_price"`
	TaxRate   string         `json:"tax_rate"` // percent
	Net       money.Amount   `json:"net"`
	Tax       money.Amount   `json:"tax"`
}

// ReceiptPayment is one payment of a [Receipt].
type ReceiptPayment struct {
	Method Method       `json:"method"`
	Amount money.Amount `json:"amount"`
}

// newReceipt is the receipt of a ticket, before it has a place in the chain.
func newReceipt(t *Ticket, lines []*Line, payments []*Payment, register, origin string) Receipt {
	r := Receipt{Register: register, No: t.ReceiptNo, Number: t.Number, Kind: t.Kind, Origin: origin, Date: t.Date, MadeAt: t.MadeAt.UTC(),
		Lines: []ReceiptLine{}, Net: t.Net, Tax: t.Tax, Gross: t.Gross, Rounding: t.Rounding, Payments: []ReceiptPayment{}}
	for _, l := range lines {
		r.Lines = append(r.Lines, ReceiptLine{l.Quantity, l.UnitPrice.String(), l.TaxRate.String(), l.Net, l.Tax})
	}
	for _, p := range payments {
		r.Payments = append(r.Payments, ReceiptPayment{p.Method, p.Amount})
	}
	return r
}

// follow puts a receipt behind another one in the chain, and computes its digest.
func (r *Receipt) follow(digest, signature string) {
	r.PreviousDigest, r.PreviousSignature = digest, signature
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // figures of the books' currency and checked text
	}
	sum := sha256.Sum256(b)
	r.Digest = hex.EncodeToString(sum[:])
}
