package ending_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// The plan runs by full days of UTC, whatever the owner's zone and whether the year leaps; the data are there on the 30th and gone on the 31st.
func TestFromTheCancellationToTheCertificate(t *testing.T) {
	leap := func(month time.Month, d int) time.Time { return time.Date(2028, month, d, 0, 0, 0, 0, time.UTC) }
	cases := []struct {
		name string
		end  time.Time
		days []time.Time // of the four reminders
		gone time.Time
	}{
		{"a common year", start, []time.Time{day(2, 1), day(2, 15), day(2, 23), day(3, 1)}, day(3, 3)},
		{"summer time begins", day(3, 10), []time.Time{day(3, 10), day(3, 24), day(4, 1), day(4, 7)}, day(4, 9)},
		{"a year ends", time.Date(2026, 12, 5, 23, 59, 59, 0, time.UTC), []time.Time{day(12, 6), day(12, 20), day(12, 28), day(13, 3)}, day(13, 5)},
		{"a leap year", time.Date(2028, 1, 31, 18, 0, 0, 0, time.UTC), []time.Time{leap(2, 1), leap(2, 15), leap(2, 23), leap(2, 29)}, leap(3, 2)},
	}
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		for _, c := range cases {
			w.now = c.end
			owner := w.shop(t)
			id := tenantOf(owner)
			left := w.cancel(t, owner)
			require.Equal(t, c.gone, left.PurgeAfter, c.name)
			for i, kind := range []string{"reminder 1", "reminder 15", "reminder 23", "reminder 29"} {
				if before := c.days[i].Add(-time.Microsecond); !before.Before(c.end) {
					w.at(t, before)
					require.Empty(t, w.heard(), "not before %s", c.days[i])
				}
				w.at(t, c.days[i])
				require.Equal(t, []string{kind}, w.heard(), c.name)
				w.tick(t)
				require.Empty(t, w.heard(), "once")
			}
			w.at(t, c.gone.AddDate(0, 0, -1)) // day 30 begins
			require.Empty(t, w.heard())
			w.at(t, c.gone.Add(-time.Microsecond))
			cert, _ := w.papers(t, id)
			require.Nil(t, cert)
			outlook, err := w.end.Outlook(owner)
			require.NoError(t, err)
			require.Len(t, outlook.Notices, 4)
			require.Equal(t, certificate.Neither, outlook.TakenOut.How)

			w.at(t, c.gone) // day 31
			require.Equal(t, []string{"certificate 0"}, w.heard())
			cert, completion := w.papers(t, id)
			require.Nil(t, completion)
			d := cert.Deletion
			require.Equal(t, certificate.Tenant{ID: id, CreatedAt: c.end, EndedAt: c.end, KeptUntil: c.gone}, d.Tenant)
			require.Equal(t, certificate.TakenOut{How: certificate.Neither}, d.TakenOut)
			require.Len(t, d.Notices, 4)
			for i, n := range d.Notices {
				require.Equal(t, c.days[i], n.DueAt)
				require.Equal(t, c.days[i], n.ToldAt)
			}
			require.EqualValues(t, 3, rows(d, "shelf.notes"))
			require.Equal(t, c.gone, d.Erased.EndedAt)
			require.Equal(t, w.Name, d.Erased.Engine)
			require.Len(t, d.Erased.Root, 64)
			require.Equal(t, certificate.Key{Versions: 1, DestroyedAt: c.gone}, d.Key)
			require.Equal(t, certificate.Backups{PendingUntil: c.gone.AddDate(0, 0, 90)}, d.Backups, "nobody registers backups")
			_, err = w.DB.Enter(context.Background(), id, "user:1", tenancy.Permissions{"*"})
			require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
		}
		w.at(t, w.now.AddDate(1, 0, 0))
		require.Empty(t, w.heard(), "without a register nothing is vouched for")
		list, err := w.end.Deletions(w.inside(t), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, list.Items, len(cases))
		for _, l := range list.Items {
			require.Zero(t, l.CompletedAt)
		}
	})
}

