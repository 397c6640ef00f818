package accounting

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A fingerprint is stored: if what it is made of were ever written down otherwise, every retry of what was done before would be taken for
// another input. The sum was computed elsewhere: SHA-256 of each field, texts with their length as a varint before them, numbers as zigzag varints.
func TestAFingerprintStaysWhatItIs(t *testing.T) {
	var f fingerprint
	fields := func() {
		f.text("Ünits")
		f.text("")
		f.id(uuid.UUID{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
		f.number(-300)
		f.number(1)
		f.amount(money.Of(731, "GBP"))
		f.flag(true)
		f.flag(false)
		f.day(date.Must("2010-12-31"))
		f.day(date.Must("2010-01-02"))
	}
	fields()
	require.Equal(t, "d621d99b198b1695b81fa7449241089f", f.sum())
	f.reset()
	fields()
	require.Equal(t, "d621d99b198b1695b81fa7449241089f", f.sum(), "it begins anew")
}
