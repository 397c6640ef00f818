package erp_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A canary is a text that stands in one place of one tenant: in every personal column, sealed or free text, of every row of every registered model. A new table is
// planted the day it is registered. tag is the tenant's, and every canary of it begins with it.
type aviary struct {
	*shop
	tag      string
	people   []uuid.UUID
	words    map[uuid.UUID]string // what each is known by
	actors   map[string]bool
	canaries []string
	where    map[string]string // canary to "table.column"
}

// kept are columns that lead to nobody and say of whom the tenant itself is.
var kept = []string{"erp.bank_accounts.iban", "erp.bank_accounts.number", "erp.audit_restarts.reason", "erp.notice_recipients.name", "erp.controller_texts.contact", "erp.controller_texts.name"}

func openAviary(t *testing.T, env *tenancytest.Env, suite *erp.Suite, tag string) *aviary {
	t.Helper()
	a := &aviary{shop: openShop(t, env, suite, inventory.FIFO), tag: tag, words: map[uuid.UUID]string{}, actors: map[string]bool{}, where: map[string]string{}}
	a.trade(t)
	a.hire(t, env)
	_, err := tenancy.Act(a.ctx, suite.Tenancy, "test.plant", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		refs, err := tx.References(ctx)
		require.NoError(t, err)
		var left []*tenancy.Model
		for _, m := range suite.Tenancy.Registry().Models {
			if m.Subject == "self" {
				a.plant(ctx, t, tx, refs, m)
			} else {
				left = append(left, m)
			}
		}
		for _, m := range left {
			a.plant(ctx, t, tx, refs, m)
		}
		return nil, nil
	})
	require.NoError(t, err)
	return a
}

// hire adds somebody of the tenant's own, who came in and has left.
func (a *aviary) hire(t *testing.T, env *tenancytest.Env) {
	t.Helper()
	account := tenancy.NewID()
	_, err := tenancy.Act(a.ctx, a.suite.Tenancy, "test.hire", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		m := a.suite.Tenancy.Registry().Table("erp.members")
		row := m.Verbs().New()
		for name, v := range map[string]any{"user_id": account, "state": "removed", "created_at": tx.Now(), "changed_at": tx.Now()} {
			field(row, m.Column(name)).Set(valueOf(v))
		}
		set(row, m.Column("email_key"), "x")
		b := tx.Batch()
		m.Verbs().Put(b, []any{row})
		return nil, b.Run(ctx)
	})
	require.NoError(t, err)
	actor := tenancy.UserActor(account)
	a.actors[actor] = true
	ctx, err := env.DB.Enter(context.Background(), tenancy.ScopeOf(a.ctx).TenantID(), actor, tenancy.Permissions{"*"})
	require.NoError(t, err)
	require.NoError(t, a.suite.Usage.Log(ctx, usage.Hit{Page: "/", Screen: "1x1"}))
}

// plant puts canaries into all rows of a model.
func (a *aviary) plant(ctx context.Context, t *testing.T, tx *tenancy.Tx, refs []tenancy.Reference, m *tenancy.Model) {
	t.Helper()
	var columns []string
	for _, c := range m.Columns {
		switch name := m.Table + "." + c.Name; {
		case !c.Privacy.Personal() || m.Table == "erp.erasure_words": // what an erasure has still to look for is its own
		case m.Subject == "" && c.Privacy.Erasure == tenancy.EraseKeep:
			require.Contains(t, kept, name, "a column that is kept without a subject: say why")
		default:
			require.Equal(t, tenancy.Text, c.Type, "%s: this test plants texts", name)
			require.True(t, m.Erasable(c), "%s: nobody could erase it", name)
			columns = append(columns, c.Name)
		}
	}
	if len(columns) == 0 {
		return
	}
	var rows []any
	require.NoError(t, m.Verbs().Stream(ctx, tx, func(row any) error {
		rows = append(rows, clone(row))
		return nil
	}))
	require.NotEmpty(t, rows, "%s: the story leaves no row", m.Table)
	var planted []any
	for _, row := range rows {
		word, about := a.whom(ctx, t, tx, refs, m, row)
		if !about && word == "" {
			continue
		}
		for _, name := range columns {
			if !about && m.Column(name).Privacy.Erasure == tenancy.EraseKeep {
				continue // what is kept in rows about nobody is of others, such as the name of a recipient: README, "What it does not find"
			}
			canary := word
			if about {
				canary = fmt.Sprintf("%s%05d canary", a.tag, len(a.canaries))
			}
			a.canaries = append(a.canaries, canary)
			a.where[canary] = m.Table + "." + name
			set(row, m.Column(name), canary)
		}
		if m.Subject == "self" {
			id := field(row, m.Column("id")).Interface().(uuid.UUID)
			a.people = append(a.people, id)
			a.words[id] = field(row, m.Column("name")).String()
		}
		planted = append(planted, row)
	}
	require.NoError(t, tx.Erase(ctx, m, planted, columns...), m.Table)
}

