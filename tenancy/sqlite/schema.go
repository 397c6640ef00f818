package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

const versionTable = "erp_migrations"

// prepare opens the control database and makes the template, under a lock that all processes share.
func (s *store) prepare(ctx context.Context, op string) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return tenancy.ErrDatabase.Wrap(op, err, "the directory's lock cannot be taken")
	}
	defer unlock()
	control, err := s.engine.openFile(filepath.Join(s.engine.Dir, controlDB))
	if err != nil {
		return tenancy.ErrDatabase.Wrap(op, err, "the control database cannot be opened")
	}
	s.control = bun.NewDB(control, s.dialect)
	if err := s.bringUp(ctx, op, control, true); err != nil {
		return err
	}
	if err := s.makeTemplate(ctx, op); err != nil {
		return err
	}
	db, err := s.engine.openFile(s.template)
	if err != nil {
		return tenancy.ErrDatabase.Wrap(op, err, "the template cannot be opened")
	}
	defer func() { _ = db.Close() }()
	if err := checkCatalogue(ctx, op, db, s.reg); err != nil {
		return err
	}
	s.digest, err = schemaDigest(ctx, db, s.reg)
	return err
}

// lock serialises migrations of a directory between processes: an exclusive transaction in a file of its own, which the
// operating system lets go when the process dies.
func (s *store) lock(ctx context.Context) (func(), error) {
	db, err := s.engine.openFile(filepath.Join(s.engine.Dir, "lock.db"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil) // BEGIN IMMEDIATE: one holder at a time
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() { _ = tx.Rollback(); _ = db.Close() }, nil
}

// bringUp migrates one database file when asked, and otherwise refuses another version than the program's.
func (s *store) bringUp(ctx context.Context, op string, db *sql.DB, control bool) error {
	files, err := s.reg.MigrationFiles("sqlite", control, rewrite)
	if err != nil {
		return tenancy.ErrCatalogue.Wrap(op, err, "%v", err)
	}
	if list, err := fs.Glob(files, "*.sql"); err != nil || len(list) == 0 {
		return err
	}
	p, err := goose.NewProvider(database.DialectSQLite3, db, files, goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true)) // a host has its numbers above ours, and ours go on
	if err != nil {
		return tenancy.ErrCatalogue.Wrap(op, err, "%v", err)
	}
	if s.migrate {
		if _, err := p.Up(ctx); err != nil {
			return tenancy.ErrSchemaVersion.Wrap(op, err, "the migration failed: %v", err)
		}
	}
	current, target, err := p.GetVersions(ctx)
	if err != nil {
		return tenancy.ErrSchemaVersion.Wrap(op, err, "the schema's version cannot be read")
	}
	pending, err := p.HasPending(ctx)
	if err != nil || pending || current > target {
		return tenancy.ErrSchemaVersion.Wrap(op, err, "the database has schema version %d and the program %d; open with Migrate", current, target)
	}
	return nil
}

// makeTemplate builds the file that new tenants are copied from, once per set of migrations and models.
func (s *store) makeTemplate(ctx context.Context, op string) error {
	version, err := s.fingerprint()
	if err != nil {
		return tenancy.ErrCatalogue.Wrap(op, err, "%v", err)
	}
	s.template = filepath.Join(s.engine.Dir, "template-"+version+".db")
	if _, err := os.Stat(s.template); err == nil {
		return nil
	}
	if !s.migrate {
		return tenancy.ErrSchemaVersion.New(op, "the directory has no template of this version; open with Migrate")
	}
	draft := s.template + ".new"
	for _, leftover := range []string{draft, draft + "-wal", draft + "-shm"} {
		_ = os.Remove(leftover)
	}
	db, err := s.engine.openFile(draft)
	if err != nil {
		return tenancy.ErrDatabase.Wrap(op, err, "the template cannot be made")
	}
	err = s.upgrade(ctx, op, db)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return os.Rename(draft, s.template)
}

// upgrade brings one tenant file, or the template, to the program's version and writes the generated triggers.
func (s *store) upgrade(ctx context.Context, op string, db *sql.DB) error {
	if err := s.bringUp(ctx, op, db, false); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, m := range s.reg.Models {
		for _, suffix := range suffixes { // a model may have become another kind than it was
			if _, err := tx.ExecContext(ctx, "DROP TRIGGER IF EXISTS "+triggerName(m, suffix)); err != nil {
				return tenancy.ErrCatalogue.Wrap(op, err, "triggers of %s: %v", m.Table, err)
			}
		}
		for _, t := range triggers(m) {
			if _, err := tx.ExecContext(ctx, t.text); err != nil {
				return tenancy.ErrCatalogue.Wrap(op, err, "trigger %s: %v", t.name, err)
			}
		}
	}
	return tx.Commit()
}

