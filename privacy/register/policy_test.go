package register_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

const day = 24 * time.Hour

func text(on date.Date, body string) string {
	return "Opsmatiq\n\nPrivacy Policy\n\n" + register.LastUpdatedLine(on) + "\n\n" + body
}

func (h *house) version(ctx context.Context, n int, material bool) register.PolicyVersion {
	h.t.Helper()
	on := date.Must("2026-02-15").AddDays(n)
	v, err := h.s.AddPolicyVersion(ctx, register.NewPolicyVersion{Reference: fmt.Sprint("V-", n), Policy: text(on, fmt.Sprint("version ", n)), UpdatedOn: on, Material: material})
	require.NoError(h.t, err)
	require.EqualValues(h.t, n, v.Number)
	return v
}

func (h *house) effect(v register.PolicyVersion) error {
	_, err := h.s.TakeEffect(h.platform, "effect "+v.Reference, v.ID)
	return err
}

func (h *house) announce(kind register.AnnouncementKind, about uuid.UUID) register.Announcement {
	h.t.Helper()
	a, err := h.s.Announce(h.platform, register.NewAnnouncement{Reference: "A-" + about.String(), Kind: kind, About: about, Title: "What changes", Body: "From April on."})
	require.NoError(h.t, err)
	return a
}

// A material change takes effect 30 full days after it has reached the last tenant that there was, and not a microsecond sooner.
func TestAMaterialChangeWaitsThirtyDays(t *testing.T) {
	cases := []time.Time{march, time.Date(2028, 2, 1, 23, 30, 0, 0, time.UTC), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)} // a leap year, a year's end
	eachOf(t, cases, func(t *testing.T, h *house, begin time.Time) {
		h.set(begin)
		first := h.version(h.platform, 1, false)
		require.NoError(t, h.effect(first))
		shops := []*shop{h.shop(), h.shop(), h.shop()}
		second := h.version(h.platform, 2, true)
		require.ErrorIs(t, h.effect(second), register.ErrNoticePeriod, "not announced")
		h.pass(time.Second)
		a := h.announce(register.OfPolicy, second.ID)
		require.ErrorIs(t, h.effect(second), register.ErrNoticePeriod)
		h.deaf[shops[1].id] = true
		require.Equal(t, 1, h.deliver(), "one could not be told, and the job says so")
		reached := h.clock()
		late := h.shop() // it came behind the notice
		h.pass(31 * day)
		require.ErrorIs(t, h.effect(second), register.ErrNoticePeriod, "one was not told")
		h.deaf[shops[1].id] = false
		h.pass(31 * day) // as far as a job that failed waits at most
		require.Zero(t, h.deliver())
		last := h.clock()
		require.True(t, last.After(reached))
		for _, c := range []struct {
			after time.Duration
			fine  bool
		}{{29 * day, false}, {30*day - time.Microsecond, false}, {30 * day, true}, {31 * day, true}} {
			h.set(last.Add(c.after))
			err := h.effect(second)
			if !c.fine {
				require.ErrorIs(t, err, register.ErrNoticePeriod, "%s", c.after)
				continue
			}
			require.NoError(t, err, "%s", c.after)
		}
		now, err := h.s.Policy(h.platform)
		require.NoError(t, err)
		require.EqualValues(t, 2, now.Number)
		require.Equal(t, last.Add(30*day), now.InForceAt)
		require.Equal(t, register.PolicyInForce, now.State)
		for _, s := range shops {
			got, err := h.s.Notices(s.ctx, tenancy.PageRequest{})
			n := only(t, got.Items, err)
			require.Equal(t, []any{register.OfPolicy, int64(2), second.Hash, a.ID, "From April on."}, []any{n.Kind, n.Number, n.Hash, n.AnnouncementID, n.Body})
		}
		none, err := h.s.Notices(late.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, none.Items)
		shown, err := h.s.PolicyFor(h.platform, reached)
		require.NoError(t, err)
		require.EqualValues(t, 2, shown.Number, "who comes behind the notice is shown the new version")
		shown, err = h.s.PolicyFor(h.platform, begin)
		require.NoError(t, err)
		require.EqualValues(t, 1, shown.Number)
	})
}

