package accounting

import (
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Settings change rarely and every act needs them, so a process keeps each tenant's from one transaction to the next. What is
// kept is used only together with the expectation, held by the database in the same trip as the writes, that the books still
// have the revision that it was read at. Every change of a setting gives the books a new one.

// keptTenants bounds how many tenants' settings a process keeps. A chart of a hundred accounts is about 50 kB.
const keptTenants = 500

// keptSettings are the settings that a process has read, by tenant.
type keptSettings struct {
	mu  sync.Mutex
	all map[uuid.UUID]*setup
}

// put keeps what was read. The books are read first of all settings: if another transaction changed one meanwhile, what is kept
// has an old revision, and is not used.
func (k *keptSettings) put(set *setup) {
	own := *set
	own.accounts, own.journals = slices.Clone(set.accounts), slices.Clone(set.journals)
	own.years, own.periods, own.locks = slices.Clone(set.years), slices.Clone(set.periods), slices.Clone(set.locks)
	own.taxes = slices.Clone(set.taxes)
	own.index()
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[uuid.UUID]*setup{}
	}
	if _, there := k.all[set.books.TenantID]; !there && len(k.all) >= keptTenants {
		for tenant := range k.all { // any: Go's order is as good as another
			delete(k.all, tenant)
			break
		}
	}
	k.all[set.books.TenantID] = &own
}

// get gives a tenant's settings for one transaction; nil when none are kept.
func (k *keptSettings) get(tenant uuid.UUID) *setup {
	k.mu.Lock()
	defer k.mu.Unlock()
	kept := k.all[tenant]
	if kept == nil {
		return nil
	}
	own := *kept
	own.byRef, own.period, own.taxings = maps.Clone(kept.byRef), maps.Clone(kept.period), maps.Clone(kept.taxings)
	return &own
}

// guess gives the settings that were kept of an earlier transaction, and nil where the act has to ask. The batch that the act
// writes must be told to [setup.expect] them.
func (s *Service) guess(tx *tenancy.Tx) *setup {
	if !tx.Guess() {
		return nil
	}
	set, err := tenancy.Memo(tx, setupKey, func() (*setup, error) { // for the acts that come after it, too
		if set := s.kept.get(tx.Scope().TenantID()); set != nil {
			return set, nil
		}
		return nil, tenancy.ErrStale
	})
	if err != nil {
		return nil
	}
	return set
}

// expect has a batch refused unless the settings are as they were read.
func (set *setup) expect(b *tenancy.Batch) {
	tenancy.Expect[Books](b, tenancy.Eq("revision", set.books.Revision))
}

// changing begins a batch that changes a setting. It gives the books a new revision: what is kept of them, here and in other
// processes, is not used any more.
func changing(tx *tenancy.Tx) *tenancy.Batch {
	tx.Forget(setupKey)
	b := tx.Batch()
	tenancy.Set(b, []*Books{{Revision: tenancy.NewID()}}, "revision")
	return b
}
