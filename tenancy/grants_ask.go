package tenancy

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Ask asks for access to a tenant. It gives none: the tenant's owner authorises it ([Grants.Authorise]), or in an emergency
// two people do ([Grants.Approve]). The owner is told, unless the law forbids that.
//
// It needs the platform's permission grant.ask, and leaves a line in the platform's journal and, as far as the owner may know,
// in the tenant's own trail. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.grant_reason (none is given),
// tenancy.bad_input, tenancy.duplicate (the reference exists with other input), tenancy.unknown_tenant and the other codes of a
// tenant that cannot be entered.
func (g *Grants) Ask(ctx context.Context, in NewGrant) (Grant, error) {
	const op = "tenancy.Grants.Ask"
	actor, err := g.staff(ctx, op, PermAskGrant)
	if err != nil {
		return Grant{}, err
	}
	row, err := g.newRow(op, actor, in)
	if err != nil {
		return Grant{}, err
	}
	if _, err := g.db.directory.usable(ctx, op, in.Tenant, &scope{db: g.db}); err != nil {
		return Grant{}, err
	}
	row, err = g.ask(ctx, op, row, false)
	if err != nil {
		return Grant{}, err
	}
	g.settle(ctx, row)
	return g.get(ctx, op, row.ID)
}

// ask writes the request, or finds the one that the same input made before.
func (g *Grants) ask(ctx context.Context, op string, row *grantRow, again bool) (*grantRow, error) {
	found := row
	err := g.db.Tenants().control(ctx, op, func(tx bun.Tx) error {
		if row.Reference != "" {
			old, err := g.find(ctx, tx, "g.reference = ?", row.Reference)
			switch {
			case err != nil:
				return err
			case old != nil && !old.sameRequest(row):
				return ErrDuplicate.New(op, "another grant has the reference %q", row.Reference)
			case old != nil:
				found = old
				return nil
			}
		}
		if _, err := tx.NewInsert().Model(row).ModelTableExpr(g.table(tableGrants)).Exec(ctx); err != nil {
			return err
		}
		return g.note(ctx, tx, row, row.AskedBy, PermAskGrant, "ask", row.Reason)
	})
	if errors.Is(err, ErrDuplicate) && row.Reference != "" && !again { // somebody else has just asked
		return g.ask(ctx, op, row, true)
	}
	return found, err
}

// sameRequest reports whether two rows ask for the same.
func (r *grantRow) sameRequest(o *grantRow) bool {
	return r.TenantID == o.TenantID && r.Person == o.Person && r.AskedBy == o.AskedBy && r.Reason == o.Reason && r.Emergency == o.Emergency &&
		r.Withheld == o.Withheld && r.Permissions == o.Permissions && r.Duration == o.Duration
}

const maxGrantPermissions = 100

func (g *Grants) newRow(op, actor string, in NewGrant) (*grantRow, error) {
	in.Reason, in.Withheld = strings.TrimSpace(in.Reason), strings.TrimSpace(in.Withheld)
	switch {
	case in.Reason == "":
		return nil, ErrGrantReason.New(op, "")
	case len(in.Reason) > maxReason || len(in.Withheld) > maxReason || len(in.Reference) > 200 || !storable(in.Reason+in.Withheld+in.Reference):
		return nil, ErrBadInput.New(op, "a reason has at most %d characters and a reference 200", maxReason)
	case isProgram(actor):
		return nil, ErrForbidden.New(op, "a person asks for access, not a program")
	case !plainActor(in.Person) || isProgram(in.Person):
		return nil, ErrBadInput.New(op, "a grant is for one person, named by their opaque id")
	case in.Emergency != "" && in.Emergency != SecurityIncident && in.Emergency != LegalOrder:
		return nil, ErrBadInput.New(op, "%q is no emergency: there are %s and %s", in.Emergency, SecurityIncident, LegalOrder)
	case in.Withheld != "" && in.Emergency != LegalOrder:
		return nil, ErrBadInput.New(op, "only of a legal order may the owner not be told")
	case in.Emergency != "" && in.Withheld == "" && g.db.tellOwner == nil:
		return nil, ErrGrantUntold.New(op, "the program has no way to tell the owner: see Options.TellOwner")
	case in.For <= 0 || in.For > MaxGrant:
		return nil, ErrBadInput.New(op, "a grant holds for at most %s", MaxGrant)
	}
	permissions, err := namedActs(op, in.Permissions)
	if err != nil {
		return nil, err
	}
	return &grantRow{ID: NewID(), TenantID: in.Tenant, Reference: in.Reference, Person: in.Person, AskedBy: actor, Asked: g.db.now().UnixMicro(), Reason: in.Reason,
		Emergency: in.Emergency, Withheld: in.Withheld, Permissions: permissions, Duration: max(in.For.Microseconds(), 1), State: GrantAsked}, nil
}