// Nothing material slips through behind it, not even as part of a version that changes nothing material itself.
func TestAVersionBringsWhatIsAheadOfIt(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		require.NoError(t, h.effect(h.version(h.platform, 1, false)))
		h.shop()
		h.version(h.platform, 2, true)
		third := h.version(h.platform, 3, false)
		require.ErrorIs(t, h.effect(third), register.ErrNoticePeriod)
		all, err := h.s.PolicyVersions(h.platform, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, register.PolicyInForce, all.Items[0].State)
		require.Equal(t, register.PolicyDrafted, all.Items[2].State)
	})
}

// The law is an exception, with its ground, and is announced all the same.
func TestALegalExceptionDoesNotWait(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		require.NoError(t, h.effect(h.version(h.platform, 1, false)))
		h.shop()
		on := date.Must("2026-03-04")
		in := register.NewPolicyVersion{Reference: "V-2", Policy: text(on, "two"), UpdatedOn: on, Material: true, Exception: register.ByOrder}
		_, err := h.s.AddPolicyVersion(h.platform, in)
		require.ErrorIs(t, err, register.ErrBadInput, "without its ground")
		in.Citation, in.Exception = "VG Berlin 1 K 17/26", "haste"
		_, err = h.s.AddPolicyVersion(h.platform, in)
		require.ErrorIs(t, err, register.ErrBadInput)
		in.Exception = register.ByOrder
		v, err := h.s.AddPolicyVersion(h.platform, in)
		require.NoError(t, err)
		require.ErrorIs(t, h.effect(v), register.ErrNoticePeriod, "not announced")
		h.announce(register.OfPolicy, v.ID)
		require.NoError(t, h.effect(v))
	})
}

// "Last updated" is the version's day, in the text as in the register.
func TestLastUpdatedIsTheVersions(t *testing.T) {
	for in, want := range map[string]string{
		"Last updated: February 15, 2026":                                    "2026-02-15",
		"Opsmatiq\r\nLast updated: February 29, 2028\r\nmore":                "2028-02-29",
		"Last updated: February 29, 2026":                                    "",
		"Last updated: 15.2.2026":                                            "",
		"Last updated: February 15, 2026\nLast updated: February 16, 2026\n": "",
		"no day at all": "",
		"The \"Last updated\" date at the top of this page\nLast updated: May 1, 2026": "2026-05-01",
	} {
		got, err := register.LastUpdated(in)
		require.Equal(t, want, got.String(), in)
		if want == "" {
			require.ErrorIs(t, err, register.ErrLastUpdated, in)
		}
	}
	eachAlone(t, func(t *testing.T, h *house) {
		on := date.Must("2026-02-15")
		_, err := h.s.AddPolicyVersion(h.platform, register.NewPolicyVersion{Reference: "V-1", Policy: text(on, "one"), UpdatedOn: on.AddDays(1)})
		require.ErrorIs(t, err, register.ErrLastUpdated)
		v := h.version(h.platform, 1, false)
		require.NoError(t, h.effect(v))
		now, err := h.s.Policy(h.platform)
		require.NoError(t, err)
		said, err := register.LastUpdated(now.Policy)
		require.NoError(t, err)
		require.Equal(t, now.UpdatedOn, said)
	})
}

