package erp_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/opsmatiq/erp/accounting/einvoice" // nothing of erp needs it, and its codes are listed all the same
	"github.com/opsmatiq/erp/tenancy/fault"
)

var update = flag.Bool("update", false, "write docs/errors.md anew")

// The list of codes in the docs is the list of codes in the program.
func TestErrorCodesAreListed(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Error codes\n\nEvery error that a caller can act on is a `fault.Error` with one of these codes. Codes are stable. The kind gives the HTTP\n" +
		"status (`fault.Kind.HTTPStatus`). This file is written by `make golden`.\n\n| code | kind | meaning |\n| --- | --- | --- |\n")
	for _, d := range fault.Definitions() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.Code, d.Kind, d.Meaning)
	}
	if *update {
		require.NoError(t, os.WriteFile("docs/errors.md", []byte(b.String()), 0o600))
	}
	have, err := os.ReadFile("docs/errors.md")
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "docs/errors.md is not what the program defines: run make golden")
}
