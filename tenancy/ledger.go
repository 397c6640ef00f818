package tenancy

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/date"
)

// PermLedger allows settling the erasure ledger and reading what of it a tenant's data do not know.
const PermLedger Permission = "tenancy.ledger"

// LedgerState is how sure an entry of the erasure ledger is.
type LedgerState string

// The states of an entry. An intended one is of an erasure that may have been committed: what is restored has it done all the same.
const (
	LedgerIntended LedgerState = "intended" // entered before the erasure's commit
	LedgerDone     LedgerState = "done"     // the erasure was committed
	LedgerVoid     LedgerState = "void"     // it was not, and cannot be any more
)

// LedgerEntry is an erasure, by opaque ids: enough to do it again, and nothing of the person.
type LedgerEntry struct {
	// ErasureID is the row of erp.erasures by which the tenant's own data know of it.
	ErasureID uuid.UUID
	TenantID  uuid.UUID
	// Table and RowID are the person's own row.
	Table     string
	RowID     uuid.UUID
	EnteredAt time.Time
	State     LedgerState
}

// Ledger is the erasure ledger: who was erased, kept in the control database and so outside every tenant's backups, to be done again on whatever
// is restored from one. [Tx.RecordErasure] enters; an entry is never changed but to be settled, and never deleted, which the database
// sees to.
//
// The two databases are never one transaction. An entry is committed before the erasure is, so no erasure that was committed is missing. An
// entry whose erasure was rolled back, or whose process died in between, stays as intended until [Ledger.Settle] has asked the tenant's own
// database, and has seen to it that the answer stays what it is.
//
// Restrictions are in it as well, and their ends ([Tx.Restrict], [Tx.Unrestrict]): who is restricted must not come back free. So are legal holds and their ends ([Tx.RecordHold]): what is erased again
// must not be what a court asked for.
type Ledger struct{ db *DB }

// Ledger gives the erasure ledger.
func (db *DB) Ledger() *Ledger { return &Ledger{db} }

const tableLedger = "erp_control.erasure_ledger"

// The kinds of entries. An erasure has the id of its row in erp.erasures.
const (
	ledgerErased     = "erased"
	ledgerRestricted = "restricted"
	ledgerReleased   = "released"
	ledgerHeld       = "held"
	ledgerUnheld     = "unheld"
)

type ledgerRow struct {
	ID        uuid.UUID   `bun:"id,pk"`
	TenantID  uuid.UUID   `bun:"tenant_id"`
	Kind      string      `bun:"kind"`
	TableName string      `bun:"table_name"`
	RowID     uuid.UUID   `bun:"row_id"`
	Ground    Ground      `bun:"ground"`
	State     LedgerState `bun:"state"`
	Entered   int64       `bun:"entered_micros"`
	Settled   int64       `bun:"settled_micros"`
	FromDay   string      `bun:"from_day"` // "": none
	ToDay     string      `bun:"to_day"`
}

func (r *ledgerRow) entry() LedgerEntry {
	return LedgerEntry{ErasureID: r.ID, TenantID: r.TenantID, Table: r.TableName, RowID: r.RowID, EnteredAt: time.UnixMicro(r.Entered).UTC(), State: r.State}
}

func (l *Ledger) table() string { return l.db.control.TableName(tableLedger) }

// enter commits an entry, before the transaction is that does what it tells of. A dry run does nothing, and what is done again is in it.
func (l *Ledger) enter(ctx context.Context, op string, tx *Tx, row *ledgerRow) error {
	if tx.changes != nil || tx.scope.restoring {
		return nil
	}
	row.TenantID, row.State, row.Entered = tx.scope.tenant, LedgerIntended, tx.now.UnixMicro()
	if _, err := l.db.control.Control().NewInsert().Model(row).ModelTableExpr(l.table()).Exec(ctx); err != nil {
		return tx.failed(op, l.db.control.Fault(op, err))
	}
	if !tx.joined { // else only the host knows when it commits
		tx.AfterCommit(func(ctx context.Context) {
			_ = l.settle(context.WithoutCancel(ctx), op, []uuid.UUID{row.ID}, LedgerDone) // else Settle does
		})
	}
	return nil
}

func (l *Ledger) settle(ctx context.Context, op string, ids []uuid.UUID, state LedgerState) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := l.db.control.Control().NewUpdate().Model((*ledgerRow)(nil)).ModelTableExpr(l.table()).Set("state = ?", state).Set("settled_micros = ?", l.db.now().UnixMicro()).
		Where("id IN (?)", bun.In(ids)).Where("state = ?", LedgerIntended).Exec(ctx) //nolint:staticcheck // see List
	return l.db.control.Fault(op, err)
}

// scope is the tenant's scope of who may.
func (l *Ledger) scope(ctx context.Context, op string) (*scope, error) {
	s, err := l.db.heldScope(ctx, op)
	if err != nil {
		return nil, err
	}
	if s.grant != nil || !s.perms.Allow(PermLedger) {
		return nil, ErrForbidden.New(op, "the scope lacks the permission %s", PermLedger)
	}
	return s, nil
}

