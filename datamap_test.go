package erp_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// mapped is the data map of the whole suite with access.
func mapped(t *testing.T, env *tenancytest.Env) privacy.DataMap {
	t.Helper()
	m, err := privacy.New(env.DB, privacy.Options{}).DataMap(env.TenantWith(t, privacy.PermMap))
	require.NoError(t, err)
	return m
}

func eachMapped(t *testing.T, fn func(t *testing.T, env *tenancytest.Env, m privacy.DataMap)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: append(erp.Modules(), access.Module())}, func(t *testing.T, env *tenancytest.Env) {
		fn(t, env, mapped(t, env))
	})
}

// docs/data-map.md and docs/data-map.json are what the models say. Whoever adds a column, or changes what one is for, changes them, and a reviewer sees it.
func TestTheDataMapIsWritten(t *testing.T) {
	eachMapped(t, func(t *testing.T, _ *tenancytest.Env, m privacy.DataMap) {
		text, err := m.JSON()
		require.NoError(t, err)
		require.True(t, json.Valid(text))
		for name, want := range map[string][]byte{"data-map.json": text, "data-map.md": m.Markdown()} {
			path := filepath.Join("docs", name)
			if *update {
				require.NoError(t, os.WriteFile(path, want, 0o600))
			}
			have, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), string(have), "%s is not what the models say: run make golden, and read the difference", path)
		}
	})
}

// Every column that the live database has, of tenants and of the platform, is in the map; nothing else is.
func TestEveryModelIsMapped(t *testing.T) {
	eachMapped(t, func(t *testing.T, env *tenancytest.Env, m privacy.DataMap) {
		there := map[string]bool{}
		for _, table := range m.Tables {
			require.Contains(t, tenancy.Purposes(), table.Purpose, table.Table)
			require.Contains(t, tenancy.Bases(), table.Basis, table.Table)
			require.NotEmpty(t, table.Class, table.Table)
			require.NotEmpty(t, table.Controller, table.Table)
			require.Contains(t, table.Flows, "backup", table.Table)
			require.False(t, table.Personal() && table.Of == "", "%s has personal columns, and nobody says whose", table.Table)
			for _, c := range table.Columns {
				there[table.Table+"."+c.Name] = true
				require.Equal(t, c.Category != tenancy.NotPersonal, c.Erasure != "", "%s.%s", table.Table, c.Name)
			}
		}
		live := liveColumns(t, env)
		require.Greater(t, len(live), 500)
		for name := range live {
			require.True(t, there[name], "%s is in the database and not in the map", name)
		}
		for name := range there {
			require.True(t, live[name], "%s is in the map and not in the database", name)
		}
		for _, f := range m.Flows {
			require.True(t, slices.ContainsFunc(m.Tables, func(table privacy.MappedTable) bool { return slices.Contains(table.Flows, f.Name) }), "nothing goes by %s", f.Name)
		}
	})
}

// liveColumns are the columns of all tables in our schemas, asked of the database itself.
func liveColumns(t *testing.T, env *tenancytest.Env) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	read := func(tenant uuid.UUID, query string) {
		owner := env.Control(t)
		if tenant != uuid.Nil {
			owner = env.Owner(t, tenant)
		}
		rows, err := owner.Query(query)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			var schema, table, column string
			require.NoError(t, rows.Scan(&schema, &table, &column))
			if schema == "" {
				schema, table = "erp", strings.TrimPrefix(table, "erp_")
				if rest, ok := strings.CutPrefix(table, "control_"); ok {
					schema, table = "erp_control", rest
				}
			}
			if table != "migrations" { // the line of versions, which is of nobody's data and no model
				out[schema+"."+table+"."+column] = true
			}
		}
		require.NoError(t, rows.Err())
	}
	if env.Name == "postgres" {
		read(uuid.Nil, `SELECT n.nspname, c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE n.nspname IN ('erp', 'erp_control') AND c.relkind IN ('r', 'p')`)
		return out
	}
	const query = `SELECT '', t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name LIKE 'erp\_%' ESCAPE '\'`
	read(uuid.Nil, query)
	read(tenancy.ScopeOf(env.Tenant(t)).TenantID(), query)
	return out
}

