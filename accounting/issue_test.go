package accounting_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

func TestIssueOnAccount(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := invoice("I1", s.ann.ID, "2010-12-01", "12.345")
		in.Due, in.Note = day("2010-12-31"), "Thank you"
		in.Lines[0].Quantity = units(3)
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Description: "Discount", Quantity: units(-1), UnitPrice: price("1.005")})
		out := s.issue(in)
		v := out[0]
		require.Equal(t, "INV-2010-00001", v.Number)
		require.Equal(t, gbp(3704-101), v.Gross, "37.035 and -1.005, each rounded half away from zero")
		require.Equal(t, v.Net, v.Gross)
		require.Equal(t, int64(3603), s.balance(accounting.RoleReceivable))
		require.Equal(t, int64(-3603), s.balance(accounting.RoleSales))
		require.Equal(t, map[uuid.UUID]int64{v.ID: 3603}, s.open("2010-12-31"))
		require.Empty(t, s.open("2010-11-30"))

		d, err := s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"Lamp", "Discount"}, d.Descriptions)
		require.Equal(t, "Ann Émile", d.Text.PartyName)
		require.Equal(t, "1 High Street\nYork", d.Text.PartyAddress)
		require.Equal(t, "Thank you", d.Text.Note)
		require.Len(t, d.Lines, 2)
		require.True(t, d.Lines[0].UnitPrice.Equal(price("12.345")))
		require.Equal(t, gbp(-101), d.Lines[1].Net)

		e, err := s.books.GetEntry(s.ctx, v.EntryID)
		require.NoError(t, err)
		require.Equal(t, accounting.JournalSales, e.Journal)
		require.Equal(t, accounting.KindInvoice, e.Kind)
		require.Equal(t, v.ID, e.SourceID)
		require.Len(t, e.Lines, 2, "one line per account")

		// A later change of the party does not reach the document.
		_, err = s.books.UpdateParty(s.ctx, accounting.PartyChange{ID: s.ann.ID, Name: "Ann Other", Customer: true})
		require.NoError(t, err)
		d, err = s.books.GetInvoice(s.ctx, v.ID)
		require.NoError(t, err)
		require.Equal(t, "Ann Émile", d.Text.PartyName)
		s.sound()
	})
}

func TestIssueWithTax(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Standard rate", Rates: []accounting.NewTaxRate{{From: day("2000-01-01"), Rate: price("20"), Source: "for the example"}}})
		require.NoError(t, err)
		_, err = s.books.CreateTax(s.ctx, accounting.NewTax{Code: "S20", Name: "Again", Rates: []accounting.NewTaxRate{{From: day("2000-01-01"), Rate: price("20"), Source: "for the example"}}})
		require.ErrorIs(t, err, accounting.ErrCodeTaken)
		in := accounting.NewInvoice{PartyID: s.ann.ID, Date: day("2010-12-01"), Lines: []accounting.NewInvoiceLine{
			{Quantity: units(1), UnitPrice: price("0.12"), TaxCode: "S20"},  // 0.024 -> 0.02
			{Quantity: units(1), UnitPrice: price("0.13"), TaxCode: "S20"},  // 0.026 -> 0.03
			{Quantity: units(-1), UnitPrice: price("0.13"), TaxCode: "S20"}, // -0.026 -> -0.03
			{Quantity: units(1), UnitPrice: price("1.00")},
			{Quantity: units(5), UnitPrice: price("0.025"), TaxCode: "S20"}, // 0.125 -> 0.13, tax 0.026 -> 0.03
		}}
		v := s.issue(in)[0]
		require.Equal(t, gbp(125), v.Net)
		require.Equal(t, gbp(5), v.Tax)
		require.Equal(t, gbp(130), v.Gross)
		require.Equal(t, int64(-5), s.balance(accounting.RoleTax))
		credit := in
		credit.Kind, credit.CorrectsID = accounting.CreditNoteDocument, v.ID
		c := s.issue(credit)[0]
		require.Equal(t, "CN-2010-00001", c.Number)
		require.Equal(t, gbp(130), c.Gross)
		for _, role := range []accounting.Role{accounting.RoleTax, accounting.RoleSales, accounting.RoleReceivable} {
			require.Zero(t, s.balance(role))
		}
		require.Empty(t, s.open("2010-12-31"), "the credit note was set off at once")
		s.sound()
	})
}

func TestIssueSettledAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		walkIn := invoice("W1", uuid.Nil, "2010-12-01", "5.00")
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{walkIn})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		walkIn.SettledBy = accounting.ByRole(accounting.RoleCash)
		v := s.issue(walkIn)[0]
		require.Equal(t, int64(500), s.balance(accounting.RoleCash))
		require.Empty(t, s.open("2010-12-31"))

		refund := invoice("W1C", uuid.Nil, "2010-12-02", "5.00")
		refund.Kind, refund.CorrectsID = accounting.CreditNoteDocument, v.ID
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{refund})
		require.ErrorIs(t, err, accounting.ErrBadInput, "a walk-in's refund says where the money comes from")
		refund.SettledBy = accounting.ByRole(accounting.RoleCash)
		refund.Lines[0].Account = accounting.ByRole(accounting.RoleFees)
		s.issue(refund)
		require.Zero(t, s.balance(accounting.RoleCash))
		require.Equal(t, int64(500), s.balance(accounting.RoleFees), "a fee on a credit note is an expense")
		s.sound()
	})
}

func TestIssueOfNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		free := invoice("F1", s.ann.ID, "2010-12-01", "0")
		gift := invoice("F2", s.ann.ID, "2010-12-01", "10")
		gift.Lines = append(gift.Lines, accounting.NewInvoiceLine{Quantity: units(-1), UnitPrice: price("10"), Account: accounting.ByRole(accounting.RoleMarketing)})
		out := s.issue(free, gift)
		require.Equal(t, uuid.Nil, out[0].EntryID, "nothing to book")
		require.NotEqual(t, uuid.Nil, out[1].EntryID)
		require.Equal(t, "INV-2010-00002", out[1].Number)
		require.Equal(t, int64(1000), s.balance(accounting.RoleMarketing))
		require.Empty(t, s.open("2010-12-31"))
		s.sound()
	})
}

func TestCreditNoteWithoutInvoice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		c := invoice("C1", s.ann.ID, "2010-12-01", "4.00")
		c.Kind = accounting.CreditNoteDocument
		v := s.issue(c)[0]
		require.Equal(t, map[uuid.UUID]int64{v.ID: -400}, s.open("2010-12-31"))
		require.Equal(t, int64(-400), s.balance(accounting.RoleReceivable))
		s.sound()
	})
}

func TestCreditNotesNeverExceedTheInvoice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10.00"))[0]
		credit := func(reference, amount string) accounting.NewInvoice {
			c := invoice(reference, uuid.Nil, "2010-12-02", amount)
			c.Kind, c.CorrectsID = accounting.CreditNoteDocument, v.ID
			return c
		}
		out := s.issue(credit("C1", "4.00"), credit("C2", "5.00"))
		require.Equal(t, s.ann.ID, out[0].PartyID, "the party is the invoice's")
		d, err := s.books.GetInvoice(s.ctx, out[0].ID)
		require.NoError(t, err)
		require.Equal(t, "Ann Émile", d.Text.PartyName)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{credit("C3", "1.01")})
		require.ErrorIs(t, err, accounting.ErrOverCredited)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{credit("C4", "1.00"), credit("C5", "0.01")})
		require.ErrorIs(t, err, accounting.ErrOverCredited)
		require.Equal(t, map[uuid.UUID]int64{v.ID: 100}, s.open("2010-12-31"))
		require.Equal(t, "CN-2010-00003", s.issue(credit("C6", "1.00"))[0].Number, "what was refused took no number")

		other := credit("C7", "0.01")
		other.PartyID = s.ben.ID
		early := credit("C8", "0.01")
		early.Date = day("2010-11-30")
		onNote := credit("C9", "0.01")
		onNote.CorrectsID = out[0].ID
		for _, bad := range []accounting.NewInvoice{other, early, onNote} {
			_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{bad})
			require.ErrorIs(t, err, accounting.ErrNotCreditable)
		}
		s.sound()
	})
}

