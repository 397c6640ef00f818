package privacy_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

func (v *vault) forget(t *testing.T, tenant, person uuid.UUID, reference string) {
	t.Helper()
	_, err := v.s.Erase(v.enter(t, tenant), privacy.Erasure{PersonID: person, Reference: reference, Reason: "GDPR Art. 17(1)(b)"})
	require.NoError(t, err)
}

// name is what a patient is called now; "" when there is none.
func (v *vault) name(t *testing.T, tenant, person uuid.UUID) string {
	t.Helper()
	var name string
	require.NoError(t, v.db.Read(v.enter(t, tenant), func(ctx context.Context, tx *tenancy.Tx) error {
		p, err := tenancy.Get[Patient](ctx, tx, person)
		if tenancy.IsNotFound(err) {
			return nil
		}
		name = p.Name
		return err
	}))
	return name
}

// entries are the ledger's, in order.
func (v *vault) entries(t *testing.T, tenant uuid.UUID) (states []string) {
	t.Helper()
	rows, err := v.env.Control(t).Query("SELECT state FROM " + v.ledger() + " WHERE tenant_id = '" + tenant.String() + "' ORDER BY id")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		states = append(states, s)
	}
	require.NoError(t, rows.Err())
	return states
}

// Who was erased after a backup was taken is erased again when it is restored, from whichever backup, and the next backup knows.
func TestWhoWasErasedStaysErased(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		before := v.backup(t, p.ctx)
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		require.Equal(t, []string{"done"}, v.entries(t, id))
		erased := v.name(t, id, p.ada.ID)
		require.Regexp(t, "^erased ", erased)
		*v.now = march.Add(time.Hour)
		after := v.backup(t, p.ctx)

		v.lose(t, id)
		out := v.restore(t, before)
		require.Len(t, out.Erased, 1)
		require.Equal(t, tenancy.LedgerEntry{ErasureID: out.Erased[0].ErasureID, TenantID: id, Table: "clinic.patients", RowID: p.ada.ID, EnteredAt: march, State: tenancy.LedgerDone}, out.Erased[0])
		require.Equal(t, erased, v.name(t, id, p.ada.ID))
		archive, _ := export(t, v.s, v.enter(t, id))
		for name, text := range files(t, archive) {
			for _, canary := range []string{"Canary", "ada.canary", "Lovelace"} {
				require.NotContains(t, string(text), canary, name)
			}
		}
		v.lose(t, id)
		require.Empty(t, v.restore(t, after).Erased, "it knew")
		require.Equal(t, erased, v.name(t, id, p.ada.ID))

		last := v.backup(t, v.enter(t, id))
		v.lose(t, id)
		require.Empty(t, v.restore(t, last).Erased)
		v.lose(t, id)
		again := v.restore(t, before)
		require.NotEmpty(t, again.Erased, "the oldest backup is as unknowing as ever")
		require.Equal(t, erased, v.name(t, id, p.ada.ID))
		next := v.backup(t, v.enter(t, id))
		v.lose(t, id)
		require.Empty(t, v.restore(t, next).Erased, "what was done again is known to the next backup")
	})
}

// Who came after the backup is not in it, and who was removed whole is found by nobody.
func TestWhoIsNotInTheBackupIsPassedOver(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		b := v.backup(t, p.ctx)
		late := &Patient{Name: "Late Comer"}
		require.NoError(t, v.db.Tx(v.enter(t, id), func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, late) }))
		v.forget(t, id, late.ID, "REQUEST-1")
		require.Empty(t, v.name(t, id, late.ID))
		v.lose(t, id)
		require.Len(t, v.restore(t, b).Erased, 1)
		require.Empty(t, v.name(t, id, late.ID))
		require.Equal(t, p.ada.Name, v.name(t, id, p.ada.ID))
		next := v.backup(t, v.enter(t, id))
		v.lose(t, id)
		require.Empty(t, v.restore(t, next).Erased)
	})
}

