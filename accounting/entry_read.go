package accounting

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// EntryDetail is an entry with everything that belongs to it.
type EntryDetail struct {
	Entry
	Journal JournalCode
	Lines   []Line // in order
	Memo    string
	Reason  string // why a lock was passed, or why an entry was reversed
}

// GetEntry reads an entry with its lines and texts.
//
// Permission: accounting.read. Errors: tenancy.not_found.
func (s *Service) GetEntry(ctx context.Context, id uuid.UUID) (EntryDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (EntryDetail, error) {
		const op = "accounting.GetEntry"
		var entries []Entry
		var texts []EntryText
		out := EntryDetail{}
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) {
			tenancy.Load(b, &entries, tenancy.Eq("id", id))
			tenancy.Load(b, &out.Lines, tenancy.Eq("entry_id", id), tenancy.OrderBy("line_no"))
			tenancy.Load(b, &texts, tenancy.Eq("entry_id", id))
		})
		if err != nil {
			return EntryDetail{}, err
		}
		if len(entries) == 0 {
			return EntryDetail{}, tenancy.ErrNotFound.New(op, "there is no such entry")
		}
		out.Entry = entries[0]
		out.Journal = set.journalCode(out.JournalID)
		if err := nameDimensions(ctx, tx, out.Lines); err != nil {
			return EntryDetail{}, err
		}
		for _, t := range texts {
			out.Memo, out.Reason = t.Memo, t.Reason
		}
		return out, nil
	})
}

// nameDimensions spells out what lines are analysed by.
func nameDimensions(ctx context.Context, tx *tenancy.Tx, lines []Line) error {
	sets := make([]uuid.UUID, len(lines))
	for i := range lines {
		sets[i] = lines[i].DimensionSetID
	}
	named, err := spellOut(ctx, tx, sets)
	for i := range lines {
		lines[i].Dimensions = named[lines[i].DimensionSetID]
	}
	return err
}

// journalCode is the code of the journal with the id.
func (set *setup) journalCode(id uuid.UUID) JournalCode {
	for i := range set.journals {
		if set.journals[i].ID == id {
			return set.journals[i].Code
		}
	}
	return ""
}

// ListEntries gives a page of entries, in the order of posting unless another sort (id, entry_date, posted_at) is asked for.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListEntries(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Entry], error) {
	return listPage[Entry](ctx, s, page, "accounting.ListEntries", []string{"id", "entry_date", "posted_at"})
}

// EntriesByReference finds entries by their outside numbers; those that do not exist are missing in the answer.
//
// Permission: accounting.read. Errors: accounting.too_many.
func (s *Service) EntriesByReference(ctx context.Context, references []string) (map[string]Entry, error) {
	return byReference[Entry](ctx, s, "accounting.EntriesByReference", references)
}

// byReference is the common body of lookups by outside number.
func byReference[T any, P interface {
	*T
	replayable
}](ctx context.Context, s *Service, op string, references []string) (map[string]T, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (map[string]T, error) {
		if err := checkBatch(op, "references", len(references)); err != nil {
			return nil, err
		}
		out := make(map[string]T, len(references))
		if len(references) == 0 {
			return out, nil
		}
		var rows []T
		b := tx.Batch()
		tenancy.Load(b, &rows, tenancy.In("reference", references))
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		for i := range rows {
			ref, _ := P(&rows[i]).reference()
			out[ref] = rows[i]
		}
		return out, nil
	})
}
