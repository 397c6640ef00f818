package retail_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/examples/quickstart/retail"
)

func TestFilesThatCannotBeRead(t *testing.T) {
	whole := compress(t, text(row("1", 1)))
	for name, tc := range map[string]struct {
		content []byte
		message string
	}{
		"empty":          {nil, "it is empty: a header is needed"},
		"no header":      {[]byte(row("1", 1)), "the header lacks invoice_no, stock_code, description, quantity, invoice_date, unit_price, customer_id, country"},
		"column missing": {[]byte(strings.Replace(head, "unit_price,", "", 1)), "the header lacks unit_price"},
		"column twice":   {[]byte("quantity," + head), "the header names the column quantity twice"},
		"broken header":  {[]byte(`"invoice_no` + "\n" + row("1", 1)), "line 1, the header: a quoted field is not closed"},
		"gzip cut short": {whole[:len(whole)-6], "unexpected EOF"},
		"gzip damaged":   {append(bytes.Clone(whole[:len(whole)-8]), 0, 0, 0, 0, 0, 0, 0, 0), "gzip: invalid checksum"},
		"gzip in name":   {[]byte{0x1f, 0x8b}, "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := retail.New(bytes.NewReader(tc.content), "some.csv").Survey(t.Context())
			require.EqualError(t, err, "some.csv cannot be read: "+tc.message)
		})
	}
}

func TestAMissingFileIsSaidToBeMissing(t *testing.T) {
	_, err := retail.Open(filepath.Join(t.TempDir(), "nowhere.csv"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = retail.Open(t.TempDir())
	require.ErrorContains(t, err, "is not a regular file")
}

func TestAFileThatChangesWhileItIsReadIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file.csv")
	require.NoError(t, os.WriteFile(path, []byte(text(row("1", 1))), 0o600))
	f, err := retail.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	s := survey(t, f)
	require.NoError(t, os.WriteFile(path, []byte(text(row("1", 1), row("2", 1))), 0o600))
	var last error
	for _, err := range f.Documents(t.Context(), s) {
		last = err
	}
	require.ErrorContains(t, last, "it was changed while it was read")
}

func TestReadingStopsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := fileOf(text(row("1", 1), row("2", 1), row("3", 1)))
	s := survey(t, f)
	var got []string
	var last error
	for doc, err := range f.Documents(ctx, s) {
		cancel()
		if last = err; err == nil {
			got = append(got, doc.Number)
		}
	}
	require.Equal(t, []string{"1"}, got)
	require.ErrorIs(t, last, context.Canceled)
	_, err := f.Survey(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheDigestIsOfTheFileAsItLies(t *testing.T) {
	plain := survey(t, fileOf(text(row("1", 1))))
	again := survey(t, fileOf(text(row("1", 1))))
	require.Equal(t, plain.Digest, again.Digest)
	zipped := survey(t, retail.New(bytes.NewReader(compress(t, text(row("1", 1)))), "x"))
	require.NotEqual(t, plain.Digest, zipped.Digest)
}
