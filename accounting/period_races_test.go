package accounting_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
)

// writers are acts that put something into the periods up to March 2010, one call each.
func writers(s *shop) map[string]func(i int) error {
	items := s.issue(invoice("", s.ann.ID, "2010-01-05", "100000"))[0]
	paid := s.pay(received("", s.ann.ID, "2010-01-06", 10_000_000))[0]
	return map[string]func(i int) error{
		"Post": func(int) error { return s.tryPost(transfer("", "2010-03-01", 1)) },
		"Post into several": func(int) error {
			_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("", "2010-02-01", 1), transfer("", "2010-03-02", 1), transfer("", "2010-04-01", 1)})
			return err
		},
		"Issue": func(int) error {
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-03-31", "1")})
			return err
		},
		"Issue of nothing": func(int) error {
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-03-31", "0")})
			return err
		},
		"Pay": func(int) error {
			_, err := s.books.Pay(s.ctx, []accounting.NewPayment{received("", s.ann.ID, "2010-03-31", 1)})
			return err
		},
		"Allocate": func(int) error {
			_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: items.ID, CreditID: paid.ID, Date: day("2010-03-31"), Amount: gbp(1)}})
			return err
		},
	}
}

// written counts what is dated in the periods up to March 2010, whatever wrote it.
func written(t *testing.T, s *shop) []int64 {
	t.Helper()
	var out []int64
	for _, q := range []string{"SELECT COUNT(*) FROM {journal_entries} AS e WHERE entry_date <= '2010-03-31'", "SELECT COUNT(*) FROM {invoices} AS i WHERE invoice_date <= '2010-03-31'",
		"SELECT COUNT(*) FROM {payments} AS p WHERE payment_date <= '2010-03-31'", "SELECT COUNT(*) FROM {allocations} AS a WHERE allocated_on <= '2010-03-31'"} {
		require.NoError(t, s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			n, err := tenancy.Report[int64](ctx, tx, q)
			if err == nil {
				out = append(out, n[0])
			}
			return err
		}))
	}
	return out
}

// Whatever writes while a period is locked is in the figures that were closed, or refused.
func TestRaceOfLockingAndWriting(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		all := writers(s)
		names := []string{"Post", "Post into several", "Issue", "Issue of nothing", "Pay", "Allocate"}
		var came atomic.Int64
		var atLock []int64
		errs := racetest.Together(len(names)+1, func(g int) error {
			if g == len(names) {
				for came.Load() < 12 { // let some come in first
				}
				if err := insist(func() error { return s.setState("2010-03", accounting.PeriodLocked) }); err != nil {
					return err
				}
				atLock = written(t, s)
				return nil
			}
			for i := range 10_000 {
				if err := insist(func() error { return all[names[g]](i) }); err != nil {
					return err
				}
				came.Add(1)
			}
			return errors.New("no lock came")
		})
		for g, name := range names {
			require.ErrorIs(t, errs[g], accounting.ErrPeriodLocked, name)
		}
		require.NoError(t, errs[len(names)])
		require.Equal(t, atLock, written(t, s), "nothing came in after the period was locked")
		require.Len(t, s.closings(), 3)
		s.sound() // which holds the closings to the balances
	})
}

func TestRaceOfClosingAYearAndPosting(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.lock("2010-11")
		var came atomic.Int64
		var closings [2]accounting.Closing
		errs := racetest.Together(4, func(g int) error {
			if g < 2 { // two people close it at once
				for came.Load() < 6 {
				}
				return insist(func() (err error) { closings[g], err = s.closeYear(0); return err })
			}
			for range 10_000 {
				if err := insist(func() error { return s.tryPost(transfer("", "2010-12-31", 1)) }); err != nil {
					return err
				}
				came.Add(1)
			}
			return errors.New("no lock came")
		})
		require.NoError(t, errs[0])
		require.NoError(t, errs[1])
		require.Equal(t, closings[0].ID, closings[1].ID)
		require.NotEqual(t, closings[0].Replayed, closings[1].Replayed, "one closing, one replay")
		for _, err := range errs[2:] {
			require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		}
		require.Equal(t, gbp(came.Load()), closings[0].Profit, "each posting is in the result, or was refused")
		require.Equal(t, -came.Load(), s.balanceOn(retained, "2010-12-31"))
		require.Zero(t, s.balanceOn(sales, "2010-12-31"))
		s.sound()
	})
}

func TestRaceOfApprovals(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.lock("2010-03")
		asked, err := s.books.AskReopening(s.ctx, accounting.NewReopening{PeriodID: s.period("2010-02").ID, Reason: "race"})
		require.NoError(t, err)
		people := [3]context.Context{s.as("ben"), s.as("cid"), s.as("dee")}
		errs := racetest.Together(3, func(i int) error { _, err := s.books.ApproveReopening(people[i], asked.ID); return err })
		require.Equal(t, 1, countOf(errs, nil))
		require.Equal(t, 2, countOf(errs, accounting.ErrReopeningState))
		s.sound()
	})
}
