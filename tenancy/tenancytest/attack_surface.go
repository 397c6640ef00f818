package tenancytest

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Surface is what a program has beyond the store, for [Attack] to attack as well. What is nil is not there, and not attacked.
type Surface struct {
	// Export writes everything of the context's tenant, as text or as a zip archive of texts.
	Export func(ctx context.Context, w io.Writer) error
	// Import makes a tenant of what Export wrote. The context is the platform's.
	Import func(platform context.Context, archive []byte) error
	// Forge replaces a text in an archive and makes it look whole again, as somebody would who knows how. Import needs it.
	Forge func(archive []byte, old, by string) ([]byte, error)
	// Seal seals what the tenant of the context did, and Verify gives what is wrong with its audit trail, "" for nothing.
	Seal func(ctx context.Context) error
	// Verify goes with Seal.
	Verify func(ctx context.Context) (finding string, err error)
	// Web is the program's HTTP side before the two tenants of w; [Walled.List] and [Walled.Keep] are what its handlers can do with
	// the suite's own records.
	Web func(w *Walled) Web
}

// List is what a handler answers with: the names of all owners of boxes that the context's scope reaches.
func (w *Walled) List(ctx context.Context) ([]string, error) {
	var out []string
	err := w.Env.DB.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		all, err := tenancy.Find[owner](ctx, tx)
		for _, o := range all {
			out = append(out, o.Name)
		}
		return err
	})
	return out, err
}

// Keep is what a careless handler does with a body: it reads it into the record, {"TenantID": ..., "Name": ...} and all, and
// keeps that.
func (w *Walled) Keep(ctx context.Context, body []byte) error {
	o := &owner{}
	if err := json.Unmarshal(body, o); err != nil {
		return err
	}
	return w.Env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, o) })
}

// unpacked is an archive as text.
func unpacked(archive []byte) (string, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if errors.Is(err, zip.ErrFormat) {
		return string(archive), nil
	}
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return "", err
		}
		_, err = io.Copy(&out, r) //nolint:gosec // made a moment ago
		if err := errors.Join(err, r.Close()); err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// openWeb makes the program's HTTP side, with whoever has to be let in there.
func (w *Walled) openWeb() { w.web = w.Surface.Web(w) }

// export is the intruder's archive.
func (w *Walled) export() []byte {
	w.TB.Helper()
	var archive bytes.Buffer
	require.NoError(w.TB, w.Surface.Export(w.Intruder, &archive))
	return archive.Bytes()
}

