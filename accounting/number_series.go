package accounting

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// numberSeries hands out the numbers of one kind of document in one fiscal year. Its row is the last that an act locks, so
// that documents wait for each other as briefly as can be.
type numberSeries struct {
	tenancy.Row
	Code         string    `bun:"code" privacy:"none"`
	FiscalYearID uuid.UUID `bun:"fiscal_year_id"`
	// Taken is how many numbers were given out, and so the last one. The database lets it grow only.
	Taken int64 `bun:"taken"`
	// LastDate is the date of the last document; a document before it is refused.
	LastDate date.Date `bun:"last_date,nullzero"`
}

// The codes of the series that every fiscal year has, which begin the printed number.
const (
	seriesInvoice    = "INV"
	seriesCreditNote = "CN"
	seriesDebitNote  = "DN"
)

var seriesCodes = []string{seriesInvoice, seriesCreditNote, seriesDebitNote}

func (k InvoiceKind) series() string {
	switch k { //nolint:exhaustive // an invoice
	case CreditNoteDocument:
		return seriesCreditNote
	case DebitNoteDocument:
		return seriesDebitNote
	}
	return seriesInvoice
}

// take hands out the next number to a document of a date.
func (s *numberSeries) take(op, where string, on date.Date, year string) (seq int64, number string, err error) {
	if on.Before(s.LastDate) {
		return 0, "", ErrBackdated.New(op, "%sa document of %s would get a number after one of %s in the series %s-%s", where, on, s.LastDate, s.Code, year)
	}
	s.Taken++
	s.LastDate = on
	return s.Taken, printed(s.Code, year, s.Taken), nil
}

// printed is a number as it stands on paper: "INV-2010-00001".
func printed(code, year string, seq int64) string { return fmt.Sprintf("%s-%s-%05d", code, year, seq) }
