package einvoice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/einvoice"
)

// Each golden document is calculated, validates, is written, is read again and is the same.
func TestGoldenDocuments(t *testing.T) {
	for name, draft := range documents {
		t.Run(name, func(t *testing.T) { writesAndReads(t, name, calculated(t, draft())) })
	}
	t.Run("prices_including_tax", func(t *testing.T) {
		doc, err := einvoice.TakeTaxOut(inclusive())
		require.NoError(t, err)
		require.Equal(t, "59.94", doc.Totals.Payable.String(), "the prices that were asked")
		writesAndReads(t, "prices_including_tax", doc)
	})
}

func writesAndReads(t *testing.T, name string, doc einvoice.Document) {
	t.Helper()
	file, _ := roundTrip(t, doc)
	golden(t, name+".xml", file)
}

// roundTrip writes a document that validates, reads it as it was, and writes the same bytes again.
func roundTrip(t require.TestingT, doc einvoice.Document) ([]byte, einvoice.Received) {
	require.Empty(t, einvoice.Validate(doc))
	file, err := einvoice.WriteUBL(doc)
	require.NoError(t, err)
	got, err := readUBL(file)
	require.NoError(t, err)
	require.Empty(t, got.NotUnderstood)
	require.Equal(t, canonical(doc), got.Document)
	again, err := einvoice.WriteUBL(got.Document)
	require.NoError(t, err)
	require.Equal(t, string(file), string(again))
	return file, got
}

// inclusive is a shop's receipt: 6 x 9.99 with 20 % in it.
func inclusive() einvoice.Document {
	doc := base()
	doc.Lines = []einvoice.Line{
		line("1", "Hinge", "1", "9.99", einvoice.Rated(dec("20"))),
		line("2", "Hinge, brass", "2", "9.99", einvoice.Rated(dec("20"))),
		line("3", "Lock", "3", "9.99", einvoice.Rated(dec("20"))),
	}
	return doc
}
