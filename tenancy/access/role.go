package access

import (
	"regexp"
	"slices"
	"strings"

	"github.com/opsmatiq/erp/tenancy"
)

// Role is a named set of permissions.
type Role struct {
	// Name is in lower case: letters, digits and '_', at most 40.
	Name string
	// About says in one line who it is for.
	About string
	// Permissions are acts ("sales.sell") or all of a domain ("sales.*").
	Permissions tenancy.Permissions
	// SecondFactor refuses members with this role who did not log in with a second factor.
	SecondFactor bool
}

// RoleOwner is the role that every tenant has at least one active member in.
const RoleOwner = "owner"

// BuiltinRoles are the roles that every tenant has. This package knows no domain, so they are written as names; a test of
// the whole holds each name against the domains' permissions. A host replaces any of them but the owner by its own of the
// same name, to require a second factor for example ([RequireSecondFactor]).
func BuiltinRoles() []Role {
	return []Role{
		{Name: RoleOwner, About: "Answers for the tenant: everything, members and roles included.", Permissions: tenancy.Permissions{tenancy.AllPermissions}},
		{Name: "accountant", About: "Keeps the books: entries, documents, payments, bank statements, periods, values of stock; reads the rest.", Permissions: tenancy.Permissions{
			"accounting.*", "bank.*", "exchange.*", "purchasing.bill", "inventory.revalue", "inventory.post_group",
			"inventory.read", "purchasing.read", "sales.read", "pos.read", "erp.verify"}},
		{Name: "sales", About: "Quotes, sells, delivers, charges and credits; keeps customers.", Permissions: tenancy.Permissions{
			"sales.*", "accounting.parties", "inventory.read", "inventory.reserve"}},
		{Name: "purchasing", About: "Orders from vendors, receives and returns, records their bills; keeps vendors and products.", Permissions: tenancy.Permissions{
			"purchasing.*", "accounting.parties", "inventory.products", "inventory.read"}},
		{Name: "warehouse", About: "Moves goods: in, out, back, counted and held; no prices are set and nothing is sold.", Permissions: tenancy.Permissions{
			"inventory.read", "inventory.receive", "inventory.issue", "inventory.return", "inventory.adjust", "inventory.return_to_vendor", "inventory.reserve",
			"purchasing.read", "purchasing.receive", "purchasing.return", "sales.read", "sales.deliver", "sales.return"}},
		{Name: "cashier", About: "Works a till: opens, sells, voids, refunds, counts and closes.", Permissions: tenancy.Permissions{
			"pos.read", "pos.open", "pos.sell", "pos.void", "pos.refund", "pos.cash", "pos.close"}},
		{Name: "auditor", About: "Reads everything, takes copies and proves it; changes nothing.", Permissions: tenancy.Permissions{
			"ending.read", // certificates of deletion, in the platform's own tenant
			"accounting.read", "bank.read", "exchange.export", "inventory.read", "purchasing.read", "sales.read", "pos.read", "usage.read", "audit.read", "audit.verify", "erp.verify", "privacy.digest", "access.read",
			"register.read", "request.read", "retention.read"}},
	}
}

// RequireSecondFactor gives the built-in roles of these names, with a second factor required, for [Options].Roles.
func RequireSecondFactor(names ...string) []Role {
	var out []Role
	for _, r := range BuiltinRoles() {
		if slices.Contains(names, r.Name) {
			r.SecondFactor = true
			out = append(out, r)
		}
	}
	return out
}

var (
	roleName   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	permission = regexp.MustCompile(`^([a-z][a-z0-9_]*\.([a-z][a-z0-9_]*|\*)|\*)$`)
)

// rolesOf joins the built-in roles with the host's.
func rolesOf(op string, own []Role) (map[string]Role, error) {
	out := map[string]Role{}
	for _, r := range BuiltinRoles() {
		out[r.Name] = r
	}
	seen := map[string]bool{}
	for _, r := range own {
		switch {
		case !roleName.MatchString(r.Name):
			return nil, ErrBadInput.New(op, "%q is no name of a role", r.Name)
		case seen[r.Name]:
			return nil, ErrBadInput.New(op, "two roles are called %s", r.Name)
		case r.Name == RoleOwner && !r.Permissions.Allow(tenancy.AllPermissions):
			return nil, ErrBadInput.New(op, "an owner has all permissions")
		case len(r.Permissions) == 0:
			return nil, ErrBadInput.New(op, "role %s has no permissions", r.Name)
		}
		if err := checkPermissions(op, r.Permissions); err != nil {
			return nil, err
		}
		seen[r.Name], out[r.Name] = true, r
	}
	return out, nil
}

// maxPermissions bounds a set.
const maxPermissions = 200

func checkPermissions(op string, perms tenancy.Permissions) error {
	if len(perms) > maxPermissions {
		return ErrBadInput.New(op, "a set has at most %d permissions", maxPermissions)
	}
	for _, p := range perms {
		if len(p) > 80 || !permission.MatchString(string(p)) {
			return ErrBadInput.New(op, "%q is no permission", p)
		}
	}
	return nil
}

// Roles lists the roles that members can have, by name.
func (s *Service) Roles() []Role {
	out := make([]Role, 0, len(s.roles))
	for _, r := range s.roles {
		r.Permissions = slices.Clone(r.Permissions)
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Role) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// powers is what several roles allow together, and whether one of them needs a second factor. A role that the program no
// longer has allows nothing.
func (s *Service) powers(names []string) (perms tenancy.Permissions, factor bool) {
	for _, n := range names {
		r := s.roles[n]
		perms = append(perms, r.Permissions...)
		factor = factor || r.SecondFactor
	}
	slices.Sort(perms)
	return slices.Compact(perms), factor
}

// common is what both sets allow.
func common(a, b tenancy.Permissions) tenancy.Permissions {
	var out tenancy.Permissions
	for _, p := range a {
		if b.Allow(p) {
			out = append(out, p)
		}
	}
	for _, p := range b {
		if a.Allow(p) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// cleanRoles sorts names of roles, and refuses unknown ones.
func (s *Service) cleanRoles(op string, names []string) ([]string, error) {
	out := slices.Clone(names)
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) == 0 || len(out) > 20 {
		return nil, ErrBadInput.New(op, "a member has 1 to 20 roles")
	}
	for _, n := range out {
		if _, ok := s.roles[n]; !ok {
			return nil, ErrUnknownRole.New(op, "there is no role %q", n)
		}
	}
	return out, nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

func permissionsOf(list string) tenancy.Permissions {
	var out tenancy.Permissions
	for _, w := range words(list) {
		out = append(out, tenancy.Permission(w))
	}
	return out
}

func namesOf(perms tenancy.Permissions) []string {
	out := make([]string, len(perms))
	for i, p := range perms {
		out[i] = string(p)
	}
	return out
}
