package einvoice_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// schemaOrder is the order of children in the schemas of UBL 2.1, of those elements that are written here. The names of
// elements tell their type, but for the two kinds of document and of line.
var schemaOrder = map[string]string{
	"Invoice": `CustomizationID ProfileID ID IssueDate DueDate InvoiceTypeCode Note TaxPointDate DocumentCurrencyCode TaxCurrencyCode
		AccountingCost BuyerReference InvoicePeriod OrderReference BillingReference DespatchDocumentReference ReceiptDocumentReference
		OriginatorDocumentReference ContractDocumentReference AdditionalDocumentReference ProjectReference AccountingSupplierParty
		AccountingCustomerParty PayeeParty TaxRepresentativeParty Delivery PaymentMeans PaymentTerms AllowanceCharge TaxTotal
		LegalMonetaryTotal InvoiceLine`,
	"CreditNote": `CustomizationID ProfileID ID IssueDate TaxPointDate CreditNoteTypeCode Note DocumentCurrencyCode TaxCurrencyCode
		AccountingCost BuyerReference InvoicePeriod OrderReference BillingReference DespatchDocumentReference ReceiptDocumentReference
		ContractDocumentReference AdditionalDocumentReference OriginatorDocumentReference AccountingSupplierParty
		AccountingCustomerParty PayeeParty TaxRepresentativeParty Delivery PaymentMeans PaymentTerms AllowanceCharge TaxTotal
		LegalMonetaryTotal CreditNoteLine`,
	"InvoiceLine": `ID Note InvoicedQuantity LineExtensionAmount AccountingCost InvoicePeriod OrderLineReference DocumentReference
		AllowanceCharge Item Price`,
	"CreditNoteLine": `ID Note CreditedQuantity LineExtensionAmount AccountingCost InvoicePeriod OrderLineReference DocumentReference
		AllowanceCharge Item Price`,
	"InvoicePeriod":               `StartDate EndDate DescriptionCode`,
	"OrderReference":              `ID SalesOrderID`,
	"BillingReference":            `InvoiceDocumentReference`,
	"InvoiceDocumentReference":    `ID IssueDate`,
	"DespatchDocumentReference":   `ID`,
	"ReceiptDocumentReference":    `ID`,
	"OriginatorDocumentReference": `ID`,
	"ContractDocumentReference":   `ID`,
	"ProjectReference":            `ID`,
	"OrderLineReference":          `LineID`,
	"DocumentReference":           `ID DocumentTypeCode`,
	"AdditionalDocumentReference": `ID DocumentTypeCode DocumentDescription Attachment`,
	"Attachment":                  `EmbeddedDocumentBinaryObject ExternalReference`,
	"ExternalReference":           `URI`,
	"AccountingSupplierParty":     `Party`,
	"AccountingCustomerParty":     `Party`,
	"Party":                       `EndpointID PartyIdentification PartyName PostalAddress PartyTaxScheme PartyLegalEntity Contact`,
	"PayeeParty":                  `PartyIdentification PartyName PartyLegalEntity`,
	"TaxRepresentativeParty":      `PartyName PostalAddress PartyTaxScheme`,
	"PartyIdentification":         `ID`,
	"PartyName":                   `Name`,
	"PartyTaxScheme":              `CompanyID TaxScheme`,
	"PartyLegalEntity":            `RegistrationName CompanyID CompanyLegalForm`,
	"Contact":                     `Name Telephone ElectronicMail`,
	"PostalAddress":               addressOrder,
	"Address":                     addressOrder,
	"AddressLine":                 `Line`,
	"Country":                     `IdentificationCode`,
	"OriginCountry":               `IdentificationCode`,
	"TaxScheme":                   `ID`,
	"Delivery":                    `ActualDeliveryDate DeliveryLocation DeliveryParty`,
	"DeliveryLocation":            `ID Address`,
	"DeliveryParty":               `PartyName`,
	"PaymentMeans":                `PaymentMeansCode PaymentDueDate PaymentID CardAccount PayeeFinancialAccount PaymentMandate`,
	"CardAccount":                 `PrimaryAccountNumberID NetworkID HolderName`,
	"PayeeFinancialAccount":       `ID Name FinancialInstitutionBranch`,
	"FinancialInstitutionBranch":  `ID`,
	"PaymentMandate":              `ID PayerFinancialAccount`,
	"PayerFinancialAccount":       `ID`,
	"PaymentTerms":                `Note`,
	"AllowanceCharge":             `ChargeIndicator AllowanceChargeReasonCode AllowanceChargeReason MultiplierFactorNumeric Amount BaseAmount TaxCategory`,
	"TaxTotal":                    `TaxAmount TaxSubtotal`,
	"TaxSubtotal":                 `TaxableAmount TaxAmount TaxCategory`,
	"TaxCategory":                 taxOrder,
	"ClassifiedTaxCategory":       taxOrder,
	"LegalMonetaryTotal":          `LineExtensionAmount TaxExclusiveAmount TaxInclusiveAmount AllowanceTotalAmount ChargeTotalAmount PrepaidAmount PayableRoundingAmount PayableAmount`,
	"Item":                        `Description Name BuyersItemIdentification SellersItemIdentification StandardItemIdentification OriginCountry CommodityClassification ClassifiedTaxCategory AdditionalItemProperty`,
	"BuyersItemIdentification":    `ID`,
	"SellersItemIdentification":   `ID`,
	"StandardItemIdentification":  `ID`,
	"CommodityClassification":     `ItemClassificationCode`,
	"AdditionalItemProperty":      `Name Value`,
	"Price":                       `PriceAmount BaseQuantity AllowanceCharge`,
}

const (
	addressOrder = `StreetName AdditionalStreetName CityName PostalZone CountrySubentity AddressLine Country`
	taxOrder     = `ID Percent TaxExemptionReasonCode TaxExemptionReason TaxScheme`
)

// The elements of each golden document stand in the order of the schema, aggregates and basics each in their namespace.
func TestElementsStandInTheSchemasOrder(t *testing.T) {
	files, err := filepath.Glob("testdata/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	used := map[string]bool{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		decoder := xml.NewDecoder(bytes.NewReader(data))
		type open struct {
			name string
			at   int
		}
		stack := []open{{}}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			switch e := token.(type) {
			case xml.StartElement:
				top, child := &stack[len(stack)-1], e.Name.Local
				used[child] = true
				if top.name != "" {
					at := slices.Index(strings.Fields(schemaOrder[top.name]), child)
					require.GreaterOrEqual(t, at, top.at, "%s: %s in %s", name, child, top.name)
					top.at = at
					wantSpace := "CommonBasicComponents-2"
					if schemaOrder[child] != "" {
						wantSpace = "CommonAggregateComponents-2"
					}
					require.True(t, strings.HasSuffix(e.Name.Space, wantSpace), "%s: %s", name, child)
				}
				stack = append(stack, open{name: child})
			case xml.EndElement:
				stack = stack[:len(stack)-1]
			}
		}
	}
	for parent, children := range schemaOrder {
		for _, child := range append(strings.Fields(children), parent) {
			require.True(t, used[child], "no golden document has %s", child)
		}
	}
}
