package request_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

// forwarded is the request that another controller's register has of a part.
func (d *desk) forwarded(t *testing.T, at context.Context) []request.File {
	t.Helper()
	page, err := d.s.List(at, request.Filter{}, tenancy.PageRequest{})
	require.NoError(t, err)
	var out []request.File
	for _, r := range page.Items {
		f, err := d.s.Open(at, r.Reference)
		require.NoError(t, err)
		out = append(out, f)
	}
	return out
}

// A tenant's customer wrote to the platform: the platform's part stays, the tenant's goes to the tenant's register, and nothing else crosses.
func TestARequestIsSplitBetweenControllers(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		platform := d.platform(t)
		own := tenancy.ScopeOf(platform).TenantID()
		clinic := tenancy.ScopeOf(d.ctx).TenantID()
		in := d.ask("P-1", request.Access)
		in.Ask = "What do you, and The Clinic, hold of me? My account is 7."
		_, err := d.s.Receive(platform, in)
		require.NoError(t, err)
		d.set("2026-03-05T12:00:00Z")
		part := request.NewForward{Act: act("P-1", "to the clinic"), To: clinic, Ask: "What does The Clinic hold of me?"}
		r, err := d.s.Forward(platform, part)
		require.NoError(t, err)
		require.Equal(t, request.Open, r.State, "the platform's part is answered by the platform")
		again, err := d.s.Forward(platform, part)
		require.NoError(t, err)
		require.True(t, again.Replayed)

		there := d.forwarded(t, d.ctx)
		require.Len(t, there, 1)
		got := there[0]
		parts, err := d.s.Forwards(platform, "P-1")
		require.NoError(t, err)
		require.Len(t, parts, 1)
		require.Equal(t, request.ForwardReceived, parts[0].State)
		require.Equal(t, own, got.Request.FromTenant)
		require.Equal(t, parts[0].ID, got.Request.ForwardID)
		require.Equal(t, in.ReceivedAt, got.Request.ReceivedAt, "their clock started with ours")
		require.Equal(t, "2026-04-02", got.Request.LawDueOn.String())
		require.Equal(t, request.File{Request: got.Request, From: ada, Ask: "What does The Clinic hold of me?", Steps: got.Steps}, got)
		require.Equal(t, uuid.Nil, got.Request.PersonID)
		require.NotContains(t, fmt.Sprint(got), "account is 7")
		f, err := d.s.Open(platform, "P-1")
		require.NoError(t, err)
		require.Equal(t, []request.Verb{request.Receive, request.Forward, request.Forwarded}, []request.Verb{f.Steps[0].Act, f.Steps[1].Act, f.Steps[2].Act})
		require.Empty(t, f.Forwards[0].Ask, "who has it, has it")

		// Each answers for itself.
		_, err = d.s.Answer(d.ctx, request.NewAnswer{Act: act(got.Request.Reference, "a"), Outcome: request.NothingHeld})
		require.NoError(t, err)
		f, err = d.s.Open(platform, "P-1")
		require.NoError(t, err)
		require.Equal(t, request.Open, f.Request.State)
		_, err = d.s.Answer(platform, request.NewAnswer{Act: act("P-1", "a"), Outcome: request.PassedOn})
		require.NoError(t, err)
	})
}

// From a tenant to the platform, and not between two tenants, nor to oneself, nor to nobody.
func TestWhoMayForwardToWhom(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		neighbour := d.Tenant(t)
		d.receive(t, d.ask("R-1", request.Access))
		forward := func(ctx context.Context, r, ref string, to uuid.UUID) error {
			_, err := d.s.Forward(ctx, request.NewForward{Act: act(r, ref), To: to})
			return err
		}
		require.ErrorIs(t, forward(d.ctx, "R-1", "f", uuid.Nil), tenancy.ErrNotFound, "there is no platform yet")
		platform := d.platform(t)
		require.ErrorIs(t, forward(d.ctx, "R-1", "f", tenancy.ScopeOf(neighbour).TenantID()), request.ErrNotForwardable)
		require.ErrorIs(t, forward(d.ctx, "R-1", "f", tenancy.ScopeOf(d.ctx).TenantID()), request.ErrNotForwardable)
		require.Empty(t, d.forwarded(t, neighbour))
		require.NoError(t, forward(d.ctx, "R-1", "f", uuid.Nil))
		require.ErrorIs(t, forward(d.ctx, "R-1", "g", uuid.Nil), request.ErrForwarded)
		there := d.forwarded(t, platform)
		require.Len(t, there, 1)
		require.Equal(t, "Please, says Ada Canary", there[0].Ask, "all of it")
		require.ErrorIs(t, forward(platform, there[0].Request.Reference, "f", uuid.Nil), request.ErrNotForwardable)
		require.ErrorIs(t, forward(platform, there[0].Request.Reference, "f", tenancy.ScopeOf(platform).TenantID()), request.ErrNotForwardable)
		require.ErrorIs(t, forward(platform, there[0].Request.Reference, "f", tenancy.NewID()), tenancy.ErrNotFound)
	})
}

