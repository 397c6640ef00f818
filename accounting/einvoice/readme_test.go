package einvoice_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
)

// The table of rules in the README is the table in the code.
func TestReadmeListsTheRules(t *testing.T) {
	const from, to = "<!-- rules -->\n", "<!-- /rules -->"
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(readme), from)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, to)
	require.True(t, ok)

	var b strings.Builder
	b.WriteString("\n| rule | asks for |\n| --- | --- |\n")
	seen := map[string]bool{}
	for _, rule := range einvoice.Rules() {
		require.False(t, seen[rule.ID], "%s is there twice", rule.ID)
		require.NotEmpty(t, rule.Text)
		seen[rule.ID] = true
		fmt.Fprintf(&b, "| %s | %s |\n", rule.ID, rule.Text)
	}
	fmt.Fprintf(&b, "\n%d rules.\n\n", len(seen))
	want := before + from + b.String() + to + after
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(want), 0o600))
		readme = []byte(want)
	}
	require.Equal(t, want, string(readme), "the README's table of rules is not the code's: run make golden")
}
