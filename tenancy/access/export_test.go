package access

import (
	"context"
	"sync/atomic"

	"github.com/uptrace/bun"
)

// For tests: work is counted, not timed.

// Computed is how many passwords were hashed.
func (s *Service) Computed() int64 { return s.hasher.computed.Load() }

// CountStatements has every statement to the control database counted from now on.
func (s *Service) CountStatements() *atomic.Int64 {
	c := new(counting)
	s.control.DB = s.control.DB.WithQueryHook(c)
	return &c.n
}

type counting struct{ n atomic.Int64 }

func (c *counting) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	c.n.Add(1)
	return ctx
}

func (*counting) AfterQuery(context.Context, *bun.QueryEvent) {}

// Rows are the structs of the control database's rows.
var Rows = []any{userRow{}, linkRow{}, sessionRow{}, keyRow{}, tokenRow{}, codeRow{}}

// The insides that have tests of their own.
var (
	HOTP     = hotp
	TOTPStep = totpStep
	StepOf   = stepOf
	Common   = common
	Network  = network
)

// CodeAt is the code of a secret at an instant.
func CodeAt(secret []byte, step int64) string { return hotp(secret, step, totpDigits) }
