package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// errMissing is the one line a developer without PostgreSQL reads.
var errMissing = errors.New("no PostgreSQL: `make setup` installs version 15 or later, or set ERP_TEST_POSTGRES to a superuser's URL")

// installation is one set of server binaries.
type installation struct {
	bin     string // folder of initdb and postgres
	version string // as in 15.18
}

// findInstallation takes the highest version under the Debian layout, else what PATH has.
func findInstallation(ctx context.Context) (installation, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return installation{}, err
	}
	best, bestMajor := "", 0
	for _, bin := range bins {
		major, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
		if err == nil && major > bestMajor && complete(bin) {
			best, bestMajor = bin, major
		}
	}
	if bestMajor < minimumVersion {
		onPath, err := exec.LookPath("initdb")
		if err != nil {
			return installation{}, errMissing
		}
		// Distributions link single programs into PATH; the server looks for its neighbours from the real folder.
		if onPath, err = filepath.EvalSymlinks(onPath); err != nil {
			return installation{}, err
		}
		if best = filepath.Dir(onPath); !complete(best) {
			return installation{}, errMissing
		}
	}
	return identify(ctx, best)
}

// complete reports whether a folder holds the server and not only the client.
func complete(bin string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(bin, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

var versionPattern = regexp.MustCompile(`PostgreSQL\) (\d+)(?:[.\w]*)`)

func identify(ctx context.Context, bin string) (installation, error) {
	out, err := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version").Output() // #nosec G204 -- found above
	if err != nil {
		return installation{}, fmt.Errorf("postgres --version: %w", err)
	}
	m := versionPattern.FindStringSubmatch(string(out))
	if m == nil {
		return installation{}, fmt.Errorf("postgres --version says %q", out)
	}
	if major, err := strconv.Atoi(m[1]); err != nil || major < minimumVersion {
		return installation{}, errMissing
	}
	return installation{bin: bin, version: m[0][len("PostgreSQL) "):]}, nil
}
