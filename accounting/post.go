package accounting

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Post books journal entries, all or none, in a number of statements that does not depend on how many there are. The answer
// has one entry per input, in order. An entry whose reference was booked before with the same content, by an earlier call or
// further up in this one, is given back with Replayed set and not booked again.
//
// It writes the journal, the balances, for lines on control accounts open items, and combinations of dimensions that were not
// used before. Permission: accounting.post, and
// accounting.exception where a LockException is given.
//
// Errors: accounting.bad_input, accounting.too_many, accounting.books_not_open, accounting.unknown_journal,
// accounting.unknown_account, accounting.account_inactive, accounting.control_account (the stock account that inventory keeps), accounting.unknown_party, accounting.wrong_currency, accounting.no_rate,
// accounting.unknown_dimension, accounting.dimension_inactive, accounting.dimension_needed, accounting.amount_limit,
// accounting.entry_unbalanced, accounting.no_period, accounting.period_locked,
// accounting.period_soft_locked, accounting.exception_forbidden, accounting.reference_taken; tenancy.duplicate when
// another transaction has just booked the same reference (a retry is answered with the replay).
func (s *Service) Post(ctx context.Context, in []NewEntry) ([]Entry, error) {
	return s.post(ctx, PermPost, "accounting.Post", in)
}

// post is the body of Post and PostStock, which differ in who may and in what they may book to.
func (s *Service) post(ctx context.Context, perm tenancy.Permission, op string, in []NewEntry) ([]Entry, error) {
	stripe, giveBack := s.busy.take(tenancy.ScopeOf(ctx).TenantID())
	defer giveBack()
	return tenancy.Act(ctx, s.db, perm, func(ctx context.Context, tx *tenancy.Tx) ([]Entry, error) {
		if err := checkEntries(op, in); err != nil {
			return nil, err
		}
		for i := range in {
			if perm == PermStock && in[i].Kind != KindStock {
				return nil, ErrBadInput.New(op, "entry %d: Kind is stock", i+1)
			}
		}
		in = slices.Clone(in)
		replays := newReplays[Entry](op, "entry", len(in))
		var hash fingerprint
		for i := range in {
			in[i] = in[i].withDefaults()
			replays.expect(in[i].Reference, in[i].fingerprint(&hash))
		}
		dims := dimensionsOf(op, tx, in)
		set := s.guess(tx)
		guessed := set != nil && dims.none()
		if !guessed {
			wanted := partiesOf(in)
			var parties []Party
			var err error
			set, err = s.setup(ctx, tx, op, func(b *tenancy.Batch) {
				replays.load(b)
				loadParties(b, &parties, wanted)
				dims.load(b)
			})
			if err != nil {
				return nil, err
			}
			if err := allFound(op, wanted, parties); err != nil {
				return nil, err
			}
		}
		p := newPlan(op, tx, set, len(in))
		p.dims, p.stripe, p.goods = dims, stripe, perm == PermStock
		if err := dims.complete(ctx); err != nil {
			return nil, err
		}
		if err := p.ratesFor(ctx, in); err != nil {
			return nil, err
		}
		out, err := replays.run(func(i int) (*Entry, error) {
			return p.add(fmt.Sprintf("entry %d: ", i+1), &in[i], booking{print: replays.prints[i]})
		})
		if err != nil {
			return nil, err
		}
		b := tx.Batch()
		if guessed { // the settings; references and parties are keys that the database looks at by itself
			set.expect(b)
		}
		p.write(b)
		return give(out, b.Hold(ctx))
	})
}

// partiesOf lists the parties that entries name, each once.
func partiesOf(in []NewEntry) []uuid.UUID {
	var ids []uuid.UUID
	for i := range in {
		lines := in[i].Lines
		for j := range lines {
			if id := lines[j].PartyID; id != uuid.Nil {
				ids = append(ids, id)
			}
		}
	}
	return unique(ids)
}

// unique sorts ids and drops doubles.
func unique(ids []uuid.UUID) []uuid.UUID {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

func loadParties(b *tenancy.Batch, dest *[]Party, ids []uuid.UUID) {
	if len(ids) > 0 {
		tenancy.Load(b, dest, tenancy.In("id", ids))
	}
}

// allFound refuses a batch that names a party that does not exist here. Errors: accounting.unknown_party.
func allFound(op string, wanted []uuid.UUID, found []Party) error {
	if len(found) == len(wanted) {
		return nil
	}
	there := make(map[uuid.UUID]bool, len(found))
	for i := range found {
		there[found[i].ID] = true
	}
	for _, id := range wanted {
		if !there[id] {
			return ErrUnknownParty.New(op, "there is no party %s", id)
		}
	}
	return nil
}
