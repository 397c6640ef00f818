package privacy

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/opsmatiq/erp/tenancy"
)

// What the closed lists are in words that anybody understands (GDPR Art. 12(1)).
var (
	purposeWords = map[tenancy.Purpose]string{
		tenancy.ProvideService: "to do what you have business with us for", tenancy.ManageAccount: "to run your account", tenancy.ImproveService: "to improve the service, by counts that name nobody",
		tenancy.Communicate: "to write to you", tenancy.EnsureSecurity: "to keep the service secure", tenancy.ComplyWithLaw: "to keep the records that the law demands",
	}
	basisWords = map[tenancy.Basis]string{
		tenancy.OnConsent: "your consent (Art. 6(1)(a))", tenancy.ForContract: "a contract with you, or steps towards one (Art. 6(1)(b))", tenancy.LegalDuty: "a legal obligation (Art. 6(1)(c))",
		tenancy.LegitimateNeed: "legitimate interests (Art. 6(1)(f))",
	}
	categoryWords = map[tenancy.Category]string{
		tenancy.Identity: "names and numbers that identify you", tenancy.Contact: "how you are reached", tenancy.Financial: "accounts and terms of payment", tenancy.FreeText: "notes and descriptions",
		tenancy.Credential: "passwords and keys, in a form that nobody can read", tenancy.Behaviour: "when and by what device the service was used",
	}
)

// Markdown writes the information as a document to be read by the person.
func (i Information) Markdown() []byte {
	var b bytes.Buffer
	b.WriteString("# What is held of you (GDPR Art. 15)\n\n| | |\n| --- | --- |\n")
	c := i.Controller
	for _, pair := range [][2]string{{"controller", c.Name}, {"contact", c.Contact}, {"joint controllers", c.JointControllers}, {"representative", c.Representative},
		{"data protection officer", c.ProtectionOfficer}, {"your number here", i.PersonID.String()}, {"as of", i.MadeAt.UTC().Format(time.RFC3339)}} {
		if pair[1] != "" {
			row(&b, pair[0], pair[1])
		}
	}
	b.WriteString("\n## What for, which data, and for how long (a), (b), (d)\n\n| part | purpose | ground | categories | kept |\n| --- | --- | --- | --- | --- |\n")
	for _, a := range i.Activities {
		categories := make([]string, len(a.Categories))
		for n, k := range a.Categories {
			categories[n] = categoryWords[k]
		}
		row(&b, a.Module, purposeWords[a.Purpose], basisWords[a.Basis], strings.Join(categories, "; "), strings.Join(a.Limits, "; "))
	}
	b.WriteString("\nWhich file holds what, and what each column is, stands in manifest.json.\n\n## Who gets them (c), and abroad (2)\n\n")
	if len(i.Recipients) == 0 {
		b.WriteString("No recipient is known.\n")
	} else {
		b.WriteString("| recipient | role | country | safeguard |\n| --- | --- | --- | --- |\n")
		for _, r := range i.Recipients {
			row(&b, r.Name, r.Role, r.Country, r.Safeguard)
		}
	}
	if i.Transfers != "" {
		b.WriteString("\nOther countries: " + i.Transfers + "\n")
	}
	b.WriteString("\n## Your rights (e), (f)\n\n")
	for _, r := range i.Rights {
		_, _ = fmt.Fprintf(&b, "- %s (Art. %s)\n", r.Text, r.Article)
	}
	for _, part := range [][2]string{{"Where they come from (g)", i.Source}, {"Decisions by machines (h)", i.AutomatedDecisions}} {
		if part[1] != "" {
			b.WriteString("\n## " + part[0] + "\n\n" + part[1] + "\n")
		}
	}
	writeSection(&b, "What is left out", i.LeftOut)
	writeSection(&b, "What nobody has stated", i.Missing)
	return b.Bytes()
}

// writeSection writes a section of lines, if there are any.
func writeSection(b *bytes.Buffer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n## " + title + "\n\n")
	for _, line := range lines {
		b.WriteString("- " + line + "\n")
	}
}