// surfaceAssaults come through what stands above the store. They need it: see [Surface].
var surfaceAssaults = []Assault{
	{
		Name:  "export containing another's",
		needs: func(s Surface) bool { return s.Export != nil },
		Unwalled: func(n *Naive) any { // the parents have a predicate, what hangs on them is written as it comes
			return []any{n.boxes(n.me()), n.try("SELECT l.* FROM naive_labels AS l")}
		},
		Walled: func(w *Walled) (any, error) {
			text, err := unpacked(w.export())
			require.NotContains(w.TB, text, w.foreign.tenant.String())
			return text, err
		},
		Own: true,
	},
	{
		Name:  "import referencing another's",
		needs: func(s Surface) bool { return s.Export != nil && s.Import != nil && s.Forge != nil },
		Unwalled: func(n *Naive) any { // ids in the file are taken as they are, and so they lead where they say
			n.must("INSERT INTO naive_boxes VALUES (?, ?, ?, 'imported', '', 1, 0)", uuid.NewString(), n.intruder.tenant, n.victim.owner)
			return n.try("SELECT o.name FROM naive_boxes AS b JOIN naive_owners AS o ON o.id = b.owner_id WHERE b.tenant_id = ?", n.intruder.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			archive, platform := w.export(), w.Env.Platform(w.TB)
			forged, err := w.Surface.Forge(archive, `"owner_id":"`+w.own.owner.String(), `"owner_id":"`+w.foreign.owner.String())
			require.NoError(w.TB, err)
			require.NotEqual(w.TB, archive, forged, "nothing was forged")
			same, err := w.Surface.Forge(archive, "nothing of the kind", "")
			require.NoError(w.TB, err)
			require.NoError(w.TB, w.Surface.Import(platform, same), "what is refused must be what was forged")
			return nil, w.Surface.Import(platform, forged)
		},
		Refused: []*fault.Definition{tenancy.ErrReference},
	},
	{
		Name:  "event re-attributed by the database's owner", // whom no wall stops: it must be found
		needs: func(s Surface) bool { return s.Seal != nil && s.Verify != nil },
		Unwalled: func(n *Naive) any {
			return n.try("UPDATE naive_events SET actor = 'user:2' WHERE tenant_id = ?", n.victim.tenant)
		},
		Walled: func(w *Walled) (any, error) {
			var findings []any
			for _, text := range []string{
				"UPDATE erp.audit_events SET actor = 'user:2' WHERE ", "UPDATE erp.audit_events SET act = 'nothing.much' WHERE ",
				"UPDATE erp.audit_events SET row_id = id WHERE ", "DELETE FROM erp.audit_events WHERE ",
			} {
				ctx := w.another()
				require.NoError(w.TB, w.Surface.Seal(ctx))
				finding, err := w.Surface.Verify(ctx)
				require.NoError(w.TB, err)
				require.Empty(w.TB, finding)
				w.behindGuards(tenancy.ScopeOf(ctx).TenantID(), text)
				if finding, err = w.Surface.Verify(ctx); err != nil || finding == "" {
					return says(true, w.Secret), err
				}
				findings = append(findings, finding)
			}
			return findings, nil
		},
	},
	{
		Name:  "header and body spoof",
		needs: func(s Surface) bool { return s.Web != nil },
		Unwalled: func(n *Naive) any {
			web := n.web()
			return []any{web.spoofHeaders(n.TB), web.spoofBody(n.TB)}
		},
		prepare: (*Walled).openWeb,
		Walled: func(w *Walled) (any, error) {
			return []any{w.web.spoofHeaders(w.TB), w.web.spoofBody(w.TB)}, nil
		},
		Own: true,
	},
	{
		Name:     "token for one on another's host",
		needs:    func(s Surface) bool { return s.Web != nil },
		Unwalled: func(n *Naive) any { return n.web().onAnothersHost(n.TB) },
		prepare:  (*Walled).openWeb,
		Walled:   func(w *Walled) (any, error) { return w.web.onAnothersHost(w.TB), nil },
	},
}

// behindGuards changes the tenant's first events as the owner of the tables, who can take every guard away, and puts the guards
// back. The text ends in WHERE.
func (w *Walled) behindGuards(tenant uuid.UUID, text string) {
	w.TB.Helper()
	const table = "erp.audit_events"
	db := w.Env.Owner(w.TB, tenant)
	db.SetMaxOpenConns(1)
	text += "tenant_id = '" + tenant.String() + "' AND id = (SELECT min(CAST(y.id AS TEXT)) FROM " + table + " AS y WHERE y.tenant_id = '" + tenant.String() + "')"
	if w.Env.Name == "postgres" {
		text = strings.Replace(text, "AND id = (", "AND CAST(id AS TEXT) = (", 1)
		w.all(db, "BEGIN", "ALTER TABLE "+table+" DISABLE TRIGGER ALL", text, "ALTER TABLE "+table+" ENABLE TRIGGER ALL", `DO $$ DECLARE n name; BEGIN
			FOR n IN SELECT tgname FROM pg_trigger WHERE tgrelid = '`+table+`'::regclass AND NOT tgisinternal LOOP
				EXECUTE format('ALTER TABLE `+table+` ENABLE ALWAYS TRIGGER %I', n);
			END LOOP;
		END $$`, "COMMIT")
		return
	}
	rows, err := db.Query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", w.Env.SQL(table))
	require.NoError(w.TB, err)
	var drop, create []string
	for rows.Next() {
		var name, guard string
		require.NoError(w.TB, rows.Scan(&name, &guard))
		drop, create = append(drop, "DROP TRIGGER "+name), append(create, guard)
	}
	require.NoError(w.TB, errors.Join(rows.Err(), rows.Close())) //nolint:sqlclosecheck // here, so that its error is seen
	require.NotEmpty(w.TB, drop)
	w.all(db, append(append(append([]string{"PRAGMA foreign_keys = off", "BEGIN IMMEDIATE"}, drop...), w.Env.SQL(text)), append(create, "COMMIT")...)...)
}

func (w *Walled) all(db *sql.DB, texts ...string) {
	w.TB.Helper()
	for _, text := range texts {
		_, err := db.Exec(text)
		require.NoError(w.TB, err, text)
	}
}

// AttackWeb makes the assaults on a program's HTTP side alone, before two tenants that it has already. A host runs it against
// its own handler.
func AttackWeb(t *testing.T, web Web) {
	t.Helper()
	for name, try := range map[string]func(tb testing.TB) any{"header and body spoof": func(tb testing.TB) any { return []any{web.spoofHeaders(tb), web.spoofBody(tb)} }, "token for one on another's host": web.onAnothersHost} {
		t.Run(name, func(t *testing.T) {
			before := web.victimSees(t)
			require.Contains(t, before, web.Victim.Secret, "the victim has nothing that could be seen")
			seen := fmt.Sprintf("%+v", try(t))
			require.NotContains(t, seen, web.Victim.Secret, "the intruder saw what is the victim's")
			require.Equal(t, before, web.victimSees(t), "the victim's records are not as they were")
		})
	}
}
