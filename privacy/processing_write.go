package privacy

import (
	"bytes"
	"fmt"
	"strings"
)

// Markdown writes the record as a document that a supervisory authority can be given (GDPR Art. 30(3), (4)).
func (r ProcessingRecord) Markdown() []byte {
	var b bytes.Buffer
	who := "controller"
	if r.Article == "30(2)" {
		who = "processor"
	}
	_, _ = fmt.Fprintf(&b, "# Record of processing activities (GDPR Art. %s)\n\n| %s | |\n| --- | --- |\n", r.Article, who)
	c := r.Controller
	for _, pair := range [][2]string{{"name", c.Name}, {"contact", c.Contact}, {"joint controllers", c.JointControllers}, {"representative", c.Representative},
		{"data protection officer", c.ProtectionOfficer}, {"jurisdiction", c.Jurisdiction}, {"transfers to third countries", c.Transfers}} {
		if pair[1] != "" {
			row(&b, pair[0], pair[1])
		}
	}
	if c.Version > 0 {
		row(&b, "stated", fmt.Sprintf("version %d, %s", c.Version, c.SetAt.UTC().Format("2006-01-02")))
	}
	for _, a := range r.Activities {
		_, _ = fmt.Fprintf(&b, "\n## %s: %s\n\n| | |\n| --- | --- |\n", a.Module, a.Purpose)
		categories := make([]string, len(a.Categories))
		for i, k := range a.Categories {
			categories[i] = string(k)
		}
		row(&b, "ground", string(a.Basis))
		row(&b, "people", strings.Join(a.Subjects, "; "))
		row(&b, "categories of data", strings.Join(categories, ", "))
		row(&b, "goes out by", strings.Join(a.Flows, ", "))
		row(&b, "time limits", strings.Join(a.Limits, "; "))
		row(&b, "tables", strings.Join(a.Tables, ", "))
		row(&b, "sealed", fmt.Sprintf("%d of %d personal columns", a.Sealed, a.Personal))
	}
	if len(r.Recipients) > 0 {
		b.WriteString("\n## Recipients\n\n| recipient | role | country | safeguard |\n| --- | --- | --- | --- |\n")
		for _, to := range r.Recipients {
			row(&b, to.Name, to.Role, to.Country, to.Safeguard)
		}
	}
	b.WriteString("\n## Security\n\n")
	for _, line := range r.Security {
		b.WriteString("- " + line + "\n")
	}
	if c.SecurityMeasures != "" {
		b.WriteString("\n" + c.SecurityMeasures + "\n")
	}
	if len(r.Missing) > 0 {
		b.WriteString("\n## Missing\n\n")
		for _, line := range r.Missing {
			b.WriteString("- " + line + "\n")
		}
	}
	return b.Bytes()
}
