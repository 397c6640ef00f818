package sales

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// GetQuotation reads one quotation with its lines and texts. Permission: sales.read. Errors: tenancy.not_found.
func (s *Service) GetQuotation(ctx context.Context, id uuid.UUID) (Quotation, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Quotation, error) {
		found, err := tenancy.Get[Quotation](ctx, tx, id)
		if err != nil {
			return Quotation{}, err
		}
		if err := s.completeQuotations(ctx, tx, []*Quotation{found}); err != nil {
			return Quotation{}, err
		}
		return *found, nil
	})
}

// QuotationsByReference finds quotations by their references, with lines and texts; those that do not exist are left out.
// Permission: sales.read. Errors: sales.too_many.
func (s *Service) QuotationsByReference(ctx context.Context, references []string) (map[string]Quotation, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]Quotation, error) {
		if len(references) > MaxBatch {
			return nil, ErrTooMany.New("sales.QuotationsByReference", "%d references are more than the %d that one act takes", len(references), MaxBatch)
		}
		found, err := quotationsByReference(ctx, tx, references)
		if err != nil {
			return nil, err
		}
		if err := s.completeQuotations(ctx, tx, pointers(found)); err != nil {
			return nil, err
		}
		out := make(map[string]Quotation, len(found))
		for _, q := range found {
			out[q.Reference] = q
		}
		return out, nil
	})
}

// ListQuotations reads a page of quotations without lines and texts, in the order in which they were made unless the request
// sorts by another column. Permission: sales.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListQuotations(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Quotation], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Quotation], error) {
		return tenancy.Page[Quotation](ctx, tx, page)
	})
}

func quotationsByReference(ctx context.Context, tx *tenancy.Tx, references []string) ([]Quotation, error) {
	if len(references) == 0 {
		return nil, nil
	}
	var found []Quotation
	q := tx.Batch()
	tenancy.Load(q, &found, tenancy.In("reference", unrepeated(references)))
	return found, q.Run(ctx)
}

// completeQuotations gives stored quotations their lines and texts, in one round trip; for none, in none.
func (s *Service) completeQuotations(ctx context.Context, tx *tenancy.Tx, quotations []*Quotation) error {
	if len(quotations) == 0 {
		return nil
	}
	of := byID(quotations, func(q *Quotation) uuid.UUID { return q.ID })
	ids := slices.Collect(maps.Keys(of))
	var lines []QuotationLine
	var texts []QuotationText
	q := tx.Batch()
	tenancy.Load(q, &lines, tenancy.In("quotation_id", ids), tenancy.OrderBy("quotation_id", "line_no"))
	tenancy.Load(q, &texts, tenancy.In("quotation_id", ids))
	if err := q.Run(ctx); err != nil {
		return err
	}
	for _, l := range lines {
		of[l.QuotationID].Lines = append(of[l.QuotationID].Lines, l)
	}
	for _, t := range texts {
		found := of[t.QuotationID]
		found.Note = t.Note
		decodeTexts(t.LineTexts, found.terms())
	}
	var terms []*Terms
	var documents []uuid.UUID
	for _, found := range quotations {
		terms, documents = append(terms, found.terms()...), append(documents, found.DimensionSetID)
	}
	named, err := s.spellTerms(ctx, terms, documents...)
	for _, found := range quotations {
		found.Dimensions = named[found.DimensionSetID]
	}
	return err
}
