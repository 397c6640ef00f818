package erp

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
)

// usageOptions has usage ask who is not to be counted, where a host has not said otherwise.
func (s *Suite) usageOptions(opt Options) usage.Options {
	in := opt.Usage
	if in.Declines == nil {
		in.Declines = s.declines
	}
	return in
}

// declines reports whether the person behind an actor objected to being counted, and was not overruled, or is restricted: as a member of the tenant, or a person of a host's model that names their account.
func (s *Suite) declines(ctx context.Context, tx *tenancy.Tx, actor string) (bool, error) {
	account, err := s.behind(ctx, actor)
	if err != nil || account == uuid.Nil {
		return false, err
	}
	for _, m := range s.Tenancy.Registry().Models {
		if m.User == "" || m.Subject != "self" {
			continue
		}
		//tenantlint:allow report the table and the column are the registry's own names
		who, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT m.id FROM {`+m.Name()+`} AS m WHERE m.`+m.User+` = ? AND (
			EXISTS (SELECT 1 FROM {request_objections} AS o WHERE o.person_id = m.id AND o.purpose = ? AND o.state IN (?, ?))
			OR EXISTS (SELECT 1 FROM {restrictions} AS r WHERE r.id = m.id))`, account, string(tenancy.ImproveService), string(request.ObjectionPending), string(request.Upheld))
		if err != nil || len(who) > 0 {
			return len(who) > 0, err
		}
	}
	return false, nil
}

// behind is the account of a person who acts, or whose key does; zero: nobody's that is known.
func (s *Suite) behind(ctx context.Context, actor string) (uuid.UUID, error) {
	if id, ok := strings.CutPrefix(actor, "user:"); ok {
		account, err := uuid.Parse(id)
		if err != nil {
			return uuid.Nil, nil //nolint:nilerr // a host's own name for somebody
		}
		return account, nil
	}
	if s.Access == nil {
		return uuid.Nil, nil
	}
	return s.Access.KeyOwner(ctx, actor)
}
