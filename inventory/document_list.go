package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// DocumentDetail is a document with its moves and its free text.
type DocumentDetail struct {
	Document
	// Reason is "" when none was given, or when it was erased.
	Reason string
}

// GetDocument reads one document with everything on it. Permission: inventory.read. Errors: tenancy.not_found.
func (s *Service) GetDocument(ctx context.Context, id uuid.UUID) (DocumentDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (DocumentDetail, error) {
		doc, err := tenancy.Get[Document](ctx, tx, id)
		if err != nil {
			return DocumentDetail{}, err
		}
		if err := loadMoves(ctx, tx, []*Document{doc}); err != nil {
			return DocumentDetail{}, err
		}
		if err := s.spellMoves(ctx, doc.Moves); err != nil {
			return DocumentDetail{}, err
		}
		texts, err := loadIn[DocumentText](ctx, tx, "document_id", []uuid.UUID{id})
		if err != nil {
			return DocumentDetail{}, err
		}
		out := DocumentDetail{Document: *doc}
		if len(texts) > 0 {
			out.Reason = texts[0].Reason
		}
		return out, nil
	})
}

// ListDocuments reads a page of documents without their moves, in the order of posting unless the request sorts by another
// column. Permission: inventory.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListDocuments(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Document], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Document], error) {
		return tenancy.Page[Document](ctx, tx, page)
	})
}
