package exchange

import (
	"errors"
	"io"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// ReadChart reads a chart of accounts of the host's own, for [accounting.NewBooks] with [accounting.ChartOwn]. It asks for what any
// chart needs: codes that are there once, types, and one account for each role of [accounting.Roles]; all that is missing is named.
// The columns active and dimensions are not looked at: books open with accounts that take postings, and without dimensions.
//
// Errors: exchange.rejected (its cause is a [*FilesError]), exchange.too_large.
func ReadChart(r io.Reader) ([]accounting.NewAccount, error) {
	const op = "exchange.ReadChart"
	found := &FilesError{}
	sheet, err := read(chartFile, r, "", found)
	if err != nil {
		return nil, err
	}
	chart := chartOf(sheet)
	missing := map[accounting.Role]bool{}
	for _, role := range accounting.Roles() {
		missing[role] = true
	}
	out := make([]accounting.NewAccount, len(chart))
	for i, a := range chart {
		delete(missing, a.Role)
		out[i] = a.NewAccount
	}
	if len(chart) > accounting.MaxAccounts {
		found.add(chartFile, 0, "", ErrTooLarge, "the chart has %d accounts; books open with at most %d", len(chart), accounting.MaxAccounts)
	}
	if len(missing) > 0 {
		var names []string
		for _, role := range accounting.Roles() {
			if missing[role] {
				names = append(names, string(role)+" ("+string(role.AccountType())+")")
			}
		}
		found.add(chartFile, 0, "role", accounting.ErrRolesMissing, "no account has these roles: %s", strings.Join(names, ", "))
	}
	return out, found.rejected(op)
}

// chartRow is an account of the file.
type chartRow struct {
	accounting.NewAccount
	line   int
	active bool
	// dimensions are those that lines on it name, when everything is booked.
	dimensions []string
}

// chartOf reads accounts; those with problems are left out.
func chartOf(s *sheetIn) []chartRow {
	s.once("code")
	roles := map[string]int{}
	out := make([]chartRow, 0, len(s.rows))
	for _, r := range s.rows {
		a := accounting.NewAccount{Code: r.text("code"), Name: r.text("name"), Type: accounting.AccountType(r.text("type")),
			Role: accounting.Role(r.text("role")), Control: accounting.Control(r.text("control")),
			Monetary: r.flag("monetary", false), CashFlow: accounting.CashFlow(r.text("cash_flow")), Distribution: r.flag("distribution", false)}
		active := r.flag("active", true)
		if first := roles[string(a.Role)]; first > 0 && a.Role != "" {
			s.found.add(s.file, r.line, "role", ErrRepeated, "the role %s is given on line %d already", a.Role, first)
		}
		roles[string(a.Role)] = r.line
		r.checked(a.Check(), chartFields)
		out = append(out, chartRow{a, r.line, active, listOf(r.text("dimensions"))})
	}
	return out
}

// listOf takes apart what commas join.
func listOf(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// The columns that fields of accounting's inputs are filled from.
var (
	chartFields = map[string]string{"Code": "code", "Name": "name", "Type": "type", "Role": "role", "Control": "control", "CashFlow": "cash_flow"}
	partyFields = map[string]string{"Reference": "reference", "Name": "name", "Customer": "customer", "Email": "email", "Phone": "phone", "Address": "address",
		"Country": "country", "TaxID": "tax_id"}
	entryFields = map[string]string{"Reference": "reference", "Journal": "journal", "Kind": "kind", "Date": "date", "Memo": "memo"}
)

// checked notes what accounting says of an input, by the column of the first field that it refuses.
func (r rowIn) checked(err error, fields map[string]string) {
	if err == nil {
		return
	}
	column, named := "", ""
	var broken validator.ValidationErrors
	if errors.As(err, &broken) && len(broken) > 0 {
		named = broken[0].StructField()
		name, _, _ := strings.Cut(named, "[")
		column = fields[name]
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		r.bad(column, "%v", err)
		return
	}
	detail := f.Detail
	if len(broken) > 0 && broken[0].Tag() != "required_without" { // which names two fields
		detail = strings.TrimPrefix(detail, named+" ")
	}
	r.found.add(r.file, r.line, column, fault.Lookup(f.Code), "%s", detail)
}
