package retention_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/tenancy"
)

// A record is kept for as long as the records that refer to it, and those that refer to these.
func TestWhatIsReferredToIsKept(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		old := p.bill(t, "Ada Byron", "2016-05-04")
		require.Equal(t, "free", p.until(t, "clinic.bills", old))
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{Day: day("2016-05-05"), BillID: old}}) })
		require.Equal(t, "2027-01-01", p.until(t, "clinic.bills", old), "the book's ten years")
		fix := &Bill{Row: tenancy.Row{ID: tenancy.NewID()}, Day: day("2020-01-01"), Corrects: old}
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Bill{fix}) })
		require.Equal(t, "2029-01-01", p.until(t, "clinic.bills", old), "the correction's eight")
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{Day: day("2025-12-31"), BillID: fix.ID}}) })
		require.Equal(t, "2036-01-01", p.until(t, "clinic.bills", old), "the correction's booking, by two steps")
		alone := p.bill(t, "Bob Finch", "2017-12-31")
		require.Equal(t, "free", p.until(t, "clinic.bills", alone))
		*p.now = noon("2025-12-31")
		require.Equal(t, "2026-01-01", p.until(t, "clinic.bills", alone))
		// The patient is no record: what is referred to by records is a row, and what it says of the person is free.
		who := find[Bill](t, p, tenancy.Eq("id", old))[0].PatientID
		require.Equal(t, []retention.Hold{{}}, p.holds(t, "clinic.patients", who))
		require.Equal(t, "2036-01-01", p.holds(t, "clinic.bills", old)[0].Until.String())
		require.Contains(t, p.holds(t, "clinic.bills", old)[0].Why, "clinic.bookings")
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{BillID: old}}) })
		require.Empty(t, p.until(t, "clinic.bills", old), "of what refers to it nothing says since when")
		require.Contains(t, p.holds(t, "clinic.bills", old)[0].Why, "nothing says since when")
	})
}

// holds asks as an erasure does, of a table's rows by an id.
func (p *practice) holds(t testing.TB, table string, id uuid.UUID) []retention.Hold {
	t.Helper()
	m := p.DB.Registry().Table(table)
	out, err := tenancy.View(p.ctx, p.DB, "test.holds", func(ctx context.Context, tx *tenancy.Tx) ([]retention.Hold, error) {
		key := "id"
		if m.PartOf != "" {
			key = m.Keys[1].Name
		}
		rows, err := m.Verbs().Find(ctx, tx, tenancy.Eq(key, id))
		if err != nil {
			return nil, err
		}
		return p.keep.Holds(ctx, tx, m, rows)
	})
	require.NoError(t, err)
	return out
}

// A hold on a record holds what it refers to; one on a person everything that leads there; neither anything else.
func TestLegalHolds(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		ada, bob := p.bill(t, "Ada Byron", "2017-05-04"), p.bill(t, "Bob Finch", "2017-05-04")
		booking := &Booking{Row: tenancy.Row{ID: tenancy.NewID()}, Day: day("2000-05-05"), BillID: ada}
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{booking}) })
		require.Equal(t, "free", p.until(t, "clinic.bills", ada))
		in := retention.NewLegalHold{Reference: "7 O 12/25", Ground: retention.ForClaim, Reason: "the fee is disputed", Table: "clinic.bookings", Row: booking.ID}
		placed, err := p.keep.PlaceHold(p.ctx, in)
		require.NoError(t, err)
		require.Equal(t, in, placed.NewLegalHold)
		for _, table := range []string{"clinic.bookings", "clinic.bills"} {
			id := map[string]uuid.UUID{"clinic.bookings": booking.ID, "clinic.bills": ada}[table]
			require.Equal(t, []retention.Hold{{Rule: "legal_hold", Source: "7 O 12/25", Why: "legal hold: claim, 7 O 12/25"}}, p.holds(t, table, id), table)
		}
		require.Equal(t, "legal_hold", p.holds(t, "clinic.bill_texts", ada)[0].Rule, "a part of what is held")
		who := find[Bill](t, p, tenancy.Eq("id", ada))[0].PatientID
		require.Equal(t, "legal_hold", p.holds(t, "clinic.patients", who)[0].Rule, "two steps on")
		require.Equal(t, retention.Hold{}, p.holds(t, "clinic.bills", bob)[0], "somebody else's")

		again, err := p.keep.PlaceHold(p.ctx, in)
		require.NoError(t, err)
		require.True(t, again.Replayed)
		require.Equal(t, placed.ID, again.ID)
		other := in
		other.Reason = "another"
		_, err = p.keep.PlaceHold(p.ctx, other)
		require.ErrorIs(t, err, retention.ErrReferenceTaken)
		_, err = p.keep.ReleaseHold(p.ctx, "nobody's", "x")
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		for i := range 2 {
			done, err := p.keep.ReleaseHold(p.ctx, in.Reference, "judgment")
			require.NoError(t, err)
			require.Equal(t, i == 1, done.Replayed)
			require.Equal(t, "judgment", done.ReleaseReason)
		}
		_, err = p.keep.ReleaseHold(p.ctx, in.Reference, "another")
		require.ErrorIs(t, err, retention.ErrReleased)
		require.Equal(t, "free", p.until(t, "clinic.bills", ada))
		all, err := p.keep.LegalHolds(p.ctx)
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.False(t, all[0].ReleasedAt.IsZero())

		_, err = p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "StA 3", Ground: retention.ByAuthority, Reason: "order", Table: "clinic.patients", Row: who})
		require.NoError(t, err)
		for _, table := range []string{"clinic.bills", "clinic.bill_texts"} {
			require.Equal(t, "legal_hold", p.holds(t, table, ada)[0].Rule, table)
			require.Equal(t, retention.Hold{}, p.holds(t, table, bob)[0], table)
		}
	})
}

