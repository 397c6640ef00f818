package postgres

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/opsmatiq/erp/tenancy"
)

// line is the one line of migrations of a program: those of all its modules, by their global numbers. Control tables and
// tenants' tables share the database here, and so the line.
type line struct {
	files fs.FS
	names map[int64]string // file names by version
}

// decimalType is the portable decimal in a migration; here it is a domain of ours.
var decimalType = regexp.MustCompile(`(erp\.)?\bdecimal_text\b`)

func newLine(reg *tenancy.Registry) (*line, error) {
	const op = "postgres.Open"
	all := fstest.MapFS{}
	l := &line{files: all, names: map[int64]string{}}
	for _, control := range []bool{true, false} {
		files, err := reg.MigrationFiles("postgres", control, func(sql string) string {
			return decimalType.ReplaceAllString(sql, "erp.decimal_text")
		})
		if err != nil {
			return nil, ErrMigration.Wrap(op, err, "%v", err)
		}
		names, err := fs.Glob(files, "*.sql")
		if err != nil {
			return nil, ErrMigration.Wrap(op, err, "%v", err)
		}
		for _, name := range names {
			version, err := strconv.ParseInt(name[:strings.IndexByte(name, '_')], 10, 64)
			if err != nil || version == 0 || l.names[version] != "" {
				return nil, ErrMigration.Wrap(op, err, "%s has no number of its own", name)
			}
			text, err := fs.ReadFile(files, name)
			if err != nil {
				return nil, ErrMigration.Wrap(op, err, "%v", err)
			}
			l.names[version], all[name] = name, &fstest.MapFile{Data: text}
		}
	}
	return l, nil
}

// versions are those of the program, in order.
func (l *line) versions() []int64 {
	out := make([]int64, 0, len(l.names))
	for v := range l.names {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// compare holds the program's versions against those applied in a database.
func (l *line) compare(applied []int64) (missing, unknown []string) {
	for _, v := range l.versions() {
		if !slices.Contains(applied, v) {
			missing = append(missing, l.names[v])
		}
	}
	for _, v := range applied {
		if l.names[v] == "" {
			unknown = append(unknown, fmt.Sprintf("%05d", v))
		}
	}
	return missing, unknown
}

// refuse is the fault for a database of another version; with migrate, missing ones are about to be applied.
func (l *line) refuse(applied []int64, migrate bool) error {
	missing, unknown := l.compare(applied)
	if len(unknown) > 0 {
		return tenancy.ErrSchemaVersion.New("postgres.Open", "the database is of a newer program, or of one with more modules: it has migration %s, which this program does not know",
			strings.Join(unknown, ", "))
	}
	if len(missing) > 0 && !migrate {
		return tenancy.ErrSchemaVersion.New("postgres.Open", "the database lacks %s; open it with Migrate, or migrate it first", strings.Join(missing, ", "))
	}
	return nil
}
