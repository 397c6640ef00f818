package tenancy_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// world is a tenant with an owner, a platform with people, a clock that a test moves, and an owner's letter box.
type world struct {
	env           *tenancytest.Env
	db            *tenancy.DB
	tenant        uuid.UUID
	owner         context.Context
	ada, bob, eve context.Context // of the platform's staff, with all permissions around grants
	clock         atomic.Int64
	mu            sync.Mutex
	letters       []tenancy.GrantNotice
	mailIsDown    atomic.Bool
}

var errMail = errors.New("the mail server is down")

const readBooks, writeBooks tenancy.Permission = "library.read", "library.write"

// eachWorld runs fn on both engines, with a program of its own on the engine's shared database.
func eachWorld(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	each(t, func(t *testing.T, env *tenancytest.Env) { fn(t, newWorld(t, env)) })
}

func newWorld(t *testing.T, env *tenancytest.Env) *world {
	t.Helper()
	w := &world{env: env}
	w.clock.Store(time.Now().UnixMicro())
	w.db = w.open(t)
	w.tenant = tenancy.ScopeOf(env.Tenant(t)).TenantID()
	w.owner = w.enter(t, w.tenant, "user:owner", "tenancy.own")
	w.ada, w.bob, w.eve = w.staff(t, "staff:ada"), w.staff(t, "staff:bob"), w.staff(t, "staff:eve")
	return w
}