func TestWhatNoHoldCanBe(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		bill := p.bill(t, "Ada Byron", "2017-05-04")
		good := retention.NewLegalHold{Reference: "R", Ground: retention.ForClaim, Reason: "r", Table: "clinic.bills", Row: bill}
		for name, f := range map[string]func(h *retention.NewLegalHold){
			"no reference": func(h *retention.NewLegalHold) { h.Reference = " " },
			"no reason":    func(h *retention.NewLegalHold) { h.Reason = "" },
			"no ground":    func(h *retention.NewLegalHold) { h.Ground = "whim" },
			"no table":     func(h *retention.NewLegalHold) { h.Table = "clinic.none" },
			"a part":       func(h *retention.NewLegalHold) { h.Table = "clinic.bill_texts" },
			"no id":        func(h *retention.NewLegalHold) { h.Table = "clinic.visitors" },
			"no row":       func(h *retention.NewLegalHold) { h.Row = uuid.Nil },
			"days as well": func(h *retention.NewLegalHold) { h.From, h.To = day("2017-01-01"), day("2017-12-31") },
			"backwards": func(h *retention.NewLegalHold) {
				*h = retention.NewLegalHold{Reference: "R", Reason: "r", Ground: retention.OpenAssessment, From: day("2017-12-31"), To: day("2017-01-01")}
			},
			"a record and days": func(h *retention.NewLegalHold) {
				h.Ground, h.From, h.To = retention.OpenAssessment, day("2017-01-01"), day("2017-12-31")
			},
		} {
			h := good
			f(&h)
			_, err := p.keep.PlaceHold(p.ctx, h)
			require.ErrorIs(t, err, retention.ErrBadInput, name)
		}
		missing := good
		missing.Row = tenancy.NewID()
		_, err := p.keep.PlaceHold(p.ctx, missing)
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = p.keep.PlaceHold(p.TenantWith(t, "retention.*"), good)
		require.ErrorIs(t, err, tenancy.ErrNotFound, "the tenant next door")
		_, err = p.keep.PlaceHold(p.TenantWith(t, "retention.read"), good)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		all, err := p.keep.LegalHolds(p.ctx)
		require.NoError(t, err)
		require.Empty(t, all)
	})
}

// While a tax can still be assessed, the periods of records of its years do not end (§ 147 (3) sentence 5 AO).
func TestSuspensions(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		first, last, before, after := p.bill(t, "A", "2017-01-01"), p.bill(t, "B", "2017-12-31"), p.bill(t, "C", "2016-12-31"), p.bill(t, "D", "2018-01-01")
		_, err := p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "tax 2017", Ground: retention.OpenAssessment, Reason: "appeal", From: day("2017-01-01"), To: day("2017-12-31")})
		require.NoError(t, err)
		for _, id := range []uuid.UUID{first, last} {
			require.Equal(t, []retention.Hold{{Rule: "de.vouchers", Source: "tax 2017", Why: "suspended: assessment open, tax 2017"}}, p.holds(t, "clinic.bills", id))
		}
		require.Equal(t, "free", p.until(t, "clinic.bills", before))
		require.Equal(t, "2027-01-01", p.until(t, "clinic.bills", after))
		p.do(t, func(b *tenancy.Batch) { tenancy.Put(b, []*Booking{{Day: day("2017-06-06"), BillID: before}}) })
		require.Empty(t, p.until(t, "clinic.bills", before), "what refers to it is suspended")
		_, err = p.keep.ReleaseHold(p.ctx, "tax 2017", "assessed")
		require.NoError(t, err)
		require.Equal(t, "free", p.until(t, "clinic.bills", first))
		require.Equal(t, "2028-01-01", p.until(t, "clinic.bills", before))
	})
}

