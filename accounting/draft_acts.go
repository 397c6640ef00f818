package accounting

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// maxDraftBytes is how large the content of a draft is at most: what 10,000 lines with their texts take.
const maxDraftBytes = 8 << 20

// DraftInvoices keeps drafts of invoices, credit and debit notes, all or none.
//
// Permission: accounting.draft. Errors: accounting.bad_input, accounting.too_many, accounting.unknown_party,
// accounting.reference_taken.
func (s *Service) DraftInvoices(ctx context.Context, in []NewInvoice) ([]Draft, error) {
	return keepDrafts(ctx, s, "accounting.DraftInvoices", DraftOfInvoice, in)
}

// DraftBills keeps drafts of bills, vendors' credits and debit notes, all or none. What is likely drafted or recorded already is remarked: see
// [Draft].LikelyDuplicates.
//
// Permission: accounting.draft. Errors: as [Service.DraftInvoices].
func (s *Service) DraftBills(ctx context.Context, in []NewBill) ([]Draft, error) {
	return keepDrafts(ctx, s, "accounting.DraftBills", DraftOfBill, in)
}

// draftable is what a draft can be made of.
type draftable interface{ NewInvoice | NewBill }

// named is what a draft shows of its content.
func named[T draftable](in T) (reference string, party uuid.UUID, hash string) {
	var f fingerprint
	switch v := any(in).(type) {
	case NewInvoice:
		return v.Reference, v.PartyID, v.paperwork().fingerprint(&f)
	case NewBill:
		return v.Reference, v.PartyID, v.paperwork().fingerprint(&f)
	}
	return "", uuid.Nil, ""
}

func keepDrafts[T draftable](ctx context.Context, s *Service, op string, kind DraftKind, in []T) ([]Draft, error) {
	return tenancy.Act(ctx, s.db, PermDraft, func(ctx context.Context, tx *tenancy.Tx) ([]Draft, error) {
		if err := checkBatch(op, "drafts", len(in)); err != nil {
			return nil, err
		}
		known := newReplays[Draft](op, "draft", len(in))
		var wanted []uuid.UUID
		for i := range in {
			reference, party, hash := named(in[i])
			known.expect(reference, string(kind)+":"+hash)
			if party != uuid.Nil {
				wanted = append(wanted, party)
			}
		}
		wanted = unique(wanted)
		var parties []Party
		var books []Books
		b := tx.Batch()
		known.load(b)
		loadParties(b, &parties, wanted)
		tenancy.Load(b, &books)
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		if err := allFound(op, wanted, parties); err != nil {
			return nil, err
		}
		var fresh []*Draft
		out, err := known.run(func(i int) (*Draft, error) {
			d := &Draft{Row: tenancy.Row{TenantID: tx.Scope().TenantID(), ID: tenancy.NewID()}, Kind: kind, State: DraftOpen, Fingerprint: known.prints[i],
				CreatedAt: tx.Now()}
			fresh = append(fresh, d)
			return d, fillDraft(op, fmt.Sprintf("draft %d: ", i+1), tx, d, in[i], books)
		})
		if err != nil {
			return nil, err
		}
		tenancy.Put(b, fresh)
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		return give(out, remark(ctx, tx, out.rows))
	})
}

// fillDraft puts content into a draft. books are empty where none are open yet.
func fillDraft[T draftable](op, where string, tx *tenancy.Tx, d *Draft, in T, books []Books) error {
	reference, party, _ := named(in)
	if !validReference(reference) {
		return ErrBadInput.New(op, "%sReference %s", where, says["reference"])
	}
	content, err := json.Marshal(in)
	switch {
	case err != nil:
		return ErrBadInput.Wrap(op, err, "%sthe content cannot be kept", where)
	case len(content) > maxDraftBytes:
		return ErrTooMany.New(op, "%sthe content has more than %d bytes", where, maxDraftBytes)
	}
	var says likeness
	if v, ok := any(in).(NewBill); ok {
		base := money.Currency("")
		if len(books) > 0 {
			base = books[0].Currency
		}
		says = v.likeness(base)
	}
	d.Reference, d.PartyID, d.ChangedAt = reference, party, tx.Now()
	d.hold(string(content), &says)
	return nil
}

// ChangeInvoiceDraft replaces the content of a draft.
//
// Permission: accounting.draft. Errors: accounting.bad_input, accounting.too_many, accounting.unknown_party,
// accounting.draft_state (it is issued or discarded, or of a bill); tenancy.not_found; tenancy.duplicate (another draft has the
// reference).
func (s *Service) ChangeInvoiceDraft(ctx context.Context, id uuid.UUID, in NewInvoice) (Draft, error) {
	return changeDraft(ctx, s, "accounting.ChangeInvoiceDraft", DraftOfInvoice, id, in)
}

