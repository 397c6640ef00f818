package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// Note is a text, long enough to fill pages of its own.
type Note struct {
	tenancy.Row
	Body string `bun:"body" privacy:"free-text,delete"`
}

func notes() tenancy.Options {
	opt := lab(oneFile(`-- +goose Up
CREATE TABLE lab.notes (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX lab_notes_body ON lab.notes (tenant_id, body);
`))
	opt.Modules[0].Models = []*tenancy.Model{tenancy.Define[Note](tenancy.Spec{Table: "lab.notes", Class: tenancy.Master})}
	return opt
}

// inFiles reports in which files of a directory a text stands.
func inFiles(t *testing.T, dir, text string) (out []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), text) {
			out = append(out, filepath.Base(path))
		}
		return err
	}))
	return out
}

// What was deleted or written over is in no page, no index and no log of the file, once it has been scrubbed; what stands, stands.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, notes())
	ctx := tenant(t, db)
	var all []*Note
	for i := range 300 {
		body := "canary " + strings.Repeat("x", i*7)
		if i%3 == 0 {
			body = "stays " + strings.Repeat("y", i)
		}
		all = append(all, &Note{Row: tenancy.Row{ID: tenancy.NewID()}, Body: body})
	}
	require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		tenancy.Put(b, all)
		return b.Run(ctx)
	}))
	require.NotEmpty(t, inFiles(t, dir, "canary"))
	require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		b := tx.Batch()
		for i, n := range all {
			switch i % 3 {
			case 1:
				tenancy.Remove(b, []*Note{n})
			case 2:
				n.Body = ""
				tenancy.Set(b, []*Note{n}, "body")
			}
		}
		return b.Run(ctx)
	}))
	require.NotEmpty(t, inFiles(t, dir, "canary"), "the log has it still: else this proves nothing")
	require.NoError(t, db.Scrub(ctx))
	require.Empty(t, inFiles(t, dir, "canary"))
	require.NoError(t, db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		n, err := tenancy.Count[Note](ctx, tx)
		require.Equal(t, int64(200), n)
		rows, err2 := tenancy.Find[Note](ctx, tx, tenancy.Eq("id", all[3].ID))
		require.Equal(t, all[3].Body, rows[0].Body)
		if err == nil {
			err = err2
		}
		require.ErrorIs(t, db.Scrub(ctx), tenancy.ErrScopeMismatch, "it would wait for itself")
		return err
	}))
}

// Without the file being written anew, what was deleted is overwritten where it lay.
func TestDeletedContentIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, notes())
	ctx := tenant(t, db)
	note := &Note{Body: "canary " + strings.Repeat("x", 20_000)}
	require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, note) }))
	require.NoError(t, db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Delete(ctx, tx, note) }))
	require.NoError(t, db.Close()) // folds the log into the file
	require.Empty(t, inFiles(t, dir, "canary"))
}

// An address that was in the control database leaves its file too, by the platform's own act.
func TestScrubOfTheControlDatabase(t *testing.T) {
	dir := t.TempDir()
	db := open(t, sqlite.Engine{Dir: dir, Unsynced: true}, notes())
	ctx := tenant(t, db)
	clerk, err := db.EnterPlatform(t.Context(), "clerk", tenancy.Permissions{"tenancy.read"})
	require.NoError(t, err)
	require.ErrorIs(t, db.Tenants().Scrub(clerk), tenancy.ErrForbidden)
	require.ErrorIs(t, db.Tenants().Scrub(ctx), tenancy.ErrNotPlatform)
	operator, err := db.EnterPlatform(t.Context(), "operator", tenancy.Permissions{tenancy.PermScrub})
	require.NoError(t, err)
	require.NoError(t, db.Tenants().Scrub(operator))
	log, err := os.Stat(filepath.Join(dir, "control.db-wal"))
	require.NoError(t, err)
	require.Zero(t, log.Size())
}