// What stands on a certificate: all tables, and what is kept.
func TestWhatACertificateSays(t *testing.T) {
	rule := func(_ context.Context, of ending.Keeping) (string, date.Date, error) {
		if !of.GoneAt.After(of.EndedAt) || !slices.Equal(of.Jurisdictions, []string{"FR"}) {
			return "", date.Date{}, ending.ErrBadInput.New("test", "%v", of)
		}
		return "law of " + string(of.Class), date.In(of.EndedAt, time.UTC).AddMonths(120), nil
	}
	eachWorld(t, start, func(w *world, opt *ending.Options) {
		opt.Rule = rule
		opt.Jurisdictions = func(ctx context.Context) ([]string, error) {
			if tenancy.ScopeOf(ctx).OfPlatform() {
				return []string{"FR"}, nil
			}
			return []string{"DE"}, nil
		}
		opt.Keeps = []certificate.Kept{{Name: "erp.requests", About: "requests", Why: "w", Purpose: "p", Basis: "b"}}
	}, func(t *testing.T, w *world) {
		owner := w.shop(t)
		id := tenantOf(owner)
		w.cancel(t, owner)
		var archive bytes.Buffer
		taken, err := w.end.TakeOut(owner, &archive)
		require.NoError(t, err)
		w.at(t, day(3, 3))
		cert, _ := w.papers(t, id)
		d := cert.Deletion
		require.Equal(t, certificate.TakenOut{How: certificate.Delivered, At: start, By: "tester", Bytes: taken.Bytes, Whole: true}, d.TakenOut)
		require.Equal(t, w.own.ID, d.Issuer.ID)
		var names []string
		for _, table := range d.Erased.Tables {
			names = append(names, table.Name)
		}
		var want []string
		for _, m := range w.DB.Registry().Models {
			if m.Table != "erp.tenant_gates" {
				want = append(want, m.Table)
			}
		}
		require.ElementsMatch(t, want, names, "every table that a tenant can have rows in")
		require.IsIncreasing(t, names)
		kept := map[string]certificate.Kept{}
		for _, k := range d.Kept {
			kept[k.Name] = k
		}
		for _, c := range w.DB.Registry().Control {
			_, there := kept[c.Table]
			left, err := w.DB.Tenants().Outlasting(w.Platform(t), id)
			require.NoError(t, err)
			var has bool
			for _, o := range left {
				has = has || o.Table == c.Table
			}
			require.Equal(t, has, there, c.Table)
		}
		require.Equal(t, "law of voucher", kept["erp_control.contracts"].Law)
		require.Equal(t, "2036-01-31", kept["erp_control.contracts"].Until)
		require.EqualValues(t, 5, kept["erp.ending_notices"].Rows, "four reminders, and what goes out with this")
		require.EqualValues(t, 1, kept["erp.ending_deliveries"].Rows)
		require.Equal(t, "requests", kept["erp.requests"].About)
		require.NotContains(t, kept, "erp_control.tenant_limits", "of what went nothing is kept")
		deliveries, err := w.end.Deliveries(w.inside(t), id)
		require.NoError(t, err)
		require.Empty(t, deliveries[0].Root, "it says something of what was in it")
		text := d.Text(*cert)
		for _, part := range []string{"It held all that was deleted.", "shelf.notes", "law of voucher, until 2036-01-31", "It does not prove what the rows held"} {
			require.Contains(t, text, part)
		}
		require.NotContains(t, string(must(w.end.Certificates(w.inside(t), id))[0].File), "Kade Tea", "it names nobody")
	})
}

// The root says nothing: not even of two purges of the same rows.
func TestTheRootIsSalted(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		roots := map[string]bool{}
		for range 2 {
			owner := w.shop(t)
			var archive bytes.Buffer
			w.cancel(t, owner)
			taken, err := w.end.TakeOut(owner, &archive)
			require.NoError(t, err)
			roots[taken.Root] = true
			_, err = w.DB.Tenants().PurgeNow(w.Platform(t), tenantOf(owner), "they asked", "letter 7")
			require.NoError(t, err)
			cert, _ := w.papers(t, tenantOf(owner))
			require.True(t, cert.Deletion.Tenant.Early)
			roots[cert.Deletion.Erased.Root] = true
		}
		require.Len(t, roots, 4)
		require.NotEqual(t, ending.Salted("root"), ending.Salted("root"))
	})
}

// What was handed over by other means is not said to be whole unless its root says so; and a later one counts.
func TestWholeIsWhatHasTheRoot(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		for _, later := range []bool{false, true} {
			owner := w.shop(t)
			w.cancel(t, owner)
			if later {
				_, err := w.end.TakeOut(owner, new(bytes.Buffer))
				require.NoError(t, err)
				w.now = w.now.Add(time.Hour)
			}
			_, err := w.end.RecordDelivery(w.inside(t), ending.NewDelivery{TenantID: tenantOf(owner), Reference: "receipt/7", Root: strings.Repeat("a", 64), Bytes: 9, DeliveredTo: "user:1"})
			require.NoError(t, err)
			_, err = w.DB.Tenants().PurgeNow(w.Platform(t), tenantOf(owner), "they asked", "letter 7")
			require.NoError(t, err)
			cert, _ := w.papers(t, tenantOf(owner))
			require.Equal(t, certificate.TakenOut{How: certificate.Delivered, At: w.now, By: "user:1", Bytes: 9}, cert.Deletion.TakenOut)
		}
	})
}

