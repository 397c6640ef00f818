package erp

import (
	"context"
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
	if err != nil {
		return err
	}
	if production {
		return p.Check()
	}
	absent := p.Absent()
	if len(absent) == 0 {
		return nil
	}
	names := make([]string, len(absent))
	for i, a := range absent {
		names[i] = string(a.ID)
	}
	s.Ports.Logger.WarnContext(ctx, "erp: not in production: these promises of the privacy policy are absent, and would stop the start there", "promises", names)
	return nil
}
