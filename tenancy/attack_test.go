package tenancy_test

import (
	"testing"

	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestAttack(t *testing.T) { tenancytest.Attack(t, tenancytest.Options{}) }
