package retail

import (
	"fmt"
	"strings"
)

// The columns, by their names in the header. Their order is free and further columns are ignored.
const (
	columnInvoice = iota
	columnCode
	columnDescription
	columnQuantity
	columnDate
	columnPrice
	columnCustomer
	columnCountry
	columnCount
)

var columnNames = [columnCount]string{
	"invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
}

// header says at which place of a record each column stands.
type header [columnCount]int

// parseHeader finds the columns. Names count without their case, spaces and underscores, so that InvoiceNo, as the data
// set is spelt elsewhere, is found as well.
func parseHeader(fields []string) (header, error) {
	var h header
	for c := range h {
		h[c] = -1
		for at, field := range fields {
			if foldName(field) != foldName(columnNames[c]) {
				continue
			}
			if h[c] >= 0 {
				return h, fmt.Errorf("the header names the column %s twice", columnNames[c])
			}
			h[c] = at
		}
	}
	var missing []string
	for c, at := range h {
		if at < 0 {
			missing = append(missing, columnNames[c])
		}
	}
	if len(missing) > 0 {
		return h, fmt.Errorf("the header lacks %s", strings.Join(missing, ", "))
	}
	return h, nil
}

func foldName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", " ", "").Replace(s))
}

// field is a column's text, and "" when the record ends before it.
func (h *header) field(fields []string, column int) string {
	if at := h[column]; at < len(fields) {
		return fields[at]
	}
	return ""
}
