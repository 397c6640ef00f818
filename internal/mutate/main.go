// Command mutate takes the walls down, one at a time, and sees whether the tests notice. It edits nothing: each mutation is an
// overlay of one file (go test -overlay). A mutation that no test notices is a wall that nobody watches, and fails the run.
//
//	go run ./internal/mutate            # all
//	go run ./internal/mutate predicate  # those whose names contain the word
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// mutation is one wall taken down.
type mutation struct {
	name string
	file string // from the root of the project
	old  string // must stand in the file exactly once
	new  string
	// tests are what must fail, as arguments of go test. Default: the attack suite over tenancy.
	tests []string
}

var attacks = []string{"./tenancy", "-run", "^TestRaceAttack$"}

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, words []string) error {
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return errors.New("run it in the root of the project")
	}
	dir, err := os.MkdirTemp("", "erp-mutate-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var bad []string
	if err := sound(ctx, root, words); err != nil {
		return err
	}
	for _, m := range mutations {
		if !chosen(m.name, words) {
			continue
		}
		began := time.Now()
		verdict := "noticed"
		if err := m.survives(ctx, root, dir); err != nil {
			verdict = err.Error()
			bad = append(bad, m.name)
		}
		fmt.Printf("%-55s %-10s %5.1f s\n", m.name, verdict, time.Since(began).Seconds())
	}
	if len(bad) > 0 {
		return fmt.Errorf("%d of the walls can be taken down unnoticed, or could not be: %s", len(bad), strings.Join(bad, "; "))
	}
	return nil
}

func chosen(name string, words []string) bool {
	for _, w := range words {
		if strings.Contains(name, w) {
			return true
		}
	}
	return len(words) == 0
}

// sound makes sure that the tests pass as things are: else every mutation would look noticed.
func sound(ctx context.Context, root string, words []string) error {
	seen := map[string]bool{}
	for _, m := range mutations {
		if !chosen(m.name, words) {
			continue
		}
		args := m.args()
		if key := strings.Join(args, " "); !seen[key] {
			seen[key] = true
			if out, err := test(ctx, root, args); err != nil {
				return fmt.Errorf("the tests fail without any mutation: go test %s\n%s", key, tail(out))
			} else if bytes.Count(out, []byte("[no tests to run]")) == bytes.Count(out, []byte("ok  \t")) {
				return fmt.Errorf("nothing is run by: go test %s", key)
			}
		}
	}
	return nil
}

func (m mutation) args() []string {
	if m.tests == nil {
		return attacks
	}
	return m.tests
}

// survives is nil when the tests notice the mutation.
func (m mutation) survives(ctx context.Context, root, dir string) error {
	path := filepath.Join(root, filepath.FromSlash(m.file))
	text, err := os.ReadFile(path) //nolint:gosec // a file of the project
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return fmt.Errorf("STALE: its text stands in %s %d times", m.file, n)
	}
	mutant := filepath.Join(dir, "mutant"+filepath.Ext(path))
	if err := os.WriteFile(mutant, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600); err != nil { //nolint:gosec // in a directory of its own
		return err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutant}})
	if err != nil {
		return err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return err
	}
	out, err := test(ctx, root, append([]string{"-overlay", list}, m.args()...))
	switch {
	case err == nil:
		return errors.New("SURVIVED")
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		return fmt.Errorf("STALE: it does not build: %s", tail(out))
	case !bytes.Contains(out, []byte("--- FAIL")) && !bytes.Contains(out, []byte("panic:")):
		return fmt.Errorf("BROKEN: no test failed, but go test did: %s", tail(out))
	}
	return nil
}

func test(ctx context.Context, root string, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-failfast"}, args...)...) //nolint:gosec // what the table says
	cmd.Dir = root
	return cmd.CombinedOutput()
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
