package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opsmatiq/erp/tenancy"
)

// check holds the live database against the program, at every Open: the versions, the login, and the whole catalogue.
func (s *store) check(ctx context.Context, e Engine, scoped, sealer *pgx.ConnConfig, l *line, w *walls) error {
	const op = "postgres.Open"
	at, err := s.identify(ctx)
	if err != nil {
		return ErrConnect.Wrap(op, err, "Engine.ControlDSN does not lead to a database: %v", err)
	}
	s.at = at
	// REPEATABLE READ: one state of the catalogue for all questions.
	tx, err := s.control.DB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return asFault(op, err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, setSearchPath); err != nil {
		return asFault(op, err)
	}
	if err := checkVersions(ctx, tx, l); err != nil {
		return err
	}
	if err := s.checkLogin(ctx, e, scopedLogin(e), scoped); err != nil {
		return err
	}
	if sealer != nil {
		if err := s.checkLogin(ctx, e, sealerLogin, sealer); err != nil {
			return err
		}
	}
	a := &auditor{db: tx, walls: w}
	if err := a.run(ctx); err != nil {
		return asFault(op, err)
	}
	if len(a.problems) == 0 && s.keys != nil {
		_, err = s.keys.get(ctx)
		return err
	}
	if len(a.problems) == 0 {
		return nil
	}
	slices.Sort(a.problems)
	return tenancy.ErrCatalogue.New(op, "the live database is not what the program expects: %s", strings.Join(slices.Compact(a.problems), "; "))
}

func checkVersions(ctx context.Context, tx *sql.Tx, l *line) error {
	applied, err := appliedVersions(ctx, tx)
	if err != nil {
		return ErrNotInstalled.Wrap("postgres.Open", err, "the control login cannot read %s: is the database migrated, and the login a member of %s?", versionTable, controlRole)
	}
	return l.refuse(applied, false)
}

// auditor gathers everything that is wrong, so that all of it can be put right at once.
type auditor struct {
	db       querier
	walls    *walls
	owner    string // of schema erp, and so of everything
	tables   []*relation
	problems []string
}

// relation is a live table of a model.
type relation struct {
	model *tenancy.Model
	oid   uint32
}

func (a *auditor) problem(format string, args ...any) {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
}

func (a *auditor) run(ctx context.Context) error {
	for _, question := range []func(context.Context) error{
		a.schemas, a.relations, a.columns, a.constraints, a.indexes, a.policies, a.grants, a.columnGrants, a.triggers,
		a.functions, a.private, a.strangers, a.views, a.roles, a.manifest,
	} {
		if err := question(ctx); err != nil {
			return err
		}
	}
	return nil
}

