package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

func received(reference string, party uuid.UUID, on string, minor int64, parts ...accounting.PaymentAllocation) accounting.NewPayment {
	return accounting.NewPayment{Reference: reference, PartyID: party, Direction: accounting.MoneyIn, Date: day(on), Amount: gbp(minor), Allocate: parts}
}

func part(id uuid.UUID, minor int64) accounting.PaymentAllocation {
	return accounting.PaymentAllocation{InvoiceID: id, Amount: gbp(minor)}
}

func TestPay(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ann.ID, "2010-12-01", "20"))
		p := s.pay(received("P1", s.ann.ID, "2010-12-10", 2500, part(v[0].ID, 1000), part(v[1].ID, 500)))[0]
		require.Equal(t, int64(2500), s.balance(accounting.RoleBank))
		require.Equal(t, int64(500), s.balance(accounting.RoleReceivable))
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: 1500, p.ID: -1000}, s.open("2010-12-31"))
		require.Equal(t, map[uuid.UUID]int64{v[0].ID: 1000, v[1].ID: 2000}, s.open("2010-12-09"), "before the payment all was open")

		// What was left on account pays the rest later.
		out, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{{DebitID: v[1].ID, CreditID: p.ID, Date: day("2011-01-05"), Amount: gbp(1000)}})
		require.NoError(t, err)
		require.Len(t, out, 1)
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: 500}, s.open("2011-01-05"))
		require.Equal(t, map[uuid.UUID]int64{v[1].ID: 1500, p.ID: -1000}, s.open("2011-01-04"))
		list, err := s.books.Allocations(s.ctx, v[1].ID)
		require.NoError(t, err)
		require.Len(t, list, 2)

		found, err := s.books.PaymentsByReference(s.ctx, []string{"P1", "P2"})
		require.NoError(t, err)
		got, err := s.books.GetPayment(s.ctx, p.ID)
		require.NoError(t, err)
		require.Equal(t, map[string]accounting.Payment{"P1": got}, found)
		page, err := s.books.ListPayments(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, []accounting.Payment{got}, page.Items)

		again := s.pay(received("P1", s.ann.ID, "2010-12-10", 2500, part(v[0].ID, 1000), part(v[1].ID, 500)))[0]
		require.True(t, again.Replayed)
		require.Equal(t, p.ID, again.ID)
		_, err = s.books.Pay(s.ctx, []accounting.NewPayment{received("P1", s.ann.ID, "2010-12-10", 2501)})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		s.sound()
	})
}

// Money on account stands where the party's documents do, so that a refund meets what it refunds; what is stated comes before.
func TestMoneyOnAccountStandsWithTheParty(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		made, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Name: "Cleo", Customer: true}, {Name: "Vic", Vendor: true}, {Name: "Bo", Customer: true, Vendor: true}})
		require.NoError(t, err)
		customer, vendor, both := made[0].ID, made[1].ID, made[2].ID
		receivable, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleReceivable))
		require.NoError(t, err)
		payable, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RolePayable))
		require.NoError(t, err)
		for _, tc := range []struct {
			party   uuid.UUID
			way     accounting.Direction
			against accounting.AccountRef
			control accounting.Account
		}{
			{customer, accounting.MoneyIn, accounting.AccountRef{}, receivable},
			{customer, accounting.MoneyOut, accounting.AccountRef{}, receivable},
			{customer, accounting.MoneyOut, accounting.ByRole(accounting.RolePayable), payable},
			{vendor, accounting.MoneyOut, accounting.AccountRef{}, payable},
			{vendor, accounting.MoneyIn, accounting.AccountRef{}, payable},
			{vendor, accounting.MoneyIn, accounting.ByRole(accounting.RoleReceivable), receivable},
			{both, accounting.MoneyIn, accounting.AccountRef{}, receivable},
			{both, accounting.MoneyOut, accounting.AccountRef{}, payable},
		} {
			in := received("", tc.party, "2010-12-02", 100)
			in.Direction, in.Against = tc.way, tc.against
			require.Equal(t, tc.control.ID, s.pay(in)[0].ControlID, "%s %s", tc.way, tc.control.Name)
		}
		s.sound()
	})
}

// A customer who paid too much is refunded: nothing is left of him, on either side, and the refund can be set off against what he paid.
func TestARefundSettlesTheCustomersSide(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		customer, err := s.books.CreateParties(s.ctx, []accounting.NewParty{{Name: "Cleo", Customer: true}, {Name: "Vic", Vendor: true}})
		require.NoError(t, err)
		for i, way := range []accounting.Direction{accounting.MoneyIn, accounting.MoneyOut} {
			control := []accounting.Role{accounting.RoleReceivable, accounting.RolePayable}[i]
			first := received("", customer[i].ID, "2010-12-01", 5_000)
			first.Direction = way
			back := first
			back.Direction, back.Date = map[accounting.Direction]accounting.Direction{accounting.MoneyIn: accounting.MoneyOut, accounting.MoneyOut: accounting.MoneyIn}[way], day("2010-12-05")
			paid := s.pay(first, back)
			require.Zero(t, s.balance(control))
			sheet, err := s.books.BalanceSheet(s.ctx, day("2010-12-31"))
			require.NoError(t, err)
			require.Zero(t, sheet.CustomersInCredit+sheet.VendorsInDebit)
			pair := accounting.NewAllocation{DebitID: paid[1].ID, CreditID: paid[0].ID, Date: day("2010-12-05"), Amount: gbp(5_000)}
			if way == accounting.MoneyOut {
				pair.DebitID, pair.CreditID = pair.CreditID, pair.DebitID
			}
			_, err = s.books.Allocate(s.ctx, []accounting.NewAllocation{pair})
			require.NoError(t, err)
			require.Empty(t, s.open("2010-12-31"))
		}
		s.sound()
	})
}