// A tenant that is suspended is told by mail alone, and finds the notice when it is back.
func TestAClosedTenantIsToldByMail(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		require.NoError(t, h.effect(h.version(h.platform, 1, false)))
		shut, open := h.shop(), h.shop()
		_, err := h.DB.Tenants().Suspend(h.Platform(t), shut.id, "unpaid")
		require.NoError(t, err)
		v := h.version(h.platform, 2, true)
		a := h.announce(register.OfPolicy, v.ID)
		require.Zero(t, h.deliver())
		reached, err := h.s.Deliveries(h.platform, a.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		by := map[uuid.UUID]string{}
		for _, d := range reached.Items {
			by[d.ControllerID] = d.Channel
		}
		require.Equal(t, map[uuid.UUID]string{shut.id: "mail", open.id: "service_and_mail"}, by)
		require.Len(t, h.told, 2)
		h.pass(30 * day)
		require.NoError(t, h.effect(v))
		_, err = h.DB.Tenants().Resume(h.Platform(t), shut.id, "paid")
		require.NoError(t, err)
		require.Zero(t, h.deliver())
		got, err := h.s.Notices(shut.ctx, tenancy.PageRequest{})
		only(t, got.Items, err)
		require.Len(t, h.told, 2, "nobody is told twice")
		reached, err = h.s.Deliveries(h.platform, a.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, reached.Items, 3, "and all are reached")
	})
}

// Two jobs at once: each tenant has one notice, and one delivery.
func TestRaceDeliveries(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		var shops []*shop
		for range 4 {
			shops = append(shops, h.shop())
		}
		v := h.version(h.platform, 1, true)
		a := h.announce(register.OfPolicy, v.ID)
		var more []*tenancy.Background
		for i := range 2 {
			jobs, err := h.DB.Background(tenancy.BackgroundOptions{Jobs: []tenancy.Job{{Name: []string{"test.deliver", "test.again"}[i], Every: time.Second, Platform: func(ctx context.Context) (bool, error) {
				_, err := h.s.Deliver(ctx, 100)
				return false, err
			}}}})
			require.NoError(t, err)
			more = append(more, jobs)
		}
		errs := racetest.Together(2, func(i int) error {
			out, err := more[i].Tick(t.Context(), h.clock())
			if err == nil && out.Failed > 0 {
				return fmt.Errorf("%d failed", out.Failed)
			}
			return err
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		for _, s := range shops {
			got, err := h.s.Notices(s.ctx, tenancy.PageRequest{})
			only(t, got.Items, err)
		}
		reached, err := h.s.Deliveries(h.platform, a.ID, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, reached.Items, 5)
	})
}

// A processor is used for a tenant when its time is over and it does not object; what it objects to waits for an outcome.
func TestAProcessorWaitsForItsTenants(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		calm, cross, gone := h.shop(), h.shop(), h.shop()
		mailer := h.recipient(h.platform, "R-1", "Mailer GmbH", register.RoleProcessor, "FR")
		contract := h.processor(h.platform, "K-1", mailer.ID)
		a := h.announce(register.OfProcessor, contract.ID)
		require.ErrorIs(t, h.s.RequireNotice(calm.ctx, a.ID), register.ErrNoticePeriod)
		require.Zero(t, h.deliver())
		told := h.clock()
		h.set(told.Add(30*day - time.Microsecond))
		require.ErrorIs(t, h.s.RequireNotice(calm.ctx, a.ID), register.ErrNoticePeriod)
		object := func(s *shop) register.Objection {
			got, err := h.s.Notices(s.ctx, tenancy.PageRequest{})
			n := only(t, got.Items, err)
			require.Equal(t, []string{"Mailer GmbH", "FR"}, []string{n.Who, n.Country})
			o, err := h.s.Object(s.ctx, "O-1", n.ID, "not them")
			require.NoError(t, err)
			return o
		}
		first, second := object(cross), object(gone)
		h.set(told.Add(30 * day))
		require.NoError(t, h.s.RequireNotice(calm.ctx, a.ID))
		h.pass(100 * day)
		require.ErrorIs(t, h.s.RequireNotice(cross.ctx, a.ID), register.ErrObjected, "however long")
		_, err := h.s.Settle(cross.ctx, "S-1", first.ID, register.ObjectionWithdrawn, "they convinced us")
		require.NoError(t, err)
		require.NoError(t, h.s.RequireNotice(cross.ctx, a.ID))
		_, err = h.s.Settle(gone.ctx, "S-1", second.ID, register.TenantExcluded, "another mailer for them")
		require.NoError(t, err)
		require.ErrorIs(t, h.s.RequireNotice(gone.ctx, a.ID), register.ErrObjected)
		_, err = h.s.Settle(gone.ctx, "S-2", second.ID, register.ObjectionWithdrawn, "after all")
		require.ErrorIs(t, err, register.ErrEnded)

		of := func(s *shop) []string {
			list, err := h.s.Recipients(s.ctx)
			require.NoError(t, err)
			var names []string
			for _, r := range list {
				names = append(names, r.Name)
			}
			return names
		}
		require.Equal(t, []string{"Mailer GmbH"}, of(calm))
		require.Empty(t, of(gone))
		late := h.shop()
		require.Zero(t, h.deliver())
		require.NoError(t, h.s.RequireNotice(late.ctx, a.ID), "who comes later finds it in use")
		require.Equal(t, []string{"Mailer GmbH"}, of(late))
	})
}