// each scans rows to their end.
func each(rows *sql.Rows, f func(scan func(...any) error) error) (err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ask runs a question about the tables. Their oids, numbers of PostgreSQL's own, stand in the text for $TABLES.
func (a *auditor) ask(ctx context.Context, question string, f func(scan func(...any) error) error) error {
	oids := []string{"4294967295"} // no table has it; 0 is what constraints of domains say
	for _, r := range a.tables {
		oids = append(oids, fmt.Sprint(r.oid))
	}
	rows, err := a.db.QueryContext(ctx, strings.ReplaceAll(question, "$TABLES", strings.Join(oids, ", ")))
	if err != nil {
		return err
	}
	return each(rows, f)
}

// schemas: nobody but the owner may create in erp, and strangers may not look in.
func (a *auditor) schemas(ctx context.Context) error {
	return a.ask(ctx, `SELECT n.nspname, n.nspowner::regrole::text, coalesce(g.rolname, 'PUBLIC'), x.privilege_type, x.grantee = n.nspowner
		FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x LEFT JOIN pg_roles g ON g.oid = x.grantee
		WHERE n.nspname IN ('erp', 'erp_control', 'erp_migrations', 'erp_wall') ORDER BY 1, 3, 4`, func(scan func(...any) error) error {
		var schema, owner, grantee, privilege string
		var own bool
		if err := scan(&schema, &owner, &grantee, &privilege, &own); err != nil {
			return err
		}
		if schema == "erp" {
			a.owner = owner
		}
		allowed := privilege == "USAGE" && (grantee == controlRole && schema != "erp_wall" || (grantee == appRole || grantee == sealerRole) && schema == "erp")
		if !own && !allowed {
			a.problem("schema %s: %s has %s", schema, grantee, privilege)
		}
		return nil
	})
}

// relations finds the models' tables, with row-level security on and forced, and owned as the schema is.
func (a *auditor) relations(ctx context.Context) error {
	live := map[string]*relation{}
	err := a.ask(ctx, `SELECT n.nspname || '.' || c.relname, c.oid, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole::text,
			EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid OR i.inhrelid = c.oid),
			EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid), c.relpersistence::text
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname IN (`+a.names()+`)`,
		func(scan func(...any) error) error {
			var name, kind, owner, persistence string
			var enabled, forced, inherits, ruled bool
			r := &relation{}
			if err := scan(&name, &r.oid, &kind, &enabled, &forced, &owner, &inherits, &ruled, &persistence); err != nil {
				return err
			}
			live[name] = r
			for _, p := range []struct {
				bad  bool
				what string
			}{
				{kind != "r", "is not an ordinary table"},
				{!enabled, "has row-level security disabled"},
				{!forced, "does not force row-level security on its owner"},
				{owner != a.owner, "belongs to " + owner + ", not to the owner of schema erp"},
				{inherits, "has a parent or child table"},
				{ruled, "has a rewrite rule"},
				{persistence != "p", "is not kept through a crash"},
			} {
				if p.bad {
					a.problem("table %s %s", name, p.what)
				}
			}
			return nil
		})
	for _, m := range a.walls.models {
		r := live[m.Table]
		if r == nil {
			a.problem("table %s is missing", m.Table)
			continue
		}
		r.model = m
		a.tables = append(a.tables, r)
	}
	return err
}

func (a *auditor) names() string {
	out := []string{"''"}
	for _, m := range a.walls.models {
		out = append(out, quoteText(m.Table))
	}
	return strings.Join(out, ", ")
}

func (a *auditor) model(oid uint32) *tenancy.Model {
	for _, r := range a.tables {
		if r.oid == oid {
			return r.model
		}
	}
	return nil
}

// liveTypes are the portable types as the catalogue names them.
var liveTypes = map[tenancy.ColumnType]string{
	tenancy.UUID: "pg_catalog.uuid", tenancy.Text: "pg_catalog.text", tenancy.BigInt: "pg_catalog.int8", tenancy.Boolean: "pg_catalog.bool",
	tenancy.Date: "pg_catalog.date", tenancy.Timestamp: "pg_catalog.timestamptz", tenancy.Decimal: "erp.decimal_text",
}

// columns: exactly the model's, of its types; only what the model can read as missing may be NULL; none computed.
func (a *auditor) columns(ctx context.Context) error {
	seen := map[string]bool{}
	err := a.ask(ctx, `SELECT c.attrelid, c.attname, n.nspname || '.' || t.typname, c.atttypmod, c.attnotnull, c.attgenerated <> '' OR c.attidentity <> ''
		FROM pg_attribute c JOIN pg_type t ON t.oid = c.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
		WHERE c.attrelid IN ($TABLES) AND c.attnum > 0 AND NOT c.attisdropped`, func(scan func(...any) error) error {
		var oid uint32
		var name, typ string
		var mod int64
		var notNull, computed bool
		if err := scan(&oid, &name, &typ, &mod, &notNull, &computed); err != nil {
			return err
		}
		m := a.model(oid)
		full := m.Table + "." + name
		seen[full] = true
		c := m.Column(name)
		if c == nil {
			a.problem("column %s is not in the model", full)
			return nil
		}
		if want := liveTypes[c.Type]; typ != want || mod != -1 {
			a.problem("column %s is of type %s, not %s", full, typ, want)
		}
		if notNull == c.Nullable {
			a.problem("column %s is %s, but the model says otherwise", full, map[bool]string{true: "NOT NULL", false: "nullable"}[notNull])
		}
		if computed {
			a.problem("column %s is computed", full)
		}
		return nil
	})
	for _, r := range a.tables {
		for _, c := range r.model.Columns {
			if full := r.model.Table + "." + c.Name; !seen[full] {
				a.problem("column %s is missing", full)
			}
		}
	}
	return err
}
