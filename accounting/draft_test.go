package accounting_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

func TestDraftsBecomeDocuments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		full := document(s, "100", "S20", "2.505", "")
		full.Reference, full.Note = "D1", "as agreed"
		full.Terms = accounting.Terms{Instalments: thirds.Instalments, Discount: accounting.EarlyDiscount{Percent: price("2"), Until: day("2010-12-11")}}
		full.Lines[0].Discount = accounting.Adjust{Percent: price("10")}
		full.Lines[1].Account = accounting.ByCode("4100")
		full.Adjustments = []accounting.Adjustment{{Charge: true, Adjust: accounting.Adjust{Amount: gbp(495)}, TaxCode: "S20", Reason: "carriage"}}
		unfinished := accounting.NewInvoice{PartyID: s.ann.ID}
		drafts, err := s.books.DraftInvoices(s.ctx, []accounting.NewInvoice{full, unfinished, full})
		require.NoError(t, err)
		require.True(t, drafts[2].Replayed)
		require.Zero(t, s.balance(accounting.RoleSales), "a draft books nothing")
		d, err := s.books.GetDraft(s.ctx, drafts[0].ID)
		require.NoError(t, err)
		kept, err := d.Invoice()
		require.NoError(t, err)
		direct := full
		direct.Reference = "X1"
		want := s.issue(direct)[0]

		_, err = s.books.IssueDrafts(s.ctx, []uuid.UUID{drafts[0].ID, drafts[1].ID})
		require.ErrorIs(t, err, accounting.ErrBadInput, "one of them is unfinished: none is issued")
		finished := invoice("", s.ann.ID, "2010-12-01", "7")
		_, err = s.books.ChangeInvoiceDraft(s.ctx, drafts[1].ID, finished)
		require.NoError(t, err)
		out, err := s.books.IssueDrafts(s.ctx, []uuid.UUID{drafts[1].ID, drafts[0].ID})
		require.NoError(t, err)
		require.Equal(t, []string{"INV-2010-00002", "INV-2010-00003"}, []string{out[0].Number, out[1].Number}, "drafts take no number")
		require.Equal(t, [2]any{want.Gross, want.DueDate}, [2]any{out[1].Gross, out[1].DueDate})
		kept.Reference = "D1"
		require.True(t, s.issue(kept)[0].Replayed, "the content went through the store unchanged")
		again, err := s.books.IssueDrafts(s.ctx, []uuid.UUID{drafts[0].ID})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		require.Equal(t, out[1].ID, again[0].ID)
		d, err = s.books.GetDraft(s.ctx, drafts[0].ID)
		require.NoError(t, err)
		require.Equal(t, [2]any{accounting.DraftIssued, ""}, [2]any{d.State, d.Content})
		_, err = s.books.ChangeInvoiceDraft(s.ctx, drafts[0].ID, finished)
		require.ErrorIs(t, err, accounting.ErrDraftState)
		_, err = s.books.DiscardDraft(s.ctx, drafts[0].ID)
		require.ErrorIs(t, err, accounting.ErrDraftState)
		s.sound()
	})
}

func TestDraftsOfBills(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		in := aBill("B1", "17", s.ben.ID, "2010-12-01", "10")
		drafts, err := s.books.DraftBills(s.ctx, []accounting.NewBill{in, aBill("B2", "18", s.ben.ID, "2010-12-01", "10")})
		require.NoError(t, err)
		in.Lines[0].Quantity, in.VendorNumber = units(3), "19"
		_, err = s.books.ChangeBillDraft(s.ctx, drafts[0].ID, in)
		require.NoError(t, err)
		_, err = s.books.IssueDrafts(s.ctx, []uuid.UUID{drafts[0].ID})
		require.ErrorIs(t, err, accounting.ErrDraftState, "it is of a bill")
		out, err := s.books.RecordDrafts(s.ctx, []uuid.UUID{drafts[0].ID})
		require.NoError(t, err)
		require.Equal(t, "19", out[0].VendorNumber)
		_, err = s.books.DiscardDraft(s.ctx, drafts[1].ID)
		require.NoError(t, err)
		_, err = s.books.RecordDrafts(s.ctx, []uuid.UUID{drafts[1].ID})
		require.ErrorIs(t, err, accounting.ErrDraftState)
		_, err = s.books.RecordDrafts(s.ctx, []uuid.UUID{uuid.New()})
		require.ErrorIs(t, err, fault.NotFound)
		_, err = s.books.DraftBills(s.ctx, []accounting.NewBill{aBill("", "", uuid.New(), "2010-12-01", "1")})
		require.ErrorIs(t, err, accounting.ErrUnknownParty)
		page, err := s.books.ListDrafts(s.ctx, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, page.Items)
		s.sound()
	})
}

