package request_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

// at once runs fn in several goroutines.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() { errs[i] = fn(i) })
	}
	done.Wait()
	return errs
}

const rivals = 5

// The same receipt by several is one request; the same act by several is one.
func TestRaceOneReceiptAndOneAct(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		in := d.ask("R-1", request.Access)
		for _, err := range atOnce(rivals, func(int) error { _, err := d.s.Receive(d.ctx, in); return err }) {
			require.NoError(t, err)
		}
		page, err := d.s.List(d.ctx, request.Filter{}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		for _, err := range atOnce(rivals, func(int) error {
			_, err := d.s.Extend(d.ctx, request.NewExtension{Act: act("R-1", "e"), Ground: request.Number})
			return err
		}) {
			require.NoError(t, err)
		}
		won := 0
		for _, err := range atOnce(rivals, func(i int) error {
			_, err := d.s.Answer(d.ctx, request.NewAnswer{Act: act("R-1", fmt.Sprint("a", i)), Outcome: request.NothingHeld})
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, request.ErrWrongState)
		}
		require.Equal(t, 1, won, "answered once")
		require.EqualValues(t, 3, d.stands(t, "R-1").Steps)
	})
}

// Restrictions by several requests, and their ends, whichever comes first: the data are free when none is left, and not before.
func TestRaceRestrictionsOfOnePerson(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		for i := range rivals {
			d.about(t, fmt.Sprint("R-", i), request.Restriction, p.ID)
		}
		restrict := func(i int) error {
			_, err := d.s.Restrict(d.ctx, request.NewRestriction{Act: act(fmt.Sprint("R-", i), "r"), Ground: tenancy.UnlawfulUse})
			return err
		}
		for _, err := range atOnce(rivals-1, restrict) {
			require.NoError(t, err)
		}
		d.micros.Add(1)
		for i := range rivals - 1 {
			_, err := d.s.AnnounceLifting(d.ctx, request.NewAnnouncement{Act: act(fmt.Sprint("R-", i), "a")})
			require.NoError(t, err)
		}
		d.micros.Add(1)
		for _, err := range atOnce(rivals, func(i int) error {
			if i == rivals-1 {
				return restrict(i) // one more begins, while the others end
			}
			_, err := d.s.Lift(d.ctx, request.NewLifting{Act: act(fmt.Sprint("R-", i), "l")})
			return err
		}) {
			require.NoError(t, err)
		}
		require.ErrorIs(t, d.admitting(p.ID), tenancy.ErrRestricted)
		_, err := d.s.AnnounceLifting(d.ctx, request.NewAnnouncement{Act: act(fmt.Sprint("R-", rivals-1), "a")})
		require.NoError(t, err)
		d.micros.Add(1)
		_, err = d.s.Lift(d.ctx, request.NewLifting{Act: act(fmt.Sprint("R-", rivals-1), "l")})
		require.NoError(t, err)
		require.NoError(t, d.admitting(p.ID))
	})
}

// Of several who object to one purpose for one person, one stands.
func TestRaceObjectionsOfOnePerson(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		for i := range rivals {
			d.about(t, fmt.Sprint("R-", i), request.Objection, p.ID)
		}
		won := 0
		for _, err := range atOnce(rivals, func(i int) error {
			_, err := d.s.Object(d.ctx, request.NewObjection{Act: act(fmt.Sprint("R-", i), "o"), Purposes: []tenancy.Purpose{tenancy.EnsureSecurity}})
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, request.ErrObjected)
		}
		require.Equal(t, 1, won)
		all, err := d.s.Restrictions(d.ctx, p.ID)
		require.NoError(t, err)
		require.Len(t, all, 1)
	})
}

// One correction by several is one; a part that several forward arrives once.
func TestRaceCorrectionsAndForwards(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		platform := d.platform(t)
		p, _ := d.admit(t, "Ada")
		for _, err := range atOnce(rivals, func(int) error {
			_, err := d.data.Correct(d.ctx, privacy.Correction{PersonID: p.ID, Reference: "C-1", Changes: []privacy.Change{change("clinic.patients", p.ID, "name", "Eve")}})
			return err
		}) {
			require.NoError(t, err)
		}
		records, err := d.data.Corrections(d.ctx, p.ID)
		require.NoError(t, err)
		require.Len(t, records, 1)

		d.receive(t, d.ask("R-1", request.Access))
		for _, err := range atOnce(rivals, func(i int) error {
			if i%2 == 1 {
				_, err := d.s.ForwardPending(d.ctx, 10)
				return err
			}
			_, err := d.s.Forward(d.ctx, request.NewForward{Act: act("R-1", "f")})
			return err
		}) {
			require.NoError(t, err)
		}
		require.Len(t, d.forwarded(t, platform), 1)
		require.EqualValues(t, 3, d.stands(t, "R-1").Steps)
	})
}
