package pgtest_test

import (
	"os"
	"testing"

	"github.com/opsmatiq/erp/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
