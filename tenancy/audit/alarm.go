package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// Alarm is something that a person should look at. It holds no values.
type Alarm struct {
	TenantID uuid.UUID
	// Code says what it is: audit.late, audit.broken, audit.key (roots cannot be signed) or audit.anchor.
	Code fault.Code
	// Seq is the number in the chain that it is about; 0 for none.
	Seq int64
	// Age is how long the oldest event waited, for audit.late.
	Age time.Duration
	// At is when.
	At time.Time
}

// String tells an operator.
func (a Alarm) String() string {
	text := fmt.Sprintf("audit trail of tenant %s: %s", a.TenantID, a.Code)
	if a.Seq > 0 {
		text += fmt.Sprintf(" at event %d", a.Seq)
	}
	if a.Age > 0 {
		text += fmt.Sprintf(", the oldest waited %s", a.Age.Round(time.Second))
	}
	return text
}

// ring is an alarm that rings, and quiet how long it is not raised again.
type ring struct {
	tenant uuid.UUID
	code   fault.Code
}

const quiet = time.Hour

// alarm tells of what went wrong beside the sealing, which it does not stop.
func (s *Service) alarm(ctx context.Context, err error, a Alarm) {
	a.TenantID, a.Code = tenancy.ScopeOf(ctx).TenantID(), fault.CodeOf(err)
	s.mu.Lock()
	for r, at := range s.rung {
		if a.At.Sub(at) >= quiet {
			delete(s.rung, r)
		}
	}
	key := ring{a.TenantID, a.Code}
	_, rung := s.rung[key]
	if !rung {
		s.rung[key] = a.At
	}
	s.mu.Unlock()
	if rung {
		return
	}
	s.opt.Logger.ErrorContext(ctx, "erp: audit", "tenant", a.TenantID.String(), "code", string(a.Code), "seq", a.Seq, "age", a.Age.String())
	if s.opt.OnAlarm != nil {
		s.opt.OnAlarm(ctx, a)
	}
}