// ChangeBillDraft replaces the content of a draft.
//
// Permission: accounting.draft. Errors: as [Service.ChangeInvoiceDraft].
func (s *Service) ChangeBillDraft(ctx context.Context, id uuid.UUID, in NewBill) (Draft, error) {
	return changeDraft(ctx, s, "accounting.ChangeBillDraft", DraftOfBill, id, in)
}

func changeDraft[T draftable](ctx context.Context, s *Service, op string, kind DraftKind, id uuid.UUID, in T) (Draft, error) {
	return tenancy.Act(ctx, s.db, PermDraft, func(ctx context.Context, tx *tenancy.Tx) (Draft, error) {
		d, err := lockDraft(ctx, tx, op, kind, id)
		if err != nil {
			return Draft{}, err
		}
		var wanted []uuid.UUID
		if _, party, _ := named(in); party != uuid.Nil {
			wanted = append(wanted, party)
		}
		var parties []Party
		var books []Books
		b := tx.Batch()
		loadParties(b, &parties, wanted)
		tenancy.Load(b, &books)
		if err := b.Run(ctx); err != nil {
			return Draft{}, err
		}
		if err := allFound(op, wanted, parties); err != nil {
			return Draft{}, err
		}
		if err := fillDraft(op, "", tx, d, in, books); err != nil {
			return Draft{}, err
		}
		if err := tenancy.Update(ctx, tx, d, append([]string{"reference", "party_id", "changed_at"}, draftColumns...)...); err != nil {
			return Draft{}, err
		}
		return done(d, remark(ctx, tx, []*Draft{d}))
	})
}

// lockDraft finds a draft that may still change.
func lockDraft(ctx context.Context, tx *tenancy.Tx, op string, kind DraftKind, id uuid.UUID) (*Draft, error) {
	d, err := tenancy.Lock[Draft](ctx, tx, id)
	if err == nil && (d.State != DraftOpen || d.Kind != kind) {
		err = ErrDraftState.New(op, "the draft of %s is %s", d.Kind, d.State)
	}
	return d, err
}

// DiscardDraft gives a draft up and empties it.
//
// Permission: accounting.draft. Errors: accounting.draft_state (it is issued or discarded); tenancy.not_found.
func (s *Service) DiscardDraft(ctx context.Context, id uuid.UUID) (Draft, error) {
	return tenancy.Act(ctx, s.db, PermDraft, func(ctx context.Context, tx *tenancy.Tx) (Draft, error) {
		const op = "accounting.DiscardDraft"
		d, err := tenancy.Lock[Draft](ctx, tx, id)
		if err == nil && d.State != DraftOpen {
			err = ErrDraftState.New(op, "the draft of %s is %s", d.Kind, d.State)
		}
		if err != nil {
			return Draft{}, err
		}
		d.State, d.ChangedAt = DraftDiscarded, tx.Now()
		d.hold("", &likeness{})
		return done(d, tenancy.Update(ctx, tx, d, append([]string{"state", "changed_at"}, draftColumns...)...))
	})
}

// Invoice is the content of a draft of an invoice. Errors: accounting.draft_state (it is of a bill, or emptied).
func (d *Draft) Invoice() (NewInvoice, error) { return content[NewInvoice](d, DraftOfInvoice) }

// Bill is the content of a draft of a bill. Errors: accounting.draft_state (it is of an invoice, or emptied).
func (d *Draft) Bill() (NewBill, error) { return content[NewBill](d, DraftOfBill) }

func content[T draftable](d *Draft, kind DraftKind) (in T, err error) {
	const op = "accounting.Draft"
	if d.Kind != kind || d.Content == "" {
		return in, ErrDraftState.New(op, "the draft is of the kind %s and %s, with %d bytes of content", d.Kind, d.State, len(d.Content))
	}
	if err := json.Unmarshal([]byte(d.Content), &in); err != nil {
		return in, ErrBadInput.Wrap(op, err, "the content cannot be read")
	}
	return in, nil
}

// IssueDrafts issues drafts as [Service.Issue] does, all or none, in the order of their ids as given. A draft that is issued
// already is answered with its document, Replayed.
//
// Permission: accounting.issue. Errors: accounting.draft_state (it is discarded, emptied or of a bill), tenancy.not_found, and
// those of [Service.Issue].
func (s *Service) IssueDrafts(ctx context.Context, ids []uuid.UUID) ([]Invoice, error) {
	return issueDrafts(ctx, s, "accounting.IssueDrafts", PermIssue, DraftOfInvoice, ids, s.Issue, func(v *Invoice) uuid.UUID { return v.ID })
}

