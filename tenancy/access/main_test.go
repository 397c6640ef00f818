package access_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "erp-access-")
	if err != nil {
		panic(err)
	}
	masterKeys.Path = filepath.Join(dir, "master.key")
	status := tenancytest.Main(m)
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// post is a mailer that keeps what it is given.
type post struct {
	mu   sync.Mutex
	sent []tenancy.Message
}

func (p *post) Send(_ context.Context, m tenancy.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return nil
}

// to are the messages to an address.
func (p *post) to(address string) []tenancy.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []tenancy.Message
	for _, m := range p.sent {
		if m.To == address {
			out = append(out, m)
		}
	}
	return out
}

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is one engine with a service, in one test.
type world struct {
	*tenancytest.Env
	t     *testing.T
	auth  *access.Service
	post  *post
	clock *clock // nil where the test lives with the system's
	keys  tenancy.Keys
}

const password = "a long and winding road"

func each(t *testing.T, opt access.Options, fn func(t *testing.T, w *world)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{access.Module()}}, func(t *testing.T, env *tenancytest.Env) {
		fn(t, newWorld(t, env, opt, nil))
	})
}

// eachWithClock gives each test a database of its own, whose time the test moves.
func eachWithClock(t *testing.T, opt access.Options, fn func(t *testing.T, w *world), roles ...access.Role) {
	t.Helper()
	opt.Roles = append(opt.Roles, roles...)
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := &clock{now: time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)}
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: []tenancy.Module{access.Module()}, Clock: c.Now})
			fn(t, newWorld(t, env, opt, c))
		})
	}
}

// masterKeys is one master key for all tests of the process: the shared databases hold what it sealed.
var masterKeys local.Keys

func newWorld(t *testing.T, env *tenancytest.Env, opt access.Options, c *clock) *world {
	t.Helper()
	w := &world{Env: env, t: t, post: &post{}, clock: c, keys: masterKeys}
	opt.Keys, opt.Mailer = w.keys, w.post
	auth, err := access.New(env.DB, opt)
	require.NoError(t, err)
	if opt.Hash == (access.HashParams{}) { // tests log in hundreds of times
		auth.Cheapen()
	}
	w.auth = auth
	return w
}

// email is an address that no other test has.
func (w *world) email(name string) string {
	return name + "." + strings.ReplaceAll(uuid.NewString(), "-", "") + "@example.com"
}

// token is the secret in the last message to an address.
func (w *world) token(address string) string {
	w.t.Helper()
	w.auth.Wait()
	sent := w.post.to(address)
	require.NotEmpty(w.t, sent, "nothing was sent to %s", address)
	for _, word := range strings.Fields(sent[len(sent)-1].Text) {
		if strings.HasPrefix(word, "erp_") {
			return word
		}
	}
	w.t.Fatal("the message holds no token")
	return ""
}

// person is somebody with an account.
type person struct {
	email  string
	id     uuid.UUID
	member uuid.UUID
	tenant uuid.UUID
}

// shop makes a tenant with an owner who has accepted.
func (w *world) shop() (tenant uuid.UUID, owner person) {
	w.t.Helper()
	t, err := w.DB.Tenants().Create(w.Platform(w.t), tenancy.NewTenant{Name: "Shop of " + w.t.Name(), TimeZone: "Europe/London"})
	require.NoError(w.t, err)
	email := w.email("owner")
	m, err := w.auth.AddOwner(w.Platform(w.t), t.ID, access.NewMember{Email: email, Name: "Olivia Owner"})
	require.NoError(w.t, err)
	return t.ID, w.accept(email, m, t.ID)
}

func (w *world) accept(email string, m access.Member, tenant uuid.UUID) person {
	w.t.Helper()
	got, err := w.auth.Accept(context.Background(), access.Acceptance{Token: w.token(email), Password: password})
	require.NoError(w.t, err)
	require.Equal(w.t, tenant, got.TenantID)
	require.Equal(w.t, m.UserID, got.UserID)
	return person{email: email, id: got.UserID, member: m.ID, tenant: tenant}
}

// hire has the owner invite somebody, who accepts.
func (w *world) hire(owner person, roles ...string) person {
	w.t.Helper()
	email := w.email("member")
	m, err := w.auth.Invite(w.enter(owner), access.NewMember{Email: email, Name: "Martin Member", Roles: roles})
	require.NoError(w.t, err)
	require.Equal(w.t, access.MemberInvited, m.State)
	return w.accept(email, m, owner.tenant)
}

func (w *world) login(p person) access.Session {
	w.t.Helper()
	s, err := w.auth.Login(context.Background(), access.Login{Email: p.email, Password: password, Tenant: p.tenant})
	require.NoError(w.t, err)
	return s
}

// enter logs somebody in and enters.
func (w *world) enter(p person) context.Context {
	w.t.Helper()
	return w.with(w.login(p).Token)
}

// with enters by a credential.
func (w *world) with(secret string) context.Context {
	w.t.Helper()
	ctx, err := w.auth.Authenticate(context.Background(), access.Credential{Secret: secret})
	require.NoError(w.t, err)
	return ctx
}

// refused holds that a credential does not enter, with this code.
func (w *world) refused(secret string, code *fault.Definition) {
	w.t.Helper()
	_, err := w.auth.Authenticate(context.Background(), access.Credential{Secret: secret})
	require.ErrorIs(w.t, err, code)
}
