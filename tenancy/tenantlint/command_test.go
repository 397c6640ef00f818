package tenantlint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const realPackage = "./testdata/real"

// wanted are the findings that testdata/real asks for, as "line rule".
func wanted(t *testing.T) []string {
	source, err := os.ReadFile(filepath.Join(realPackage, "real.go"))
	require.NoError(t, err)
	var out []string
	for i, line := range strings.Split(string(source), "\n") {
		if _, rule, ok := strings.Cut(line, "// want "); ok {
			out = append(out, strconv.Itoa(i+1)+" "+rule)
		}
	}
	slices.Sort(out)
	return out
}

var diagnostic = regexp.MustCompile(`real\.go:(\d+):\d+: (\w+): `)

// The command finds the same under go vet as by itself, in a package that uses the real erp.
func TestCommand(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "tenantlint")
	run := func(name string, args ...string) ([]byte, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		return cmd.CombinedOutput()
	}
	out, err := run("go", "build", "-o", tool, "./cmd/tenantlint")
	require.NoError(t, err, string(out))
	for _, c := range [][]string{
		{"go", "vet", "-vettool=" + tool, "-tenantlint.closed=nowhere/...", realPackage},
		{tool, "-tenantlint.closed=nowhere/...", realPackage},
	} {
		out, err := run(c[0], c[1:]...)
		require.Error(t, err, "findings make it fail")
		var found []string
		for _, m := range diagnostic.FindAllStringSubmatch(string(out), -1) {
			found = append(found, m[1]+" "+m[2])
		}
		slices.Sort(found)
		require.Equal(t, wanted(t), slices.Compact(found), string(out))
	}
	out, err = run(tool, "help", "tenantlint")
	require.NoError(t, err)
	for _, flag := range []string{"-tenantlint.allow", "-tenantlint.closed", "-tenantlint.tests"} {
		require.True(t, bytes.Contains(out, []byte(flag)), flag)
	}
}

func TestPatterns(t *testing.T) {
	var p patterns
	require.NoError(t, p.Set(" a/b , c/..."))
	for path, want := range map[string]bool{"a/b": true, "a/b/c": false, "a": false, "c": true, "c/d/e": true, "cd": false} {
		require.Equal(t, want, p.match(path), path)
	}
	require.Equal(t, "a/b,c/...", p.String())
	for _, bad := range []string{"...", "a/.../b", "a..."} {
		require.Error(t, p.Set(bad), bad)
	}
	require.NoError(t, p.Set(""))
	require.False(t, p.match("a/b"))
}