// Who was erased and came back since, under the same id, is no hindrance: what is restored is of before, and is erased.
func TestARestoreDoesNotAskWhoCameBack(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		d := &desk{}
		v.serve(privacy.Options{Accounts: d})
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		p.ada.Account = tenancy.NewID()
		require.NoError(t, v.db.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Update(ctx, tx, &p.ada, "account_id") }))
		b := v.backup(t, p.ctx)
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		d.inside, d.back = true, p.ada.Account
		v.lose(t, id)
		require.Len(t, v.restore(t, b).Erased, 1)
		require.Regexp(t, "^erased ", v.name(t, id, p.ada.ID))
		_, err := v.s.FinishErasures(v.enter(t, id))
		require.ErrorIs(t, err, tenancy.ErrForbidden, "what the account left is told of")
	})
}

// What had been erased when its hold ended is not there again to be read until a job comes by.
func TestWhatCeasedToBeHeldIsErasedBeforeAnybodyEnters(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		l := &law{visits: date.Of(2034, 1, 1)}
		v.serve(privacy.Options{Holds: l.holds})
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		pass(t, v.s, p.ctx)
		*v.now = time.Date(2033, 12, 31, 12, 0, 0, 0, time.UTC)
		v.forget(t, id, p.bob.ID, "REQUEST-2") // no job has come by yet
		b := v.backup(t, p.ctx)
		*v.now = l.visits.Time()
		pass(t, v.s, v.enter(t, id))
		pass(t, v.s, v.enter(t, id))
		require.NotContains(t, everything(t, v.s, v.enter(t, id)), "lovelace")

		v.lose(t, id)
		l.broken = p.ada.ID
		_, err := v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, tenancy.ErrBusy)
		_, err = v.db.Enter(t.Context(), id, "tester", tenancy.Permissions{"*"})
		require.ErrorIs(t, err, tenancy.ErrTenantNotReady, "nobody reads what is not erased")
		l.broken = uuid.Nil
		out := v.restore(t, b)
		require.Empty(t, out.Erased, "the backup knew of it")
		require.Len(t, out.Finished, 2)
		for _, name := range []string{"lovelace", "bob finch"} {
			require.NotContains(t, everything(t, v.s, v.enter(t, id)), name)
		}
		restricted, err := tenancy.View(v.enter(t, id), v.db, "test.look", func(ctx context.Context, tx *tenancy.Tx) ([]tenancy.Restriction, error) { return tx.Restricted(ctx) })
		require.NoError(t, err)
		require.Empty(t, restricted)
	})
}

var errNoMore = errors.New("the act failed at its end")

// undone is an erasure whose transaction comes to nothing behind its entry into the ledger.
func (v *vault) undone(t *testing.T, tenant, person uuid.UUID) {
	t.Helper()
	_, err := tenancy.Act(v.enter(t, tenant), v.db, privacy.PermErase, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		if _, err := v.s.Erase(ctx, privacy.Erasure{PersonID: person, Reference: "UNDONE", Reason: "GDPR Art. 17"}); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, errNoMore
	})
	require.ErrorIs(t, err, errNoMore)
}

// An entry whose erasure was undone is void once that is sure, and is not done on a restore. Before that nobody knows, and it is done.
func TestAnErasureThatWasUndone(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		b := v.backup(t, p.ctx)
		v.undone(t, id, p.ada.ID)
		require.Equal(t, p.ada.Name, v.name(t, id, p.ada.ID))
		require.Equal(t, []string{"intended"}, v.entries(t, id))
		*v.now = march.Add(10 * time.Minute)
		n, err := v.s.SettleLedger(v.enter(t, id), 10)
		require.NoError(t, err)
		require.Zero(t, n, "it may be under way still")
		*v.now = march.Add(10*time.Minute + time.Microsecond)
		n, err = v.s.SettleLedger(v.enter(t, id), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, []string{"void"}, v.entries(t, id))
		v.lose(t, id)
		require.Empty(t, v.restore(t, b).Erased)
		require.Equal(t, p.ada.Name, v.name(t, id, p.ada.ID))

		v.undone(t, id, p.ada.ID)
		v.lose(t, id)
		out := v.restore(t, b)
		require.Len(t, out.Erased, 1)
		require.Equal(t, tenancy.LedgerIntended, out.Erased[0].State)
		require.Regexp(t, "^erased ", v.name(t, id, p.ada.ID))
		*v.now = v.now.Add(time.Hour)
		_, err = v.s.SettleLedger(v.enter(t, id), 10)
		require.NoError(t, err)
		require.Equal(t, []string{"void", "done"}, v.entries(t, id), "what was done again is done")
	})
}

