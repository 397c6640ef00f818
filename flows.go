package erp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
)

// declared says of the domains what the data map asks for and no model knows: whom rows are about, and how they leave the database. It brings no table.
func declared() tenancy.Module {
	return tenancy.Module{Name: "exchange",
		Subjects: map[string]string{"erp.parties": "customers and suppliers, and whom they name as contact"},
		Flows: []tenancy.Flow{
			{Name: "exchange.journal", About: "The journal as a file for hledger, ledger or beancount, for whoever may export it.",
				Tables: []string{"erp.accounts", "erp.journals", "erp.journal_entries", "erp.journal_lines", "erp.entry_texts", "erp.parties", "erp.exchange_rates"}},
			{Name: "exchange.lists", About: "Lists and statements as CSV, for whoever may export them.",
				Tables: []string{"erp.accounts", "erp.parties", "erp.journal_entries", "erp.journal_lines", "erp.entry_texts", "erp.open_items", "erp.allocations", "erp.account_balances"}},
			{Name: "exchange.einvoice", About: "An issued document as a UBL file (EN 16931), for its buyer.",
				Tables: []string{"erp.books", "erp.invoices", "erp.invoice_lines", "erp.invoice_texts", "erp.parties"}},
			{Name: "pos.signer", About: "A receipt goes to the host's signer before it is final: numbers, lines and amounts, and no customer.",
				Tables: []string{"erp.tickets", "erp.ticket_lines", "erp.ticket_payments"}},
		}}
}

// staffLook says of the platform's staff how they come in. Without access the host lets them in, and somebody has to vouch for how.
func (s *Suite) staffLook(context.Context, time.Time) (privacy.State, string, error) {
	if s.Access == nil {
		return "", "", nil
	}
	return privacy.Enforced, "access lets staff in with a second factor alone", nil
}

// checkPosture looks at what of the policy's promises is kept. In production what is absent stops the start; elsewhere it is logged.
func (s *Suite) checkPosture(ctx context.Context, production bool) error {
	p, err := s.Privacy.PostureAtStart(ctx)
	if err == nil && len(p.Absent()) == 0 {
		return nil
	}
	switch {
	case production && err != nil:
		return err
	case production:
		return p.Check()
	case err != nil: // such as a tenant of the platform's own that is being moved
		s.Ports.Logger.WarnContext(ctx, "erp: what the privacy policy promises could not be looked at", "error", err)
	default:
		s.Ports.Logger.WarnContext(ctx, "erp: not in production: these promises of the privacy policy are absent, and would stop the start there", "promises", idsOf(p.Absent()))
	}
	return nil
}

func idsOf(of []privacy.Standing) []string {
	names := make([]string, len(of))
	for i, st := range of {
		names[i] = string(st.ID)
	}
	return names
}

// expiresSoon is how long before its end an attestation is asked for again.
const expiresSoon = 30 * 24 * time.Hour

// tellOfPosture is a job of programs in production: the operator hears once a day of what is absent, or will be within 30 days.
func (s *Suite) tellOfPosture(ctx context.Context) (more bool, err error) {
	p, err := s.Privacy.PostureAtStart(ctx)
	if err != nil {
		return false, err
	}
	var lines []string
	for _, st := range p.Promises {
		switch {
		case st.State == privacy.Absent:
			lines = append(lines, fmt.Sprintf("%s is absent: %s", st.ID, st.Why))
		case st.State == privacy.Attested && st.By.ExpiresAt.Before(p.At.Add(expiresSoon)):
			lines = append(lines, fmt.Sprintf("%s is %s, by %s", st.ID, st.Why, st.By.MadeBy))
		}
	}
	if len(lines) == 0 {
		return false, nil
	}
	s.Ports.Logger.WarnContext(ctx, "erp: promises of the privacy policy are absent or about to be", "promises", lines)
	if s.operator == "" {
		return false, nil
	}
	return false, s.Ports.Mailer.Send(ctx, tenancy.Message{ID: "posture-" + p.At.Format(time.DateOnly), To: s.operator, Subject: "What the privacy policy promises is absent, or will be soon",
		Text: strings.Join(lines, "\n") + "\n\nPosture, in the platform's own tenant, says more. A program in which a promise is absent does not start again.\n"})
}