func TestSwitches(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		for i := range 2 {
			s, err := p.keep.Enable(p.ctx, "de.vouchers", "board 1")
			require.NoError(t, err)
			require.Equal(t, i == 1, s.Replayed)
			require.True(t, s.Enabled)
		}
		_, err := p.keep.Disable(p.ctx, "de.vouchers", "board 1")
		require.ErrorIs(t, err, retention.ErrReferenceTaken)
		_, err = p.keep.Enable(p.ctx, "de.books", "board 1")
		require.ErrorIs(t, err, retention.ErrReferenceTaken)
		_, err = p.keep.Disable(p.ctx, "de.vouchers", "board 2")
		require.NoError(t, err)
		for _, rule := range []string{"de.none", "general.access_log", "general.sessions", "de.vouchers.until_2024", "clinic.visitors", "gb.vat_books", "general.vouchers"} {
			_, err = p.keep.Enable(p.ctx, rule, "board 3")
			require.ErrorIs(t, err, retention.ErrUnknownRule, rule)
		}
		_, err = p.keep.Disable(p.ctx, "Ada Byron", "board 3")
		require.ErrorIs(t, err, retention.ErrUnknownRule)
		_, err = p.keep.Enable(p.ctx, "de.vouchers", "")
		require.ErrorIs(t, err, retention.ErrBadInput)
		all, err := p.keep.Switches(p.ctx)
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Equal(t, "board 2", all[0].Reference)
		require.False(t, all[0].Enabled)
		_, err = p.keep.Enable(p.TenantWith(t, "retention.read"), "de.vouchers", "x")
		require.ErrorIs(t, err, tenancy.ErrForbidden)
	})
}

// The release of a record whose year of account is known, and of one that has no date.
func TestPeriods(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		opt := options()
		opt.Jurisdiction = func(context.Context) (string, error) { return "FR", nil }
		opt.Periods = func(context.Context, *tenancy.Tx) ([]retention.Period, error) {
			return []retention.Period{{From: day("2015-07-01"), To: day("2016-06-30")}, {From: day("2014-07-01"), To: day("2015-06-30")}}, nil
		}
		var err error
		p.keep, err = retention.New(p.DB, opt)
		require.NoError(t, err)
		for on, want := range map[string]string{"2015-06-30": "free", "2015-07-01": "2026-07-01", "2016-06-30": "2026-07-01", "2016-07-01": "2027-07-01", "2013-12-31": "free", "2014-06-30": "free"} {
			require.Equal(t, want, p.until(t, "clinic.bills", p.bill(t, "A", on)), on)
		}
		_, err = p.keep.Releases(p.ctx, "clinic.visitors", uuid.Nil)
		require.ErrorIs(t, err, retention.ErrBadInput)
		_, err = p.keep.Releases(p.ctx, "clinic.bills", tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}

// Two who switch at once, or place and release the same hold, do it once each.
func TestRaceSwitchesAndHolds(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		id := p.bill(t, "Ada", "2017-01-01")
		in := retention.NewLegalHold{Reference: "R", Ground: retention.ForClaim, Reason: "r", Table: "clinic.bills", Row: id}
		for _, act := range []func(i int) (bool, error){
			func(int) (bool, error) {
				s, err := p.keep.Enable(p.ctx, "de.vouchers", "the same")
				return s.Replayed, err
			},
			func(int) (bool, error) { h, err := p.keep.PlaceHold(p.ctx, in); return h.Replayed, err },
			func(int) (bool, error) { h, err := p.keep.ReleaseHold(p.ctx, "R", "over"); return h.Replayed, err },
		} {
			replayed := make([]bool, 2)
			for _, err := range racetest.Together(2, func(i int) error {
				return racetest.Insist(func() (err error) { replayed[i], err = act(i); return err })
			}) {
				require.NoError(t, err)
			}
			require.NotEqual(t, replayed[0], replayed[1], "one of them did it")
		}
		for _, err := range racetest.Together(3, func(i int) error {
			return racetest.Insist(func() error { _, err := p.keep.Enable(p.ctx, "de.books", fmt.Sprint("board ", i)); return err })
		}) {
			require.NoError(t, err)
		}
		all, err := p.keep.Switches(p.ctx)
		require.NoError(t, err)
		require.Len(t, all, 4)
		holds, err := p.keep.LegalHolds(p.ctx)
		require.NoError(t, err)
		require.Len(t, holds, 1)
	})
}

