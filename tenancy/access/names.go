package access

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/control"
)

// Names gives the names of actors in the tenant of the context: of members, also those who left, and of API keys. Others, and
// who was erased, are left out or bear a pseudonym. It is for who reads the tenant's trail, in which no names stand.
//
// Permission: access.read or audit.read. Errors: tenancy.forbidden.
func (s *Service) Names(ctx context.Context, actors []string) (map[string]string, error) {
	const op = "access.Names"
	var users, keys []uuid.UUID
	for _, a := range actors {
		kind, text, _ := strings.Cut(a, ":")
		id, err := uuid.Parse(text)
		switch {
		case err != nil:
		case kind == "user":
			users = append(users, id)
		case kind == "key":
			keys = append(keys, id)
		}
	}
	out := map[string]string{}
	err := s.db.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		if !tx.Scope().Can(PermRead) && !tx.Scope().Can("audit.read") {
			return tenancy.ErrForbidden.New(op, "the scope lacks the permission %s", PermRead)
		}
		for some := range slices.Chunk(users, 500) {
			rows, err := tenancy.Find[memberRow](ctx, tx, tenancy.In("user_id", some))
			if err != nil {
				return err
			}
			for _, r := range rows {
				out[actorOf(r.UserID)] = r.Name
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(keys, 500) {
		var rows []keyRow
		err := s.control.DB.NewSelect().Model(&rows).ModelTableExpr(s.aliased(tableKeys)).Where("tenant_id = ?", tenancy.ScopeOf(ctx).TenantID()).
			Where("id IN (?)", bun.In(some)).Scan(ctx) //nolint:staticcheck // bun.List is its new name
		if err != nil {
			return nil, s.fault(op, err)
		}
		for _, r := range rows {
			out["key:"+r.ID.String()] = r.Name
		}
	}
	return out, nil
}

// OwnerAddress gives the e-mail address of a tenant's owner, "" when none has come yet: of several, of who is there for
// longest. It is for the program itself, which tells owners what concerns their tenant; it needs no scope, so its answer is
// for nobody else. Errors: Enter's for the tenant.
func (s *Service) OwnerAddress(ctx context.Context, tenant uuid.UUID) (string, error) {
	const op = "access.OwnerAddress"
	inside, err := control.Enter(ctx, s.db, control.Entering{Tenant: tenant, Actor: "system:access.owner_address", Permissions: []string{permOwn}})
	if err != nil {
		return "", err
	}
	var owners []memberRow
	err = s.db.Read(inside, func(ctx context.Context, tx *tenancy.Tx) error {
		owners, err = tenancy.Find[memberRow](ctx, tx, tenancy.Eq("is_owner", true), tenancy.OrderBy("id"))
		return err
	})
	if err != nil {
		return "", err
	}
	for _, o := range owners {
		var addresses []string
		err := s.control.DB.NewRaw(`SELECT u.email FROM ? AS u JOIN ? AS l ON l.user_id = u.id WHERE u.id = ? AND l.tenant_id = ? AND l.state = ? AND u.state = ?`,
			s.table(tableUsers), s.table(tableTenants), o.UserID, tenant, linkJoined, userActive).Scan(ctx, &addresses)
		if err != nil {
			return "", s.fault(op, err)
		}
		if len(addresses) == 1 {
			return addresses[0], nil
		}
	}
	return "", nil
}