// whom says whether a row is about a person; of one that is about nobody, by what word it is to name one.
func (a *aviary) whom(ctx context.Context, t *testing.T, tx *tenancy.Tx, refs []tenancy.Reference, m *tenancy.Model, row any) (word string, about bool) {
	t.Helper()
	switch {
	case m.Subject == "self":
		return "", true
	case slices.Contains(m.Actors, m.Subject):
		return "", a.actors[field(row, m.Column(m.Subject)).String()]
	case m.Subject != "" && a.leads(ctx, t, tx, refs, m, row):
		return "", true
	}
	return a.words[a.people[len(a.canaries)%len(a.people)]], false
}

// leads follows a row's subject, in a way of its own, to somebody's own row.
func (a *aviary) leads(ctx context.Context, t *testing.T, tx *tenancy.Tx, refs []tenancy.Reference, m *tenancy.Model, row any) bool {
	t.Helper()
	if m.Subject == "self" {
		return true
	}
	reg := a.suite.Tenancy.Registry()
	if m.Subject == tenancy.ByParts {
		for _, part := range reg.Models {
			if part.PartOf != m.Table || part.Subject == part.Keys[1].Name || part.Subject == "" {
				continue
			}
			rows, err := part.Verbs().Find(ctx, tx, tenancy.Eq(part.Keys[1].Name, field(row, m.Column("id")).Interface()))
			require.NoError(t, err)
			if slices.ContainsFunc(rows, func(r any) bool { return a.leads(ctx, t, tx, refs, part, r) }) {
				return true
			}
		}
		return false
	}
	if m.Subject == "" {
		return false
	}
	id := field(row, m.Column(m.Subject)).Interface().(uuid.UUID)
	if id == uuid.Nil {
		return false
	}
	if m.Anybody {
		return slices.ContainsFunc(reg.Models, func(self *tenancy.Model) bool {
			if self.Subject != "self" || self.Column("id") == nil {
				return false
			}
			there, err := self.Verbs().Exists(ctx, tx, tenancy.Eq("id", id))
			require.NoError(t, err)
			return there
		})
	}
	to := reg.Table(m.PartOf)
	for _, r := range refs {
		if r.From == m && len(r.Columns) == 1 && r.Columns[0].Name == m.Subject {
			to = r.To
		}
	}
	next, err := to.Verbs().Get(ctx, tx, id)
	require.NoError(t, err)
	return a.leads(ctx, t, tx, refs, to, next)
}

// export is the tenant's archive as text.
func (a *aviary) export(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	_, err := a.suite.Privacy.Export(a.ctx, &out)
	require.NoError(t, err)
	z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		require.NoError(t, err)
		_, err = io.Copy(&text, r)
		require.NoError(t, err)
	}
	return text.String()
}

