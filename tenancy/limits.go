package tenancy

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Limits bound what one tenant can take of what all share: connections, the database's time, memory. What goes beyond is refused
// with tenancy.exhausted, which says what was exceeded, and changes nothing; the other tenants notice nothing of it.
//
// A field that is 0 means its default in [Options], and the program's own in [Tenants.SetLimits]. [Unlimited] lifts a limit.
// An import and a purge are the platform's and know no limits.
type Limits struct {
	// StatementTimeout bounds each statement (on PostgreSQL also a host's own, inside [Tx.Host]), and how long [Load], [Find] and [Report] take to
	// read what they found. [Stream] has no such bound, for its time is its reader's. PostgreSQL stops a statement that takes
	// longer; SQLite stops one that reads, and one that writes between two lots of 64 rows. Default 1 minute, from 1 ms to 24 hours.
	StatementTimeout time.Duration
	// Transactions is how many a tenant may have open at once in this process, each on a connection. Default: half of
	// what its place has connections for, and 8 where each tenant has a file of its own. At most 10,000; but never the last
	// connection of a place that others use too. Transactions of [DB.Join] are on the host's connections and do not count.
	Transactions int
	// Waiting is how many more of its transactions may wait for their turn, in the order in which they came; the next is refused at
	// once. Default 64, at most 10,000; [Unlimited] is not possible.
	Waiting int
	// WaitAtMost is how long one waits for its turn before it is refused. Default 10 s, at most 10 minutes; [Unlimited] is not
	// possible.
	WaitAtMost time.Duration
	// RowsWritten bounds the rows that one transaction inserts, changes and deletes, audit events not counted. Default 250,000.
	RowsWritten int
	// RowsRead bounds the rows that one [Find], [Load] or [Report] gives, for they are all held in memory. Default 250,000; Find has a
	// bound of its own besides, [MaxRows].
	RowsRead int
}

// Unlimited in a field of [Limits] means that there is none.
const Unlimited = -1

var defaultLimits = Limits{StatementTimeout: time.Minute, Waiting: 64, WaitAtMost: 10 * time.Second, RowsWritten: 250_000, RowsRead: 250_000}

const (
	mostTransactions   = 10_000
	fileTransactions   = 8 // where each tenant has a file of its own
	mostWaitAtMost     = 10 * time.Minute
	mostStatementTime  = 24 * time.Hour
	leastStatementTime = time.Millisecond
)

// or fills the fields that are 0 from others.
func (l Limits) or(others Limits) Limits {
	if l.StatementTimeout == 0 {
		l.StatementTimeout = others.StatementTimeout
	}
	if l.Transactions == 0 {
		l.Transactions = others.Transactions
	}
	if l.Waiting == 0 {
		l.Waiting = others.Waiting
	}
	if l.WaitAtMost == 0 {
		l.WaitAtMost = others.WaitAtMost
	}
	if l.RowsWritten == 0 {
		l.RowsWritten = others.RowsWritten
	}
	if l.RowsRead == 0 {
		l.RowsRead = others.RowsRead
	}
	return l
}

func (l Limits) check(op string) error {
	within := func(v, least, most int64, unlimited bool) bool {
		return v == 0 || v == Unlimited && unlimited || v >= least && v <= most
	}
	switch {
	case !within(int64(l.StatementTimeout), int64(leastStatementTime), int64(mostStatementTime), true):
		return ErrBadInput.New(op, "StatementTimeout is between 1 ms and 24 hours")
	case !within(int64(l.Transactions), 1, mostTransactions, true):
		return ErrBadInput.New(op, "Transactions is between 1 and 10,000")
	case !within(int64(l.Waiting), 1, mostTransactions, false):
		return ErrBadInput.New(op, "Waiting is between 1 and 10,000")
	case !within(int64(l.WaitAtMost), int64(time.Millisecond), int64(mostWaitAtMost), false):
		return ErrBadInput.New(op, "WaitAtMost is between 1 ms and 10 minutes")
	case !within(int64(l.RowsWritten), 1, 1<<53, true), !within(int64(l.RowsRead), 1, 1<<53, true):
		return ErrBadInput.New(op, "RowsWritten and RowsRead are at least 1")
	}
	return nil
}

// transactions is how many a tenant may have open at a place for so many sessions; 0 is without bound, for sessions and for the
// answer.
func (l Limits) transactions(sessions int) int {
	n := l.Transactions
	if sessions == 0 {
		switch n {
		case 0:
			return fileTransactions
		case Unlimited:
			return 0
		}
		return n
	}
	if n == 0 {
		return max(1, sessions/2)
	}
	if n == Unlimited || n >= sessions {
		n = sessions - 1
	}
	return max(1, n)
}

// statementTimeout and mostRows are what engines and the store take: 0 is without bound.
func (l Limits) statementTimeout() time.Duration { return max(0, l.StatementTimeout) }

func mostRows(n int) int { return max(0, n) }

// countWritten refuses what would take the transaction beyond the rows that it may write.
func (tx *Tx) countWritten(op string, statements []*Statement) error {
	for _, st := range statements {
		if !st.Verb.reads() {
			tx.written += len(st.Rows)
		}
	}
	if most := tx.mostWritten(); most > 0 && tx.written > most {
		return ErrExhausted.New(op, "the transaction writes more than %d rows, which is as many as the tenant may in one", most)
	}
	return nil
}