// Before the 30 days are over nothing is purged that was neither delivered nor waived, by whichever act.
func TestAnEarlyPurgeWantsDeliveryOrWaiver(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		tenants, platform := w.DB.Tenants(), w.Platform(t)
		early := func(id uuid.UUID) error {
			_, err := tenants.PurgeNow(platform, id, "they asked", "letter 7")
			return err
		}
		for name, how := range map[string]func(owner context.Context) error{
			"delivered": func(owner context.Context) error { _, err := w.end.TakeOut(owner, new(bytes.Buffer)); return err },
			"waived": func(owner context.Context) error {
				terms, err := w.end.Terms(owner)
				require.NoError(t, err)
				_, err = w.end.Waive(owner, terms.Digest)
				return err
			},
			"recorded": func(owner context.Context) error {
				in := ending.NewDelivery{TenantID: tenantOf(owner), Reference: "receipt/7", Root: strings.Repeat("a", 64), Bytes: 9, DeliveredTo: "user:1"}
				first, err := w.end.RecordDelivery(w.inside(t), in)
				require.NoError(t, err)
				again, err := w.end.RecordDelivery(w.inside(t), in)
				require.True(t, again.Replayed)
				require.Equal(t, first.ID, again.ID)
				in.Bytes++
				_, other := w.end.RecordDelivery(w.inside(t), in)
				require.ErrorIs(t, other, ending.ErrReferenceTaken)
				return err
			},
		} {
			owner := w.shop(t)
			id := tenantOf(owner)
			require.ErrorIs(t, how2(w, owner), ending.ErrNotEnded, "before the end there is nothing to take out or waive")
			w.cancel(t, owner)
			require.ErrorIs(t, early(id), ending.ErrNotTakenOut, name)
			now, err := tenants.Get(platform, id)
			require.NoError(t, err)
			require.Equal(t, tenancy.StateCancelled, now.State, "nothing was decided")
			require.NoError(t, how(owner), name)

			// Undone, and ended again: it counts for nothing.
			_, err = w.DB.Life().UndoCancel(owner, "we stay")
			require.NoError(t, err)
			w.now = w.now.Add(time.Hour)
			w.cancel(t, owner)
			require.ErrorIs(t, early(id), ending.ErrNotTakenOut, name)
			if name == "recorded" {
				continue // its reference was used
			}
			require.NoError(t, how(owner), name)
			require.NoError(t, early(id), name)
			cert, _ := w.papers(t, id)
			require.Equal(t, name, cert.Deletion.TakenOut.How)
		}
	})
}

func how2(w *world, owner context.Context) error {
	_, err := w.end.TakeOut(owner, new(bytes.Buffer))
	_, terms := w.end.Terms(owner)
	_, outlook := w.end.Outlook(owner)
	_, waive := w.end.Waive(owner, "")
	for _, e := range []error{terms, outlook, waive} {
		if !errors.Is(e, ending.ErrNotEnded) {
			return e
		}
	}
	return err
}

