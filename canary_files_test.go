package erp_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// files are the bytes of the files in which a tenant's rows lie. SQLite's are the tenant's own. PostgreSQL's are of all tenants: tables, their indexes and overflow,
// and what the planner knows of values; its administrator has written them anew before, as privacy/README.md says.
func files(t *testing.T, env *tenancytest.Env, a *aviary) string {
	t.Helper()
	var out strings.Builder
	if env.Dir() != "" {
		names, err := filepath.Glob(filepath.Join(env.Dir(), "tenants", tenancy.ScopeOf(a.ctx).TenantID().String()+"*"))
		require.NoError(t, err)
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			out.Write(data)
		}
		return out.String()
	}
	owner := env.Owner(t, tenancy.ScopeOf(a.ctx).TenantID())
	for _, m := range env.DB.Registry().Models {
		if _, err := owner.Exec("VACUUM (FULL, ANALYZE) " + m.Table); err != nil {
			require.NoError(t, err)
		}
	}
	_, err := owner.Exec("CHECKPOINT")
	require.NoError(t, err)
	rows, err := owner.Query(`SELECT pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c LEFT JOIN pg_class of ON of.reltoastrelid = c.oid
		LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class tab ON tab.oid = COALESCE(i.indrelid, of.oid, c.oid)
		WHERE tab.relnamespace = 'erp'::regnamespace AND c.relkind IN ('r', 'i', 't')
		UNION ALL SELECT convert_to(concat(most_common_vals, histogram_bounds), 'UTF8') FROM pg_stats WHERE schemaname = 'erp'`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	n := 0
	for rows.Next() {
		var data []byte
		require.NoError(t, rows.Scan(&data))
		out.Write(data)
		n++
	}
	require.NoError(t, rows.Err())
	require.Greater(t, n, 200)
	return out.String()
}

// field is a column of a row, a pointer to a struct.
func field(row any, c *tenancy.Column) reflect.Value {
	return reflect.ValueOf(row).Elem().FieldByIndex(c.Index)
}

func valueOf(v any) reflect.Value { return reflect.ValueOf(v) }

func clone(row any) any {
	out := reflect.New(reflect.TypeOf(row).Elem())
	out.Elem().Set(reflect.ValueOf(row).Elem())
	return out.Interface()
}