// The period of a processor's notice is the program's to say.
func TestTheNoticePeriodIsConfigurable(t *testing.T) {
	for _, engine := range []string{"sqlite"} {
		h := newHouse(t, engine, register.Options{ProcessorDays: 14})
		s := h.shop()
		mailer := h.recipient(h.platform, "R-1", "Mailer GmbH", register.RoleProcessor, "DE")
		a := h.announce(register.OfProcessor, h.processor(h.platform, "K-1", mailer.ID).ID)
		require.Equal(t, 14, a.Days)
		require.Zero(t, h.deliver())
		h.pass(14 * day)
		require.NoError(t, h.s.RequireNotice(s.ctx, a.ID))
		_, err := register.New(h.DB, register.Options{TransferDays: 367})
		require.ErrorIs(t, err, register.ErrBadInput)
	}
}

// A business is handed over after those whom it concerns were told, and their time is over.
func TestABusinessTransferIsAnnouncedAhead(t *testing.T) {
	eachAlone(t, func(t *testing.T, h *house) {
		s := h.shop()
		people, err := h.s.AddPersons(h.platform, []register.NewPerson{{Reference: "user:1", Name: "Carla User", Contact: "carla@example.org"}})
		carla := only(t, people, err)
		buyer := h.recipient(h.platform, "R-1", "Buyer AG", register.RoleAcquirer, "AT")
		a := h.announce(register.OfTransfer, buyer.ID)
		hand := func(ctx context.Context, person, to, announcement uuid.UUID) error {
			d := register.NewDisclosure{Reference: "D " + h.clock().String(), PersonID: person, RecipientID: to, Ground: register.BusinessTransfer, AnnouncementID: announcement, What: "the account"}
			_, err := h.s.Disclose(ctx, []register.NewDisclosure{d})
			return err
		}
		require.ErrorIs(t, hand(h.platform, carla.ID, buyer.ID, a.ID), register.ErrNoticePeriod)
		require.Zero(t, h.deliver())
		h.pass(30*day - time.Microsecond)
		require.ErrorIs(t, hand(h.platform, carla.ID, buyer.ID, a.ID), register.ErrNoticePeriod)
		h.pass(time.Microsecond)
		require.NoError(t, hand(h.platform, carla.ID, buyer.ID, a.ID))

		// A tenant sells its own business: its customers are told by ways of its own.
		heir := h.recipient(s.ctx, "R-1", "Heir KG", register.RoleAcquirer, "DE")
		own, err := h.s.Announce(s.ctx, register.NewAnnouncement{Reference: "A-1", Kind: register.OfTransfer, About: heir.ID, Title: "We are sold", Body: "To Heir KG."})
		require.NoError(t, err)
		require.True(t, own.Own)
		h.pass(40 * day)
		require.ErrorIs(t, hand(s.ctx, s.ada, heir.ID, own.ID), register.ErrNoticePeriod, "nobody said that they were told")
		at, err := h.s.ConfirmAnnounced(s.ctx, own.ID)
		require.NoError(t, err)
		require.Equal(t, h.clock(), at)
		h.pass(29 * day)
		require.ErrorIs(t, hand(s.ctx, s.ada, heir.ID, own.ID), register.ErrNoticePeriod)
		h.pass(day)
		require.NoError(t, hand(s.ctx, s.ada, heir.ID, own.ID))
		again, err := h.s.ConfirmAnnounced(s.ctx, own.ID)
		require.NoError(t, err)
		require.Equal(t, at, again)
		_, err = h.s.Announce(s.ctx, register.NewAnnouncement{Reference: "A-2", Kind: register.OfProcessor, About: heir.ID, Title: "x", Body: "y"})
		require.ErrorIs(t, err, register.ErrNotPlatform)
	})
}