func TestIssueReplays(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first := s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0]
		again := invoice("I1", s.ann.ID, "2010-12-01", "10.00")
		again.Kind, again.Due = accounting.InvoiceDocument, day("2010-12-01")
		out := s.issue(invoice("I2", s.ben.ID, "2010-12-01", "1"), again, invoice("I2", s.ben.ID, "2010-12-01", "1"))
		require.Equal(t, first.ID, out[1].ID)
		require.True(t, out[1].Replayed)
		require.Equal(t, first.Number, out[1].Number)
		require.False(t, out[0].Replayed)
		require.True(t, out[2].Replayed)
		require.Equal(t, "INV-2010-00002", out[2].Number)
		require.Equal(t, out[0].ID, out[2].ID)
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("I1", s.ann.ID, "2010-12-01", "10.01")})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		// An old document is replayed even after later ones were issued: nothing is dated backwards by it.
		s.issue(invoice("I3", s.ann.ID, "2010-12-09", "1"))
		require.True(t, s.issue(invoice("I1", s.ann.ID, "2010-12-01", "10"))[0].Replayed)
		s.sound()
	})
}

func TestNumbersByYearAndNeverBackwards(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		out := s.issue(invoice("I1", s.ann.ID, "2010-12-31", "1"), invoice("I2", s.ann.ID, "2011-01-01", "1"), invoice("I3", s.ann.ID, "2010-12-31", "1"))
		require.Equal(t, []string{"INV-2010-00001", "INV-2011-00001", "INV-2010-00002"}, []string{out[0].Number, out[1].Number, out[2].Number})
		_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("I4", s.ann.ID, "2010-12-30", "1")})
		require.ErrorIs(t, err, accounting.ErrBackdated)
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("I5", s.ann.ID, "2011-02-02", "1"), invoice("I6", s.ann.ID, "2011-02-01", "1")})
		require.ErrorIs(t, err, accounting.ErrBackdated)
		note := invoice("N1", s.ann.ID, "2010-01-01", "1")
		note.Kind = accounting.CreditNoteDocument
		require.Equal(t, "CN-2010-00001", s.issue(note)[0].Number, "another series has dates of its own")
		require.Equal(t, "INV-2011-00002", s.issue(invoice("I7", s.ann.ID, "2011-01-15", "1"))[0].Number)
		s.sound()
	})
}