// An erasure that was committed by a process that could not say so any more is settled as done, by what the tenant's own database says.
func TestAnErasureThatNobodyConfirmed(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		var known string // a row of a companion's, which no entry has
		require.NoError(t, v.env.Owner(t, id).QueryRow(v.env.SQL("SELECT id FROM erp.erasures WHERE tenant_id = '"+id.String()+"' AND table_name LIKE '%_texts' LIMIT 1")).Scan(&known))
		v.intend(t, id, known, p.ada.ID)
		require.ElementsMatch(t, []string{"done", "intended"}, v.entries(t, id))
		*v.now = march.Add(time.Hour)
		n, err := v.s.SettleLedger(v.enter(t, id), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Equal(t, []string{"done", "done"}, v.entries(t, id))
	})
}

// intend is an entry as a process leaves it that dies behind it.
func (v *vault) intend(t *testing.T, tenant uuid.UUID, erasure string, person uuid.UUID) {
	t.Helper()
	_, err := v.env.Control(t).Exec("INSERT INTO " + v.ledger() + " (id, tenant_id, kind, table_name, row_id, ground, state, entered_micros, settled_micros) VALUES ('" + erasure + "', '" + tenant.String() +
		"', 'erased', 'clinic.patients', '" + person.String() + "', '', 'intended', 1, 0)")
	require.NoError(t, err)
}

func (v *vault) ledger() string {
	return map[string]string{"sqlite": "erp_control_erasure_ledger", "postgres": "erp_control.erasure_ledger"}[v.env.Name]
}

// A dry run erases nobody, and so enters nothing.
func TestADryRunEntersNothing(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		_, err := v.db.DryRun(v.enter(t, id), func(ctx context.Context, _ *tenancy.Tx) error {
			_, err := v.s.Erase(ctx, privacy.Erasure{PersonID: p.ada.ID, Reference: "DRY", Reason: "a look"})
			return err
		})
		require.NoError(t, err)
		require.Empty(t, v.entries(t, id))
		require.Equal(t, p.ada.Name, v.name(t, id, p.ada.ID))
	})
}

// restrict restricts or frees somebody, as an act of the register of requests does.
func (v *vault) restrict(t *testing.T, tenant, person uuid.UUID, ground tenancy.Ground, after error) {
	t.Helper()
	_, err := tenancy.Act(v.enter(t, tenant), v.db, "test.restrict", func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		if ground == "" {
			return struct{}{}, errors.Join(tx.Unrestrict(ctx, person), after)
		}
		return struct{}{}, errors.Join(tx.Restrict(ctx, person, ground, "REQUEST-7"), after)
	})
	require.ErrorIs(t, err, after)
}