// Who took note of which version is on record, once.
func TestAcknowledgements(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		s := h.shop()
		first, err := h.s.Acknowledge(s.ctx, 2, proof)
		require.NoError(t, err)
		h.pass(time.Hour)
		again, err := h.s.Acknowledge(s.ctx, 2, proof)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, first.EnteredAt, again.EnteredAt)
		_, err = h.s.Acknowledge(s.ctx, 2, proof[1:]+"0")
		require.ErrorIs(t, err, register.ErrReferenceTaken)
		all, err := h.s.Acknowledgements(s.ctx, tenancy.PageRequest{})
		got := only(t, all.Items, err)
		require.Equal(t, []any{int64(2), proof, "tester"}, []any{got.Number, got.Hash, got.Actor})
	})
}

// The platform hears of an objection until something has come of it; and mail goes to an owner who has an address, or is an error.
func TestThePlatformHearsOfObjections(t *testing.T) {
	var heard []register.Notification
	h := newHouse(t, "sqlite", register.Options{Objected: func(_ context.Context, n register.Notification) error { heard = append(heard, n); return nil }})
	s := h.shop()
	a := h.announce(register.OfProcessor, h.processor(h.platform, "K-1", h.recipient(h.platform, "R-1", "Mailer GmbH", register.RoleProcessor, "DE").ID).ID)
	require.Zero(t, h.deliver())
	got, err := h.s.Notices(s.ctx, tenancy.PageRequest{})
	n := only(t, got.Items, err)
	require.Equal(t, a.ID, n.AnnouncementID)
	o, err := h.s.Object(s.ctx, "O-1", n.ID, "not them")
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, h.s.Remind(s.ctx))
	}
	require.Len(t, heard, 2)
	require.Equal(t, heard[0], heard[1], "under one ID")
	require.Equal(t, []any{s.id, "not them"}, []any{heard[0].TenantID, heard[0].Body})
	_, err = h.s.Settle(s.ctx, "S-1", o.ID, register.TenantExcluded, "without them")
	require.NoError(t, err)
	require.NoError(t, h.s.Remind(s.ctx))
	require.Len(t, heard, 2)

	var sent []tenancy.Message
	address := "owner@example.org"
	notify := register.NotifyByMail(post(func(m tenancy.Message) { sent = append(sent, m) }), func(context.Context, uuid.UUID) (string, error) { return address, nil })
	require.NoError(t, notify(t.Context(), register.Notification{ID: "x-1", Title: "A title", Body: "A body"}))
	require.Equal(t, []tenancy.Message{{ID: "x-1", To: address, Subject: "A title", Text: "A body\n"}}, sent)
	address = ""
	require.ErrorIs(t, notify(t.Context(), register.Notification{ID: "x-2"}), register.ErrBadInput)
}

type post func(m tenancy.Message)

func (p post) Send(_ context.Context, m tenancy.Message) error { p(m); return nil }
