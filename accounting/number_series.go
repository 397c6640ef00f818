package accounting

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// numberSeries hands out the legal numbers of one kind of document in one fiscal year. Its row is the last that Issue
// locks, so that documents wait for each other as briefly as can be.
type numberSeries struct {
	tenancy.Row
	Code         string    `bun:"code" privacy:"none"`
	FiscalYearID uuid.UUID `bun:"fiscal_year_id"`
	// NextSeq is the number that the next document gets. The database lets it grow only.
	NextSeq int64 `bun:"next_seq"`
	// LastDate is the date of the last document; a document before it is refused.
	LastDate date.Date `bun:"last_date,nullzero"`
}

// The series codes, which begin the printed number.
const (
	seriesInvoice    = "INV"
	seriesCreditNote = "CN"
)

var seriesCodes = []string{seriesInvoice, seriesCreditNote}

func (k InvoiceKind) series() string {
	if k == CreditNoteDocument {
		return seriesCreditNote
	}
	return seriesInvoice
}

// take hands out the next number to a document of a date.
func (s *numberSeries) take(op string, on date.Date, year string) (seq int64, number string, err error) {
	if on.Before(s.LastDate) {
		return 0, "", ErrBackdated.New(op, "a document of %s would get a number after one of %s in the series %s-%s", on, s.LastDate, s.Code, year)
	}
	seq = s.NextSeq
	s.NextSeq++
	s.LastDate = on
	return seq, fmt.Sprintf("%s-%s-%05d", s.Code, year, seq), nil
}