// open opens another program on the same database, with the same clock and letter box.
func (w *world) open(t *testing.T) *tenancy.DB {
	t.Helper()
	db, err := tenancy.Open(context.Background(), w.env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, Clock: w.now, TellOwner: w.tell, Migrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (w *world) now() time.Time { return time.UnixMicro(w.clock.Load()).UTC() }

func (w *world) pass(d time.Duration) { w.clock.Add(d.Microseconds()) }

func (w *world) tell(_ context.Context, n tenancy.GrantNotice) error {
	if w.mailIsDown.Load() {
		return errMail
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.letters = append(w.letters, n)
	return nil
}

// told are the notices that came about a grant.
func (w *world) told(id uuid.UUID) []tenancy.NoticeKind {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []tenancy.NoticeKind
	for _, n := range w.letters {
		if n.Grant.ID == id {
			out = append(out, n.Kind)
		}
	}
	return out
}

func (w *world) enter(t *testing.T, tenant uuid.UUID, actor string, perms ...tenancy.Permission) context.Context {
	t.Helper()
	ctx, err := w.db.Enter(context.Background(), tenant, actor, perms)
	require.NoError(t, err)
	return ctx
}

func (w *world) staff(t *testing.T, actor string, perms ...tenancy.Permission) context.Context {
	t.Helper()
	if perms == nil {
		perms = tenancy.Permissions{tenancy.PermAskGrant, tenancy.PermApproveGrant, tenancy.PermReadGrants}
	}
	ctx, err := w.db.EnterPlatform(context.Background(), actor, perms)
	require.NoError(t, err)
	return ctx
}

// request is what ada asks for.
func (w *world) request() tenancy.NewGrant {
	return tenancy.NewGrant{Tenant: w.tenant, Person: "staff:ada", Reason: "Ticket 4711: a book is missing.", Permissions: tenancy.Permissions{readBooks, writeBooks}, For: 2 * time.Hour}
}

func (w *world) incident() tenancy.NewGrant {
	in := w.request()
	in.Emergency = tenancy.SecurityIncident
	return in
}

func (w *world) order() tenancy.NewGrant {
	in := w.request()
	in.Emergency, in.Withheld = tenancy.LegalOrder, "Order 12/26 of the court, until it says otherwise."
	return in
}

func (w *world) ask(t *testing.T, in tenancy.NewGrant) tenancy.Grant {
	t.Helper()
	g, err := w.db.Grants().Ask(w.ada, in)
	require.NoError(t, err)
	require.Equal(t, tenancy.GrantAsked, g.State)
	return g
}

// authorised is a grant of ada's that the owner has authorised.
func (w *world) authorised(t *testing.T) tenancy.Grant {
	t.Helper()
	g, err := w.db.Grants().Authorise(w.owner, w.ask(t, w.request()).ID)
	require.NoError(t, err)
	require.Equal(t, tenancy.GrantAuthorised, g.State)
	return g
}

// approved is a grant of ada's that two others have approved.
func (w *world) approved(t *testing.T, in tenancy.NewGrant) tenancy.Grant {
	t.Helper()
	g := w.ask(t, in)
	_, err := w.db.Grants().Approve(w.bob, g.ID)
	require.NoError(t, err)
	g, err = w.db.Grants().Approve(w.eve, g.ID)
	require.NoError(t, err)
	require.Equal(t, tenancy.GrantAuthorised, g.State)
	return g
}

// inside is ada's context under the grant.
func (w *world) inside(t *testing.T, id uuid.UUID) context.Context {
	t.Helper()
	ctx, err := w.db.EnterGrant(w.ada, id)
	require.NoError(t, err)
	return ctx
}

// books reads all books in an act.
func (w *world) books(ctx context.Context) ([]Book, error) {
	return tenancy.View(ctx, w.db, readBooks, func(ctx context.Context, tx *tenancy.Tx) ([]Book, error) { return tenancy.Find[Book](ctx, tx) })
}

// write adds a book in an act.
func (w *world) write(ctx context.Context, title string) error {
	_, err := tenancy.Act(ctx, w.db, writeBooks, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		return true, tenancy.Insert(ctx, tx, novel(title))
	})
	return err
}

// shelf are the titles that the tenant has, as its owner sees them.
func (w *world) shelf(t *testing.T) []string {
	t.Helper()
	var out []string
	require.NoError(t, w.db.Read(w.owner, func(ctx context.Context, tx *tenancy.Tx) error {
		all, err := tenancy.Find[Book](ctx, tx, tenancy.OrderBy("title"))
		for i := range all {
			out = append(out, all[i].Title)
		}
		return err
	}))
	return out
}

func (w *world) uses(t *testing.T, by context.Context, id uuid.UUID) []tenancy.Use {
	t.Helper()
	out, err := w.db.Grants().Uses(by, id, uuid.Nil, 1000)
	require.NoError(t, err)
	return out
}

func verbsOf(uses []tenancy.Use) []string {
	var out []string
	for _, u := range uses {
		out = append(out, u.Verb)
	}
	return out
}

// trail is what the tenant's own trail says of a grant.
func (w *world) trail(t *testing.T, id uuid.UUID) []tenancy.Event {
	t.Helper()
	var all, out []tenancy.Event
	require.NoError(t, w.db.Read(w.owner, func(ctx context.Context, tx *tenancy.Tx) (err error) {
		all, err = tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("act", "tenancy.break_glass"), tenancy.OrderBy("id"))
		return err
	}))
	for _, e := range all {
		if strings.HasPrefix(e.Columns, "grant "+id.String()+": ") {
			out = append(out, e)
		}
	}
	return out
}

func TestAGrantFromAskingToItsEnd(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		require.NoError(t, w.write(w.enter(t, w.tenant, "user:7", "*"), "Emma"))
		g := w.ask(t, w.request())
		require.Equal(t, []tenancy.NoticeKind{tenancy.NoticeAsked}, w.told(g.ID))
		_, err := w.db.EnterGrant(w.ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantUnauthorised)

		list, err := w.db.Grants().List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, "staff:ada", list[0].Person)
		require.Equal(t, "Ticket 4711: a book is missing.", list[0].Reason)
		require.Equal(t, tenancy.Permissions{readBooks, writeBooks}, list[0].Permissions)

		g, err = w.db.Grants().Authorise(w.owner, g.ID)
		require.NoError(t, err)
		require.Equal(t, "user:owner", g.AuthorisedBy)
		require.Equal(t, w.now().Add(2*time.Hour), g.ExpiresAt)
		again, err := w.db.Grants().Authorise(w.owner, g.ID)
		require.NoError(t, err)
		require.Equal(t, g, again, "authorising again changes nothing")

		inside := w.inside(t, g.ID)
		require.Equal(t, g.ID, tenancy.ScopeOf(inside).Grant())
		require.Equal(t, uuid.Nil, tenancy.ScopeOf(w.owner).Grant())
		require.Equal(t, "grant:"+g.ID.String(), tenancy.ScopeOf(inside).Actor())
		found, err := w.books(inside)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.NoError(t, w.write(inside, "Persuasion"))

		g, err = w.db.Grants().Revoke(w.owner, g.ID, "it was found")
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantRevoked, g.State)
		_, err = w.books(inside)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)
		require.ErrorIs(t, w.write(inside, "Never"), tenancy.ErrGrantEnded)
		_, err = w.db.EnterGrant(w.ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)
		require.Equal(t, []string{"Emma", "Persuasion"}, w.shelf(t))

		uses := w.uses(t, w.owner, g.ID)
		require.Equal(t, []string{"ask", "authorise", "enter", "find", "insert", "revoke"}, verbsOf(uses))
		require.Equal(t, uses, w.uses(t, w.bob, g.ID), "the platform sees the same")
		trail := w.trail(t, g.ID)
		require.Len(t, trail, len(uses))
		for i, e := range trail {
			require.Equal(t, uses[i].ID, e.RowID)
			require.Equal(t, uses[i].Actor, e.Actor)
			require.Equal(t, uses[i].At, e.OccurredAt)
			require.True(t, uses[i].Marked)
			require.Empty(t, e.Verb, "it is no event of a written row")
		}
		require.Equal(t, "lib.books", trail[3].Model)
		require.Equal(t, "grant "+g.ID.String()+": find by library.read: 1 rows", trail[3].Columns)
	})
}

