package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/exchange"
	"github.com/opsmatiq/erp/internal/oracle"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// requireOracle holds the journal of a real month, read by hledger, against our trial balance, account by account.
func requireOracle(ctx context.Context, t *testing.T, suite *erp.Suite, on date.Date) {
	t.Helper()
	var accounts []accounting.Account
	require.NoError(t, suite.Tenancy.Read(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		var err error
		accounts, err = tenancy.Find[accounting.Account](ctx, tx, tenancy.OrderBy("code"))
		return err
	}))
	names := exchange.AccountNames(exchange.Hledger, accounts)
	var journal bytes.Buffer
	require.NoError(t, suite.Exchange.WriteJournal(ctx, &journal, exchange.Hledger, exchange.Span{To: on}))
	have := oracle.Balances(t, "hledger", t.TempDir(), journal.String(), "GBP")
	tb, err := suite.Accounting.TrialBalance(ctx, on)
	require.NoError(t, err)
	standing := 0
	for _, l := range tb.Lines {
		net := l.Debit.Decimal().Sub(l.Credit.Decimal())
		require.True(t, net.Equal(have[names[l.AccountID]]), "hledger has %s on %q, the trial balance %s", have[names[l.AccountID]], names[l.AccountID], net)
		if !net.IsZero() {
			standing++
		}
	}
	require.Len(t, have, standing)
}
