package erp

import (
	"context"

	"github.com/opsmatiq/erp/tenancy"
)

// platformReference is the key of the platform's own tenant where the suite makes it: two programs that start at once make one.
const platformReference = "erp.platform"

// ownTenant makes the platform's own tenant, if a name is given and there is none yet.
func (s *Suite) ownTenant(ctx context.Context, name string) error {
	if name == "" {
		return nil
	}
	platform, err := s.Tenancy.EnterPlatform(tenancy.Scope{}.Attach(ctx), "system:erp", tenancy.Permissions{tenancy.PermReadTenants, tenancy.PermCreateTenant})
	if err != nil {
		return err
	}
	if _, err = s.Tenancy.Tenants().Platform(platform); !tenancy.IsNotFound(err) {
		return err
	}
	_, err = s.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: name, Reference: platformReference, Platform: true})
	return err
}
