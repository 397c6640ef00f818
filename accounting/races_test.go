package accounting_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// insist retries what lost a race in a way that a retry resolves.
func insist(fn func() error) error { return racetest.Insist(fn, fault.Conflict) }

func TestRaceOneReferenceIsOneEffect(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var booked atomic.Int64
		count := func(replayed bool) {
			if !replayed {
				booked.Add(1)
			}
		}
		acts := []func() error{
			func() error {
				out, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("R", "2010-12-01", 100)})
				if err == nil {
					count(out[0].Replayed)
				}
				return err
			},
			func() error {
				out, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("R", s.ann.ID, "2010-12-01", "7")})
				if err == nil {
					count(out[0].Replayed)
				}
				return err
			},
			func() error {
				out, err := s.books.Pay(s.ctx, []accounting.NewPayment{received("R", s.ann.ID, "2010-12-01", 700)})
				if err == nil {
					count(out[0].Replayed)
				}
				return err
			},
		}
		for i, act := range acts {
			for _, err := range racetest.Together(4, func(int) error { return insist(act) }) {
				require.NoError(t, err)
			}
			require.Equal(t, int64(i+1), booked.Load())
		}
		require.Equal(t, int64(100), s.balance(cash))
		s.sound()
	})
}

func TestRaceNumbersWithoutGapsUnderFire(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		stop := errors.New("the caller changed its mind")
		errs := racetest.Together(4, func(g int) error {
			for i := range 10 {
				err := insist(func() error {
					return s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
						_, err := s.books.Issue(ctx, []accounting.NewInvoice{invoice(fmt.Sprint(g, "-", i), s.ann.ID, "2010-12-01", "1")})
						if err == nil && i%3 == 0 {
							return stop
						}
						return err
					})
				})
				if err != nil && !errors.Is(err, stop) {
					return err
				}
			}
			return nil
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		last := s.issue(invoice("last", s.ann.ID, "2010-12-01", "1"))[0]
		require.Equal(t, int64(4*6+1), last.Seq)
		s.sound()
	})
}

func TestRaceNobodyAllocatesTwice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ann.ID, "2010-12-01", "10"))
		p := s.pay(received("P", s.ann.ID, "2010-12-01", 1000))[0]
		errs := racetest.Together(2, func(i int) error {
			_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v[i].ID, CreditID: p.ID, Date: day("2010-12-02"), Amount: gbp(1000)}})
			return err
		})
		require.Equal(t, 1, countOf(errs, nil))
		require.Equal(t, 1, countOf(errs, accounting.ErrOverAllocated))
		require.Len(t, s.open("2010-12-31"), 1)
		s.sound()
	})
}

func TestRaceNobodyCreditsTwice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		errs := racetest.Together(3, func(int) error {
			c := invoice("", s.ann.ID, "2010-12-01", "6")
			c.Kind, c.CorrectsID = accounting.CreditNoteDocument, v.ID
			_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{c})
			return err
		})
		require.Equal(t, 1, countOf(errs, nil))
		require.Equal(t, 2, countOf(errs, accounting.ErrOverCredited))
		s.sound()
	})
}

func TestRaceNobodyReversesTwice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		e := s.post(transfer("", "2010-12-01", 100))[0]
		errs := racetest.Together(3, func(int) error {
			_, err := s.books.Reverse(s.ctx, []accounting.Reversal{{EntryID: e.ID, Date: day("2010-12-01"), Reason: "test"}})
			return err
		})
		require.Equal(t, 1, countOf(errs, nil))
		require.Equal(t, 2, countOf(errs, fault.Conflict))
		require.Zero(t, s.balance(cash))
		s.sound()
	})
}

func TestRacePostingFromManyCallers(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		errs := racetest.Together(6, func(g int) error {
			for i := range 10 {
				if err := insist(func() error {
					_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer(fmt.Sprint("x", g, i), "2010-12-01", 1), transfer(fmt.Sprint("y", g, i), "2010-11-01", 1)})
					return err
				}); err != nil {
					return err
				}
			}
			return nil
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, int64(120), s.balance(cash))
		s.sound()
	})
}

// countOf counts the errors that are target.
func countOf(errs []error, target error) int {
	n := 0
	for _, err := range errs {
		if target == nil && err == nil || target != nil && errors.Is(err, target) {
			n++
		}
	}
	return n
}
