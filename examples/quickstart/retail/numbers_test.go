package retail

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumberSetTellsNumbersApart(t *testing.T) {
	s := numberSet{}
	all := []string{"536365", "C536365", "A536365", "0536365", "7", "07", "007", "c7", "X", "", "9999999999999999", "99999999999999999", "10.5", "-7"}
	for i := range 10_000 {
		all = append(all, "C"+strconv.Itoa(600_000+i))
	}
	for _, number := range all {
		require.False(t, s.add(number), number)
	}
	for _, number := range all {
		require.True(t, s.add(number), number)
	}
	require.Less(t, len(s), 200, "64 neighbours share a word")
}