var errDead = errors.New("the process died")

// The process dies behind any statement of a forwarding: whoever goes on ends with one request there, and a part that is known to have arrived.
func TestAForwardingThatIsCutShortIsGoneOnWith(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		platform := d.platform(t)
		reached := map[string]bool{}
		for kill := 1; ; kill++ {
			ref := fmt.Sprint("P-", kill)
			at := d.Tenant(t)
			to := tenancy.ScopeOf(at).TenantID()
			_, err := d.s.Receive(platform, d.ask(ref, request.Access))
			require.NoError(t, err)
			in := request.NewForward{Act: act(ref, "f"), To: to}
			sent, cut := 0, false
			ctx, stop := context.WithCancelCause(platform)
			d.Observe(t, func(tenancy.Sent) {
				if sent++; sent == kill {
					cut = true
					stop(errDead)
				}
			})
			_, err = d.s.Forward(ctx, in)
			d.Observe(t, func(tenancy.Sent) {})
			stop(nil)
			if !cut {
				require.NoError(t, err)
				break
			}
			parts, readErr := d.s.Forwards(platform, ref)
			require.NoError(t, readErr)
			state := "undecided"
			if len(parts) > 0 {
				state = string(parts[0].State) + fmt.Sprint(len(d.forwarded(t, at)))
			}
			reached[state] = true
			if strings.HasPrefix(state, "pending") {
				_, err = d.s.Answer(platform, request.NewAnswer{Act: act(ref, "a"), Outcome: request.PassedOn})
				require.ErrorIs(t, err, request.ErrNotDone)
				f, err := d.s.Open(platform, ref)
				require.NoError(t, err)
				_, err = d.data.Correct(platform, privacy.Correction{PersonID: f.Request.RequesterID, Reference: ref, Changes: []privacy.Change{change("erp.requesters", f.Request.RequesterID, "email", "put.right@example.org")}})
				require.NoError(t, err)
				n, err := d.s.ForwardPending(platform, 10)
				require.NoError(t, err)
				require.Equal(t, 1, n)
			} else {
				_, err = d.s.Forward(platform, in)
				require.NoError(t, err)
			}
			require.Len(t, d.forwarded(t, at), 1)
			parts, err = d.s.Forwards(platform, ref)
			require.NoError(t, err)
			require.Equal(t, request.ForwardReceived, parts[0].State)
		}
		for _, state := range []string{"undecided", "pending0", "pending1"} {
			require.True(t, reached[state], "never left behind: %s", state)
		}
	})
}

// A controller that is closed does not get its part; it stays pending and is tried again, and the others get theirs.
func TestAClosedControllerIsTriedAgain(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		platform := d.platform(t)
		_, err := d.s.Receive(platform, d.ask("P-1", request.Access))
		require.NoError(t, err)
		closed := tenancy.ScopeOf(d.ctx).TenantID()
		_, err = d.DB.Tenants().Suspend(d.Platform(t), closed, "test")
		require.NoError(t, err)
		_, err = d.s.Forward(platform, request.NewForward{Act: act("P-1", "f"), To: closed})
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		n, err := d.s.ForwardPending(platform, 10)
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		require.Zero(t, n)
		other := d.Tenant(t)
		_, err = d.s.Forward(platform, request.NewForward{Act: act("P-1", "g"), To: tenancy.ScopeOf(other).TenantID()})
		require.NoError(t, err)
		require.Len(t, d.forwarded(t, other), 1)
		_, err = d.DB.Tenants().Resume(d.Platform(t), closed, "test")
		require.NoError(t, err)
		n, err = d.s.ForwardPending(platform, 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Len(t, d.forwarded(t, d.ctx), 1)
	})
}

