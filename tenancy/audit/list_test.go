package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestListAnswersAnAuditor(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tenancytest.Each(t, tenancytest.Options{Modules: []tenancy.Module{audit.Module(), notes}, Clock: func() time.Time { return now }}, func(t *testing.T, env *tenancytest.Env) {
		asked := 0
		d := newDesk(t, env, func(o *audit.Options) {
			o.Names = func(_ context.Context, actors []string) (map[string]string, error) {
				asked++
				require.Equal(t, []string{"tester"}, actors, "each once")
				return map[string]string{"tester": "Ada Lovelace"}, nil
			}
		})
		start := now
		note := &Note{Text: "a name that is nobody's business"}
		act := func(name tenancy.Permission, fn func(ctx context.Context, tx *tenancy.Tx) error) {
			now = now.Add(time.Hour)
			_, err := tenancy.Act(d.ctx, env.DB, name, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
				return tenancy.Act(ctx, env.DB, "notes.inner", func(ctx context.Context, tx *tenancy.Tx) (bool, error) { return true, fn(ctx, tx) })
			})
			require.NoError(t, err)
		}
		act("notes.write", func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, note) })
		act("notes.write_more", func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &Note{}) })
		act("notes.change", func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Update(ctx, tx, note, "text") })
		d.seal(t)
		act("notes.remove", func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Delete(ctx, tx, note) })

		list := func(f audit.Filter) (acts []string) {
			t.Helper()
			page, err := d.List(d.ctx, f, tenancy.PageRequest{Sort: "id"})
			require.NoError(t, err)
			for _, e := range page.Items {
				require.Equal(t, "Ada Lovelace", e.Name)
				acts = append(acts, e.Act)
			}
			return acts
		}
		enter, write, more, change, remove := "tenancy.enter", "notes.write/notes.inner", "notes.write_more/notes.inner", "notes.change/notes.inner", "notes.remove/notes.inner"
		require.Equal(t, []string{enter, write, more, change, remove}, list(audit.Filter{}))
		require.Equal(t, 1, asked)
		require.Equal(t, []string{write, change, remove}, list(audit.Filter{Row: note.ID}))
		require.Equal(t, []string{write, more, change, remove}, list(audit.Filter{Table: "app.notes"}))
		require.Equal(t, []string{write}, list(audit.Filter{Act: "notes.write"}), "and not what begins alike")
		require.Empty(t, list(audit.Filter{Actor: "nobody"}))
		require.Len(t, list(audit.Filter{Actor: "tester"}), 5)
		require.Equal(t, []string{write, more}, list(audit.Filter{From: start.Add(time.Hour), To: start.Add(3 * time.Hour)}))

		first, err := d.List(d.ctx, audit.Filter{}, tenancy.PageRequest{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, remove, first.Items[0].Act, "the newest first")
		require.Equal(t, []int64{0, 4}, []int64{first.Items[0].Seq, first.Items[1].Seq}, "one waits for its seal")
		require.True(t, first.Items[0].SealedAt.IsZero())
		require.Equal(t, now.Add(-time.Hour), first.Items[1].SealedAt)
		require.Equal(t, "text", first.Items[1].Columns, "the name of the column, and no value")
		second, err := d.List(d.ctx, audit.Filter{}, tenancy.PageRequest{Limit: 2, After: first.Next})
		require.NoError(t, err)
		require.Equal(t, more, second.Items[0].Act)

		_, err = d.List(d.ctx, audit.Filter{}, tenancy.PageRequest{After: "?"})
		require.ErrorIs(t, err, tenancy.ErrBadInput)
		_, err = d.List(env.Enter(t, d.tenant, audit.PermVerify), audit.Filter{}, tenancy.PageRequest{})
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		other := newDesk(t, env)
		none, err := other.List(other.ctx, audit.Filter{Row: note.ID}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, none.Items, "another tenant's")
		d.open(func(o *audit.Options) {
			o.Names = func(context.Context, []string) (map[string]string, error) { return nil, errGone }
		})
		_, err = d.List(d.ctx, audit.Filter{}, tenancy.PageRequest{})
		require.ErrorIs(t, err, errGone)
		require.NotEqual(t, uuid.Nil, note.ID)
	})
}
