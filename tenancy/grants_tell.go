package tenancy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// NoticeKind is what a tenant's owner is told of a grant.
type NoticeKind string

// The notices.
const (
	NoticeAsked      NoticeKind = "asked"      // somebody asks for access; the owner may authorise or refuse
	NoticeAuthorised NoticeKind = "authorised" // in an emergency somebody was let in without the owner
	NoticeLifted     NoticeKind = "lifted"     // somebody was let in, and the law forbade to say so until now
)

// GrantNotice is what a tenant's owner is to be told of a grant.
type GrantNotice struct {
	Kind  NoticeKind
	Grant Grant
}

// Message is the notice as an e-mail. It has the same id when it is sent again.
func (n GrantNotice) Message(to string) Message {
	g := n.Grant
	what := map[NoticeKind]string{
		NoticeAsked:      "Somebody of the platform's staff asks for access to your data. Nobody has it unless you authorise it, or two others do because of an emergency.",
		NoticeAuthorised: "Because of an emergency, somebody of the platform's staff was given access to your data without you.",
		NoticeLifted:     "Somebody of the platform's staff was given access to your data. The law forbade to tell you until now.",
	}[n.Kind]
	lines := []string{what, "", "Grant: " + g.ID.String(), "Person: " + g.Person, "Reason: " + g.Reason}
	if g.Emergency != "" {
		lines = append(lines, "Emergency: "+string(g.Emergency))
	}
	if g.Withheld != "" {
		lines = append(lines, "Withheld because: "+g.Withheld)
	}
	var acts []string
	for _, p := range g.Permissions {
		acts = append(acts, string(p))
	}
	lines = append(lines, "Acts: "+strings.Join(acts, ", "), "For: "+g.For.String())
	if !g.ExpiresAt.IsZero() {
		lines = append(lines, "Until: "+g.ExpiresAt.Format(time.RFC3339))
	}
	lines = append(lines, "", "Every look is on record, and you can see the record and end the access at any time.", "")
	return Message{ID: "grant-" + g.ID.String() + "-" + string(n.Kind), To: to, Subject: "Access to your data: " + string(n.Kind), Text: strings.Join(lines, "\n")}
}

// TellByMail makes an [Options.TellOwner] out of a mailer and of who knows the address of a tenant's owner.
func TellByMail(mailer Mailer, owner func(ctx context.Context, tenant uuid.UUID) (address string, err error)) func(context.Context, GrantNotice) error {
	return func(ctx context.Context, n GrantNotice) error {
		to, err := owner(ctx, n.Grant.TenantID)
		if err != nil {
			return err
		}
		if to == "" {
			return ErrGrantUntold.New("tenancy.TellByMail", "nobody knows the address of the tenant's owner")
		}
		return mailer.Send(ctx, n.Message(to))
	}
}

// duty is what the owner is still to be told of a grant; "" for nothing.
func (r *grantRow) duty(now time.Time) NoticeKind {
	var due NoticeKind
	switch {
	case r.hidden():
	case r.Lifted != 0:
		due = NoticeLifted
	case r.Authorised != 0 && r.AuthorisedBy == "":
		due = NoticeAuthorised
	case r.state(now) == GrantAsked:
		due = NoticeAsked
	}
	if due == r.Told {
		return ""
	}
	return due
}

// tell tells the owner what is due, if the program has a way to, and keeps that it did. A notice may come twice, with the same
// id.
func (g *Grants) tell(ctx context.Context, op string, row *grantRow) error {
	due := row.duty(g.db.now())
	if due == "" || g.db.tellOwner == nil {
		return nil
	}
	now, err := g.get(ctx, op, row.ID)
	if err != nil {
		return err
	}
	// The hook gets a context without a scope: what it does for the platform is not done in the tenant's name.
	if err := g.db.tellOwner(context.WithValue(ctx, scopeKey{}, Scope{}), GrantNotice{Kind: due, Grant: now}); err != nil {
		return ErrGrantUntold.Wrap(op, err, "")
	}
	return g.db.Tenants().control(ctx, op, func(tx bun.Tx) error {
		row.Told, row.ToldAt = due, g.db.now().UnixMicro()
		_, err := tx.NewUpdate().Model(row).ModelTableExpr(g.rows()).Column("told", "told_micros").Where("g.id = ?", row.ID).Exec(ctx)
		if err != nil {
			return err
		}
		return g.db.Tenants().journal(ctx, tx, &journalRow{Actor: "system:grants", Act: "grant.tell", TenantID: row.TenantID,
			Reason: "grant " + row.ID.String() + ": the owner was told (" + string(due) + ")"})
	})
}

// toldOrRefused lets nobody in of whom the owner should know and was not told.
func (g *Grants) toldOrRefused(ctx context.Context, op string, row *grantRow) error {
	if row.Emergency == "" {
		return nil
	}
	if err := g.tell(ctx, op, row); err != nil {
		return err
	}
	if row.duty(g.db.now()) != "" {
		return ErrGrantUntold.New(op, "the program has no way to tell the owner: see Options.TellOwner")
	}
	return nil
}

// settleWithin bounds how long an act about a grant, or a transaction under one, waits for what may be done later: a tenant's file may have a writer.
const settleWithin = 2 * time.Second

// settle does what follows from an act about a grant and may be done later as well: the tenant's trail and the owner are told.
// What fails is done by CompletePending.
func (g *Grants) settle(ctx context.Context, row *grantRow) {
	_ = g.tell(ctx, "tenancy.Grants", row)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	_ = g.mark(ctx, "tenancy.Grants", row)
}

// CompletePending goes on with what was cut short, for at most limit grants (1 to 1,000): uses that do not stand in the
// tenant's own trail yet, owners who were not told, and databases that were not told of a revocation. It tells how many grants
// it had to do with; call it again while that is limit. One that fails does not keep the others back; its error is among those
// returned. It is meant for a background job.
//
// It needs the platform's permission tenancy.complete. Errors: tenancy.not_platform, tenancy.forbidden, and those of the steps.
func (g *Grants) CompletePending(ctx context.Context, limit int) (int, error) {
	const op = "tenancy.Grants.CompletePending"
	if _, err := g.staff(ctx, op, PermCompleteTenants); err != nil {
		return 0, err
	}
	rows, err := g.pending(ctx, min(max(limit, 1), 1000))
	if err != nil {
		return 0, g.db.control.Fault(op, err)
	}
	done := 0
	var failed []error
	for i := range rows {
		ok := true
		for _, step := range []func() error{
			func() error { return g.close(ctx, op, &rows[i]) },
			func() error { return g.tell(ctx, op, &rows[i]) },
			func() error { return g.mark(ctx, op, &rows[i]) },
		} {
			if err := step(); err != nil {
				failed, ok = append(failed, fmt.Errorf("grant %s: %w", rows[i].ID, err)), false
			}
		}
		if ok {
			done++
		}
	}
	return done, errors.Join(failed...)
}
