package privacy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func found(f privacy.Findings) []string {
	var out []string
	for _, p := range f.Persons {
		out = append(out, fmt.Sprintf("%s %v", p.Table, p.By))
	}
	for _, t := range f.Tables {
		out = append(out, fmt.Sprintf("%s about %d named %d acted %d", t.Table, t.About, t.Named, t.Acted))
		for _, c := range t.Columns {
			out = append(out, fmt.Sprintf("  %s %d %s", c.Name, c.Rows, c.Sample))
		}
	}
	return out
}

func TestFind(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p, other := openPractice(t, env), openPractice(t, env)
		all := []string{
			"clinic.patients about 1 named 0 acted 0", "  address 1 1… C…", "  born 1 …", "  email 1 a… e…", "  insurer 1 L…", "  name 1 A… C…", "  premium 1 …",
			"clinic.visit_texts about 2 named 0 acted 0", "  notes 2 l… o…", "  payer 2 A… C…", "clinic.visits about 2 named 0 acted 0",
		}
		got, err := s.Find(p.ctx, privacy.Query{PersonID: p.ada.ID})
		require.NoError(t, err)
		require.Equal(t, append([]string{"clinic.patients [person_id]"}, all...), found(got))
		require.Empty(t, got.Searched, "nobody asked for a text")

		// The sealed address is found in whatever case, and so is a text that names it.
		got, err = s.Find(p.ctx, privacy.Query{Email: " ADA.Canary@Example.ORG "})
		require.NoError(t, err)
		require.Equal(t, append([]string{"clinic.patients [email]", "clinic.notices about 0 named 1 acted 0", "  body 1 c… a…"}, all...), found(got))
		require.Equal(t, p.ada.ID, got.Persons[0].ID)
		rows := map[string]int64{}
		for _, t := range got.Searched {
			rows[t.Table] = t.Rows
		}
		require.Equal(t, int64(2), rows["clinic.patients"])
		require.Equal(t, int64(4), rows["clinic.visit_texts"])
		require.NotContains(t, rows, "clinic.visits", "there is no text in it")

		// A name in whole words; the namesake in another's text is shown.
		got, err = s.Find(p.ctx, privacy.Query{Name: "ada  CANARY-byron"})
		require.NoError(t, err)
		require.Contains(t, found(got), "clinic.visit_texts about 2 named 1 acted 0")
		for name, q := range map[string]privacy.Query{"part of a word": {Name: "canar"}, "part of an address": {Email: "a.canary@example.org"}, "somebody else's tenant": {PersonID: other.ada.ID},
			"nobody": {UserID: tenancy.NewID()}, "an actor of nothing": {Actor: "user:x"}} {
			got, err = s.Find(p.ctx, q)
			require.NoError(t, err)
			require.Empty(t, found(got), name)
		}
		got, err = s.Find(p.ctx, privacy.Query{Actor: "tester"})
		require.NoError(t, err)
		require.Len(t, got.Tables, 1)
		require.Equal(t, "erp.audit_events", got.Tables[0].Table)
		require.Positive(t, got.Tables[0].Acted)
	})
}

func TestFindRefuses(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		for name, q := range map[string]privacy.Query{"nobody": {}, "no address": {Email: "ada"}, "no number": {Phone: "12345"}, "a short name": {Name: " ab "}, "a long one": {Name: fmt.Sprintf("%01001d", 0)}} {
			_, err := s.Find(p.ctx, q)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		_, err := s.Find(env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), "privacy.erase"), privacy.Query{PersonID: p.ada.ID})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			for range 21 {
				tenancy.Put(b, []*Patient{{Row: tenancy.Row{ID: tenancy.NewID()}, Name: "John Smith"}})
			}
			return b.Run(ctx)
		}))
		_, err = s.Find(p.ctx, privacy.Query{Name: "John Smith"})
		require.ErrorIs(t, err, privacy.ErrTooManyPersons)
	})
}

// That somebody looked is on record, whatever was found, and for whom is not.
func TestASearchIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		_, err := s.Find(p.ctx, privacy.Query{Email: "nobody@example.org"})
		require.NoError(t, err)
		require.NoError(t, env.DB.Read(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			events, err := tenancy.Find[tenancy.Event](ctx, tx, tenancy.Eq("act", "privacy.find"), tenancy.Eq("verb", ""))
			require.Len(t, events, 1)
			require.NotContains(t, fmt.Sprintf("%+v", events), "nobody@")
			return err
		}))
	})
}

// Whom a row is about where no foreign key says so, and who acted.
func TestARequestIsFoundByWhomItIsAbout(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		_, err := s.Erase(p.ctx, erasure(p, "E-1"))
		require.NoError(t, err)
		got, err := s.Find(p.ctx, privacy.Query{PersonID: p.ada.ID})
		require.NoError(t, err)
		require.Contains(t, found(got), "erp.erasure_requests about 1 named 0 acted 0")
		got, err = s.Find(p.ctx, privacy.Query{PersonID: p.bob.ID})
		require.NoError(t, err)
		require.NotContains(t, found(got), "erp.erasure_requests about 1 named 0 acted 0")
		require.Len(t, got.Persons, 1)
		require.NotEqual(t, uuid.Nil, got.Persons[0].ID)
	})
}
