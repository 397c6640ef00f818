package accounting

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Each that is under way has a stripe to itself, the lowest that is free; tenants do not take each other's.
func TestStripesAreTakenAndGivenBack(t *testing.T) {
	var s stripesTaken
	one, other := uuid.New(), uuid.New()
	back := make([]func(), stripes)
	for i := range stripes {
		var stripe int64
		stripe, back[i] = s.take(one)
		require.EqualValues(t, i, stripe)
	}
	beyond, none := s.take(one)
	require.Zero(t, beyond, "when all are taken the first is shared")
	none()
	first, backOther := s.take(other)
	require.Zero(t, first)
	backOther()
	back[3]()
	again, _ := s.take(one)
	require.EqualValues(t, 3, again)
	require.Len(t, s.all, 1, "nothing is kept of a tenant that is quiet")
}
