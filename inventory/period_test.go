package inventory

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// lockJanuary locks the period of all that this package's tests book.
func (s *shop) lockJanuary(t testing.TB) error {
	t.Helper()
	periods, err := s.books.Periods(s.ctx)
	require.NoError(t, err)
	_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodLocked})
	return err
}

// moved counts the documents and moves up to the end of January.
func (s *shop) moved(t testing.TB) int64 {
	t.Helper()
	var n int64
	require.NoError(t, s.env.DB.Read(s.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		rows, err := tenancy.Report[int64](ctx, tx, `SELECT (SELECT COUNT(*) FROM {stock_documents} AS d WHERE document_date <= '2026-01-31')
			+ (SELECT COUNT(*) FROM {stock_moves} AS m WHERE move_date <= '2026-01-31') AS n`)
		if err == nil {
			n = rows[0]
		}
		return err
	}))
	return n
}

// A period is locked while goods move: what is worth something has its entry, what is worth nothing has none, and both are in
// before the lock or refused.
func TestRaceOfLockingAndMovingGoods(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var came atomic.Int64
		var atLock int64
		flow := func(in func(i int) error) func() error {
			return func() error {
				for i := range 10_000 {
					if err := in(i); err != nil {
						return err
					}
					came.Add(1)
				}
				return nil
			}
		}
		errs := racetest.Acts(
			func() error {
				for came.Load() < 6 { // let some come in first
				}
				if err := s.lockJanuary(t); err != nil {
					return err
				}
				atLock = s.moved(t)
				return nil
			},
			flow(func(int) error { return s.book(receipt("", s.tea, "1", "1.00"))() }),
			flow(func(int) error { return s.book(receipt("", s.cup, "1", "0.00"))() }))
		require.NoError(t, errs[0])
		for _, err := range errs[1:] {
			require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		}
		require.Equal(t, atLock, s.moved(t), "nothing moved after the period was locked")
		s.verify(t)
	})
}

// A period is not locked over goods that wait for their group's entry, however close the two come.
func TestRaceOfLockingAndGroupedGoods(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		session := tenancy.NewID()
		errs := racetest.Acts(func() error { return s.lockJanuary(t) }, s.book(grouped(session, document(Issue, "", move(s.tea, "1")))...))
		if errs[0] == nil {
			require.ErrorIs(t, errs[1], accounting.ErrPeriodLocked)
			return
		}
		require.ErrorIs(t, errs[0], ErrGroupUnposted)
		require.NoError(t, errs[1])
		_, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.NoError(t, err)
		require.NoError(t, s.lockJanuary(t))
		s.verify(t)
	})
}

// Raw SQL moves no goods in a locked period either.
func TestDatabaseMovesNoGoodsInALockedPeriod(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		doc := s.receive(t, s.tea, "3", "1.00")
		require.NoError(t, s.lockJanuary(t))
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		try := func(statement string) error { return inTransaction(owner, s.env.SQL(statement)) }
		header := func(on string) string {
			return fmt.Sprintf("INSERT INTO erp.stock_documents (tenant_id, id, kind, fingerprint, document_date, warehouse_id, below_zero, posted_at) VALUES ('%s', '%s', 'issue', 'x', '%s', '%s', false, '2026-01-01T00:00:00.000000Z')",
				tenant, tenancy.NewID(), on, s.main)
		}
		line := func(on string) string {
			return fmt.Sprintf("INSERT INTO erp.stock_moves (tenant_id, document_id, line_no, product_id, warehouse_id, move_date, quantity, value_minor, value_currency, variance_minor) VALUES ('%s', '%s', 2, '%s', '%s', '%s', -1000000, -100, 'GBP', 0)",
				tenant, doc.ID, s.tea.ID, s.main, on)
		}
		require.NoError(t, try(header("2026-02-01")), "the attacks below prove nothing unless this works")
		require.NoError(t, try(line("2026-02-01")))
		for _, statement := range []string{header("2026-01-31"), header("2025-06-01"), line("2026-01-31")} {
			err := try(statement)
			require.Error(t, err)
			require.Contains(t, err.Error(), "accounting.period_locked")
		}
		_, err := s.stock.Book(s.ctx, []NewDocument{{Kind: Issue, Date: date.Must("2026-01-31"), Lines: []NewMove{move(s.tea, "1")}}})
		require.ErrorIs(t, err, accounting.ErrPeriodLocked)
		s.verify(t)
	})
}

// inTransaction runs a statement and takes it back.
func inTransaction(db *sql.DB, statement string) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(context.Background(), statement)
	return err
}

// A lock of the stock journal alone holds for documents that have no entry in it as well.
func TestLockOfTheStockJournal(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, Journal: accounting.JournalStock, State: accounting.PeriodLocked})
		require.NoError(t, err)
		for _, doc := range [][]NewDocument{{receipt("", s.tea, "1", "1.00")}, {receipt("", s.tea, "1", "0.00")}, grouped(tenancy.NewID(), receipt("", s.tea, "1", "1.00"))} {
			require.ErrorIs(t, s.book(doc...)(), accounting.ErrPeriodLocked)
		}
		s.verify(t)
	})
}
