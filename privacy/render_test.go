package privacy_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

var errNoLetter = fault.Define(fault.Conflict, "clinic.no_letter", "for the test")

// letters renders visits as letters: in one question for a batch.
func letters(db *tenancy.DB, batch int) privacy.Renderer {
	return privacy.Renderer{Name: "letter", Table: "clinic.visits", Extension: ".txt", About: "Letters about visits.", Batch: batch,
		Render: func(ctx context.Context, ids []uuid.UUID, hand func(privacy.Document)) error {
			_, err := tenancy.Act(ctx, db, "clinic.write", func(ctx context.Context, tx *tenancy.Tx) (any, error) { // an act that needs a permission of its own
				rows, err := tenancy.Find[Visit](ctx, tx, tenancy.In("id", ids), tenancy.OrderBy("id"))
				for i := range rows {
					if rows[i].Units == -1 {
						hand(privacy.Document{ID: rows[i].ID, Refusal: errNoLetter.New("clinic.write", "")})
						continue
					}
					hand(privacy.Document{ID: rows[i].ID, Content: []byte("visit of " + rows[i].Day.String())})
				}
				return nil, errors.Join(err, tx.RecordAct())
			})
			return err
		}}
}

func untar(t *testing.T, data []byte) (names []string, by map[string]string) {
	t.Helper()
	by = map[string]string{}
	r := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, by
		}
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		names = append(names, h.Name)
		by[h.Name] = string(text)
	}
}

func TestDocuments(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		p := openPractice(t, env)
		for _, batch := range []int{0, 1, 3} {
			s := privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{letters(env.DB, batch)}})
			only := env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), "privacy.export")
			archive, m := export(t, s, only)
			require.Len(t, m.Documents, 1)
			d := m.Documents[0]
			require.Equal(t, "documents/clinic.visits.letter.tar", d.Name)
			require.EqualValues(t, 3, d.Documents)
			require.Equal(t, map[string]int64{"clinic.no_letter": 1}, d.Refused)
			there := files(t, archive)
			names, by := untar(t, there[d.Name])
			require.Equal(t, []string{p.visits[0].ID.String() + ".txt", p.visits[1].ID.String() + ".refused.txt", p.visits[2].ID.String() + ".txt", p.visits[3].ID.String() + ".txt"}, names)
			require.Equal(t, "visit of 2026-03-04", by[names[0]])
			require.Contains(t, by[names[1]], "clinic.no_letter")
			require.NotContains(t, string(there["erp.audit_events.jsonl"]), "clinic.write", "a document is no act of its own: the export is")
			_, read, err := take(t, env, s, archive, "")
			require.NoError(t, err)
			require.Equal(t, m, read)

			plain, same := export(t, privacy.New(env.DB, privacy.Options{}), only)
			require.Equal(t, same.Root, m.Root, "documents change no root")
			require.Len(t, files(t, plain), len(there)-1)
			var out bytes.Buffer
			without, err := s.Export(only, &out, privacy.WithoutDocuments())
			require.NoError(t, err)
			require.Empty(t, without.Documents)
		}
	})
}

// The statements of an export do not grow with the documents of a batch.
func TestDocumentsAreMadeInBatches(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		p := openPractice(t, env)
		s := privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{letters(env.DB, 100)}})
		count := func() int { return env.Count(t, func() { export(t, s, p.ctx) }) }
		few := count()
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			rows := make([]*Visit, 90)
			for i := range rows {
				rows[i] = &Visit{Day: p.visits[0].Day, At: p.visits[0].At}
			}
			b := tx.Batch()
			tenancy.Put(b, rows)
			return b.Run(ctx)
		}))
		require.Equal(t, few, count())
	})
}

// A refusal of the row in a batch of one is a document that is refused; any other error ends the export.
func TestADocumentThatCannotBeMade(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		p := openPractice(t, env)
		failing := func(batch int, err error) *privacy.Service {
			return privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{{Name: "x", About: "x", Table: "clinic.visits", Batch: batch,
				Render: func(context.Context, []uuid.UUID, func(privacy.Document)) error { return err }}}})
		}
		_, m := export(t, failing(1, errNoLetter.New("x", "")), p.ctx)
		require.Equal(t, map[string]int64{"clinic.no_letter": 4}, m.Documents[0].Refused)
		_, err := failing(2, errNoLetter.New("x", "")).Export(p.ctx, io.Discard)
		require.ErrorIs(t, err, errNoLetter)
		_, err = failing(1, io.ErrUnexpectedEOF).Export(p.ctx, io.Discard)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_, m = export(t, failing(1, nil), p.ctx)
		require.Zero(t, m.Documents[0].Documents)
		large := privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{{Name: "x", About: "x", Table: "clinic.visits", Batch: 1,
			Render: func(_ context.Context, ids []uuid.UUID, hand func(privacy.Document)) error {
				hand(privacy.Document{ID: ids[0], Content: make([]byte, 16<<20+1)})
				return nil
			}}}})
		_, m = export(t, large, p.ctx)
		require.Equal(t, map[string]int64{"privacy.limit": 4}, m.Documents[0].Refused)
	})
}

func TestARendererOfNothing(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: modules()})
	good := letters(env.DB, 0)
	for name, change := range map[string]func(r *privacy.Renderer){
		"no name": func(r *privacy.Renderer) { r.Name = "" }, "a name with a slash": func(r *privacy.Renderer) { r.Name = "a/b" }, "nothing about it": func(r *privacy.Renderer) { r.About = "" },
		"nothing to render with": func(r *privacy.Renderer) { r.Render = nil }, "too large a batch": func(r *privacy.Renderer) { r.Batch = 1001 }, "a batch of less than one": func(r *privacy.Renderer) { r.Batch = -1 },
		"an unknown table": func(r *privacy.Renderer) { r.Table = "clinic.nobody" }, "a table without ids": func(r *privacy.Renderer) { r.Table = "clinic.wards" },
		"a table with another key": func(r *privacy.Renderer) { r.Table = "clinic.visit_texts" },
	} {
		bad := good
		change(&bad)
		require.Panics(t, func() { privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{bad}}) }, name)
	}
	require.Panics(t, func() { privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{good, good}}) }, "twice")
	require.NotPanics(t, func() { privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{good}}) })
}
