package tenancy

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing/fstest"
)

var migrationName = regexp.MustCompile(`^(\d{5})_[a-z0-9_]+(\.postgres|\.sqlite)?\.sql$`)

// MigrationFiles gathers the migrations of all modules for one engine ("postgres" or "sqlite") into one folder, each file
// passed through rewrite. Control files, whose names end in _control, are given when control is true, and the others when
// it is false. Numbers used twice and names of another form are refused.
func (r *Registry) MigrationFiles(engine string, control bool, rewrite func(sql string) string) (fs.FS, error) {
	out := fstest.MapFS{}
	taken := map[string]string{}
	for _, mod := range r.Modules {
		if mod.Migrations == nil {
			continue
		}
		entries, err := fs.ReadDir(mod.Migrations, ".")
		if err != nil {
			return nil, fmt.Errorf("migrations of %s: %w", mod.Name, err)
		}
		for _, e := range entries {
			parts := migrationName.FindStringSubmatch(e.Name())
			if parts == nil {
				return nil, fmt.Errorf("migrations of %s: %q is not of the form 00042_title.sql or 00042_title.sqlite.sql", mod.Name, e.Name())
			}
			if parts[2] != "" && parts[2] != "."+engine || strings.Contains(e.Name(), "_control") != control {
				continue
			}
			if other := taken[parts[1]]; other != "" {
				return nil, fmt.Errorf("migration number %s is used by %s and by %s", parts[1], other, mod.Name)
			}
			taken[parts[1]] = mod.Name
			text, err := fs.ReadFile(mod.Migrations, e.Name())
			if err != nil {
				return nil, fmt.Errorf("migrations of %s: %w", mod.Name, err)
			}
			name := strings.TrimSuffix(e.Name(), parts[2]+".sql") + ".sql"
			out[name] = &fstest.MapFile{Data: []byte(rewrite(string(text)))}
		}
	}
	return out, nil
}

// hostMigrations is where a host's numbers begin; ours are below.
const hostMigrations = 50_000

// Version names the schema that the program expects: the highest number of the library's migrations and of the host's, 0
// where there are none. It is the same on every engine.
func (r *Registry) Version() (library, host int64) {
	for _, mod := range r.Modules {
		if mod.Migrations == nil {
			continue
		}
		entries, err := fs.ReadDir(mod.Migrations, ".")
		if err != nil {
			continue // opening the database says so
		}
		for _, e := range entries {
			parts := migrationName.FindStringSubmatch(e.Name())
			if parts == nil {
				continue
			}
			n, _ := strconv.ParseInt(parts[1], 10, 64) // five digits
			if n < hostMigrations {
				library = max(library, n)
			} else {
				host = max(host, n)
			}
		}
	}
	return library, host
}
