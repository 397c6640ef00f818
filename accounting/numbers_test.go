package accounting_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

func (s *shop) take(series, on string, n int) accounting.Numbers {
	s.t.Helper()
	out, err := s.books.TakeNumbers(s.ctx, series, day(on), n)
	require.NoError(s.t, err)
	return out
}

func TestTakeNumbers(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a := s.take("PO", "2010-12-01", 2)
		require.Equal(t, []string{"PO-2010-00001", "PO-2010-00002"}, []string{a.Text(0), a.Text(1)})
		b := s.take("PO", "2010-12-02", 1)
		require.Equal(t, a.SeriesID, b.SeriesID)
		require.Equal(t, int64(3), b.First)
		require.Equal(t, "PO-2011-00001", s.take("PO", "2011-01-05", 1).Text(0), "another fiscal year")
		require.Equal(t, "R-1-2010-00001", s.take("R-1", "2010-12-01", 1).Text(0), "another series")

		_, err := s.books.TakeNumbers(s.ctx, "PO", day("2010-12-01"), 1)
		require.ErrorIs(t, err, accounting.ErrBackdated)
		stop := errors.New("the caller changed its mind")
		err = s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			out, err := s.books.TakeNumbers(ctx, "PO", day("2010-12-31"), 7)
			require.NoError(t, err)
			require.Equal(t, int64(4), out.First)
			return stop
		})
		require.ErrorIs(t, err, stop)
		require.Equal(t, int64(4), s.take("PO", "2010-12-02", 1).First, "what was refused or undone took no number, and no date")
		s.sound()
	})
}

func TestTakeNumbersRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		for _, row := range []struct {
			series, on string
			n          int
			want       error
		}{
			{"", "2010-12-01", 1, accounting.ErrBadInput},
			{"po", "2010-12-01", 1, accounting.ErrBadInput},
			{"INV", "2010-12-01", 1, accounting.ErrBadInput},
			{"INV-X", "2010-12-01", 1, accounting.ErrBadInput},
			{"CN", "2010-12-01", 1, accounting.ErrBadInput},
			{"A23456789012345678901", "2010-12-01", 1, accounting.ErrBadInput},
			{"PO", "2010-12-01", 0, accounting.ErrBadInput},
			{"PO", "2010-12-01", 1001, accounting.ErrTooMany},
			{"PO", "2020-12-01", 1, accounting.ErrNoPeriod},
		} {
			_, err := s.books.TakeNumbers(s.ctx, row.series, day(row.on), row.n)
			require.ErrorIs(t, err, row.want, "%+v", row)
		}
		require.Equal(t, int64(1), s.take("PO", "2010-12-01", 1).First)
	})
}

func TestTakeNumbersCostsOneRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.take("PO", "2010-12-01", 1)
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := s.books.GetBooks(ctx) // reads the settings
			require.NoError(t, err)
			sent := s.env.Count(t, func() {
				_, err := s.books.TakeNumbers(ctx, "PO", day("2010-12-01"), 500)
				require.NoError(t, err)
			})
			require.Equal(t, 2, sent, "two statements, one batch")
			return nil
		}))
	})
}

// Rivals begin a series together, and no number is missing or given twice.
func TestRaceNumbersAreTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var mu sync.Mutex
		var got []int64
		for _, err := range racetest.Together(8, func(int) error {
			out, err := s.books.TakeNumbers(s.ctx, "R-1", day("2010-12-01"), 3)
			mu.Lock()
			defer mu.Unlock()
			for i := range out.Count {
				got = append(got, out.Seq(int(i)))
			}
			return err
		}) {
			require.NoError(t, err)
		}
		slices.Sort(got)
		for i, n := range got {
			require.Equal(t, int64(i+1), n)
		}
		require.Len(t, got, 24)
	})
}