// A waiver is of words that were read: with the duties, and of this end.
func TestAWaiverNamesTheDuties(t *testing.T) {
	duties := []ending.Duty{{Class: tenancy.Voucher, Jurisdiction: "DE", Rule: "HGB s. 257(4), AO s. 147(3)", For: "8 years", Until: date.Must("2034-12-31")},
		{Class: tenancy.Book, Jurisdiction: "DE", Rule: "HGB s. 257(4), AO s. 147(3)", For: "10 years", Until: date.Must("2036-12-31")}}
	eachWorld(t, start, func(_ *world, opt *ending.Options) {
		opt.Jurisdictions = func(context.Context) ([]string, error) { return []string{"DE"}, nil }
		opt.Duties = func(_ context.Context, where string) ([]ending.Duty, error) {
			if where != "DE" {
				return nil, errors.New("unexpected")
			}
			return duties, nil
		}
	}, func(t *testing.T, w *world) {
		owner := w.shop(t)
		w.cancel(t, owner)
		terms, err := w.end.Terms(owner)
		require.NoError(t, err)
		require.Equal(t, ending.TermsVersion, terms.Version)
		require.Contains(t, terms.Text, "- book (DE): 10 years, until 2036-12-31; HGB s. 257(4), AO s. 147(3)\n- voucher (DE): 8 years, until 2034-12-31")
		require.NotContains(t, terms.Text, "Kade Tea")
		was := duties[0]
		duties[0].Until = date.Must("2035-12-31") // another voucher has come
		_, err = w.end.Waive(owner, terms.Digest)
		require.ErrorIs(t, err, ending.ErrTermsChanged)
		duties[0] = was
		clerk, err := w.DB.Enter(context.Background(), tenantOf(owner), "clerk", tenancy.Permissions{tenancy.PermOwn})
		require.NoError(t, err)
		_, err = w.end.Waive(clerk, terms.Digest)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		none, err := w.end.Waivers(w.inside(t), tenantOf(owner))
		require.NoError(t, err)
		require.Empty(t, none)
		waiver, err := w.end.Waive(owner, terms.Digest)
		require.NoError(t, err)
		require.Equal(t, terms.Text, waiver.Text)
		again, err := w.end.Waive(owner, terms.Digest)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, waiver.ID, again.ID)
		outlook, err := w.end.Outlook(owner)
		require.NoError(t, err)
		require.Equal(t, certificate.TakenOut{How: certificate.Waived, At: start, By: "tester", Terms: ending.TermsVersion}, outlook.TakenOut)
		_, err = w.end.TakeOut(owner, new(bytes.Buffer))
		require.NoError(t, err, "and can be taken all the same")
		w.at(t, day(2, 1))
		require.Contains(t, w.told[0].Message("x").Text, "You took an archive")
	})
}

// An owner who comes back hears nothing more, and one who ends again hears everything again.
func TestUndone(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		owner := w.shop(t)
		w.cancel(t, owner)
		w.at(t, day(2, 1))
		require.Equal(t, []string{"reminder 1"}, w.heard())
		w.deaf = errors.New("the mail server is down")
		w.at(t, day(2, 15))
		_, err := w.DB.Life().UndoCancel(owner, "we stay")
		require.NoError(t, err)
		w.deaf = nil
		w.at(t, day(2, 16))
		require.Empty(t, w.heard(), "what was still to be told is not")
		untold, err := w.end.Untold(w.inside(t), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, untold.Items)
		w.at(t, day(6, 1))
		require.Empty(t, w.heard())
		w.cancel(t, owner)
		w.at(t, day(6, 2))
		require.Equal(t, []string{"reminder 1"}, w.heard())
	})
}

// A legal hold keeps the data; the owner hears of it, unless the law forbids that; and what was held is on the certificate.
func TestALegalHoldWaits(t *testing.T) {
	for name, quiet := range map[string]bool{"told": false, "quiet": true} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, start, func(_ *world, opt *ending.Options) {
				opt.Quiet = func(h tenancy.Hold) bool { return quiet && h.Reference == "7 O 12/26" }
			}, func(t *testing.T, w *world) {
				owner := w.shop(t)
				w.cancel(t, owner)
				hold, err := w.DB.Tenants().Hold(w.Platform(t), tenantOf(owner), "a claim", "7 O 12/26")
				require.NoError(t, err)
				w.at(t, day(3, 1))
				require.Equal(t, !quiet, strings.Contains(w.told[0].Message("x").Text, "The law keeps us from deleting them"))
				require.NotContains(t, w.told[0].Message("x").Text, "7 O 12/26")
				require.Equal(t, []string{"reminder 29"}, w.heard())
				w.at(t, day(3, 3))
				w.at(t, day(3, 20))
				if quiet {
					require.Empty(t, w.heard())
				} else {
					require.Equal(t, []string{"held 0"}, w.heard())
				}
				cert, _ := w.papers(t, tenantOf(owner))
				require.Nil(t, cert)
				_, err = w.DB.Tenants().Release(w.Platform(t), hold.ID, "settled")
				require.NoError(t, err)
				w.tick(t)
				cert, _ = w.papers(t, tenantOf(owner))
				require.Equal(t, !quiet, len(cert.Deletion.Holds) == 1)
				require.Equal(t, day(3, 20), cert.Deletion.Erased.EndedAt)
			})
		})
	}
}

