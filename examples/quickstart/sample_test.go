package main

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var lastLine = regexp.MustCompile(`\n[^\n]*\. \d+\.\d+ seconds\.\n$`)

// The sample's report, whole: what a stranger sees first. The same on both engines, and when it is run again.
func TestSample(t *testing.T) {
	const golden = "testdata/sample.txt"
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			db := newDB(t, engine)
			for range 2 {
				status, report, stderr := program(t, nil, "-db", db)
				require.Equal(t, exitOK, status, "%s%s", stderr, report)
				require.Empty(t, stderr)
				require.Regexp(t, lastLine, report)
				report = lastLine.ReplaceAllString(report, "")
				if *update {
					require.NoError(t, os.WriteFile(golden, []byte(report), 0o600))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				require.Equal(t, string(want), report)
				for _, line := range strings.Split(report, "\n") {
					require.LessOrEqual(t, len([]rune(line)), pageWidth, line)
				}
			}
		})
	}
}

func TestSampleByFIFO(t *testing.T) {
	status, report, stderr := program(t, nil, "-cost", "fifo")
	require.Equal(t, exitOK, status, stderr)
	require.Contains(t, report, "refused, tenancy.not_found")
	require.NotContains(t, report, "FAILED")
}

// The README shows parts of the report; they must be what is printed.
func TestReadmeShowsTheReport(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	golden, err := os.ReadFile("testdata/sample.txt")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, blocks, 2)
	for _, b := range blocks {
		require.Contains(t, string(golden)+"\n", b[1])
	}
}
