package shop // want package:"."

import "github.com/opsmatiq/erp/tenancy"

type Call struct {
	tenancy.Row
	Note string
}

var Module = tenancy.Define[Call](tenancy.Spec{Table: "crm.calls"})
