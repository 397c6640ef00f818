package retail_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/examples/quickstart/retail"
)

// FuzzReader holds what must be true of any bytes: nothing panics; each row is either booked or refused; both readings
// agree; and where encoding/csv can read the whole, it finds the same rows.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", head, text(row("1", 1), row("1", 1), row("2", 1)),
		text(bad("1"), row("1", 2), "garbage", row("2", 2), row("1", 3)),
		text(`1,A,"an ""odd"`+"\n"+`thing",1,2010-12-01T08:00:00Z,2.50,,`, `2,A,"open,1,2010-12-01T08:00:00Z,2.50,,`, row("3", 1)),
		text("C1,A,,-1,2010-12-01T08:00:00Z,2.505,,", "A2,B,,1,2010-12-01T08:00:00Z,-3,,", "3,A,,-1,2010-12-02T08:00:00Z,0,,", "4,A,,1,2010-12-02T08:00:00Z,0,,"),
		head + "\xff,\x00,\"\r\n\",99999999999,2010-12-01T08:00:00+14:00,.5\r\n\r\n,,,,,,,\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		file := retail.New(bytes.NewReader(content), "fuzz")
		s, err := file.Survey(t.Context())
		if err != nil {
			return
		}
		var booked int64
		seen := map[string]bool{}
		for doc, err := range file.Documents(t.Context(), s) {
			require.NoError(t, err)
			require.False(t, seen[doc.Number], "booked twice")
			seen[doc.Number] = true
			require.NotEmpty(t, doc.Lines)
			booked += int64(len(doc.Lines))
		}
		require.Equal(t, s.Lines, booked)
		require.Equal(t, s.Rows, booked+s.RefusedRows)
		require.Equal(t, s.RefusedRows > 0, len(s.Refused) > 0)
		if rows, ok := rowsByTheBook(content); ok {
			require.EqualValues(t, rows, s.Rows)
		}
	})
}

// rowsByTheBook counts the rows with encoding/csv, for texts within the limits of this package.
func rowsByTheBook(content []byte) (rows int, ok bool) {
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) || len(content) > 60_000 || strings.Count(string(content), "\n") > 40 {
		return 0, false
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))))
	for {
		_, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows - 1, true
		}
		if err != nil {
			return 0, false
		}
		rows++
	}
}
