package privacy

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Information is what a person is told beside the copy of their data: GDPR Art. 15(1)(a) to (h) and (2) (Regulation (EU) 2016/679 of 27 April 2016). It is made of the data map, of what the controller stated
// ([Service.SetController]), and of who the recipients are; only of what is held of this person.
type Information struct {
	PersonID uuid.UUID `json:"person_id"`
	MadeAt   time.Time `json:"made_at"`
	// Controller is who answers for the data, and whom to ask.
	Controller Controller `json:"controller"`
	// Activities are what is done with the data: purposes (a), categories (b), and for how long they are kept (d), with the lawful ground.
	Activities []Activity `json:"activities"`
	// Recipients are to whom data such as these go (c), with the country and what makes the transfer lawful (2).
	Recipients []Recipient `json:"recipients,omitempty"`
	// Transfers is what the controller states of third countries beside the recipients (2).
	Transfers string `json:"transfers,omitempty"`
	// Rights are what the person can ask for (e), and how to complain (f).
	Rights []Right `json:"rights"`
	// Source is where data come from that the person did not give (g).
	Source string `json:"source,omitempty"`
	// AutomatedDecisions are decisions by automated means alone (h).
	AutomatedDecisions string `json:"automated_decisions"`
	// LeftOut says what the copy does not hold, and why.
	LeftOut []string `json:"left_out"`
	// Missing is what the article asks for and nobody has stated, each with its letter.
	Missing []string `json:"missing,omitempty"`
}

// Right is one of the person's rights.
type Right struct {
	Article string `json:"article"`
	Text    string `json:"text"`
}

const noAutomation = "The program decides nothing about a person by automated means alone: it adds up what was entered, and people decide."

// leftOut is true of every copy.
var leftOut = []string{
	"what is of other people: their rows, the ids that lead to them, and what they are known by in free text, where \"" + anotherPerson + "\" stands instead (Art. 15(4))",
	"passwords, keys and what is made of them",
	"the trail of who did what: it names columns and ids, and no value",
	"archives and backups made before, which hold what these rows held then",
}

// inform gathers the information, of what was written of the person.
func (c *copier) inform(ctx context.Context) error {
	m, who, err := c.s.mapped(ctx)
	if err != nil {
		return err
	}
	var held []MappedTable
	for _, t := range m.Tables {
		if seen := c.seen[t.Table]; seen != nil {
			t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(col MappedColumn) bool { return !seen[col.Name] })
			held = append(held, t)
		}
	}
	m.Tables = held
	who.SetBy = "" // who among the staff wrote it down is nobody's concern
	i := Information{PersonID: c.ID, MadeAt: c.Tx.Now(), Controller: who, Activities: record("15(1)", m, who, func(*MappedTable) bool { return true }).Activities, Transfers: who.Transfers,
		Source: strings.TrimSpace(c.in.Source), AutomatedDecisions: cmp.Or(strings.TrimSpace(c.in.AutomatedDecisions), noAutomation), LeftOut: leftOut}
	for _, r := range m.Recipients {
		if concerns(r, held) {
			i.Recipients = append(i.Recipients, r)
		}
	}
	i.Rights = rights(held, c.in.Authority)
	i.Missing = c.missing(&i)
	c.info = i
	return nil
}

// concerns reports whether a recipient gets anything of tables; one of whom it is not known what they get may get all.
func concerns(r Recipient, tables []MappedTable) bool {
	if len(r.Flows)+len(r.Tables) == 0 {
		return true
	}
	return slices.ContainsFunc(tables, func(t MappedTable) bool {
		return slices.Contains(r.Tables, t.Table) || slices.ContainsFunc(t.Flows, func(f string) bool { return slices.Contains(r.Flows, f) })
	})
}

// rights are those that there are on the grounds on which the data are held.
func rights(held []MappedTable, authority string) []Right {
	on := map[tenancy.Basis]bool{}
	for _, t := range held {
		on[t.Basis] = true
	}
	out := []Right{{"16", "to have what is wrong corrected, and what is incomplete completed"}, {"17", "to have data erased, but for what the law demands to be kept"},
		{"18", "to have processing restricted, such as while it is disputed whether data are right"}}
	if on[tenancy.OnConsent] || on[tenancy.ForContract] {
		out = append(out, Right{"20", "to have data that you gave in a form for other programs: this copy is in one"})
	}
	if on[tenancy.LegitimateNeed] {
		out = append(out, Right{"21", "to object, on grounds relating to your particular situation, to what is done for legitimate interests"})
	}
	if on[tenancy.OnConsent] {
		out = append(out, Right{"7(3)", "to withdraw consent at any time, for what comes after"})
	}
	complaint := "to complain to a supervisory authority, in particular where you live, where you work, or where you think that the law was broken"
	if strings.TrimSpace(authority) != "" {
		complaint += "; the controller's is " + strings.TrimSpace(authority)
	}
	return append(out, Right{"77", complaint})
}

// missing is what has to be said and nobody said.
func (c *copier) missing(i *Information) []string {
	var out []string
	if strings.TrimSpace(i.Controller.Name) == "" {
		out = append(out, "the name and contact details of the controller")
	}
	if c.s.opt.Recipients == nil {
		out = append(out, "the recipients (c): nobody registers them")
	}
	for _, a := range i.Activities {
		for _, l := range a.Limits {
			if strings.HasSuffix(l, noRule) {
				out = append(out, "for how long "+strings.TrimSuffix(l, ": "+noRule)+" records of "+a.Module+" are kept (d)")
			}
		}
	}
	if i.Source == "" {
		out = append(out, "the source of what the person did not give (g)")
	}
	return out
}
