package accounting

import (
	"math/bits"
	"sync"

	"github.com/google/uuid"
)

// stripes is how many rows a process splits a hot balance into, at most.
const stripes = 16

// stripesTaken gives each posting that is under way for a tenant a stripe of its own: postings that are alone all use the first, and a
// tenant whose postings come at once pays for as many rows as it has at once. So two of one process never wait for each other's
// balances. Those of two processes may.
type stripesTaken struct {
	mu  sync.Mutex
	all map[uuid.UUID]uint16
}

// take gives the lowest stripe that is free, and the first where none is.
func (s *stripesTaken) take(tenant uuid.UUID) (stripe int64, giveBack func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[uuid.UUID]uint16{}
	}
	free := bits.TrailingZeros16(^s.all[tenant])
	if free >= stripes {
		return 0, func() {}
	}
	mask := uint16(1) << free
	s.all[tenant] |= mask
	return int64(free), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.all[tenant] &^= mask; s.all[tenant] == 0 {
			delete(s.all, tenant)
		}
	}
}