func TestWhoMayAskAndForWhat(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		change := func(f func(in *tenancy.NewGrant)) tenancy.NewGrant {
			in := w.request()
			f(&in)
			return in
		}
		for name, c := range map[string]struct {
			in   tenancy.NewGrant
			want error
		}{
			"no reason":            {change(func(in *tenancy.NewGrant) { in.Reason = "" }), tenancy.ErrGrantReason},
			"a blank reason":       {change(func(in *tenancy.NewGrant) { in.Reason = " \n\t" }), tenancy.ErrGrantReason},
			"an endless reason":    {change(func(in *tenancy.NewGrant) { in.Reason = strings.Repeat("x", 1001) }), tenancy.ErrBadInput},
			"no person":            {change(func(in *tenancy.NewGrant) { in.Person = "" }), tenancy.ErrBadInput},
			"a name":               {change(func(in *tenancy.NewGrant) { in.Person = "Ada Lovelace" }), tenancy.ErrBadInput},
			"a program":            {change(func(in *tenancy.NewGrant) { in.Person = "system:job" }), tenancy.ErrBadInput},
			"no acts":              {change(func(in *tenancy.NewGrant) { in.Permissions = nil }), tenancy.ErrBadInput},
			"all acts":             {change(func(in *tenancy.NewGrant) { in.Permissions = tenancy.Permissions{"*"} }), tenancy.ErrBadInput},
			"a domain's acts":      {change(func(in *tenancy.NewGrant) { in.Permissions = tenancy.Permissions{"library.*"} }), tenancy.ErrBadInput},
			"two acts in one":      {change(func(in *tenancy.NewGrant) { in.Permissions = tenancy.Permissions{"library.read tenancy.own"} }), tenancy.ErrBadInput},
			"managing grants":      {change(func(in *tenancy.NewGrant) { in.Permissions = tenancy.Permissions{tenancy.PermGrant} }), tenancy.ErrBadInput},
			"the platform's acts":  {change(func(in *tenancy.NewGrant) { in.Permissions = tenancy.Permissions{tenancy.PermApproveGrant} }), tenancy.ErrBadInput},
			"being the owner":      {change(func(in *tenancy.NewGrant) { in.Permissions = tenancy.Permissions{"tenancy.own"} }), tenancy.ErrBadInput},
			"for no time":          {change(func(in *tenancy.NewGrant) { in.For = 0 }), tenancy.ErrBadInput},
			"for too long":         {change(func(in *tenancy.NewGrant) { in.For = tenancy.MaxGrant + time.Microsecond }), tenancy.ErrBadInput},
			"another emergency":    {change(func(in *tenancy.NewGrant) { in.Emergency = "boredom" }), tenancy.ErrBadInput},
			"silence by itself":    {change(func(in *tenancy.NewGrant) { in.Withheld = "because" }), tenancy.ErrBadInput},
			"silence in incidents": {change(func(in *tenancy.NewGrant) { in.Withheld, in.Emergency = "because", tenancy.SecurityIncident }), tenancy.ErrBadInput},
			"no such tenant":       {change(func(in *tenancy.NewGrant) { in.Tenant = tenancy.NewID() }), tenancy.ErrUnknownTenant},
		} {
			_, err := w.db.Grants().Ask(w.ada, c.in)
			require.ErrorIs(t, err, c.want, name)
		}
		for name, ctx := range map[string]context.Context{"nobody": context.Background(), "the owner": w.owner} {
			_, err := w.db.Grants().Ask(ctx, w.request())
			require.ErrorIs(t, err, tenancy.ErrNotPlatform, name)
		}
		_, err := w.db.Grants().Ask(w.staff(t, "staff:new", tenancy.PermReadGrants), w.request())
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = w.db.Grants().Ask(w.staff(t, "system:job", "*"), w.request())
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		list, err := w.db.Grants().List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Empty(t, list, "what is refused leaves nothing")

		in := w.request()
		in.For, in.Reference, in.Permissions = tenancy.MaxGrant, uuid.NewString(), tenancy.Permissions{writeBooks, readBooks, readBooks}
		g := w.ask(t, in)
		again, err := w.db.Grants().Ask(w.ada, in)
		require.NoError(t, err)
		require.Equal(t, g.ID, again.ID)
		require.Equal(t, []string{"ask"}, verbsOf(w.uses(t, w.owner, g.ID)), "asked once")
		in.Reason = "Another."
		_, err = w.db.Grants().Ask(w.ada, in)
		require.ErrorIs(t, err, tenancy.ErrDuplicate)
	})
}

