package accounting

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// fingerprint gathers what makes two inputs the same. Every field is preceded by its length, so that no two inputs gather
// to the same bytes. Free text stays out: erasure may empty it, and a hash of it would outlive the erasure.
type fingerprint struct{ buf []byte }

func (f *fingerprint) reset() { f.buf = f.buf[:0] }

func (f *fingerprint) text(s string) {
	f.buf = binary.AppendUvarint(f.buf, uint64(len(s)))
	f.buf = append(f.buf, s...)
}

func (f *fingerprint) id(id uuid.UUID)       { f.buf = append(f.buf, id[:]...) }
func (f *fingerprint) number(n int64)        { f.buf = binary.AppendVarint(f.buf, n) }
func (f *fingerprint) amount(a money.Amount) { f.number(a.Minor); f.text(string(a.Currency)) }
func (f *fingerprint) flag(set bool) {
	if set {
		f.number(1)
		return
	}
	f.number(0)
}
func (f *fingerprint) day(d date.Date) {
	f.number(int64(d.Year())*10_000 + int64(d.Month())*100 + int64(d.Day()))
}

// sum is the fingerprint as it is stored: 128 bits of SHA-256 are enough to tell a retry from a mistake.
func (f *fingerprint) sum() string {
	h := sha256.Sum256(f.buf)
	return hex.EncodeToString(h[:16])
}
