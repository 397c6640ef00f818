package privacy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// mapFormat names the form of the JSON that is written.
const mapFormat = "erp-data-map/1"

// JSON writes the map for programs: one object with the members format, jurisdiction, flows, recipients and tables, named as the fields of [DataMap] are. Equal maps are equal
// texts, and each column stands on a line of its own, so that a difference between two is what has changed.
func (m DataMap) JSON() ([]byte, error) {
	var out bytes.Buffer
	line := func(before string, v any, after string) error {
		text, err := json.Marshal(v)
		_, _ = fmt.Fprintf(&out, "%s%s%s\n", before, text, after)
		return err
	}
	if err := line(`{"format":`, mapFormat, ","); err != nil {
		return nil, err
	}
	if err := line(`"jurisdiction":`, m.Jurisdiction, ","); err != nil {
		return nil, err
	}
	if err := jsonList(&out, "flows", m.Flows, ","); err != nil {
		return nil, err
	}
	if err := jsonList(&out, "recipients", m.Recipients, ","); err != nil {
		return nil, err
	}
	out.WriteString("\"tables\":[\n")
	for i, t := range m.Tables {
		columns := t.Columns
		t.Columns = nil
		head, err := json.Marshal(t)
		if err != nil {
			return nil, err
		}
		out.Write(bytes.TrimSuffix(head, []byte(`"columns":null}`)))
		out.WriteString("\n")
		if err := jsonList(&out, "columns", columns, "}"+comma(i, len(m.Tables))); err != nil {
			return nil, err
		}
	}
	out.WriteString("]}\n")
	return out.Bytes(), nil
}

// jsonList writes a member that is a list, with each value on a line.
func jsonList[T any](out *bytes.Buffer, name string, list []T, after string) error {
	_, _ = fmt.Fprintf(out, "%q:[\n", name)
	for i, v := range list {
		text, err := json.Marshal(v)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, " %s%s\n", text, comma(i, len(list)))
	}
	out.WriteString("]" + after + "\n")
	return nil
}

func comma(i, n int) string {
	if i < n-1 {
		return ","
	}
	return ""
}

// Markdown writes the map for people: the ways out, then each table with its columns.
func (m DataMap) Markdown() []byte {
	var b bytes.Buffer
	b.WriteString("# Data map\n\nWhat every table of the program holds of whom, for what, on which ground, for how long, and where it goes. It is made from the registered models.\n\n")
	if m.Jurisdiction != "" {
		_, _ = fmt.Fprintf(&b, "Jurisdiction: %s\n\n", m.Jurisdiction)
	}
	b.WriteString("## Ways out\n\n| flow | what goes out | tables |\n| --- | --- | --- |\n")
	for _, f := range m.Flows {
		row(&b, f.Name, f.About, m.by(f.Name))
	}
	if len(m.Recipients) > 0 {
		b.WriteString("\n## Recipients\n\n| recipient | role | country | safeguard | by |\n| --- | --- | --- | --- | --- |\n")
		for _, r := range m.Recipients {
			row(&b, r.Name, r.Role, r.Country, r.Safeguard, strings.Join(append(r.Flows, r.Tables...), ", "))
		}
	}
	b.WriteString("\n## Tables\n")
	for _, t := range m.Tables {
		_, _ = fmt.Fprintf(&b, "\n### %s\n\n", t.Table)
		if t.About != "" {
			b.WriteString(t.About + "\n\n")
		}
		b.WriteString("| | |\n| --- | --- |\n")
		for _, pair := range [][2]string{{"module", t.Module}, {"controller", string(t.Controller)}, {"about", t.Of}, {"found by", t.Subject}, {"class", string(t.Class)}, {"purpose", string(t.Purpose)},
			{"ground", string(t.Basis)}, {"kept from", t.RetainFrom}, {"kept for", t.Retention}, {"outlasts a tenant", t.Outlasts}, {"goes out by", strings.Join(t.Flows, ", ")}} {
			if pair[1] != "" {
				row(&b, pair[0], pair[1])
			}
		}
		writeColumns(&b, t.Columns)
	}
	return b.Bytes()
}

// by names the tables that go by a flow, or says how many when they are most of them.
func (m DataMap) by(flow string) string {
	var tables []string
	for _, t := range m.Tables {
		if slices.Contains(t.Flows, flow) {
			tables = append(tables, t.Table)
		}
	}
	if len(tables) > 20 {
		return fmt.Sprintf("%d of %d", len(tables), len(m.Tables))
	}
	return strings.Join(tables, ", ")
}

// writeColumns writes what is personal as a table, and the names of the rest.
func writeColumns(b *bytes.Buffer, columns []MappedColumn) {
	var rest []string
	begun := false
	for _, c := range columns {
		if c.Category == tenancy.NotPersonal {
			rest = append(rest, c.Name)
			continue
		}
		if !begun {
			b.WriteString("\n| personal column | category | when erased | sealed |\n| --- | --- | --- | --- |\n")
			begun = true
		}
		sealed := ""
		if c.Sealed {
			sealed = "yes"
		}
		erasure := string(c.Erasure)
		if c.Apart {
			erasure += ", apart"
		}
		row(b, c.Name, string(c.Category), erasure, sealed)
	}
	if len(rest) > 0 {
		b.WriteString("\nNot personal: " + strings.Join(rest, ", ") + "\n")
	}
}

// row writes a row of a Markdown table. What is in a cell ends neither the cell nor the row.
func row(b *bytes.Buffer, cells ...string) {
	b.WriteString("|")
	for _, c := range cells {
		c = strings.NewReplacer("|", `\|`, "\r\n", "<br>", "\n", "<br>", "\r", "<br>", "<", "&lt;", ">", "&gt;").Replace(c)
		b.WriteString(" " + c + " |")
	}
	b.WriteString("\n")
}