func TestWhoDecides(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		grants := w.db.Grants()
		g := w.ask(t, w.request())
		_, err := grants.Approve(w.bob, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantState, "it is no emergency")
		strange := w.enter(t, tenancy.ScopeOf(w.env.Tenant(t)).TenantID(), "user:owner", "*")
		for name, c := range map[string]struct {
			ctx  context.Context
			want error
		}{
			"a clerk":             {w.enter(t, w.tenant, "user:7", "library.read", "tenancy.read"), tenancy.ErrForbidden},
			"another's owner":     {strange, tenancy.ErrNotFound},
			"a job":               {w.enter(t, w.tenant, "system:job", "*"), tenancy.ErrForbidden},
			"the platform":        {w.bob, tenancy.ErrNoScope},
			"nobody":              {context.Background(), tenancy.ErrNoScope},
			"who asked, as owner": {w.enter(t, w.tenant, "staff:ada", "*"), tenancy.ErrGrantSelf},
		} {
			_, err := grants.Authorise(c.ctx, g.ID)
			require.ErrorIs(t, err, c.want, name)
			if errors.Is(c.want, tenancy.ErrGrantSelf) || errors.Is(c.want, tenancy.ErrNoScope) && name == "the platform" {
				continue // they may take it back
			}
			_, err = grants.Revoke(c.ctx, g.ID, "")
			require.ErrorIs(t, err, c.want, name)
			_, err = grants.Refuse(c.ctx, g.ID, "")
			require.ErrorIs(t, err, c.want, name)
			_, err = grants.Uses(c.ctx, g.ID, uuid.Nil, 1)
			require.ErrorIs(t, err, c.want, name)
		}
		list, err := grants.List(strange, uuid.Nil, 100)
		require.NoError(t, err)
		require.Empty(t, list, "each tenant sees its own")
		_, missing := grants.Authorise(strange, tenancy.NewID())
		_, foreign := grants.Authorise(strange, g.ID)
		require.Equal(t, missing.Error(), foreign.Error(), "another's and none give the same answer")

		_, err = grants.Refuse(w.owner, g.ID, "no")
		require.NoError(t, err)
		refused, err := grants.Refuse(w.owner, g.ID, "no")
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantRefused, refused.State)
		for _, act := range []func() (tenancy.Grant, error){
			func() (tenancy.Grant, error) { return grants.Authorise(w.owner, g.ID) },
			func() (tenancy.Grant, error) { return grants.Revoke(w.owner, g.ID, "") },
		} {
			_, err := act()
			require.ErrorIs(t, err, tenancy.ErrGrantState)
		}
		_, err = w.db.EnterGrant(w.ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantUnauthorised)

		late := w.ask(t, w.request())
		w.pass(tenancy.AskedFor)
		_, err = grants.Authorise(w.enter(t, w.tenant, "user:owner", tenancy.PermGrant), late.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantState, "nobody remembers why it was asked for")
		all, err := grants.List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantLapsed, all[len(all)-1].State)
	})
}