// What cannot be told is tried again, listed, and told to the operator; the data go all the same, and the certificate says so.
func TestNobodyCanBeTold(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		owner := w.shop(t)
		w.cancel(t, owner)
		w.deaf = tenancy.ErrBusy.New("test", "the mail server is down")
		w.at(t, day(2, 1))
		untold := func() []ending.Untold {
			page, err := w.end.Untold(w.inside(t), tenancy.PageRequest{})
			require.NoError(t, err)
			return page.Items
		}
		list := untold()
		require.Len(t, list, 1)
		require.Equal(t, "tenancy.busy", string(list[0].Failure))
		require.Equal(t, day(2, 1).Add(15*time.Minute), list[0].TryAt)
		w.tick(t)
		require.EqualValues(t, 1, untold()[0].Attempts, "not before its time")
		w.at(t, list[0].TryAt)
		w.at(t, untold()[0].TryAt)
		require.EqualValues(t, 3, untold()[0].Attempts)
		require.Len(t, w.escalated, 1)
		require.Contains(t, w.escalated[0].String(), "reminder of day 1")
		w.at(t, day(2, 15))
		require.Len(t, w.escalated, 2)
		require.Equal(t, "overtaken", w.escalated[1].Outcome)
		w.deaf = nil
		w.at(t, day(2, 15).Add(15*time.Minute))
		require.Equal(t, []string{"reminder 15"}, w.heard(), "what was late is told late")
		w.deaf = errors.New("down again")
		w.at(t, day(3, 3))
		cert, _ := w.papers(t, tenantOf(owner))
		var told []bool
		for _, n := range cert.Deletion.Notices {
			told = append(told, !n.ToldAt.IsZero())
		}
		require.Equal(t, []bool{false, true, false, false}, told)
		w.at(t, day(4, 3))
		last := untold()
		require.Equal(t, "failed", last[len(last)-1].Outcome, "a certificate is given up after 30 days; the operator has it")
		require.Equal(t, fault.Code("ending.untold"), last[len(last)-1].Failure)
	})
}

// A notice that somebody else has told meanwhile, because a lease was lost, is told with the same ID, and has one outcome.
func TestToldTwiceIsOnRecordOnce(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		w.cancel(t, w.shop(t))
		w.now = day(2, 1)
		ours, theirs := w.Platform(t), w.Platform(t)
		var ids []string
		w.end = w.service(t, w.DB, func(w *world, opt *ending.Options) {
			opt.Notify = func(_ context.Context, n ending.Notice) error {
				if ids = append(ids, n.ID); len(ids) == 1 {
					_, err := w.end.Tell(theirs, 10)
					return err
				}
				return nil
			}
		})
		_, err := w.end.Tell(ours, 10)
		require.NoError(t, err)
		require.Len(t, ids, 2)
		require.Equal(t, ids[0], ids[1])
		w.tick(t)
		require.Len(t, ids, 2)
	})
}

// Backups that hold the data of a tenant that was deleted run out, and its certificate is completed as soon as the register says that none is left: at once where none is. Where there are others than those that are
// registered, not before the 90 days of their rotation.
func TestBackupsRunOut(t *testing.T) {
	for name, c := range map[string]struct {
		last    time.Time
		other   bool
		pending time.Time
	}{
		"registered":                {day(4, 20), false, day(4, 20)},
		"none ever":                 {time.Time{}, false, day(3, 3)},
		"others, within 90 days":    {day(4, 20), true, day(6, 1)},
		"others, beyond":            {day(7, 9), true, day(7, 9)},
		"others, none of ours ever": {time.Time{}, true, day(6, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			eachWorld(t, start, func(w *world, opt *ending.Options) {
				w.backups = &oneBackup{expires: c.last, left: 1}
				if c.last.IsZero() {
					w.backups.left = 0
				}
				opt.Backups, opt.OtherBackups = w.backups, c.other
			}, func(t *testing.T, w *world) {
				owner := w.shop(t)
				id := tenantOf(owner)
				w.cancel(t, owner)
				w.at(t, day(3, 3))
				cert, completion := w.papers(t, id)
				require.Equal(t, certificate.Backups{Registered: true, Count: w.backups.left, LastExpiry: c.last, PendingUntil: c.pending}, cert.Deletion.Backups)
				left := w.backups.left
				if left == 0 && !c.other {
					require.True(t, completion.Completes(*cert), "at once")
					require.Subset(t, w.heard(), []string{"certificate 0", "completion 0"})
					return
				}
				require.Nil(t, completion)
				w.heard()
				if c.other {
					w.backups.left = 0
					w.at(t, c.pending.Add(-time.Microsecond))
					_, completion = w.papers(t, id)
					require.Nil(t, completion, "not before its time, whatever the register says")
					w.backups.left = left
				}
				w.at(t, c.pending)
				if left > 0 {
					_, completion = w.papers(t, id)
					require.Nil(t, completion, "one is left")
					*w.backups = oneBackup{} // and with the last of them the register knows no expiry any more
					w.at(t, c.pending.Add(24*time.Hour-time.Microsecond))
					w.at(t, c.pending.Add(24*time.Hour))
				}
				cert, completion = w.papers(t, id)
				require.True(t, completion.Completes(*cert))
				require.Equal(t, w.now, completion.Completion.CheckedAt)
				require.Equal(t, c.last, completion.Completion.LastExpiry, "which the certificate knew")
				require.Equal(t, []string{"completion 0"}, w.heard())
				w.tick(t)
				require.Empty(t, w.heard(), "once")
				list, err := w.end.Deletions(w.inside(t), tenancy.PageRequest{})
				require.NoError(t, err)
				require.Equal(t, w.now, list.Items[0].CompletedAt)
			})
		})
	}
}

