package retail

import (
	"fmt"

	"github.com/opsmatiq/erp/tenancy/date"
)

// row is one record, understood as far as that was possible.
type row struct {
	line     int64
	number   string // of the invoice; "" when it cannot be read
	whole    bool   // the record has all its columns, so number is what it seems to be
	fault    string // why the row is refused; "" for a good one
	date     date.Date
	customer string
	country  string
	item     Line
}

// rowReader understands records.
type rowReader struct {
	records recordReader
	header  header
	date    rowDate
}

// start reads the header.
func (r *rowReader) start() error {
	first, err := r.records.next()
	if err != nil {
		return err
	}
	if first.fault != "" {
		return fmt.Errorf("line %d, the header: %s", first.line, first.fault)
	}
	r.records.width = len(first.fields)
	r.header, err = parseHeader(first.fields)
	return err
}

// next gives io.EOF after the last row.
func (r *rowReader) next() (row, error) {
	rec, err := r.records.next()
	if err != nil {
		return row{}, err
	}
	number := r.header.field(rec.fields, columnInvoice)
	numberFault := checkWord(columnInvoice, number, true, maxNumber)
	out := row{line: rec.line, whole: rec.fault == ""}
	if numberFault == nil {
		out.number = number
	}
	switch {
	case rec.fault != "":
		out.fault = rec.fault
	case numberFault != nil:
		out.fault = numberFault.Error()
	default:
		if err := r.understand(&out, rec.fields); err != nil {
			out.fault = err.Error()
		}
	}
	return out, nil
}

// understand fills the row from its columns, in their usual order, and stops at the first that it cannot read.
func (r *rowReader) understand(out *row, fields []string) (err error) {
	text := func(column int) string { return r.header.field(fields, column) }
	item := &out.item
	item.Number = out.line
	item.Code, item.Description = text(columnCode), text(columnDescription)
	out.customer, out.country = text(columnCustomer), text(columnCountry)
	if err := checkWord(columnCode, item.Code, true, maxCode); err != nil {
		return err
	}
	if err := checkText(item.Description); err != nil {
		return err
	}
	if item.Quantity, err = parseQuantity(text(columnQuantity)); err != nil {
		return err
	}
	if out.date, err = r.date.parse(text(columnDate)); err != nil {
		return err
	}
	if item.Price, err = parsePrice(text(columnPrice)); err != nil {
		return err
	}
	if item.Amount, err = extend(item.Quantity, item.Price); err != nil {
		return err
	}
	if err := checkWord(columnCustomer, out.customer, false, maxName); err != nil {
		return err
	}
	item.Goods = IsGoods(item.Code)
	return checkWord(columnCountry, out.country, false, maxName)
}