// openTenant opens a tenant's file, migrating it when asked, and refuses it when its schema is not the template's.
func (s *store) openTenant(ctx context.Context, path string) (*sql.DB, error) {
	const op = "sqlite.Session"
	db, err := s.engine.openThere(path)
	if err != nil {
		return nil, err
	}
	digest, err := schemaDigest(ctx, db, s.reg)
	if err == nil && digest != s.digest && s.migrate {
		var unlock func()
		if unlock, err = s.lock(ctx); err == nil {
			err = s.upgrade(ctx, op, db)
			unlock()
		}
		if err == nil {
			digest, err = schemaDigest(ctx, db, s.reg)
		}
	}
	if err == nil && digest != s.digest {
		err = tenancy.ErrCatalogue.New(op, "the schema of a tenant's file is not what the program expects")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// fingerprint names a version of the whole schema: all migrations and all generated triggers.
func (s *store) fingerprint() (string, error) {
	h := sha256.New()
	files, err := s.reg.MigrationFiles("sqlite", false, rewrite)
	if err != nil {
		return "", err
	}
	list, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range list {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		hashLine(h, name, string(text))
	}
	for _, m := range s.reg.Models {
		for _, t := range triggers(m) {
			hashLine(h, t.text)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// schemaDigest is a hash over every table, index and trigger of our schemas and the registered host's.
func schemaDigest(ctx context.Context, db *sql.DB, reg *tenancy.Registry) (string, error) {
	rows, err := db.QueryContext(ctx, "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_master ORDER BY type, name")
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	h := sha256.New()
	ours := prefixes(reg)
	for rows.Next() {
		var kind, name, table, text string
		if err := rows.Scan(&kind, &name, &table, &text); err != nil {
			return "", err
		}
		if hasPrefix(table, ours) {
			hashLine(h, kind, name, table, text)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}

// hashLine adds the parts of one thing to a hash, so that no two things look alike.
func hashLine(h hash.Hash, parts ...string) {
	_, _ = h.Write([]byte(strings.Join(parts, "\x00") + "\n")) // a hash never fails
}

func prefixes(reg *tenancy.Registry) []string {
	seen := map[string]bool{}
	var out []string
	for _, m := range reg.Models {
		schema, _, _ := strings.Cut(m.Table, ".")
		if !seen[schema] {
			seen[schema] = true
			out = append(out, schema+"_")
		}
	}
	return out
}

func hasPrefix(name string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

var (
	columnLine = regexp.MustCompile(`^(\s*(?:ALTER TABLE [a-z_0-9]+ )?(?:ADD COLUMN )?)([a-z_][a-z0-9_]*) (UUID|TEXT|BIGINT|BOOLEAN|DATE|TIMESTAMPTZ|decimal_text)\b([^\n]*?)(,?|;)$`)
)

// rewrite turns the portable form of a migration into SQLite's: erp.name becomes erp_name, and every column line gets the
// CHECK without which SQLite would store anything in it.
func rewrite(text string) string {
	var out []string
	body := false // inside a trigger's body, where NEW.column is not a table
	for _, line := range strings.Split(text, "\n") {
		switch {
		case strings.Contains(line, "+goose StatementBegin"):
			body = true
		case strings.Contains(line, "+goose StatementEnd"):
			body = false
		}
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "--") {
			out = append(out, line)
			continue
		} else if strings.HasPrefix(trimmed, "CREATE SCHEMA ") {
			continue // a schema is a prefix here
		}
		if at := strings.Index(line, "--"); at >= 0 && !strings.Contains(line, "'") {
			line = strings.TrimRight(line[:at], " \t") // a comment behind a column would swallow its check
		}
		line = strings.ReplaceAll(line, ` COLLATE "C"`, "")
		line = strings.NewReplacer("erp_control.", "erp_control_", " erp.", " erp_", "(erp.", "(erp_").Replace(line)
		if !body {
			line = hostSchema(line)
			line = columnLine.ReplaceAllStringFunc(line, addCheck)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

var tablePosition = regexp.MustCompile(`\b(TABLE|REFERENCES|ON|INTO|EXISTS|FROM|UPDATE) ([a-z][a-z0-9_]*)\.([a-z_][a-z0-9_]*)`)

// hostSchema does for a host's own schemas what the plain replacement does for ours.
func hostSchema(line string) string { return tablePosition.ReplaceAllString(line, "$1 ${2}_$3") }

func addCheck(line string) string {
	p := columnLine.FindStringSubmatch(line)
	name, typ, rest := p[2], p[3], p[4]
	check := typeCheck(name, typ)
	if !strings.HasPrefix(rest, " NOT NULL") {
		check = name + " IS NULL OR " + check
	}
	return p[1] + name + " " + typ + rest + " CHECK (" + check + ")" + p[5]
}

// typeCheck is what makes SQLite keep a type. Measured without it: digits in a UUID column become a number, an integer
// that overflows becomes a REAL, and a time.Time in a DATE column matches no date.
func typeCheck(name, typ string) string {
	switch tenancy.ColumnType(typ) {
	case tenancy.UUID:
		return "typeof(" + name + ") = 'text' AND length(" + name + ") = 36"
	case tenancy.BigInt:
		return "typeof(" + name + ") = 'integer'"
	case tenancy.Boolean:
		return "typeof(" + name + ") = 'integer' AND " + name + " IN (0, 1)"
	case tenancy.Date:
		return "typeof(" + name + ") = 'text' AND " + name + " GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'"
	case tenancy.Timestamp:
		return "typeof(" + name + ") = 'text' AND length(" + name + ") = 27 AND " + name + " GLOB '????-??-??T??:??:??.??????Z'"
	case tenancy.Decimal:
		return "typeof(" + name + ") = 'text' AND " + name + " GLOB '*[0-9]' AND " + name + " NOT GLOB '*[^0-9.-]*'"
	case tenancy.Text:
	}
	return "typeof(" + name + ") = 'text'"
}
