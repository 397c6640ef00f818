package erp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// follows says what follows from columns that a correction changes, for the domains' models.
var follows = map[string]func(row any) ([]string, error){
	"erp.parties": func(row any) ([]string, error) {
		p, ok := row.(*accounting.Party)
		if !ok {
			return nil, fmt.Errorf("erp: a %T is no party", row)
		}
		p.NameKey = accounting.NameKey(p.Name)
		return []string{"name_key"}, nil
	},
}

// requestOptions has those who answer for a tenant told of requests that are due: its owner, where the program knows an address, else the operator. Where the address cannot be found out the operator is told and the job fails, so that
// it is tried again and seen ([Suite.JobFailures]); nothing is marked as told until the owner was.
func (s *Suite) requestOptions(opt Options) request.Options {
	return request.Options{Find: s.find, Recipients: s.disclosed, Tell: func(ctx context.Context, due []request.Due) error {
		tenant := tenancy.ScopeOf(ctx).TenantID()
		to := s.operator
		var unknown error // whose address it should have been: the operator hears of the requests meanwhile, and the job stays red
		if opt.OwnerAddress != nil {
			own, err := opt.OwnerAddress(ctx, tenant)
			if err != nil {
				unknown = err
				s.Ports.Logger.ErrorContext(ctx, "erp: the owner's address could not be found out", "tenant", tenant.String(), "code", string(fault.CodeOf(err)))
			} else if own != "" {
				to = own
			}
		}
		s.Ports.Logger.WarnContext(ctx, "erp: requests about personal data are overdue or due soon", "tenant", tenant.String(), "requests", len(due))
		if to == "" {
			return unknown
		}
		return errors.Join(unknown, s.Ports.Mailer.Send(ctx, dueMessage(s.Tenancy.Now(), tenant, to, due)))
	}}
}

// dueMessage tells of requests by their references, which name nobody. It has the same id for the same requests on the same day, to the same address.
func dueMessage(now time.Time, tenant uuid.UUID, to string, due []request.Due) tenancy.Message {
	late := 0
	var lines []string
	for _, d := range due {
		if d.Late {
			late++
		}
		lines = append(lines, fmt.Sprintf("%s (%s): due on %s", d.Request.Reference, d.Request.Kind, d.Request.DueOn))
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %s", tenant, now.Format(time.DateOnly), due[0].Request.ID, to))
	return tenancy.Message{ID: "requests-" + hex.EncodeToString(sum[:16]), To: to,
		Subject: fmt.Sprintf("Requests about personal data: %d overdue, %d due soon", late, len(due)-late), Text: strings.Join(lines, "\n") + "\n"}
}

// find looks for a person as a request asks.
func (s *Suite) find(ctx context.Context, by request.Search) ([]request.Match, error) {
	found, err := s.Privacy.Find(ctx, privacy.Query{PersonID: by.Party, Actor: by.User, Email: by.Email, Phone: by.Phone})
	if err != nil {
		return nil, err
	}
	out := make([]request.Match, len(found.Persons))
	for i, p := range found.Persons {
		out[i] = request.Match{Person: p.ID, Table: p.Table}
		of := found
		if len(found.Persons) > 1 { // what lies where is of each by themselves
			if of, err = s.Privacy.Find(ctx, privacy.Query{PersonID: p.ID}); err != nil {
				return nil, err
			}
		}
		for _, t := range of.Tables {
			out[i].Rows = append(out[i].Rows, request.Rows{Table: t.Table, Rows: t.About, Controller: t.Controller})
		}
	}
	return out, nil
}

// disclosed are those to whom anything of a person was disclosed, by the register.
func (s *Suite) disclosed(ctx context.Context, person uuid.UUID) ([]request.Recipient, error) {
	all, err := s.Registers.Disclosed(ctx, person)
	out := make([]request.Recipient, len(all))
	for i, r := range all {
		out[i] = request.Recipient{Key: r.ID.String(), Name: r.Name}
	}
	return out, err
}
