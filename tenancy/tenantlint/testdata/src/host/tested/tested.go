package tested // want package:"."

import "github.com/opsmatiq/erp/tenancy"

var _ tenancy.Row
