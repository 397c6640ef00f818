package tenancy

import (
	"time"

	"github.com/google/uuid"
)

// ErasuresOf registers an erasure of a receipt's text, as the privacy helpers will.
func ErasuresOf(row uuid.UUID, at time.Time) []*erasure {
	return []*erasure{{TableName: "lib.receipt_texts", RowID: row, State: "registered", RegisteredAt: at}}
}
