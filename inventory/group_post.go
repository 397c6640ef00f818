package inventory

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// PostGroup is the input of [Service.PostGroup].
type PostGroup struct {
	// Group is the id under which the documents were booked.
	Group uuid.UUID `validate:"required"`
	// Date may be left out; another than that of the group's documents is refused.
	Date date.Date `validate:"-"`
	// Source is the document that the entry books, such as a till's session. Default: the posting.
	Source accounting.Source `validate:"-"`
	// LockException is the reason for booking into a soft-locked period; it needs the permission accounting.exception.
	LockException string `validate:"max=500,text"`
}

// accountTotal is what the documents of a posting add up to on an account under one combination of dimensions; debits are positive.
type accountTotal struct {
	account, set uuid.UUID
	value        money.Amount
}

// PostGroup makes one entry of all documents of a group that have none yet, added up by account and combination of dimensions in the
// database, so it costs the same memory however many there are. Dimensions were held to what accounts require when the documents were
// booked; no requirement since refuses the entry. Called again it posts what was booked since; with nothing to post it gives the last
// posting, marked Replayed. Of a group that nothing was booked in, it gives a posting without an id and without documents.
//
// Permission: inventory.post_group. Errors: inventory.bad_input, inventory.group_date, accounting.books_not_open,
// accounting.no_period, accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden,
// accounting.account_inactive, accounting.amount_limit.
func (s *Service) PostGroup(ctx context.Context, in PostGroup) (GroupPosting, error) {
	const op = "inventory.PostGroup"
	return tenancy.Act(ctx, s.db, PermPostGroup, func(ctx context.Context, tx *tenancy.Tx) (GroupPosting, error) {
		if err := checkInput(op, "group", in); err != nil {
			return GroupPosting{}, err
		}
		var groups []Group
		var before []GroupPosting
		read := tx.Batch()
		tenancy.Load(read, &groups, tenancy.Eq("id", in.Group), tenancy.ForUpdate())
		tenancy.Load(read, &before, tenancy.Eq("group_id", in.Group), tenancy.OrderBy("-posting_no"), tenancy.Limit(1))
		if err := read.Run(ctx); err != nil {
			return GroupPosting{}, err
		}
		if len(groups) == 0 {
			return GroupPosting{GroupID: in.Group}, nil
		}
		g := &groups[0]
		if !in.Date.IsZero() && in.Date != g.Date {
			return GroupPosting{}, ErrGroupDate.New(op, "the entry would be dated %s; the documents of the group have the date %s", in.Date, g.Date)
		}
		posting := &GroupPosting{GroupID: g.ID, PostingNo: g.Postings + 1, Date: g.Date, PostedAt: tx.Now()}
		posting.ID = tenancy.NewID()
		totals, err := s.toPost(ctx, tx, posting)
		if err != nil {
			return GroupPosting{}, err
		}
		if posting.Documents == 0 {
			if len(before) == 0 {
				return GroupPosting{GroupID: in.Group}, nil
			}
			before[0].Replayed = true
			return before[0], nil
		}
		if err := s.postTotals(ctx, posting, totals, in); err != nil {
			return GroupPosting{}, err
		}
		g.Postings = posting.PostingNo
		write := tx.Batch()
		tenancy.Put(write, []*GroupPosting{posting})
		tenancy.Set(write, []*Group{g}, "postings")
		return *posting, write.Run(ctx)
	})
}

// toPost counts the documents of the posting and adds up their charges.
func (s *Service) toPost(ctx context.Context, tx *tenancy.Tx, posting *GroupPosting) ([]accountTotal, error) {
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := tenancy.Report[int64](ctx, tx, `SELECT COUNT(*) FROM {stock_documents} AS d WHERE group_id = ? AND posting_no = ?`, posting.GroupID, posting.PostingNo)
	if err != nil {
		return nil, err
	}
	posting.Documents = counts[0]
	type row struct {
		AccountID      uuid.UUID `bun:"account_id"`
		DimensionSetID uuid.UUID `bun:"dimension_set_id"`
		ValueMinor     int64     `bun:"value_minor"`
	}
	rows, err := tenancy.Report[row](ctx, tx, `SELECT account_id, dimension_set_id, CAST(SUM(value_minor) AS BIGINT) AS value_minor FROM {stock_charges} AS c
		WHERE group_id = ? AND posting_no = ? GROUP BY account_id, dimension_set_id ORDER BY account_id, dimension_set_id`, posting.GroupID, posting.PostingNo)
	if err != nil {
		return nil, err
	}
	totals := make([]accountTotal, len(rows))
	for i, r := range rows {
		totals[i] = accountTotal{r.AccountID, r.DimensionSetID, money.Amount{Minor: r.ValueMinor, Currency: books.Currency}}
	}
	return totals, nil
}

// postTotals makes the entry, or holds a posting that is worth nothing to the same periods.
func (s *Service) postTotals(ctx context.Context, posting *GroupPosting, totals []accountTotal, in PostGroup) error {
	a, err := s.analysisOf(ctx, totals)
	if err != nil {
		return err
	}
	entry, ok, err := groupEntry(posting, totals, a, in.LockException, in.Source)
	if err != nil {
		return err
	}
	if !ok {
		return s.books.CheckDate(ctx, accounting.JournalStock, posting.Date, in.LockException)
	}
	posted, err := s.books.PostStock(ctx, []accounting.NewEntry{entry})
	if err != nil {
		return err
	}
	posting.EntryID = posted[0].ID
	return nil
}

// GroupPostings are the postings of a group, in order: where the entries of its documents are found.
//
// Permission: inventory.read. Errors: none of its own; a group that nothing was posted of has none.
func (s *Service) GroupPostings(ctx context.Context, group uuid.UUID) ([]GroupPosting, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]GroupPosting, error) {
		var found []GroupPosting
		b := tx.Batch()
		tenancy.Load(b, &found, tenancy.Eq("group_id", group), tenancy.OrderBy("posting_no"))
		return found, b.Run(ctx)
	})
}