// A host's model is in the map as ours are, and so are its ways out; what is said of a table that nobody registered is refused.
func TestAHostsModelIsMapped(t *testing.T) {
	type pupil struct {
		tenancy.Row
		Name string `bun:"name" privacy:"identity,pseudonymise"`
		Note string `bun:"note" privacy:"free-text,delete,sealed"`
	}
	type course struct {
		tenancy.Row
		Title string `bun:"title" privacy:"none"`
	}
	type seat struct {
		tenancy.Owned
		CourseID uuid.UUID `bun:"course_id,pk"`
		PupilID  uuid.UUID `bun:"pupil_id,pk"`
	}
	type topic struct {
		tenancy.Owned
		CourseID uuid.UUID `bun:"course_id,pk"`
		No       int64     `bun:"no,pk"`
	}
	host := tenancy.Module{Name: "school", Models: []*tenancy.Model{tenancy.Define[pupil](tenancy.Spec{Table: "school.pupils", Class: tenancy.Master, Controller: tenancy.ByHost, Subject: "self"}),
		tenancy.Define[course](tenancy.Spec{Table: "school.courses", Class: tenancy.Master, Subject: tenancy.ByParts}),
		tenancy.Define[seat](tenancy.Spec{Table: "school.seats", Class: tenancy.Master, Subject: "pupil_id", PartOf: "school.courses"}),
		tenancy.Define[topic](tenancy.Spec{Table: "school.topics", Class: tenancy.Master, PartOf: "school.courses"})},
		Migrations: fstest.MapFS{"50200_school.sql": {Data: []byte("-- +goose Up\nCREATE SCHEMA school;\nCREATE TABLE school.pupils (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    name TEXT NOT NULL,\n" +
			"    note TEXT NOT NULL,\n    PRIMARY KEY (tenant_id, id)\n);\n" +
			"CREATE TABLE school.courses (\n    tenant_id UUID NOT NULL,\n    id UUID NOT NULL,\n    title TEXT NOT NULL,\n    PRIMARY KEY (tenant_id, id)\n);\n" +
			"CREATE TABLE school.seats (\n    tenant_id UUID NOT NULL,\n    course_id UUID NOT NULL,\n    pupil_id UUID NOT NULL,\n    PRIMARY KEY (tenant_id, course_id, pupil_id),\n" +
			"    CONSTRAINT school_seats_pupil FOREIGN KEY (tenant_id, pupil_id) REFERENCES school.pupils (tenant_id, id)\n);\n" +
			"CREATE TABLE school.topics (\n    tenant_id UUID NOT NULL,\n    course_id UUID NOT NULL,\n    no BIGINT NOT NULL,\n    PRIMARY KEY (tenant_id, course_id, no)\n);\n")}},
		Subjects: map[string]string{"school.pupils": "people who take a course"},
		Flows:    []tenancy.Flow{{Name: "school.letters", About: "Letters to those who take a course.", Tables: []string{"school.pupils"}}}}
	tenancytest.Each(t, tenancytest.Options{Modules: append(erp.Modules(), access.Module(), host)}, func(t *testing.T, env *tenancytest.Env) {
		m := mapped(t, env)
		found := map[string]string{}
		for _, table := range m.Tables {
			found[table.Table] = table.Of
			if table.Table == "school.pupils" {
				require.Equal(t, privacy.MappedTable{Table: "school.pupils", Module: "school", Controller: tenancy.ByHost, Subject: "self", Of: "people who take a course", Class: tenancy.Master,
					Purpose: tenancy.ProvideService, Basis: tenancy.ForContract, Flows: []string{"audit.trail", "backup", "privacy.archive", "privacy.own_copy", "school.letters"},
					Columns: []privacy.MappedColumn{{Name: "tenant_id", Category: "none"}, {Name: "id", Category: "none"}, {Name: "name", Category: "identity", Erasure: "pseudonymise"},
						{Name: "note", Category: "free-text", Erasure: "delete", Sealed: true}}}, table)
			}
		}
		for table, of := range map[string]string{"school.pupils": "people who take a course", "school.courses": "people who take a course", "school.seats": "people who take a course", "school.topics": ""} {
			have, there := found[table]
			require.True(t, there, "%s is not in the map", table)
			require.Equal(t, of, have, table)
		}
	})
}

// The policy is for business (11-1), and no child's data are asked for knowingly (11-2): nothing asks how old anybody is. No column of ours holds a person's day, and none is named
// after a birth, an age or a guardian.
func TestNoModelHoldsAnAge(t *testing.T) {
	env := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: append(erp.Modules(), access.Module())})
	for _, m := range env.DB.Registry().Models {
		for _, c := range m.Columns {
			require.False(t, c.Type == tenancy.Date && c.Privacy.Personal(), "%s.%s is a day of a person's", m.Table, c.Name)
		}
	}
	age := regexp.MustCompile(`(^|_)(birth|born|dob|birthday|child|children|guardian|parent_name|gender|sex)(_|$)|(^|_)age$|^age_`)
	for _, name := range []string{"birth_date", "date_of_birth", "dob", "age", "customer_age", "born_on", "guardian_name"} {
		require.Regexp(t, age, name)
	}
	for _, table := range mapped(t, env).Tables {
		for _, c := range table.Columns {
			require.False(t, age.MatchString(c.Name), "%s.%s", table.Table, c.Name)
		}
	}
}