// A controller that is gone for good is given up, and the request can be answered without it.
func TestAPartIsRecalled(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		platform := d.platform(t)
		_, err := d.s.Receive(platform, d.ask("P-1", request.Access))
		require.NoError(t, err)
		gone := tenancy.ScopeOf(d.ctx).TenantID()
		_, err = d.DB.Tenants().Suspend(d.Platform(t), gone, "test")
		require.NoError(t, err)
		_, err = d.s.Forward(platform, request.NewForward{Act: act("P-1", "f"), To: gone})
		require.ErrorIs(t, err, tenancy.ErrTenantSuspended)
		answer := func(outcome request.Outcome) error {
			_, err := d.s.Answer(platform, request.NewAnswer{Act: act("P-1", "a"), Outcome: outcome})
			return err
		}
		require.ErrorIs(t, answer(request.NothingHeld), request.ErrNotDone)
		recall := request.NewRecall{Act: act("P-1", "r"), To: gone}
		_, err = d.s.Recall(platform, recall)
		require.NoError(t, err)
		recall.Reference = "again"
		_, err = d.s.Recall(platform, recall)
		require.ErrorIs(t, err, request.ErrWrongState)
		n, err := d.s.ForwardPending(platform, 10)
		require.NoError(t, err)
		require.Zero(t, n)
		parts, err := d.s.Forwards(platform, "P-1")
		require.NoError(t, err)
		require.Equal(t, request.ForwardRecalled, parts[0].State)
		require.ErrorIs(t, answer(request.PassedOn), request.ErrNotDone, "nobody has it")
		require.NoError(t, answer(request.NothingHeld))
		_, err = d.DB.Tenants().Resume(d.Platform(t), gone, "test")
		require.NoError(t, err)
		require.Empty(t, d.forwarded(t, d.ctx))
	})
}

// Whoever looks for a person looks among the scope's own data, and two controllers with the same reference know nothing of each other.
func TestASearchStaysWithItsController(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		p, _ := d.admit(t, "Ada")
		_, err := d.s.Find(d.ctx, request.Search{Email: p.Email})
		require.ErrorIs(t, err, request.ErrNoFinder)
		d.serve(t, request.Options{Find: func(ctx context.Context, by request.Search) (out []request.Match, err error) {
			return out, d.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
				return tenancy.Stream(ctx, tx, func(row *Patient) error {
					if row.Email == by.Email {
						out = append(out, request.Match{Person: row.ID, Table: "clinic.patients", Rows: []request.Rows{{Table: "clinic.patients", Rows: 1}}})
					}
					return nil
				})
			})
		}})
		_, err = d.s.Find(d.ctx, request.Search{})
		require.ErrorIs(t, err, request.ErrBadInput)
		found, err := d.s.Find(d.ctx, request.Search{Email: p.Email})
		require.NoError(t, err)
		require.Equal(t, p.ID, found[0].Person)
		require.Equal(t, []request.Rows{{Table: "clinic.patients", Rows: 1, Controller: tenancy.ByTenant}}, found[0].Rows, "whose they are to answer for")
		neighbour := d.Tenant(t)
		found, err = d.s.Find(neighbour, request.Search{Email: p.Email})
		require.NoError(t, err)
		require.Empty(t, found)

		d.about(t, "R-1", request.Access, p.ID)
		_, err = d.s.Open(neighbour, "R-1")
		require.ErrorIs(t, err, request.ErrUnknown)
		_, err = d.s.Receive(neighbour, d.ask("R-1", request.Deletion))
		require.NoError(t, err)
		_, err = d.s.Identify(neighbour, request.NewIdentification{Act: act("R-1", "i"), Person: p.ID})
		require.ErrorIs(t, err, tenancy.ErrNotFound, "another controller's patient is nobody")
	})
}