// Backups that are destroyed before they expire are looked for each day.
func TestBackupsThatAreDestroyedEarly(t *testing.T) {
	eachWorld(t, start, func(w *world, opt *ending.Options) {
		w.backups = &oneBackup{expires: day(5, 20), left: 2}
		opt.Backups = w.backups
	}, func(t *testing.T, w *world) {
		owner := w.shop(t)
		id := tenantOf(owner)
		w.cancel(t, owner)
		w.at(t, day(3, 3))
		w.backups.left = 1
		w.at(t, day(3, 4))
		*w.backups = oneBackup{}
		w.at(t, day(3, 5).Add(-time.Microsecond))
		_, completion := w.papers(t, id)
		require.Nil(t, completion)
		w.at(t, day(3, 5))
		cert, completion := w.papers(t, id)
		require.True(t, completion.Completes(*cert))
		require.Equal(t, day(5, 20), cert.Deletion.Backups.PendingUntil)
		require.Equal(t, day(5, 20), completion.Completion.LastExpiry)
	})
}

// A signer that is out of reach keeps no data; and a key that was changed leaves what it signed good.
func TestSigners(t *testing.T) {
	eachWorld(t, start, func(w *world, opt *ending.Options) {
		w.backups = &oneBackup{left: 1, expires: day(5, 30)}
		opt.Backups = w.backups
	}, func(t *testing.T, w *world) {
		owner := w.shop(t)
		id := tenantOf(owner)
		w.cancel(t, owner)
		w.signer = nil
		w.now = day(3, 3)
		_, err := w.DB.Tenants().CompletePending(w.Platform(t), 10)
		require.ErrorIs(t, err, ending.ErrSigner)
		now, err := w.DB.Tenants().Get(w.Platform(t), id)
		require.NoError(t, err)
		require.Equal(t, tenancy.StatePurged, now.State)
		_, err = w.end.Certify(w.Platform(t), 10)
		require.ErrorIs(t, err, ending.ErrSigner)
		w.signer = keyOf("first")
		w.at(t, day(3, 4))
		cert, _ := w.papers(t, id)
		require.Equal(t, day(3, 3), cert.Deletion.Erased.EndedAt, "when it was gone, not when the signer came back")
		require.Equal(t, day(3, 4), cert.Deletion.IssuedAt)

		w.signer = keyOf("second")
		w.backups.left = 0
		w.at(t, day(6, 1))
		cert, completion := w.papers(t, id)
		require.NotEqual(t, cert.Key, completion.Key)
		require.True(t, completion.Completes(*cert))
		keys, err := w.end.PublicKeys(w.inside(t))
		require.NoError(t, err)
		require.Len(t, keys, 2)
		require.Equal(t, cert.Key, keys[0].ID)
		require.Equal(t, day(3, 4), keys[0].FirstUsedAt)
	})
}

// Without a tenant of the platform's own everything works but the records.
func TestWithoutAPlatformTenant(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		w := newBare(t, engine, start)
		owner := w.shop(t)
		w.cancel(t, owner)
		_, err := w.end.TakeOut(owner, new(bytes.Buffer))
		require.ErrorIs(t, err, ending.ErrNoPlatform)
		w.tick(t)
		require.Empty(t, w.heard())
		gone, err := w.DB.Tenants().PurgeNow(w.Platform(t), tenantOf(owner), "they asked", "letter 7")
		require.NoError(t, err)
		require.Equal(t, tenancy.StatePurged, gone.State)
	}
}
