package tenancy_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestTwoTenants(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		victim, intruder := env.Tenant(t), env.Tenant(t)
		require.NoError(t, env.DB.Tx(victim, func(ctx context.Context, tx *tenancy.Tx) error {
			author := &Author{Name: "Ada"}
			require.NoError(t, tenancy.Insert(ctx, tx, author))
			book, receipt := novel("Mine"), &Receipt{Number: "R-1"}
			book.AuthorID = author.ID
			b := tx.Batch()
			tenancy.Put(b, []*Book{book})
			require.NoError(t, b.Run(ctx))
			tenancy.Put(b, []*Receipt{receipt})
			tenancy.Put(b, []*Tally{{BookID: book.ID, Year: 2026, Loans: 3}})
			require.NoError(t, b.Run(ctx))
			tenancy.Put(b, []*ReceiptText{{ReceiptID: receipt.ID, Payer: "Ada"}})
			return b.Run(ctx)
		}))
		tenancytest.TwoTenants(t, env, victim, intruder)
	})
}

func TestAppendOnlyHoldsInTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		receipt := &Receipt{Number: "R-1"}
		text := &ReceiptText{Payer: "Ada"}
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			require.NoError(t, tenancy.Insert(ctx, tx, receipt))
			text.ReceiptID = receipt.ID
			return tenancy.Insert(ctx, tx, text)
		}))
		try := func(fn func(ctx context.Context, tx *tenancy.Tx) error) error { return env.DB.Tx(ctx, fn) }
		require.ErrorIs(t, try(func(ctx context.Context, tx *tenancy.Tx) error {
			receipt.Number = "R-2"
			return tenancy.Update(ctx, tx, receipt, "number")
		}), tenancy.ErrAppendOnly)
		require.ErrorIs(t, try(func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Delete(ctx, tx, receipt) }), tenancy.ErrAppendOnly)
		replace := func(ctx context.Context, tx *tenancy.Tx) error {
			text.Payer = "(erased)"
			b := tx.Batch()
			tenancy.Set(b, []*ReceiptText{text}, "payer")
			tenancy.Put(b, tenancy.ErasuresOf(tenancy.NewID(), tx.Now())) // recorded, but for another row
			return b.Run(ctx)
		}
		require.ErrorIs(t, try(replace), tenancy.ErrAppendOnly)

		// As the owner of the tables, past the library.
		owner := env.Owner(t, tenancy.ScopeOf(ctx).TenantID())
		for _, stmt := range []string{
			"UPDATE lib.receipts SET number = 'R-9'", "DELETE FROM lib.receipts", "UPDATE lib.receipt_texts SET payer = 'x'", "DELETE FROM lib.receipt_texts",
			"DELETE FROM erp.audit_events", "UPDATE erp.audit_events SET actor = 'nobody'", "DELETE FROM erp.tenant_gates",
		} {
			_, err := owner.Exec(env.SQL(stmt))
			require.ErrorContains(t, err, "tenancy.append_only", stmt)
		}

		// The first door: a registered erasure opens exactly its companion row.
		require.NoError(t, try(func(ctx context.Context, tx *tenancy.Tx) error {
			b := tx.Batch()
			tenancy.Put(b, tenancy.ErasuresOf(receipt.ID, tx.Now()))
			require.NoError(t, b.Run(ctx))
			text.Payer = "(erased)"
			tenancy.Set(b, []*ReceiptText{text}, "payer")
			return b.Run(ctx)
		}))
		// The second: purging. The gate itself moves one way only.
		_, err := owner.Exec(env.SQL("UPDATE erp.tenant_gates SET state = 'importing'"))
		require.Error(t, err)
	})
}