// Settle asks the tenant's own database about entries that were entered before an instant and are intended still, at most limit (1 to 1,000), and tells how many there
// were. What it does not know gets a row there that keeps the erasure from ever being committed, so that void stays void.
//
// Permission: tenancy.ledger, in the tenant's scope; of a closed tenant in a job that is a duty. Errors: the unscoped codes, tenancy.forbidden, tenancy.duplicate (one of them was committed in
// this very moment: do it again).
func (l *Ledger) Settle(ctx context.Context, before time.Time, limit int) (int, error) {
	const op = "tenancy.Ledger.Settle"
	s, err := l.scope(ctx, op)
	if err != nil {
		return 0, err
	}
	var rows []ledgerRow
	err = l.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(l.table()+" AS ?TableAlias").Where("tenant_id = ?", s.tenant).
		Where("kind = ?", ledgerErased).Where("state = ?", LedgerIntended).Where("entered_micros < ?", before.UnixMicro()).OrderExpr("entered_micros, id").Limit(int64(min(max(limit, 1), 1000))).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return 0, l.db.control.Fault(op, err)
	}
	var done, void []uuid.UUID
	_, err = Act(ctx, l.db, PermLedger, func(ctx context.Context, tx *Tx) (struct{}, error) {
		known, err := tx.erasures(ctx, rows)
		if err != nil {
			return struct{}{}, err
		}
		done, void = nil, nil
		b := tx.Batch()
		for _, r := range rows {
			switch known[r.ID] {
			case erasureDone:
				done = append(done, r.ID)
				continue
			case "": // whoever is about to commit it after all finds its row taken
				Put(b, []*erasure{{Row: Row{ID: r.ID}, TableName: r.TableName, RowID: r.RowID, State: erasureVoid, RegisteredAt: tx.now}})
			}
			void = append(void, r.ID)
		}
		return struct{}{}, b.Run(ctx)
	})
	if err != nil {
		return 0, err
	}
	if err := l.settle(ctx, op, done, LedgerDone); err != nil {
		return 0, err
	}
	return len(rows), l.settle(ctx, op, void, LedgerVoid)
}

// erasures are the states of entries as the tenant's own database knows them.
func (tx *Tx) erasures(ctx context.Context, rows []ledgerRow) (map[uuid.UUID]string, error) {
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	found, err := Find[erasure](ctx, tx, In("id", ids))
	known := map[uuid.UUID]string{}
	for _, e := range found {
		known[e.ID] = e.State
	}
	return known, err
}

// Missing are erasures of the scope's tenant, by id, at most limit (1 to 1,000) after the given one (zero: from the start), that its own data do not know of: they were done after
// the state that the data are of. next is where to go on, zero at the end. An entry that is still intended is among them: whether it was committed is not known any more,
// and one that was must not be lost.
//
// Permission: tenancy.ledger. Errors: the unscoped codes, tenancy.forbidden.
func (l *Ledger) Missing(ctx context.Context, after uuid.UUID, limit int) (missing []LedgerEntry, next uuid.UUID, err error) {
	const op = "tenancy.Ledger.Missing"
	s, err := l.scope(ctx, op)
	if err != nil {
		return nil, uuid.Nil, err
	}
	limit = min(max(limit, 1), 1000)
	var rows []ledgerRow
	err = l.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(l.table()+" AS ?TableAlias").Where("tenant_id = ?", s.tenant).
		Where("kind = ?", ledgerErased).Where("id > ?", after).Where("state <> ?", LedgerVoid).OrderExpr("id").Limit(int64(limit)).Scan(ctx)
	if err != nil || len(rows) == 0 {
		return nil, uuid.Nil, l.db.control.Fault(op, err)
	}
	known, err := View(ctx, l.db, PermLedger, func(ctx context.Context, tx *Tx) (map[uuid.UUID]string, error) { return tx.erasures(ctx, rows) })
	if err != nil {
		return nil, uuid.Nil, err
	}
	for i := range rows {
		if known[rows[i].ID] == "" {
			missing = append(missing, rows[i].entry())
		}
	}
	if len(rows) == limit {
		next = rows[limit-1].ID
	}
	return missing, next, nil
}

// RecordReplay notes in the tenant's own data that an entry of the ledger was done again there. Errors: tenancy.duplicate (it is known there).
func (tx *Tx) RecordReplay(ctx context.Context, e LedgerEntry) error {
	const op = "tenancy.Tx.RecordReplay"
	if e.TenantID != tx.scope.tenant {
		return tx.failed(op, ErrForeignRow.New(op, "the entry is another tenant's"))
	}
	return Insert(ctx, tx, &erasure{Row: Row{ID: e.ErasureID}, TableName: e.Table, RowID: e.RowID, State: erasureDone, RegisteredAt: tx.now})
}