// Who was restricted since the backup comes back restricted, and who was freed, free; of what nobody knows whether it was committed, a restriction counts.
func TestWhoIsRestrictedComesBackRestricted(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		more := []*Patient{{Name: "Freed"}, {Name: "Undone"}, {Name: "Not freed"}, {Name: "Gone"}, {Name: "Late"}}
		put := func(rows []*Patient) {
			require.NoError(t, v.db.Tx(v.enter(t, id), func(ctx context.Context, tx *tenancy.Tx) error {
				for _, r := range rows {
					if err := tenancy.Insert(ctx, tx, r); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		put(more[:4])
		freed, undone, kept, gone := more[0].ID, more[1].ID, more[2].ID, more[3].ID
		v.restrict(t, id, freed, tenancy.AccuracyContested, nil)
		v.restrict(t, id, kept, tenancy.AccuracyContested, nil)
		b := v.backup(t, p.ctx)
		put(more[4:])
		v.restrict(t, id, p.ada.ID, tenancy.ObjectionPending, nil)
		v.restrict(t, id, p.bob.ID, tenancy.UnlawfulUse, nil)
		*v.now = v.now.Add(time.Minute)
		v.restrict(t, id, p.bob.ID, "", nil)
		v.restrict(t, id, freed, "", nil)
		v.restrict(t, id, undone, tenancy.NeededForClaims, errNoMore)
		v.restrict(t, id, kept, "", errNoMore)
		v.restrict(t, id, gone, tenancy.UnlawfulUse, nil)
		v.forget(t, id, gone, "REQUEST-1")
		v.restrict(t, id, more[4].ID, tenancy.UnlawfulUse, nil)
		*v.now = v.now.Add(time.Hour)
		n, err := v.s.SettleLedger(v.enter(t, id), 100)
		require.NoError(t, err)
		require.Zero(t, n, "that is about erasures")

		v.lose(t, id)
		out := v.restore(t, b)
		require.ElementsMatch(t, []tenancy.LastRestriction{{Person: p.ada.ID, Restricted: true, Ground: tenancy.ObjectionPending}, {Person: freed}, {Person: undone, Restricted: true, Ground: tenancy.NeededForClaims}}, out.Restricted)
		now := map[uuid.UUID]tenancy.Ground{}
		require.NoError(t, v.db.Read(v.enter(t, id), func(ctx context.Context, tx *tenancy.Tx) error {
			all, err := tx.Restricted(ctx)
			for _, r := range all {
				now[r.ID] = r.Ground
			}
			return err
		}))
		require.Equal(t, map[uuid.UUID]tenancy.Ground{p.ada.ID: tenancy.ObjectionPending, kept: tenancy.AccuracyContested, undone: tenancy.NeededForClaims}, now)
	})
}

// court places and releases legal holds as a register of them does: in the tenant's scope, and in the ledger. What stands is the law's, which a lost tenant forgets.
type court struct {
	*law
	of map[uuid.UUID]uuid.UUID // whom a hold is on
}

func (c *court) rule(t *testing.T, v *vault, tenant uuid.UUID, h tenancy.LedgerHold) uuid.UUID {
	t.Helper()
	*v.now = v.now.Add(time.Minute)
	if !h.Released {
		h.ID = tenancy.NewID()
	}
	_, err := tenancy.Act(v.enter(t, tenant), v.db, "test.hold", func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) { return struct{}{}, tx.RecordHold(ctx, h) })
	require.NoError(t, err)
	_, err = c.again(v.enter(t, tenant), h)
	require.NoError(t, err)
	return h.ID
}

func (c *court) again(_ context.Context, h tenancy.LedgerHold) (bool, error) {
	if h.Released {
		was := c.court[c.of[h.ID]]
		delete(c.court, c.of[h.ID])
		return was, nil
	}
	was := c.court[h.Row]
	c.of[h.ID], c.court[h.Row] = h.Row, true
	return !was, nil
}

// forgets is what a backup of before any hold knows of them.
func (c *court) forgets() { c.court = map[uuid.UUID]bool{} }

// What a legal hold kept from an erasure is kept when both are done again, until it was released; what was erased before the hold was placed is erased.
func TestARestoreErasesNothingThatALegalHoldKept(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		c := &court{law: &law{}, of: map[uuid.UUID]uuid.UUID{}}
		c.forgets()
		v.serve(privacy.Options{Holds: c.holds, HoldAgain: c.again})
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		late, freed := &Patient{Name: "Late Canary", Referrer: p.bob.ID}, &Patient{Name: "Freed Canary"}
		require.NoError(t, v.db.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, []*Patient{late, freed})
			return b.Run(ctx)
		}))
		require.NoError(t, v.db.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error { // so that their row stays
			return tenancy.Insert(ctx, tx, &Visit{PatientID: late.ID, Day: date.Of(2026, 3, 4)})
		}))
		b := v.backup(t, p.ctx)
		c.rule(t, v, id, tenancy.LedgerHold{Table: "clinic.patients", Row: p.ada.ID, Ground: "claim"})
		over := c.rule(t, v, id, tenancy.LedgerHold{Table: "clinic.patients", Row: freed.ID, Ground: "claim"})
		v.forget(t, id, p.ada.ID, "REQUEST-1")
		v.forget(t, id, late.ID, "REQUEST-2")
		v.forget(t, id, freed.ID, "REQUEST-3")
		c.rule(t, v, id, tenancy.LedgerHold{Table: "clinic.patients", Row: late.ID, Ground: "authority"})
		c.rule(t, v, id, tenancy.LedgerHold{ID: over, Released: true})
		pass(t, v.s, v.enter(t, id))
		*v.now = v.now.AddDate(0, 0, 1)
		pass(t, v.s, v.enter(t, id))
		want := []string{p.ada.Name, "erased " + late.ID.String()[24:], ""}
		require.Equal(t, want, []string{v.name(t, id, p.ada.ID), v.name(t, id, late.ID), v.name(t, id, freed.ID)})

		for range 2 { // as often as it is lost
			v.lose(t, id)
			c.forgets()
			out := v.restore(t, b)
			require.Len(t, out.Held, 4)
			require.Len(t, out.Erased, 3)
			require.Equal(t, want, []string{v.name(t, id, p.ada.ID), v.name(t, id, late.ID), v.name(t, id, freed.ID)})
			require.Equal(t, map[uuid.UUID]bool{p.ada.ID: true, late.ID: true}, c.court)
		}

		v.lose(t, id)
		c.forgets()
		v.serve(privacy.Options{Holds: c.holds})
		_, err := v.s.Restore(v.platform(t), v.restoration(b))
		require.ErrorIs(t, err, privacy.ErrHolds, "nobody places them, and so nobody is erased")
		v.serve(privacy.Options{Holds: c.holds, HoldAgain: c.again})
		v.restore(t, b)
		require.Equal(t, want[0], v.name(t, id, p.ada.ID))
	})
}