func TestRaceForADraft(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		drafts, err := s.books.DraftInvoices(s.ctx, []accounting.NewInvoice{invoice("", s.ann.ID, "2010-12-01", "7")})
		require.NoError(t, err)
		numbers := make([]string, 4)
		var all sync.WaitGroup
		for i := range numbers {
			all.Add(1)
			go func() {
				defer all.Done()
				out, err := s.books.IssueDrafts(s.ctx, []uuid.UUID{drafts[0].ID})
				if err == nil {
					numbers[i] = out[0].Number
				} else {
					numbers[i] = fmt.Sprint(err)
				}
			}()
		}
		all.Wait()
		require.Equal(t, []string{"INV-2010-00001", "INV-2010-00001", "INV-2010-00001", "INV-2010-00001"}, numbers)
		s.sound()
	})
}

func TestReversalOfDocuments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := document(s, "0.13", "S20", "0.13", "S20", "-0.13", "", "5", "S20")
		in.TaxIncluded, in.TaxRounding, in.Terms = true, accounting.RoundPerDocument, thirds
		in.Lines[3].Discount = accounting.Adjust{Percent: price("7.5")}
		in.Lines[3].Charge = accounting.Adjust{Amount: gbp(90)}
		in.Adjustments = []accounting.Adjustment{{Adjust: accounting.Adjust{Percent: price("5")}, TaxCode: "S20", Reason: "loyalty"}}
		v := s.issue(in)[0]
		states := func(id uuid.UUID) accounting.DocumentState {
			all, err := s.books.DocumentStates(s.ctx, []uuid.UUID{id, uuid.New()})
			require.NoError(t, err)
			require.Len(t, all, 1)
			return all[id].State
		}
		require.Equal(t, accounting.DocumentIssued, states(v.ID))
		s.pay(received("", s.ann.ID, "2010-12-10", 10, part(v.ID, 10)))
		require.Equal(t, accounting.DocumentPartPaid, states(v.ID))
		taxes, err := s.books.ListTaxes(s.ctx)
		require.NoError(t, err)
		_, err = s.books.UpdateTax(s.ctx, accounting.TaxChange{ID: taxes[0].ID, Name: "retired"})
		require.NoError(t, err)
		take := accounting.DocumentReversal{DocumentID: v.ID, Reference: "R1", Date: day("2010-12-20"), Reason: "ordered twice"}
		out, err := s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{take})
		require.NoError(t, err)
		require.Equal(t, figures(v), figures(out[0]), "the same figures, though the tax is out of use by now")
		require.Equal(t, accounting.DocumentReversed, states(v.ID))
		again, err := s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{take})
		require.NoError(t, err)
		require.True(t, again[0].Replayed)
		take.Reference = ""
		_, err = s.books.ReverseInvoices(s.ctx, []accounting.DocumentReversal{take})
		require.ErrorIs(t, err, accounting.ErrOverCredited)
		for _, role := range []accounting.Role{accounting.RoleSales, accounting.RoleTax, accounting.RoleRounding} {
			require.Zero(t, s.balance(role))
		}
		paid := s.issue(invoice("", s.ann.ID, "2010-12-10", "3"))[0]
		s.pay(received("", s.ann.ID, "2010-12-10", 300, part(paid.ID, 300)))
		require.Equal(t, accounting.DocumentPaid, states(paid.ID))

		bill := aBill("B1", "1", s.ben.ID, "2010-12-01", "10")
		b := s.bill(bill)[0]
		back, err := s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: b.ID, Date: day("2010-12-02"), Reason: "another company's"}})
		require.NoError(t, err)
		require.Equal(t, b.Gross, back[0].Gross)
		require.Equal(t, accounting.DocumentReversed, states(b.ID))
		_, err = s.books.ReverseBills(s.ctx, []accounting.DocumentReversal{{DocumentID: v.ID, Date: day("2010-12-02"), Reason: "no bill"}})
		require.ErrorIs(t, err, accounting.ErrNotCreditable)
		s.sound()
	})
}
