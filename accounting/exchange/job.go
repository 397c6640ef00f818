package exchange

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// job is one import in its transaction: what the files say, and what the books have.
type job struct {
	*Service
	*files
	op    string
	found *FilesError

	accounts map[string]accounting.Account // by code; those of the chart file that are new have no id yet
	journals map[accounting.JournalCode]bool
	periods  []accounting.Period
	parties  map[string]accounting.Party // by reference
	known    map[string]accounting.Entry // by reference
	own      map[uuid.UUID]bool          // names of entries that are ids of entries of these books
	arrivals map[string]bool             // references of the parties file

	dimensions map[string]accounting.Dimension
	values     map[[2]string]bool // by code of the dimension and of the value
	arriving   map[[2]string]bool // those of the dimensions file
	requiring  []chartRow         // accounts whose lines name dimensions from now on

	entryIDs map[string]uuid.UUID // by name and by reference, as they are written
}

// look reads what the books have of what the files name: a number of statements that grows by one per thousand names.
func (j *job) look(ctx context.Context, tx *tenancy.Tx) error {
	around, err := j.scene(ctx, tx)
	if err != nil {
		return err
	}
	j.accounts, j.journals = map[string]accounting.Account{}, map[accounting.JournalCode]bool{}
	for _, a := range around.accounts {
		j.accounts[a.Code] = a
	}
	for _, code := range around.journals {
		j.journals[code] = true
	}
	if j.periods, err = j.books.Periods(ctx); err != nil {
		return err
	}
	if err := j.lookDimensions(ctx, tx); err != nil {
		return err
	}
	j.arriving = j.arrivingDimensions()
	if j.parties, err = inBatches(j.partyReferences(), func(some []string) (map[string]accounting.Party, error) {
		return j.books.PartiesByReference(ctx, some)
	}); err != nil {
		return err
	}
	j.arrivals = make(map[string]bool, len(j.files.parties))
	for i := range j.files.parties {
		j.arrivals[j.files.parties[i].Reference] = true
	}
	if j.known, err = inBatches(j.entryReferences(), func(some []string) (map[string]accounting.Entry, error) {
		return j.books.EntriesByReference(ctx, some)
	}); err != nil {
		return err
	}
	j.own, err = j.ownEntries(ctx, tx)
	return err
}

// inBatches asks for many names, as many at a time as one call takes.
func inBatches[V any](names map[string]bool, ask func([]string) (map[string]V, error)) (map[string]V, error) {
	out := make(map[string]V, len(names))
	some := make([]string, 0, min(len(names), accounting.MaxBatch))
	flush := func() error {
		there, err := ask(some)
		for name, v := range there {
			out[name] = v
		}
		some = some[:0]
		return err
	}
	for name := range names {
		if some = append(some, name); len(some) == accounting.MaxBatch {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	return out, flush()
}

func (j *job) partyReferences() map[string]bool {
	names := map[string]bool{}
	for i := range j.files.parties {
		names[j.files.parties[i].Reference] = true
	}
	for i := range j.items {
		names[j.items[i].party] = true
	}
	for i := range j.entries {
		for _, p := range j.entries[i].parties {
			names[p] = true
		}
	}
	delete(names, "")
	return names
}

func (j *job) entryReferences() map[string]bool {
	names := map[string]bool{}
	if j.hasBalances {
		names[j.reference] = true
	}
	for i := range j.items {
		names[j.items[i].Reference] = true
	}
	for i := range j.entries {
		names[j.entries[i].Reference] = true
	}
	for _, a := range j.allocations {
		names[a.debit], names[a.credit] = true, true
	}
	delete(names, "")
	return names
}

// ownEntries finds the names that are ids of entries of these books. Booking them again would double them.
func (j *job) ownEntries(ctx context.Context, tx *tenancy.Tx) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	for i := range j.entries {
		if id, err := uuid.Parse(j.entries[i].name); err == nil {
			ids = append(ids, id)
		}
	}
	out := map[uuid.UUID]bool{}
	for part := range slices.Chunk(ids, accounting.MaxBatch) {
		there, err := tenancy.Find[accounting.Entry](ctx, tx, tenancy.In("id", part))
		if err != nil {
			return nil, err
		}
		for i := range there {
			out[there[i].ID] = true
		}
	}
	return out, nil
}

// period is the period that a day lies in; nil when there is none.
func (j *job) period(on date.Date) *accounting.Period {
	i, there := slices.BinarySearchFunc(j.periods, on, func(p accounting.Period, on date.Date) int {
		switch {
		case p.EndsOn.Before(on):
			return -1
		case p.StartsOn.After(on):
			return 1
		}
		return 0
	})
	if !there {
		return nil
	}
	return &j.periods[i]
}