func TestPayOut(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		bill := accounting.NewEntry{Journal: accounting.JournalPurchases, Date: day("2010-12-01"), Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(accounting.RoleStock), gbp(700)),
			{Account: accounting.ByRole(accounting.RolePayable), PartyID: s.ben.ID, Credit: gbp(700), Due: day("2010-12-31")},
		}}
		s.post(bill)
		items, err := s.books.OpenItems(s.ctx, day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, gbp(-700), items.Payables)
		require.Equal(t, day("2010-12-31"), items.Items[0].DueDate)
		s.pay(accounting.NewPayment{PartyID: s.ben.ID, Direction: accounting.MoneyOut, Date: day("2010-12-20"), Amount: gbp(700),
			Account: accounting.ByRole(accounting.RoleCash), Allocate: []accounting.PaymentAllocation{part(items.Items[0].ID, 700)}})
		require.Zero(t, s.balance(accounting.RolePayable))
		require.Equal(t, int64(-700), s.balance(accounting.RoleCash))
		require.Empty(t, s.open("2010-12-31"))

		// A refund to a customer in credit is money out against receivables.
		note := invoice("N", s.ann.ID, "2010-12-21", "3")
		note.Kind = accounting.CreditNoteDocument
		n := s.issue(note)[0]
		s.pay(accounting.NewPayment{PartyID: s.ann.ID, Direction: accounting.MoneyOut, Date: day("2010-12-22"), Amount: gbp(300),
			Allocate: []accounting.PaymentAllocation{part(n.ID, 300)}})
		require.Zero(t, s.balance(accounting.RoleReceivable))
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}

func TestAnOverAllocationNamesTheItem(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))
		s.pay(received("P1", s.ann.ID, "2010-12-02", 600, part(v[0].ID, 600)))
		_, err := s.books.Pay(s.ctx, []accounting.NewPayment{received("P2", s.ann.ID, "2010-12-02", 500, part(v[0].ID, 500))})
		require.ErrorIs(t, err, accounting.ErrOverAllocated)
		require.ErrorContains(t, err, "5.00 would be allocated, and 4.00 of the invoice of 2010-12-01 over 10.00 GBP and 5.00 of the payment of 2010-12-02 over 5.00 GBP is open")
	})
}

func TestPayRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ben.ID, "2010-12-01", "10"))
		good := received("good", s.ann.ID, "2010-12-02", 1000, part(v[0].ID, 600))
		table := []struct {
			name   string
			change func(*accounting.NewPayment)
			want   error
		}{
			{"more than is open", func(p *accounting.NewPayment) { p.Allocate[0] = part(v[0].ID, 401) }, accounting.ErrOverAllocated},
			{"more than was paid", func(p *accounting.NewPayment) { p.Allocate[0] = part(v[0].ID, 1001) }, accounting.ErrOverAllocated},
			{"another party's", func(p *accounting.NewPayment) { p.Allocate[0] = part(v[1].ID, 1) }, accounting.ErrMismatch},
			{"unknown item", func(p *accounting.NewPayment) { p.Allocate[0] = part(uuid.New(), 1) }, accounting.ErrUnknownItem},
			{"wrong way", func(p *accounting.NewPayment) { p.Direction = accounting.MoneyOut }, accounting.ErrMismatch},
			{"no way", func(p *accounting.NewPayment) { p.Direction = "" }, accounting.ErrBadInput},
			{"nobody", func(p *accounting.NewPayment) { p.PartyID = uuid.Nil }, accounting.ErrBadInput},
			{"unknown party", func(p *accounting.NewPayment) { p.PartyID = uuid.New() }, accounting.ErrUnknownParty},
			{"nothing", func(p *accounting.NewPayment) { p.Amount = gbp(0) }, accounting.ErrBadInput},
			{"too much", func(p *accounting.NewPayment) { p.Amount = gbp(1e15) }, accounting.ErrAmountLimit},
			{"no rate", func(p *accounting.NewPayment) { p.Amount, p.Allocate = money.Of(5, "EUR"), nil }, accounting.ErrNoRate},
			{"no such currency", func(p *accounting.NewPayment) { p.Amount, p.Allocate = money.Amount{Minor: 5, Currency: "XYZ"}, nil }, accounting.ErrWrongCurrency},
			{"worth in no base", func(p *accounting.NewPayment) {
				p.Amount, p.Base, p.Allocate = money.Of(5, "EUR"), money.Of(5, "EUR"), nil
			}, accounting.ErrWrongCurrency},
			{"worth less than nothing", func(p *accounting.NewPayment) { p.Amount, p.Base, p.Allocate = money.Of(5, "EUR"), gbp(-5), nil }, accounting.ErrBadInput},
			{"pounds worth other pounds", func(p *accounting.NewPayment) { p.Base = gbp(999) }, accounting.ErrBadInput},
			{"dollars for pounds", func(p *accounting.NewPayment) {
				p.Amount, p.Base, p.Allocate[0].Amount = money.Of(5, "EUR"), gbp(4), money.Of(1, "EUR")
			}, accounting.ErrMismatch},
			{"written off without a reason", func(p *accounting.NewPayment) { p.Allocate[0].WriteOff = &accounting.PaymentWriteOff{Amount: gbp(1)} }, accounting.ErrBadInput},
			{"written off beyond the limit", func(p *accounting.NewPayment) {
				p.Allocate[0].WriteOff = &accounting.PaymentWriteOff{Amount: gbp(1), Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "small"}
			}, accounting.ErrWriteOffLimit},

			{"wrong currency of a part", func(p *accounting.NewPayment) { p.Allocate[0].Amount = money.Of(5, "EUR") }, accounting.ErrWrongCurrency},
			{"from a control account", func(p *accounting.NewPayment) { p.Account = accounting.ByRole(accounting.RolePayable) }, accounting.ErrControlAccount},
			{"against no control account", func(p *accounting.NewPayment) { p.Against = accounting.ByRole(accounting.RoleCash) }, accounting.ErrControlAccount},
			{"other control account", func(p *accounting.NewPayment) { p.Against = accounting.ByRole(accounting.RolePayable) }, accounting.ErrMismatch},
			{"no date", func(p *accounting.NewPayment) { p.Date = day("2030-01-01") }, accounting.ErrNoPeriod},
		}
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) {
				bad := received("bad", s.ann.ID, "2010-12-02", 1000, part(v[0].ID, 1))
				row.change(&bad)
				_, err := s.books.Pay(s.ctx, []accounting.NewPayment{good, bad})
				require.ErrorIs(t, err, row.want)
			})
		}
		require.Equal(t, map[uuid.UUID]int64{v[0].ID: 1000, v[1].ID: 1000}, s.open("2010-12-31"))
		require.Zero(t, s.balance(accounting.RoleBank))
		s.sound()
	})
}

func TestAllocateRefuses(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"), invoice("I2", s.ben.ID, "2010-12-01", "10"))
		p := s.pay(received("P1", s.ann.ID, "2010-12-10", 400))[0]
		table := []struct {
			in   accounting.NewAllocation
			want error
		}{
			{accounting.NewAllocation{DebitID: v[0].ID, CreditID: p.ID, Amount: gbp(401)}, accounting.ErrOverAllocated},
			{accounting.NewAllocation{DebitID: v[1].ID, CreditID: p.ID, Amount: gbp(1)}, accounting.ErrMismatch},
			{accounting.NewAllocation{DebitID: p.ID, CreditID: v[0].ID, Amount: gbp(1)}, accounting.ErrMismatch},
			{accounting.NewAllocation{DebitID: v[0].ID, CreditID: uuid.New(), Amount: gbp(1)}, accounting.ErrUnknownItem},
			{accounting.NewAllocation{DebitID: v[0].ID, CreditID: p.ID, Amount: gbp(0)}, accounting.ErrBadInput},
			{accounting.NewAllocation{DebitID: v[0].ID, CreditID: p.ID, Amount: money.Of(1, "EUR")}, accounting.ErrWrongCurrency},
		}
		for _, row := range table {
			row.in.Date = day("2010-12-31")
			_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{row.in})
			require.ErrorIs(t, err, row.want)
		}
		early := accounting.NewAllocation{DebitID: v[0].ID, CreditID: p.ID, Amount: gbp(1), Date: day("2010-12-09")}
		_, err := s.books.Allocate(s.ctx, []accounting.NewAllocation{early})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		require.Equal(t, int64(-400), s.open("2010-12-31")[p.ID])
		s.sound()
	})
}

func TestPayCostsTheSameForAnyNumber(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		batch := func(prefix string, n int) []accounting.NewPayment {
			var documents []accounting.NewInvoice
			for i := range n {
				documents = append(documents, invoice(fmt.Sprint(prefix, i), s.ann.ID, "2010-12-01", "2.50"))
			}
			var in []accounting.NewPayment
			for i, v := range s.issue(documents...) {
				in = append(in, received(fmt.Sprint(prefix, "p", i), s.ann.ID, "2010-12-02", 250, part(v.ID, 250)))
			}
			return in
		}
		first, second := batch("a", 1), batch("b", 150)
		one := s.env.Count(t, func() { s.pay(first...) })
		many := s.env.Count(t, func() { s.pay(second...) })
		require.Equal(t, one, many)
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}