// left are the "table.column" in which canaries of the tenant stand, with how many rows.
func (a *aviary) left(t *testing.T) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	require.NoError(t, a.suite.Tenancy.Read(a.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		for _, m := range a.suite.Tenancy.Registry().Models {
			require.NoError(t, m.Verbs().Stream(ctx, tx, func(row any) error {
				for _, c := range m.Columns {
					if c.Type == tenancy.Text && strings.Contains(field(row, c).String(), a.tag) {
						out[m.Table+"."+c.Name]++
					}
				}
				return nil
			}))
		}
		return nil
	}))
	return out
}

// forget erases everybody and has it finished.
func (a *aviary) forget(t *testing.T, s *privacy.Service) (held map[string]int64) {
	t.Helper()
	held = map[string]int64{}
	// Whoever waits for an answer is reached until they have it.
	_, err := a.suite.Requests.Withdraw(a.ctx, request.NewWithdrawal{Act: request.Act{Request: "R-1", Reference: "W-1", Channel: request.Email, Note: "taken back"}})
	require.NoError(t, err)
	for i, id := range a.people {
		plan, err := s.PreviewErasure(a.ctx, id)
		require.NoError(t, err)
		report, err := s.Erase(a.ctx, privacy.Erasure{PersonID: id, Reference: fmt.Sprintf("FORGET-ALL-%d", i), Reason: "asked by " + a.words[id], Confirmed: plan.Confirm})
		require.NoError(t, err)
		require.Equal(t, plan.Lines, report.Lines, "what was shown is what was done")
		for _, l := range report.Lines {
			if l.Treatment == privacy.Held {
				require.NotEmpty(t, l.Rule)
				require.NotEmpty(t, l.Source)
				held[l.Table+"."+l.Column] += l.Rows
			}
		}
	}
	a.finish(t, s)
	return held
}

func (a *aviary) finish(t *testing.T, s *privacy.Service) {
	t.Helper()
	for more := true; more; {
		var err error
		more, err = s.FinishErasures(a.ctx)
		require.NoError(t, err)
	}
}

// on opens two tenants full of canaries.
func onCanaries(t *testing.T, fn func(t *testing.T, env *tenancytest.Env, suite *erp.Suite, a, b *aviary, now *time.Time, log *bytes.Buffer)) {
	t.Helper()
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: append(erp.Modules(), access.Module()), Clock: func() time.Time { return now }})
			var log bytes.Buffer
			suite, err := erp.Wire(env.DB, erp.Options{Dir: t.TempDir(), Ports: erp.Ports{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}})
			require.NoError(t, err)
			// So long that neither stands by chance in what is random: of four letters one file in some hundred had it.
			a, b := openAviary(t, env, suite, "alfameadow"), openAviary(t, env, suite, "bravomeadow")
			fn(t, env, suite, a, b, &now, &log)
		})
	}
}

// In A's archive is all of A and nothing of B; after everybody in A was erased, and what the law holds has had its time, nothing of A is in any table, file, index, log or
// archive, and B is what it was.
func TestCanaries(t *testing.T) {
	onCanaries(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite, a, b *aviary, now *time.Time, log *bytes.Buffer) {
		require.Greater(t, len(a.canaries), 100)
		t.Log(len(a.canaries), len(a.people), len(a.left(t)))
		for _, one := range []*aviary{a, b} {
			archive := one.export(t)
			for _, canary := range one.canaries {
				require.True(t, strings.Contains(archive, canary), "%s: %s is not in the archive", one.where[canary], canary)
			}
			other := a
			if one == a {
				other = b
			}
			require.False(t, strings.Contains(archive, other.tag), "%s's archive has something of %s", one.tag, other.tag)
		}
		figures, before := a.figures(t), root(t, b.shop)
		require.True(t, strings.Contains(files(t, env, a), a.tag), "names lie open: else the next look would prove nothing")
		held := a.forget(t, suite.Privacy)
		require.NotEmpty(t, held, "the general duties hold what stands on documents")
		_, err := suite.Retention.ReleaseHold(a.ctx, "COURT-1", "the case is over")
		require.NoError(t, err)
		*now = now.AddDate(15, 0, 0)
		a.finish(t, suite.Privacy)
		require.Empty(t, a.left(t))
		require.False(t, strings.Contains(a.export(t), a.tag))
		require.False(t, strings.Contains(files(t, env, a), a.tag), "in the files")
		require.False(t, strings.Contains(log.String(), "canary"), "in the log")
		require.Equal(t, figures, a.figures(t), "the books are the same to the penny")
		a.verify(t)
		require.Equal(t, before, root(t, b.shop))
		require.NotEmpty(t, b.left(t))
		b.verify(t)
	})
}

