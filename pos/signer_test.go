package pos

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

// fiscal is a signer that a test can break, and that notes what it was asked for.
type fiscal struct {
	*SoftwareSigner
	fail  func(r Receipt) (Signature, error)
	asked []Receipt
}

func (f *fiscal) Sign(ctx context.Context, r Receipt) (Signature, error) {
	f.asked = append(f.asked, r)
	if f.fail != nil {
		return f.fail(r)
	}
	return f.SoftwareSigner.Sign(ctx, r)
}

// When the signer refuses, there is no ticket, no goods move, and the number stays free.
func TestSignerRefuses(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		broken := errors.New("the device is out of paper")
		f := &fiscal{SoftwareSigner: signer(t)}
		s.pos.signer = f
		first := s.sell(t, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))[0]
		before := s.state(t)
		for name, fail := range map[string]func(Receipt) (Signature, error){
			"an error": func(Receipt) (Signature, error) { return Signature{}, broken },
			"nothing":  func(Receipt) (Signature, error) { return Signature{}, nil },
			"a blank":  func(Receipt) (Signature, error) { return Signature{Signer: "x", Text: " \n"}, nil },
			"too much": func(Receipt) (Signature, error) {
				return Signature{Signer: "x", Text: strings.Repeat("x", maxSignature+1)}, nil
			},
			"broken text": func(Receipt) (Signature, error) { return Signature{Signer: "x", Text: "a\x00"}, nil },
			"an error, in time": func(r Receipt) (Signature, error) {
				if r.No == 3 {
					return Signature{}, broken
				}
				return f.SoftwareSigner.Sign(s.ctx, r)
			},
		} {
			f.fail = fail
			_, err := s.pos.Sell(s.ctx, []NewTicket{s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")), s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))})
			require.ErrorIs(t, err, ErrSigner, name)
			require.Equal(t, before, s.state(t), name)
		}
		f.fail, f.asked = nil, nil
		in := s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50"))
		second := s.sell(t, in)[0]
		assert.Equal(t, "R-T1-2026-00002", second.Number)
		require.Len(t, f.asked, 1)
		assert.Equal(t, first.Digest, f.asked[0].PreviousDigest)
		assert.Equal(t, first.Signature, f.asked[0].PreviousSignature)
		assert.Equal(t, second.Digest, f.asked[0].Digest)
		s.sell(t, in)
		assert.Len(t, f.asked, 1, "a replay is not signed again")
		s.verify(t)
	})
}

// Without a signer receipts are chained all the same; signed and unsigned ones may follow each other.
func TestUnsignedChain(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		ticket := func() NewTicket { return s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")) }
		software := s.pos.signer
		s.pos.signer = nil
		unsigned := s.sell(t, ticket(), ticket())
		assert.Empty(t, unsigned[0].Signature)
		assert.NotEqual(t, unsigned[0].Digest, unsigned[1].Digest)
		s.pos.signer = software
		s.sell(t, ticket())
		chain, err := s.pos.VerifyChain(s.ctx, s.till.ID)
		require.NoError(t, err)
		assert.Equal(t, Chain{Register: "T1", Receipts: 3, Signed: 1, Checked: 1}, chain)

		other, err := NewSoftwareSigner([]byte("another seed of thirty-two bytes"))
		require.NoError(t, err)
		s.pos.signer = other
		chain, err = s.pos.VerifyChain(s.ctx, s.till.ID)
		require.NoError(t, err)
		assert.Len(t, chain.Broken, 1, "another key has not signed it")
		_, err = NewSoftwareSigner([]byte("short"))
		require.ErrorIs(t, err, ErrBadInput)
	})
}

// Whatever is changed past the program, with the guards taken down, is found in the chain.
func TestChainFindsWhatWasChanged(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		var tickets []NewTicket
		for range 5 {
			tickets = append(tickets, s.ticket(s.cash("4.50"), line(s.tea, "1", "4.50")))
		}
		sold := s.sell(t, tickets...)
		tenant := tenancy.ScopeOf(s.ctx).TenantID()
		owner := s.env.Owner(t, tenant)
		s.unguard(t, "tickets", "ticket_lines", "ticket_payments")
		where := " WHERE tenant_id = '" + tenant.String() + "' AND "
		for _, row := range []struct{ change, back string }{
			{"UPDATE erp.tickets SET gross_minor = 449, net_minor = 374" + where + "id = '" + sold[1].ID.String() + "'",
				"UPDATE erp.tickets SET gross_minor = 450, net_minor = 375" + where + "id = '" + sold[1].ID.String() + "'"},
			{"UPDATE erp.ticket_lines SET quantity = 2000000" + where + "ticket_id = '" + sold[2].ID.String() + "'",
				"UPDATE erp.ticket_lines SET quantity = 1000000" + where + "ticket_id = '" + sold[2].ID.String() + "'"},
			{"UPDATE erp.ticket_payments SET method = 'card'" + where + "ticket_id = '" + sold[0].ID.String() + "'",
				"UPDATE erp.ticket_payments SET method = 'cash'" + where + "ticket_id = '" + sold[0].ID.String() + "'"},
			{"UPDATE erp.tickets SET signature = '" + sold[0].Signature + "'" + where + "id = '" + sold[4].ID.String() + "'",
				"UPDATE erp.tickets SET signature = '" + sold[4].Signature + "'" + where + "id = '" + sold[4].ID.String() + "'"},
			{"UPDATE erp.tickets SET receipt_no = 9" + where + "id = '" + sold[3].ID.String() + "'",
				"UPDATE erp.tickets SET receipt_no = 4" + where + "id = '" + sold[3].ID.String() + "'"},
			{"UPDATE erp.drawers SET receipts = 6" + where + "receipts = 5", "UPDATE erp.drawers SET receipts = 5" + where + "receipts = 6"},
		} {
			_, err := owner.Exec(s.env.SQL(row.change))
			require.NoError(t, err, row.change)
			chain, err := s.pos.VerifyChain(s.ctx, s.till.ID)
			require.NoError(t, err)
			assert.NotEmpty(t, chain.Broken, row.change)
			_, err = owner.Exec(s.env.SQL(row.back))
			require.NoError(t, err, row.back)
			s.verify(t)
		}
	})
}

// unguard takes the triggers of tables down, as whoever owns the database can. On PostgreSQL, where tenants share it, they are
// put up again at the end.
func (s *shop) unguard(t *testing.T, tables ...string) {
	t.Helper()
	owner := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID())
	for _, table := range tables {
		if s.env.Name == "postgres" {
			_, err := owner.Exec("ALTER TABLE erp." + table + " DISABLE TRIGGER USER")
			require.NoError(t, err)
			t.Cleanup(func() {
				_, err := s.env.Owner(t, tenancy.ScopeOf(s.ctx).TenantID()).Exec("ALTER TABLE erp." + table + " ENABLE TRIGGER USER")
				require.NoError(t, err)
			})
			continue
		}
		rows, err := owner.Query("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", "erp_"+table)
		require.NoError(t, err)
		var names []string
		for rows.Next() {
			var name string
			require.NoError(t, rows.Scan(&name))
			names = append(names, name)
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
		for _, name := range names {
			_, err := owner.Exec("DROP TRIGGER " + name)
			require.NoError(t, err)
		}
	}
}
