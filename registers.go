package erp

import (
	"context"
	"time"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
)

// recipients are those of the registers, for the data map.
func (s *Suite) recipients(ctx context.Context) ([]privacy.Recipient, error) {
	return s.Registers.Recipients(ctx)
}

// registerOptions has the registers ask the suite where a host has not said otherwise.
func (s *Suite) registerOptions(opt Options) register.Options {
	on := opt.Registers
	if on.Jurisdiction == nil {
		on.Jurisdiction = s.jurisdiction
	}
	if on.Notify == nil && opt.OwnerAddress != nil {
		on.Notify = register.NotifyByMail(s.Ports.Mailer, opt.OwnerAddress)
	}
	if on.Objected == nil && opt.Operator != "" {
		on.Objected = func(ctx context.Context, n register.Notification) error {
			text := n.Body + "\n\nTenant " + n.TenantID.String() + ". What was announced does not take effect for it before something has come of it (Registers.Settle).\n"
			return s.Ports.Mailer.Send(ctx, tenancy.Message{ID: n.ID, To: opt.Operator, Subject: n.Title, Text: text})
		}
	}
	if on.Accesses == nil {
		on.Accesses = s.visits
	}
	return on
}

// mostVisits bounds what a trace tells of the access log.
const mostVisits = 10_000

// visits are an actor's lines of the access log.
func (s *Suite) visits(ctx context.Context, actor string, from, to time.Time) ([]register.Visit, error) {
	var out []register.Visit
	page := tenancy.PageRequest{Limit: 1000}
	for len(out) < mostVisits {
		lines, err := s.Usage.AccessLog(ctx, usage.AccessFilter{Actor: actor, From: from, To: to}, page)
		if err != nil {
			return nil, err
		}
		for _, l := range lines.Items {
			out = append(out, register.Visit{At: l.OccurredAt, Page: l.Page, Address: l.Address})
		}
		if page.After = lines.Next; page.After == "" {
			break
		}
	}
	return out, nil
}
