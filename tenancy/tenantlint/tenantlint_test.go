package tenantlint

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/analysistest"
)

// Each package under testdata/src says in // want comments what is found in it, and nothing else may be. It uses stand-ins of
// erp and of the database packages; names_test.go holds the former against the real ones.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		name     string
		packages []string
		flags    map[string]string
	}{
		{"as it comes", []string{"host/database", "host/opening", "host/noerp", "host/reports", "host/contexts", "host/directives",
			"host/shop", "host/shopsql", "host/booking", "host/web", "host/untested", "github.com/opsmatiq/erp/..."}, nil},
		{"in closed packages", []string{"host/closed"}, map[string]string{"closed": "nowhere,host/closed"}},
		{"where the database is allowed", []string{"host/allowed/..."}, map[string]string{"allow": "host/allowed/..."}},
		{"in tests, when asked", []string{"host/tested"}, map[string]string{"tests": "true"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := newAnalyzer()
			for flag, value := range c.flags {
				require.NoError(t, a.Flags.Set(flag, value))
			}
			analysistest.Run(t, analysistest.TestData(), a, c.packages...)
		})
	}
}