func (tx *Tx) mostWritten() int {
	if tx.limits == nil {
		return 0
	}
	return mostRows(tx.limits.RowsWritten)
}

// mostRead is how many rows one answer may have; 0 is without bound.
func (tx *Tx) mostRead() int {
	if tx.limits == nil {
		return 0
	}
	return mostRows(tx.limits.RowsRead)
}

func tooManyRead(op string, most int) error {
	return ErrExhausted.New(op, "the answer has more than %d rows, which is as many as the tenant may have in one: use Page or Stream", most)
}

// PermLimitTenant allows [Tenants.SetLimits].
const PermLimitTenant Permission = "tenancy.limits"

const tableLimits = "erp_control.tenant_limits"

type limitsRow struct {
	TenantID               uuid.UUID `bun:"tenant_id,pk"`
	StatementTimeoutMicros int64     `bun:"statement_timeout_micros"`
	Transactions           int64     `bun:"transactions"`
	Waiting                int64     `bun:"waiting"`
	WaitMicros             int64     `bun:"wait_micros"`
	RowsWritten            int64     `bun:"rows_written"`
	RowsRead               int64     `bun:"rows_read"`
}

func (r *limitsRow) limits() Limits {
	span := func(micros int64) time.Duration {
		if micros == Unlimited {
			return Unlimited
		}
		return time.Duration(micros) * time.Microsecond
	}
	return Limits{StatementTimeout: span(r.StatementTimeoutMicros), Transactions: int(r.Transactions), Waiting: int(r.Waiting),
		WaitAtMost: span(r.WaitMicros), RowsWritten: int(r.RowsWritten), RowsRead: int(r.RowsRead)}
}

func rowOfLimits(tenant uuid.UUID, l Limits) *limitsRow {
	micros := func(d time.Duration) int64 {
		if d == Unlimited {
			return Unlimited
		}
		return d.Microseconds()
	}
	return &limitsRow{TenantID: tenant, StatementTimeoutMicros: micros(l.StatementTimeout), Transactions: int64(l.Transactions), Waiting: int64(l.Waiting),
		WaitMicros: micros(l.WaitAtMost), RowsWritten: int64(l.RowsWritten), RowsRead: int64(l.RowsRead)}
}

// SetLimits gives a tenant limits of its own, in the place of those it had: a larger customer more, a noisy one less. Fields that
// are 0 are the program's again. They hold at once in this process and within StateMaxAge in others, for transactions that begin
// then. It needs the permission tenancy.limits, leaves a line in the platform's journal, and may be repeated.
//
// Errors: tenancy.not_platform, tenancy.forbidden, tenancy.not_found, tenancy.bad_input (no reason, or a limit out of its bounds).
func (t *Tenants) SetLimits(ctx context.Context, id uuid.UUID, l Limits, reason string) error {
	const op = "tenancy.Tenants.SetLimits"
	actor, err := t.actor(ctx, op, PermLimitTenant)
	if err != nil {
		return err
	}
	if err := l.check(op); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return ErrBadInput.New(op, "a reason is needed")
	}
	err = t.control(ctx, op, func(tx bun.Tx) error {
		row, err := t.find(ctx, tx, "id = ?", id)
		if err != nil {
			return err
		}
		if row == nil || row.State == StatePurging || row.State == StatePurged {
			return ErrNotFound.New(op, "")
		}
		if err := t.dropLimits(ctx, tx, id); err != nil {
			return err
		}
		if l != (Limits{}) {
			if _, err := tx.NewInsert().Model(rowOfLimits(id, l)).ModelTableExpr(t.table(tableLimits)).Exec(ctx); err != nil {
				return err
			}
		}
		return t.journal(ctx, tx, &journalRow{Actor: actor, Act: string(PermLimitTenant), TenantID: id, Reason: reason})
	})
	t.db.directory.forget(id)
	return err
}

// Limits are what SetLimits gave a tenant; zero where it has the program's. It needs the permission tenancy.read. Errors:
// tenancy.not_platform, tenancy.forbidden.
func (t *Tenants) Limits(ctx context.Context, id uuid.UUID) (Limits, error) {
	const op = "tenancy.Tenants.Limits"
	if _, err := t.actor(ctx, op, PermReadTenants); err != nil {
		return Limits{}, err
	}
	l, err := t.findLimits(ctx, id)
	return l, t.db.control.Fault(op, err)
}

func (t *Tenants) findLimits(ctx context.Context, id uuid.UUID) (Limits, error) {
	row := new(limitsRow)
	err := t.db.control.Control().NewSelect().Model(row).ModelTableExpr(t.table(tableLimits)+" AS ?TableAlias").Where("tenant_id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return Limits{}, nil
	}
	return row.limits(), err
}

func (t *Tenants) dropLimits(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	_, err := tx.NewDelete().Model((*limitsRow)(nil)).ModelTableExpr(t.table(tableLimits)).Where("tenant_id = ?", id).Exec(ctx)
	return err
}