func TestIssueRefuses(t *testing.T) {
	table := []struct {
		name   string
		change func(*accounting.NewInvoice)
		want   error
	}{
		{"no lines", func(v *accounting.NewInvoice) { v.Lines = nil }, accounting.ErrBadInput},
		{"no quantity", func(v *accounting.NewInvoice) { v.Lines[0].Quantity = 0 }, accounting.ErrBadInput},
		{"negative total", func(v *accounting.NewInvoice) { v.Lines[0].Quantity = units(-1) }, accounting.ErrNegativeTotal},
		{"too large a line", func(v *accounting.NewInvoice) { v.Lines[0].UnitPrice = price("1e14") }, accounting.ErrAmountLimit},
		{"overflow", func(v *accounting.NewInvoice) { v.Lines[0].UnitPrice = price("1e30") }, accounting.ErrAmountLimit},
		{"absurd price", func(v *accounting.NewInvoice) { v.Lines[0].UnitPrice = decimal.New(1, 1_000_000_000) }, accounting.ErrBadInput},
		{"unknown tax", func(v *accounting.NewInvoice) { v.Lines[0].TaxCode = "X" }, accounting.ErrUnknownTax},
		{"unknown account", func(v *accounting.NewInvoice) { v.Lines[0].Account = accounting.ByCode("X") }, accounting.ErrUnknownAccount},
		{"control account", func(v *accounting.NewInvoice) { v.Lines[0].Account = accounting.ByRole(accounting.RoleReceivable) }, accounting.ErrControlAccount},
		{"settled by a control account", func(v *accounting.NewInvoice) { v.SettledBy = accounting.ByRole(accounting.RolePayable) }, accounting.ErrControlAccount},
		{"unknown party", func(v *accounting.NewInvoice) { v.PartyID = uuid.New() }, accounting.ErrUnknownParty},
		{"due before date", func(v *accounting.NewInvoice) { v.Due = day("2010-11-30") }, accounting.ErrBadInput},
		{"corrects without being a credit note", func(v *accounting.NewInvoice) { v.CorrectsID = uuid.New() }, accounting.ErrBadInput},
		{"corrects nothing", func(v *accounting.NewInvoice) { v.CorrectsID, v.Kind = uuid.New(), accounting.CreditNoteDocument }, accounting.ErrNotCreditable},
		{"no such year", func(v *accounting.NewInvoice) { v.Date = day("2020-01-01") }, accounting.ErrNoPeriod},
		{"unknown kind", func(v *accounting.NewInvoice) { v.Kind = "bill" }, accounting.ErrBadInput},
		{"not text", func(v *accounting.NewInvoice) { v.Lines[0].Description = "\xff" }, accounting.ErrBadInput},
	}
	each(t, func(t *testing.T, s *shop) {
		for _, row := range table {
			t.Run(row.name, func(t *testing.T) {
				bad := invoice("bad", s.ann.ID, "2010-12-01", "1")
				row.change(&bad)
				_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{invoice("good", s.ann.ID, "2010-12-01", "1"), bad})
				require.ErrorIs(t, err, row.want)
			})
		}
		found, err := s.books.InvoicesByReference(s.ctx, []string{"good", "bad"})
		require.NoError(t, err)
		require.Empty(t, found)
		require.Equal(t, "INV-2010-00001", s.issue(invoice("good", s.ann.ID, "2010-12-01", "1"))[0].Number)
		s.sound()
	})
}

func TestIssueCostsTheSameForAnyNumber(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		original := s.issue(invoice("O", s.ann.ID, "2010-12-01", "1000"))[0]
		batch := func(prefix string, n int) []accounting.NewInvoice {
			in := make([]accounting.NewInvoice, 0, 2*n)
			for i := range n {
				in = append(in, invoice(fmt.Sprint(prefix, i), s.ann.ID, "2010-12-01", "2.50"))
				c := invoice(fmt.Sprint(prefix, "c", i), s.ann.ID, "2010-12-01", "1.50")
				c.Kind, c.CorrectsID = accounting.CreditNoteDocument, original.ID
				in = append(in, c)
			}
			return in
		}
		one := s.env.Count(t, func() { s.issue(batch("a", 1)...) })
		many := s.env.Count(t, func() { s.issue(batch("b", 100)...) })
		require.Equal(t, one, many)
		replay := s.env.Count(t, func() { s.issue(batch("b", 100)...) })
		require.Less(t, replay, one)
		s.sound()
	})
}

func TestRevenueGoesWhereTheLineSays(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := invoice("I1", s.ann.ID, "2010-12-01", "10")
		in.Lines = append(in.Lines, accounting.NewInvoiceLine{Quantity: money.Quantity(2_500_000), UnitPrice: price("3"), Account: accounting.ByCode("4100")})
		s.issue(in)
		a, err := s.books.Balance(s.ctx, accounting.ByCode("4100"), day("2010-12-31"))
		require.NoError(t, err)
		require.Equal(t, gbp(-750), a)
		require.Equal(t, int64(-1000), s.balance(accounting.RoleSales))
	})
}
