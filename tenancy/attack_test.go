package tenancy_test

import (
	"testing"

	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestRaceAttack(t *testing.T) { tenancytest.Attack(t, tenancytest.Options{}) }
