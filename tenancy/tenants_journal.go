package tenancy

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// JournalLine is one act of the platform's, or one by which a tenant's owner decided about its life.
type JournalLine struct {
	ID         uuid.UUID
	OccurredAt time.Time
	// Actor is the opaque id of who acted.
	Actor string
	// Act is the permission that the act is named after; an owner's stands behind "tenancy.own/".
	Act string
	// TenantID is whom it was about; zero when no tenant.
	TenantID uuid.UUID
	// Reason is what was given as one, with a hold's or a waiver's reference.
	Reason string
}

// Journal gives the lines about a tenant in the order in which they were written, those of a purged tenant too, or all lines for
// the zero id: so that an operator can answer an auditor. Of the page asked for, Sort is "" or "id".
//
// Permission: tenancy.read_journal. Errors: tenancy.not_platform, tenancy.bad_input (a page of another list).
func (t *Tenants) Journal(ctx context.Context, tenant uuid.UUID, page PageRequest) (PageOf[JournalLine], error) {
	const op = "tenancy.Tenants.Journal"
	var out PageOf[JournalLine]
	if _, err := t.actor(ctx, op, PermReadJournal); err != nil {
		return out, err
	}
	if page.Sort != "" && page.Sort != "id" {
		return out, ErrBadInput.New(op, "the journal is sorted by id")
	}
	limit := min(max(page.Limit, 0), 1000)
	if limit == 0 {
		limit = 50
	}
	var rows []journalRow
	q := t.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(t.table(tableJournal) + " AS ?TableAlias").OrderExpr("id").Limit(int64(limit + 1))
	if tenant != uuid.Nil {
		q = q.Where("tenant_id = ?", tenant)
	}
	if page.After != "" {
		after, err := uuid.Parse(page.After)
		if err != nil {
			return out, ErrBadInput.New(op, "the page cursor is not one of this list's")
		}
		q = q.Where("id > ?", after)
	}
	if err := q.Scan(ctx); err != nil {
		return out, t.db.control.Fault(op, err)
	}
	for i, r := range rows {
		if i == limit {
			out.Next = rows[i-1].ID.String()
			break
		}
		out.Items = append(out.Items, JournalLine{ID: r.ID, OccurredAt: r.OccurredAt.UTC(), Actor: r.Actor, Act: r.Act, TenantID: r.TenantID, Reason: r.Reason})
	}
	return out, nil
}
