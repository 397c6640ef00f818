package einvoice_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/internal/oracle"
)

const secondReading = "testdata/en16931.xsl"

// What another engine reads from our files, by rules written once more, breaks none of them; nor do the examples of the EU.
func TestASecondReadingFindsNothing(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.Len(t, files, len(documents)+1)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Empty(t, oracle.Broken(t, t.TempDir(), secondReading, data), name)
	}
	for _, name := range []string{"example1", "example2", "example3", "example5", "example7", "creditnote1"} {
		require.Empty(t, oracle.Broken(t, t.TempDir(), secondReading, example(t, name)), name)
	}
}

// Whatever is calculated and written is read the second time without a finding.
func TestLawASecondReadingFindsNothing(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		file, _ := roundTrip(t, calculated(t, anyDocument().Draw(t, "document")))
		require.Empty(t, oracle.Broken(t, dir, secondReading, file), string(file))
	})
}

// A stylesheet that finds nothing anywhere would be none: each of these is found.
func TestTheSecondReadingFinds(t *testing.T) {
	const lineEnd = "</cbc:LineExtensionAmount>"
	for _, c := range []struct{ file, old, put, rule string }{
		{"standard", "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>", "", "BR-01"},
		{"standard", "<cbc:InvoiceTypeCode>380", "<cbc:InvoiceTypeCode>381", "BR-CL-01"},
		{"credit_note", "<cbc:CreditNoteTypeCode>381", "<cbc:CreditNoteTypeCode>380", "BR-CL-01"},
		{"standard", "<cbc:RegistrationName>Lindgren Tools AB</cbc:RegistrationName>", "", "BR-06"},
		{"standard", "SE556000000001", "6SE56000000001", "BR-CO-09"},
		{"standard", "<cbc:DueDate>2026-04-30</cbc:DueDate>", "", "BR-CO-25"},
		{"standard", ` schemeID="9930"`, "", "BR-62"},
		{"standard", ` unitCode="C62"`, "", "BR-23"},
		{"standard", "<cbc:Name>Plane iron</cbc:Name>", "", "BR-25"},
		{"standard", ">33.15<", ">-33.15<", "BR-27"},
		{"standard", `<cbc:PriceAmount currencyID="EUR">20</cbc:PriceAmount>`, "", "BR-26"},
		{"standard", `<cbc:LineExtensionAmount currencyID="EUR">99.45` + lineEnd, `<cbc:LineExtensionAmount currencyID="EUR">99.46` + lineEnd, "BR-S-08 25"},
		{"standard", `<cbc:LineExtensionAmount currencyID="EUR">20.00` + lineEnd, `<cbc:LineExtensionAmount currencyID="EUR">20.01` + lineEnd, "BR-CO-10"},
		{"standard", `<cbc:TaxAmount currencyID="EUR">24.86<`, `<cbc:TaxAmount currencyID="EUR">24.87<`, "BR-S-09 25"},
		{"standard", `<cbc:TaxAmount currencyID="EUR">24.86<`, `<cbc:TaxAmount currencyID="EUR">24.85<`, "BR-S-09 25"},
		{"standard", `<cbc:TaxAmount currencyID="EUR">26.06<`, `<cbc:TaxAmount currencyID="EUR">26.07<`, "BR-CO-14"},
		{"standard", `<cbc:TaxInclusiveAmount currencyID="EUR">`, `<cbc:TaxInclusiveAmount currencyID="EUR">1`, "BR-CO-15"},
		{"standard", `<cbc:PayableAmount currencyID="EUR">`, `<cbc:PayableAmount currencyID="EUR">1`, "BR-CO-16"},
		{"standard", `<cbc:TaxExclusiveAmount currencyID="EUR">`, `<cbc:TaxExclusiveAmount currencyID="EUR">1`, "BR-CO-13"},
		{"standard", `<cbc:PayableAmount currencyID="EUR">`, `<cbc:PayableAmount currencyID="SEK">`, "BT-5 PayableAmount"},
		{"standard", `<cbc:PayableAmount currencyID="EUR">`, `<cbc:PayableAmount>`, "currencyID PayableAmount"},
		{"standard", `>145.51</cbc:PayableAmount>`, `>145.510</cbc:PayableAmount>`, "BR-DEC PayableAmount"},
		{"tax_currency", `currencyID="SEK"`, `currencyID="NOK"`, "BR-53"},
		{"allowances_and_charges", "<cbc:ChargeIndicator>false", "<cbc:ChargeIndicator>true", "BR-CO-11"},
		{"exempt", "<cbc:ID>E</cbc:ID>", "<cbc:ID>S</cbc:ID>", "BR-S-05"},
		{"export", "TaxExemptionReason", "TaxTypeReason", "BR-G-10"},
		{"intra_community", "ActualDeliveryDate", "LatestDeliveryDate", "BR-IC-11"},
		{"zero_rated", "<cbc:ID>Z</cbc:ID>", "<cbc:ID>Q</cbc:ID>", "BR-CL-17"},
	} {
		text := file(t, c.file)
		require.Contains(t, text, c.old, c.rule)
		put := strings.ReplaceAll(text, c.old, c.put)
		require.Contains(t, oracle.Broken(t, t.TempDir(), secondReading, []byte(put)), c.rule, "%s: %s", c.file, c.old)
	}
}
