package retention

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Holds says of each row, a pointer to the model's struct, what keeps it from being erased on the day of the transaction: the latest over all duties and holds. It is the form of privacy.Options.Holds, for an act that has
// its own permission. Limits hold nothing, and nor do they when their rule is not switched on.
func (s *Service) Holds(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any) ([]Hold, error) {
	l, err := s.look(ctx, tx)
	if err != nil {
		return nil, err
	}
	verdicts, err := l.verdicts(ctx, tx, m, rows, duties)
	if err != nil {
		return nil, err
	}
	out := make([]Hold, len(rows))
	for i := range verdicts {
		out[i] = verdicts[i].held(l.today)
	}
	return out, nil
}

// Release is until when a record is kept.
type Release struct {
	ID uuid.UUID
	// Hold is what keeps it: the rule or hold that ends last. Zero: nothing does, today.
	Hold Hold
}

// Releases says of records of a table, by their ids, until when they are kept: by the duties, limits and holds together, as a sweep would find. At most 500.
//
// Permission: retention.read. Errors: retention.bad_input (no such table, or one whose rows have no id), tenancy.not_found (one of them).
func (s *Service) Releases(ctx context.Context, table string, ids ...uuid.UUID) ([]Release, error) {
	const op = "retention.Releases"
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Release, error) {
		m := s.db.Registry().Table(table)
		if m == nil || m.PartOf != "" || m.Column("id") == nil || len(ids) > chunk {
			return nil, ErrBadInput.New(op, "at most %d records of a registered table, by their ids", chunk)
		}
		l, err := s.look(ctx, tx)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		rows, err := m.Verbs().Find(ctx, tx, tenancy.In("id", ids))
		if err != nil {
			return nil, err
		}
		verdicts, err := l.verdicts(ctx, tx, m, rows, all)
		if err != nil {
			return nil, err
		}
		by := map[uuid.UUID]*verdict{}
		for i, row := range rows {
			by[value[uuid.UUID](row, m.Column("id"))] = &verdicts[i]
		}
		out := make([]Release, len(ids))
		for i, id := range ids {
			if by[id] == nil {
				return nil, tenancy.ErrNotFound.New(op, "")
			}
			out[i] = Release{ID: id, Hold: by[id].held(l.today)}
		}
		return out, nil
	})
}