// What the law holds is in the report, and nowhere else is anything; on the day it ends nothing is left at all. A purge needs no day.
func TestCanariesUnderHolds(t *testing.T) {
	end := date.Of(2035, 1, 1)
	documents := func(_ context.Context, tx *tenancy.Tx, m *tenancy.Model, rows []any) ([]privacy.Hold, error) {
		out := make([]privacy.Hold, len(rows))
		for i := range out {
			if (m.Class == tenancy.Voucher || m.Class == tenancy.Book) && end.After(tx.Today()) {
				out[i] = privacy.Hold{Rule: "DE " + string(m.Class), Source: "AO section 147(3)", Until: end, Why: "for the example"}
			}
		}
		return out, nil
	}
	onCanaries(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite, a, b *aviary, now *time.Time, _ *bytes.Buffer) {
		s := privacy.New(env.DB, privacy.Options{Holds: documents})
		for _, one := range []*aviary{a, b} {
			held := one.forget(t, s)
			require.Equal(t, held, one.left(t), "what is left is what was listed, row by row")
			require.Contains(t, held, "erp.invoice_texts.party_name")
			for place := range held {
				table := place[:strings.LastIndexByte(place, '.')]
				require.Contains(t, []tenancy.RecordClass{tenancy.Voucher, tenancy.Book}, env.DB.Registry().Table(table).Class, place)
			}
			one.verify(t)
		}
		_, err := suite.Tenancy.Tenants().Cancel(env.Platform(t), tenancy.ScopeOf(b.ctx).TenantID(), "they left")
		require.NoError(t, err)
		_, err = suite.Tenancy.Tenants().PurgeNow(env.Platform(t), tenancy.ScopeOf(b.ctx).TenantID(), "they left", "letter in file 7")
		require.NoError(t, err)
		require.False(t, strings.Contains(files(t, env, b), b.tag), "after the purge")

		*now = end.Time().Add(-time.Second)
		a.ctx = env.Enter(t, tenancy.ScopeOf(a.ctx).TenantID(), tenancy.AllPermissions)
		a.finish(t, s)
		require.NotEmpty(t, a.left(t))
		*now = end.Time()
		a.ctx = env.Enter(t, tenancy.ScopeOf(a.ctx).TenantID(), tenancy.AllPermissions)
		a.finish(t, s)
		require.Empty(t, a.left(t))
		require.False(t, strings.Contains(files(t, env, a), a.tag), "in the files")
		a.verify(t)
	})
}

// Audit events hold names of tables and columns, ids and verbs, and no value of any column, so an erasure has nothing to do there and the chain stays whole.
func TestTheTrailHoldsNoValues(t *testing.T) {
	onCanaries(t, func(t *testing.T, _ *tenancytest.Env, suite *erp.Suite, a, _ *aviary, now *time.Time, _ *bytes.Buffer) {
		a.forget(t, suite.Privacy)
		_, err := suite.Tick(t.Context(), now.Add(time.Hour))
		require.NoError(t, err)
		require.NoError(t, suite.Tenancy.Read(a.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			n := 0
			err := tenancy.Stream(ctx, tx, func(e *tenancy.Event) error {
				n++
				require.NotContains(t, fmt.Sprintf("%+v", e), a.tag)
				return nil
			})
			require.Greater(t, n, 100)
			return err
		}))
		v, err := suite.Audit.Verify(a.ctx)
		require.NoError(t, err)
		require.Greater(t, v.Events, int64(100))
		for _, c := range v.Checks() {
			require.True(t, c.OK, "%s: %s", c.Name, c.Detail)
		}
	})
}