// What must never be the database refuses, whoever writes.
func TestTheDatabaseRefusesHoldsThatAreNone(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		id := p.bill(t, "Ada", "2017-01-01")
		placed, err := p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "R", Ground: retention.ForClaim, Reason: "r", Table: "clinic.bills", Row: id})
		require.NoError(t, err)
		_, err = p.keep.ReleaseHold(p.ctx, "R", "over")
		require.NoError(t, err)
		m := p.DB.Registry().Table("erp.retention_holds")
		act := func(values map[string]any) error {
			_, err := tenancy.Act(p.ctx, p.DB, "test.past", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
				row := m.Verbs().New()
				for name, v := range map[string]any{"acted_at": tx.Now(), "acted_by": "x", "ground": retention.ForClaim, "reference": "S"} {
					reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
				}
				for name, v := range values {
					reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
				}
				b := tx.Batch()
				m.Verbs().Put(b, []any{row})
				return nil, b.Run(ctx)
			})
			return err
		}
		require.ErrorIs(t, act(map[string]any{"releases_id": placed.ID}), tenancy.ErrDuplicate, "released twice")
		require.ErrorIs(t, act(map[string]any{"reference": "R", "table_name": "clinic.bills", "row_id": id}), tenancy.ErrDuplicate, "placed twice")
		for name, values := range map[string]map[string]any{
			"of nothing":        {},
			"a ground of whim":  {"ground": retention.Ground("whim"), "table_name": "clinic.bills", "row_id": id},
			"backwards":         {"ground": retention.OpenEnquiry, "from_day": day("2020-01-02"), "to_day": day("2020-01-01")},
			"both":              {"table_name": "clinic.bills", "row_id": id, "from_day": day("2020-01-01"), "to_day": day("2020-01-01")},
			"a release of none": {"releases_id": tenancy.NewID()},
		} {
			require.Error(t, act(values), name)
		}
		require.NoError(t, act(map[string]any{"table_name": "clinic.bills", "row_id": id}))
	})
}

// A hold that the ledger knows is placed again, once, and released again, once; what it was on and is not there is passed over.
func TestAHoldIsPlacedAgain(t *testing.T) {
	each(t, "2026-01-01", func(t *testing.T, p *practice) {
		bill := p.bill(t, "Ada Byron", "2017-05-04")
		placed, err := p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "7 O 12/25", Ground: retention.ForClaim, Reason: "the fee is disputed", Table: "clinic.bills", Row: bill})
		require.NoError(t, err)
		_, err = p.keep.PlaceHold(p.ctx, retention.NewLegalHold{Reference: "tax", Ground: retention.OpenAssessment, Reason: "appeal", From: day("2017-01-01"), To: day("2017-12-31")})
		require.NoError(t, err)
		_, err = p.keep.ReleaseHold(p.ctx, "7 O 12/25", "judgment")
		require.NoError(t, err)
		known, err := p.DB.Ledger().Holds(p.ctx)
		require.NoError(t, err)
		require.Len(t, known, 3)
		require.Equal(t, tenancy.LedgerHold{EntryID: placed.ID, ID: placed.ID, Table: "clinic.bills", Row: bill, Ground: "claim"}, known[0])
		require.Equal(t, []any{placed.ID, true}, []any{known[2].ID, known[2].Released})
		again := func(h tenancy.LedgerHold) bool {
			needed, err := p.keep.HoldAgain(p.ctx, h)
			require.NoError(t, err)
			return needed
		}
		for _, h := range known {
			require.False(t, again(h), "these data know of it")
		}
		lost := tenancy.LedgerHold{EntryID: tenancy.NewID(), Table: "clinic.bills", Row: bill, Ground: "authority"}
		lost.ID = lost.EntryID
		over := tenancy.LedgerHold{EntryID: tenancy.NewID(), ID: lost.ID, Released: true}
		require.False(t, again(over), "nothing to release")
		require.True(t, again(lost))
		require.False(t, again(lost), "once")
		require.Equal(t, "legal_hold", p.holds(t, "clinic.bills", bill)[0].Rule)
		require.Equal(t, "ledger "+lost.ID.String(), p.holds(t, "clinic.bills", bill)[0].Source)
		require.True(t, again(over))
		require.False(t, again(over))
		require.NotEqual(t, "legal_hold", p.holds(t, "clinic.bills", bill)[0].Rule)
		for _, h := range []tenancy.LedgerHold{{ID: tenancy.NewID(), Table: "clinic.bills", Row: tenancy.NewID(), Ground: "claim"}, {ID: tenancy.NewID(), Table: "clinic.none", Row: bill, Ground: "claim"}} {
			require.False(t, again(h), "made after the backup, or of a module that is gone")
		}
		span := tenancy.LedgerHold{ID: tenancy.NewID(), From: day("2016-01-01"), To: day("2016-12-31"), Ground: "enquiry"}
		require.True(t, again(span))
		all, err := p.keep.LegalHolds(p.ctx)
		require.NoError(t, err)
		require.Len(t, all, 4)
	})
}
