package privacy

import (
	"bufio"

	"github.com/opsmatiq/erp/tenancy"
)

// SmallBatches makes an import write n rows at a time, so that few rows make many batches.
func SmallBatches(s *Service, n int) { s.importRows = n }

// What decides in Posture, without a database in which it could not be otherwise.
var (
	Judge  = judge
	Latest = latest
)

// CSVLine is a row as a line of CSV.
func CSVLine(m *tenancy.Model, row any) []byte { return appendLine(nil, m, row) }

// GoOn writes parts to a file over what stands there, and tells how much of that was kept.
func GoOn(f Partial, parts [][]byte) (kept int64, err error) {
	w := &resuming{f: f, have: bufio.NewReaderSize(f, 16)}
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return w.kept, err
		}
	}
	return w.kept, w.end()
}

// LeaveOut replaces in a text what others are known by, and not what is one's own.
func LeaveOut(text string, own, theirs []string) string {
	var o others
	for _, v := range own {
		o.add(v, true)
	}
	for _, v := range theirs {
		o.add(v, false)
	}
	o.sort()
	return o.redact(text)
}
