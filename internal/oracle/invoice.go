package oracle

import (
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// Broken are the rules of EN 16931 that xsltproc finds broken in a UBL file by a stylesheet: accounting/einvoice/testdata/en16931.xsl, which says what
// it is and what it is not.
func Broken(t require.TestingT, dir, stylesheet string, document []byte) []string {
	file := filepath.Join(dir, "invoice.xml")
	lines := strings.Split(strings.TrimSpace(Run(t, file, string(document), "xsltproc", "--nonet", stylesheet, file)), "\n")
	require.Regexp(t, `^elements: [1-9]`, lines[0], "nothing was read")
	return lines[1:]
}