func TestWhoEnters(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		g := w.authorised(t)
		_, err := w.db.EnterGrant(w.bob, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantPerson)
		for _, ctx := range []context.Context{context.Background(), w.owner, w.inside(t, g.ID)} {
			_, err = w.db.EnterGrant(ctx, g.ID)
			require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		}
		_, err = w.db.EnterGrant(w.ada, tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = w.env.DB.Tenants().Suspend(w.env.Platform(t), w.tenant, "unpaid")
		require.NoError(t, err)
		require.Eventually(t, func() bool { // another program learns of it within a second
			_, err = w.db.EnterGrant(w.ada, g.ID)
			return errors.Is(err, tenancy.ErrTenantSuspended)
		}, 5*time.Second, 10*time.Millisecond)
	})
}

// The last microsecond of eight hours, and the first one after.
func TestAGrantEndsOnTime(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		in := w.request()
		in.For = tenancy.MaxGrant
		g, err := w.db.Grants().Authorise(w.owner, w.ask(t, in).ID)
		require.NoError(t, err)
		inside := w.inside(t, g.ID)
		w.pass(tenancy.MaxGrant - time.Microsecond)
		_, err = w.books(inside)
		require.NoError(t, err)
		w.pass(time.Microsecond)
		_, err = w.books(inside)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)
		_, err = w.db.EnterGrant(w.ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)
		list, err := w.db.Grants().List(w.enter(t, w.tenant, "user:owner", "tenancy.own"), uuid.Nil, 10)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantExpired, list[0].State)
	})
}

func TestAnEmergencyTakesTwoOthers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		grants := w.db.Grants()
		in := w.incident()
		in.Person = "staff:cid"
		g := w.ask(t, in)
		for _, who := range []string{"staff:ada", "staff:cid"} {
			_, err := grants.Approve(w.staff(t, who), g.ID)
			require.ErrorIs(t, err, tenancy.ErrGrantSelf, who)
		}
		_, err := grants.Approve(w.staff(t, "system:job"), g.ID)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = grants.Approve(w.staff(t, "staff:dan", tenancy.PermAskGrant), g.ID)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = grants.Approve(w.owner, g.ID)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = grants.Approve(w.bob, tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)

		for range 2 { // the same person twice is one
			g, err = grants.Approve(w.bob, g.ID)
			require.NoError(t, err)
			require.Equal(t, tenancy.GrantAsked, g.State)
			require.Len(t, g.Approvals, 1)
		}
		cid := w.staff(t, "staff:cid")
		_, err = w.db.EnterGrant(cid, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantUnauthorised)
		g, err = grants.Approve(w.eve, g.ID)
		require.NoError(t, err)
		require.Equal(t, tenancy.GrantAuthorised, g.State)
		require.Equal(t, "staff:bob", g.Approvals[0].Approver)
		require.Equal(t, "staff:eve", g.Approvals[1].Approver)
		require.Equal(t, []tenancy.NoticeKind{tenancy.NoticeAsked, tenancy.NoticeAuthorised}, w.told(g.ID), "the owner is told at once")
		require.Equal(t, tenancy.NoticeAuthorised, g.Told)
		g, err = grants.Approve(w.eve, g.ID)
		require.NoError(t, err)
		require.Len(t, g.Approvals, 2)
		_, err = grants.Approve(w.staff(t, "staff:dan"), g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantState)

		inside, err := w.db.EnterGrant(cid, g.ID)
		require.NoError(t, err)
		_, err = w.books(inside)
		require.NoError(t, err)
		_, err = grants.Revoke(w.owner, g.ID, "") // the owner was not asked, and ends it all the same
		require.NoError(t, err)
		_, err = w.books(inside)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)

		g = w.ask(t, w.incident())
		g, err = grants.Authorise(w.owner, g.ID)
		require.NoError(t, err, "the owner may always")
		require.Equal(t, "user:owner", g.AuthorisedBy)
		g = w.ask(t, w.incident())
		_, err = grants.Refuse(w.owner, g.ID, "")
		require.NoError(t, err)
		_, err = grants.Approve(w.bob, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantState)
	})
}

