package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Scrub implements tenancy.Store. Deleted content is overwritten as it goes (secure_delete, in openWith), but the log keeps pages as they were, and what a page once
// held may lie where none of its rows does. So the file is written anew, and the log emptied behind it.
func (s *store) Scrub(ctx context.Context, tenant uuid.UUID) error {
	f, err := s.take(ctx, tenant)
	if err != nil {
		return err
	}
	defer s.release(f)
	select { // the turn among this process's writers; other processes' are waited for by SQLite
	case f.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-f.writer }()
	s.sent("scrub")
	return s.scrub(ctx, s.path(tenant))
}

// ScrubControl implements tenancy.Store.
func (s *store) ScrubControl(ctx context.Context) error {
	return s.scrub(ctx, filepath.Join(s.engine.Dir, controlDB))
}

// scrub uses a connection of its own: VACUUM attaches a database, which a tenant's connections cannot.
func (s *store) scrub(ctx context.Context, path string) error {
	db, err := s.engine.openThere(path)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "VACUUM")
	if err == nil {
		err = emptyLog(ctx, db)
	}
	return errors.Join(err, db.Close())
}

func emptyLog(ctx context.Context, db *sql.DB) error {
	var busy, pages, moved int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return tenancy.ErrBusy.New("sqlite.Scrub", "the file's log cannot be emptied while somebody reads from it")
	}
	return nil
}

func (s *store) sent(verb string) {
	if s.onStatement != nil {
		s.onStatement(tenancy.Sent{Verb: verb})
	}
}
