package inventory

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Group is a set of documents that are posted together, as one entry: see [NewDocument.Group]. Its id is the caller's. It
// comes into being with its first document.
type Group struct {
	tenancy.Row
	// Date is that of all its documents, and of the entry.
	Date date.Date `bun:"document_date,notnull"`
	// Postings is how many entries were made so far. What is booked now belongs to the next.
	Postings int64 `bun:"postings,notnull"`
}

// Charge is what a document of a group adds to an account, under one combination of dimensions, in its group's entry. The stock
// account gets the opposite of all.
type Charge struct {
	tenancy.Owned
	DocumentID uuid.UUID `bun:"document_id,pk"`
	AccountID  uuid.UUID `bun:"account_id,pk"`
	// DimensionSetID is the nil UUID where there are no dimensions.
	DimensionSetID uuid.UUID `bun:"dimension_set_id,pk"`
	// GroupID and PostingNo are the document's, repeated for the sums.
	GroupID   uuid.UUID    `bun:"group_id,notnull"`
	PostingNo int64        `bun:"posting_no,notnull"`
	Value     money.Amount `bun:"embed:value_"` // above zero for a debit
}

// GroupPosting is one posting of a group: all of its documents that were not posted before.
type GroupPosting struct {
	tenancy.Row
	GroupID uuid.UUID `bun:"group_id,notnull"`
	// PostingNo counts the postings of the group from 1; its documents have the same.
	PostingNo int64     `bun:"posting_no,notnull"`
	Date      date.Date `bun:"document_date,notnull"`
	// Documents is how many were posted.
	Documents int64 `bun:"documents,notnull"`
	// EntryID is the journal entry; none when all of them together are worth nothing.
	EntryID  uuid.UUID `bun:"entry_id,nullzero"`
	PostedAt time.Time `bun:"posted_at,notnull"`

	// Replayed is true when there was nothing more to post, and this is the posting that was made last.
	Replayed bool `bun:"-"`
}

// join puts a document into the group that its request names. Errors: inventory.group_date.
func (b *booking) join(r *request, doc *Document) error {
	if r.Group == uuid.Nil {
		return nil
	}
	g := b.facts.groups[r.Group]
	if g.Date != doc.Date {
		return ErrGroupDate.New(b.op, "%s is dated %s; the documents of its group have the date %s", r.what, doc.Date, g.Date)
	}
	doc.GroupID, doc.PostingNo = g.ID, g.Postings+1
	return nil
}

// groupCharges are those of the new documents that are of a group. Accounts that take no postings are refused now, not when
// the group is posted: then it would be too late to book otherwise. Errors: accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.amount_limit.
func (b *booking) groupCharges(ctx context.Context) ([]*Charge, error) {
	var out []*Charge
	for _, k := range b.booked {
		if k.doc.GroupID == uuid.Nil {
			continue
		}
		sums, err := sumsOf(k.charges, &b.analysis)
		if err != nil {
			return nil, err
		}
		totals := map[chargeKey]money.Amount{} // by account, which two references may both name
		for _, part := range sums.order {
			if part.account == accounting.ByRole(accounting.RoleStock) || sums.totals[part].IsZero() {
				continue // stock gets the opposite of all others
			}
			account, err := b.chargeable(ctx, part.account)
			if err != nil {
				return nil, err
			}
			key := chargeKey{account, part.set}
			old, seen := totals[key]
			if !seen {
				old = money.Zero(b.facts.currency)
			}
			if totals[key], err = old.Add(sums.totals[part]); err != nil {
				return nil, err
			}
		}
		for _, key := range slices.SortedFunc(maps.Keys(totals), chargeKey.compare) {
			total := totals[key]
			if total.Minor > maxCharge || total.Minor < -maxCharge {
				return nil, accounting.ErrAmountLimit.New(b.op, "%s is more than the books hold", total.Format())
			}
			if total.Minor != 0 {
				out = append(out, &Charge{DocumentID: k.doc.ID, AccountID: key.account, DimensionSetID: key.set, GroupID: k.doc.GroupID, PostingNo: k.doc.PostingNo,
					Value: total})
			}
		}
	}
	return out, nil
}

// chargeKey is what the charges of a document are kept by.
type chargeKey struct{ account, set uuid.UUID }

func (k chargeKey) compare(o chargeKey) int {
	return cmp.Or(bytes.Compare(k.account[:], o.account[:]), bytes.Compare(k.set[:], o.set[:]))
}

// maxCharge is what accounting takes on one line, in minor units.
const maxCharge = 999_999_999_999_999

// chargeable is the account that a reference names, if an entry may have it on a line without a party.
func (b *booking) chargeable(ctx context.Context, ref accounting.AccountRef) (uuid.UUID, error) {
	account, err := b.s.books.GetAccount(ctx, ref)
	switch {
	case err != nil:
		return uuid.Nil, err
	case !account.Active:
		return uuid.Nil, accounting.ErrAccountInactive.New(b.op, "account %s %s takes no postings", account.Code, account.Name)
	case account.Control != accounting.NoControl:
		return uuid.Nil, accounting.ErrControlAccount.New(b.op, "account %s %s is a control account: it is moved by the party's documents only", account.Code, account.Name)
	}
	return account.ID, nil
}