// LedgerHold is that a legal hold was placed, or released, by opaque ids: enough to place it again, and neither why nor for whom.
type LedgerHold struct {
	// EntryID orders: who was erased before a hold was placed, and who after, is told by which id is smaller. Both are made while the person's own row is locked.
	EntryID uuid.UUID
	// ID is the hold's own, as whoever keeps holds knows it; of one that is placed, the entry's as well.
	ID       uuid.UUID
	Released bool
	// Table and Row are what is held, From and To the days whose records are, and Ground why; of a release all are zero.
	Table    string
	Row      uuid.UUID
	From, To date.Date
	Ground   string
}

// RecordHold enters a legal hold that is placed in this transaction, or released, into the [Ledger]. The id of one that is placed is new, and made after what it is on was locked. It is for whoever keeps legal holds of a tenant's
// records; those of the platform on a whole tenant are in the control database anyway. Errors: tenancy.bad_input.
func (tx *Tx) RecordHold(ctx context.Context, h LedgerHold) error {
	const op = "tenancy.Tx.RecordHold"
	if h.ID == uuid.Nil || len(h.Ground) > 40 || h.Released && (h.Table != "" || h.Row != uuid.Nil || !h.From.IsZero() || !h.To.IsZero()) {
		return tx.failed(op, ErrBadInput.New(op, "a hold has an id, and a release that of its hold and nothing else"))
	}
	if err := tx.writable(op); err != nil {
		return err
	}
	if h.Released {
		return tx.db.Ledger().enter(ctx, op, tx, &ledgerRow{ID: NewID(), Kind: ledgerUnheld, RowID: h.ID})
	}
	return tx.db.Ledger().enter(ctx, op, tx, &ledgerRow{ID: h.ID, Kind: ledgerHeld, TableName: h.Table, RowID: h.Row, Ground: Ground(h.Ground), FromDay: h.From.String(), ToDay: h.To.String()})
}

// Holds are the legal holds of the scope's tenant that were ever placed, and their releases, by [LedgerHold].EntryID. One of which it is not known whether it was placed counts, and a release of which that is not known does not: what is
// held for no reason can be released, and what was erased cannot be brought back.
//
// Permission: tenancy.ledger. Errors: the unscoped codes, tenancy.forbidden.
func (l *Ledger) Holds(ctx context.Context) ([]LedgerHold, error) {
	const op = "tenancy.Ledger.Holds"
	s, err := l.scope(ctx, op)
	if err != nil {
		return nil, err
	}
	var rows []ledgerRow
	err = l.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(l.table()+" AS ?TableAlias").Where("tenant_id = ?", s.tenant).
		Where("kind = ? OR kind = ? AND state = ?", ledgerHeld, ledgerUnheld, LedgerDone).OrderExpr("id").Scan(ctx)
	if err != nil {
		return nil, l.db.control.Fault(op, err)
	}
	out := make([]LedgerHold, len(rows))
	for i, r := range rows {
		if out[i].EntryID = r.ID; r.Kind == ledgerUnheld {
			out[i].ID, out[i].Released = r.RowID, true
			continue
		}
		out[i] = LedgerHold{EntryID: r.ID, ID: r.ID, Table: r.TableName, Row: r.RowID, Ground: string(r.Ground)}
		if err := errors.Join(out[i].From.UnmarshalText([]byte(r.FromDay)), out[i].To.UnmarshalText([]byte(r.ToDay))); err != nil {
			return nil, ErrDatabase.Wrap(op, err, "a hold of the ledger is from or to no day")
		}
	}
	return out, nil
}

// LastRestriction is what the ledger knows last of the restriction of a person.
type LastRestriction struct {
	Person     uuid.UUID // the id of the person's own row
	Restricted bool
	Ground     Ground // of a restriction
}

// Restrictions are, for each person of the scope's tenant who was ever restricted, the last that is known of it, in the order in which they were entered. A restriction of which it is not known whether
// it was committed counts, and an end of one does not: data that are not processed for no reason do less harm than the other way round.
//
// Permission: tenancy.ledger. Errors: the unscoped codes, tenancy.forbidden.
func (l *Ledger) Restrictions(ctx context.Context) ([]LastRestriction, error) {
	const op = "tenancy.Ledger.Restrictions"
	s, err := l.scope(ctx, op)
	if err != nil {
		return nil, err
	}
	var rows []ledgerRow
	err = l.db.control.Control().NewSelect().Model(&rows).ModelTableExpr(l.table()+" AS ?TableAlias").Where("tenant_id = ?", s.tenant).
		Where("kind = ? OR kind = ? AND state = ?", ledgerRestricted, ledgerReleased, LedgerDone).OrderExpr("entered_micros, id").Scan(ctx)
	if err != nil {
		return nil, l.db.control.Fault(op, err)
	}
	at := map[uuid.UUID]int{}
	var out []LastRestriction
	for _, r := range rows {
		last := LastRestriction{Person: r.RowID, Restricted: r.Kind == ledgerRestricted, Ground: r.Ground}
		if i, known := at[r.RowID]; known {
			out[i] = last
			continue
		}
		at[r.RowID] = len(out)
		out = append(out, last)
	}
	return out, nil
}