// RecordDrafts records drafts as [Service.Bill] does, as [Service.IssueDrafts] issues them.
//
// Permission: accounting.bill. Errors: accounting.draft_state, tenancy.not_found, and those of [Service.Bill].
func (s *Service) RecordDrafts(ctx context.Context, ids []uuid.UUID) ([]Bill, error) {
	out, err := issueDrafts(ctx, s, "accounting.RecordDrafts", PermBill, DraftOfBill, ids, s.Bill, func(v *Bill) uuid.UUID { return v.ID })
	for i := range out { // they are recorded by now
		out[i].LikelyDrafts = slices.DeleteFunc(out[i].LikelyDrafts, func(id uuid.UUID) bool { return slices.Contains(ids, id) })
	}
	return out, err
}

func issueDrafts[T draftable, D any, P interface {
	*D
	markReplayed()
}](ctx context.Context, s *Service, op string, perm tenancy.Permission, kind DraftKind, ids []uuid.UUID,
	issue func(context.Context, []T) ([]D, error), idOf func(*D) uuid.UUID) ([]D, error) {
	return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]D, error) {
		if err := checkBatch(op, "drafts", len(ids)); err != nil || len(ids) == 0 {
			return nil, err
		}
		var locked []Draft
		b := tx.Batch()
		tenancy.Load(b, &locked, tenancy.In("id", unique(slices.Clone(ids))), tenancy.ForUpdate())
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		var inputs []T
		var fresh []*Draft
		var issued []uuid.UUID
		for _, id := range ids {
			i := slices.IndexFunc(locked, func(d Draft) bool { return d.ID == id })
			if i < 0 {
				return nil, tenancy.ErrNotFound.New(op, "there is no such draft")
			}
			d := &locked[i]
			if d.State == DraftIssued && d.Kind == kind {
				issued = append(issued, d.DocumentID)
				continue
			}
			in, err := content[T](d, kind)
			if err != nil {
				return nil, err
			}
			if !slices.Contains(fresh, d) {
				fresh, inputs = append(fresh, d), append(inputs, in)
			}
		}
		documents, err := issue(ctx, inputs)
		if err != nil {
			return nil, err
		}
		for i, d := range fresh {
			d.State, d.DocumentID, d.ChangedAt = DraftIssued, idOf(&documents[i]), tx.Now()
			d.hold("", &likeness{}) // the document says it now
		}
		tenancy.Set(b, fresh, append([]string{"state", "document_id", "changed_at"}, draftColumns...)...)
		if err := b.Run(ctx); err != nil {
			return nil, err
		}
		before, err := byID(ctx, tx, op, unique(issued), idOf)
		if err != nil {
			return nil, err
		}
		return inOrder[D, P](ids, locked, documents, before, idOf), nil
	})
}

// inOrder answers drafts in the order in which they were asked for.
func inOrder[D any, P interface {
	*D
	markReplayed()
}](ids []uuid.UUID, drafts []Draft, fresh []D, before map[uuid.UUID]D, idOf func(*D) uuid.UUID) []D {
	document := make(map[uuid.UUID]uuid.UUID, len(drafts))
	for i := range drafts {
		document[drafts[i].ID] = drafts[i].DocumentID
	}
	out := make([]D, len(ids))
	for i, id := range ids {
		if v, ok := before[document[id]]; ok {
			P(&v).markReplayed()
			out[i] = v
			continue
		}
		j := slices.IndexFunc(fresh, func(v D) bool { return idOf(&v) == document[id] })
		out[i] = fresh[j]
	}
	return out
}

// GetDraft reads a draft.
//
// Permission: accounting.read. Errors: tenancy.not_found.
func (s *Service) GetDraft(ctx context.Context, id uuid.UUID) (Draft, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Draft, error) {
		d, err := tenancy.Get[Draft](ctx, tx, id)
		if err != nil {
			return Draft{}, err
		}
		return done(d, remark(ctx, tx, []*Draft{d}))
	})
}

// ListDrafts gives a page of open drafts, by the time of their last change unless another sort (created_at) is asked for.
//
// Permission: accounting.read. Errors: accounting.bad_input, tenancy.bad_input (the cursor).
func (s *Service) ListDrafts(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Draft], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Draft], error) {
		out, err := listPage[Draft](ctx, s, page, "accounting.ListDrafts", []string{"changed_at", "created_at"}, tenancy.Eq("state", DraftOpen))
		if err != nil {
			return out, err
		}
		return out, remark(ctx, tx, pointers(out.Items))
	})
}