// Nobody is let in of whom the owner should know and could not be told.
func TestTheOwnerIsToldFirst(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.mailIsDown.Store(true)
		g := w.approved(t, w.incident())
		require.Empty(t, g.Told)
		_, err := w.db.EnterGrant(w.ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantUntold)
		require.ErrorIs(t, err, errMail)
		w.mailIsDown.Store(false)
		w.inside(t, g.ID)
		require.Equal(t, []tenancy.NoticeKind{tenancy.NoticeAuthorised}, w.told(g.ID))

		mute, err := tenancy.Open(context.Background(), w.env.Engine, tenancy.Options{Modules: []tenancy.Module{library}, Clock: w.now})
		require.NoError(t, err)
		defer func() { require.NoError(t, mute.Close()) }()
		ada, err := mute.EnterPlatform(context.Background(), "staff:ada", tenancy.Permissions{tenancy.PermAskGrant})
		require.NoError(t, err)
		_, err = mute.Grants().Ask(ada, w.incident())
		require.ErrorIs(t, err, tenancy.ErrGrantUntold, "a program that cannot tell gives none")
		w.mailIsDown.Store(true)
		g = w.approved(t, w.incident())
		_, err = mute.EnterGrant(ada, g.ID)
		require.ErrorIs(t, err, tenancy.ErrGrantUntold)
		_, err = mute.Grants().Ask(ada, w.request())
		require.NoError(t, err, "where the owner decides, they know")
	})
}

func TestWhatTheLawForbidsToTell(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		grants := w.db.Grants()
		require.NoError(t, w.write(w.enter(t, w.tenant, "user:7", "*"), "Emma"))
		g := w.approved(t, w.order())
		require.Empty(t, w.told(g.ID))
		inside := w.inside(t, g.ID)
		found, err := w.books(inside)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.ErrorIs(t, w.write(inside, "Never"), tenancy.ErrReadOnly, "it reads, or the owner would find out by what it wrote")
		require.ErrorIs(t, w.db.Tx(inside, func(ctx context.Context, tx *tenancy.Tx) error {
			return tenancy.Insert(ctx, tx, novel("Never"))
		}), tenancy.ErrReadOnly)

		done, err := grants.CompletePending(w.staff(t, "system:job", "*"), 1000)
		require.NoError(t, err)
		_ = done
		require.Empty(t, w.trail(t, g.ID))
		list, err := grants.List(w.owner, uuid.Nil, 10)
		require.NoError(t, err)
		require.Empty(t, list)
		for _, act := range []func() (tenancy.Grant, error){
			func() (tenancy.Grant, error) { return grants.Authorise(w.owner, g.ID) },
			func() (tenancy.Grant, error) { return grants.Refuse(w.owner, g.ID, "") },
			func() (tenancy.Grant, error) { return grants.Revoke(w.owner, g.ID, "") },
		} {
			_, err := act()
			require.ErrorIs(t, err, tenancy.ErrNotFound)
		}
		_, err = grants.Uses(w.owner, g.ID, uuid.Nil, 10)
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		platforms, err := grants.List(w.bob, uuid.Nil, 1000)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(platforms, func(o tenancy.Grant) bool { return o.ID == g.ID }), "the platform knows")
		require.Contains(t, verbsOf(w.uses(t, w.bob, g.ID)), "find")

		_, err = grants.Lift(w.owner, g.ID, "over")
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = grants.Lift(w.ada, g.ID, " ")
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		_, err = grants.Lift(w.ada, w.ask(t, w.request()).ID, "over")
		require.ErrorIs(t, err, tenancy.ErrGrantState)
		g, err = grants.Lift(w.bob, g.ID, "Order 13/26.")
		require.NoError(t, err)
		require.Equal(t, []tenancy.NoticeKind{tenancy.NoticeLifted}, w.told(g.ID))
		require.Equal(t, tenancy.NoticeLifted, g.Told)
		require.Equal(t, w.now(), g.ToldAt)
		again, err := grants.Lift(w.eve, g.ID, "again")
		require.NoError(t, err)
		require.Equal(t, g, again)
		uses := w.uses(t, w.owner, g.ID)
		require.Equal(t, []string{"ask", "approve", "approve", "enter", "find", "lift"}, verbsOf(uses))
		require.Len(t, w.trail(t, g.ID), len(uses), "and the trail says all")
		_, err = grants.Revoke(w.owner, g.ID, "")
		require.NoError(t, err)
		_, err = w.books(inside)
		require.ErrorIs(t, err, tenancy.ErrGrantEnded)
	})
}