// namedActs holds the permissions of a grant to acts that are named one by one: a star would let in what a later version of
// the program adds.
func namedActs(op string, perms Permissions) (string, error) {
	if len(perms) == 0 || len(perms) > maxGrantPermissions {
		return "", ErrBadInput.New(op, "a grant names 1 to %d acts", maxGrantPermissions)
	}
	names := make([]string, len(perms))
	for i, p := range perms {
		switch {
		case strings.Contains(string(p), "*"):
			return "", ErrBadInput.New(op, "a grant names each act: %q is none", p)
		case !grantableName(string(p)):
			return "", ErrBadInput.New(op, "%q is not the name of an act", p)
		case p == PermGrant || p == PermOwn || strings.HasPrefix(string(p), "grant."):
			return "", ErrBadInput.New(op, "%s is not given by a grant", p)
		}
		names[i] = string(p)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " "), nil
}

// grantableName reports whether a text is an act's name: "domain.act".
func grantableName(s string) bool {
	domain, act, ok := strings.Cut(s, ".")
	return ok && domain != "" && act != "" && len(s) <= 100 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	})
}

// Approve allows a grant in an emergency. Two people do, neither of whom asked for it or will use it; the second one's approval
// authorises it, its time begins, and the owner is told at once unless the law forbids that. Approving again changes nothing.
//
// It needs the platform's permission grant.approve and leaves a line in the journal. Errors: tenancy.not_platform,
// tenancy.forbidden, tenancy.not_found, tenancy.grant_self, tenancy.grant_state (not an emergency, or decided already).
func (g *Grants) Approve(ctx context.Context, id uuid.UUID) (Grant, error) {
	const op = "tenancy.Grants.Approve"
	actor, err := g.staff(ctx, op, PermApproveGrant)
	if err != nil {
		return Grant{}, err
	}
	if isProgram(actor) {
		return Grant{}, ErrForbidden.New(op, "people approve access, not a program")
	}
	row, err := g.change(ctx, op, id, func(tx bun.Tx, row *grantRow) error {
		given, err := g.approvals(ctx, tx, id)
		if err != nil {
			return err
		}
		now := g.db.now()
		switch {
		case slices.ContainsFunc(given, func(a approvalRow) bool { return a.Approver == actor }):
			return nil
		case row.Emergency == "":
			return ErrGrantState.New(op, "this is no emergency: the tenant's owner decides")
		case actor == row.AskedBy || actor == row.Person:
			return ErrGrantSelf.New(op, "")
		case row.state(now) != GrantAsked:
			return ErrGrantState.New(op, "the grant is %s", row.state(now))
		}
		mine := &approvalRow{GrantID: id, Approver: actor, Approved: now.UnixMicro()}
		if _, err := tx.NewInsert().Model(mine).ModelTableExpr(g.table(tableApprovals)).Exec(ctx); err != nil {
			return err
		}
		if len(given) == 1 {
			row.authorise(now, "")
			if err := g.write(ctx, tx, row); err != nil {
				return err
			}
		}
		return g.note(ctx, tx, row, actor, PermApproveGrant, "approve", row.Reason)
	})
	if err != nil {
		return Grant{}, err
	}
	g.settle(ctx, row)
	return g.get(ctx, op, id)
}

// Lift says that the owner may know of a grant from now on: the law no longer forbids it. The owner is told, and everything that
// was done stands in the tenant's own trail. Lifting again changes nothing.
//
// It needs the platform's permission grant.approve. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found,
// tenancy.bad_input (no reason), tenancy.grant_state (nothing is withheld), tenancy.grant_untold (the owner could not be told;
// [Grants.CompletePending] tries again).
func (g *Grants) Lift(ctx context.Context, id uuid.UUID, reason string) (Grant, error) {
	const op = "tenancy.Grants.Lift"
	actor, err := g.staff(ctx, op, PermApproveGrant)
	if err != nil {
		return Grant{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Grant{}, ErrBadInput.New(op, "a reason is needed")
	}
	row, err := g.change(ctx, op, id, func(tx bun.Tx, row *grantRow) error {
		switch {
		case row.Withheld == "":
			return ErrGrantState.New(op, "nothing is withheld from the owner")
		case row.Lifted != 0:
			return nil
		}
		row.Lifted, row.LiftedBy = g.db.now().UnixMicro(), actor
		if err := g.write(ctx, tx, row); err != nil {
			return err
		}
		return g.note(ctx, tx, row, actor, PermApproveGrant, "lift", reason)
	})
	if err != nil {
		return Grant{}, err
	}
	g.settle(ctx, row)
	out, err := g.get(ctx, op, id)
	if err == nil && out.Told != NoticeLifted {
		err = ErrGrantUntold.New(op, "")
	}
	return out, err
}