// Of what nobody knows whether it was committed a hold counts, and a release does not.
func TestAHoldOfWhichNobodyKnows(t *testing.T) {
	eachVault(t, func(t *testing.T, v *vault) {
		p := openPractice(t, v.env)
		id := tenancy.ScopeOf(p.ctx).TenantID()
		undone := func(h tenancy.LedgerHold) {
			_, err := tenancy.Act(p.ctx, v.db, "test.hold", func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
				return struct{}{}, errors.Join(tx.RecordHold(ctx, h), errNoMore)
			})
			require.ErrorIs(t, err, errNoMore)
		}
		h := tenancy.LedgerHold{ID: tenancy.NewID(), From: date.Of(2025, 1, 1), To: date.Of(2025, 12, 31), Ground: "assessment"}
		undone(h)
		undone(tenancy.LedgerHold{ID: h.ID, Released: true})
		h.EntryID = h.ID
		known, err := v.db.Ledger().Holds(p.ctx)
		require.NoError(t, err)
		require.Equal(t, []tenancy.LedgerHold{h}, known)
		_, err = v.db.Ledger().Holds(v.env.Enter(t, id, "privacy.*"))
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		elsewhere, err := v.db.Ledger().Holds(v.env.Tenant(t))
		require.NoError(t, err)
		require.Empty(t, elsewhere)
		for _, bad := range []tenancy.LedgerHold{{Row: p.ada.ID}, {ID: h.ID, Released: true, Row: p.ada.ID}} {
			_, err = tenancy.Act(p.ctx, v.db, "test.hold", func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
				return struct{}{}, tx.RecordHold(ctx, bad)
			})
			require.ErrorIs(t, err, tenancy.ErrBadInput)
		}
	})
}
