package accounting_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
)

// Of a bill that is paid in instalments the discount goes to those that are open, and is taken once however they are.
func TestADiscountGoesToABillsOpenInstalments(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.taxes(s20)
		in := s.withNet(10000, "S20")
		in.Terms.Discount = accounting.EarlyDiscount{Percent: price("3"), Until: day("2010-12-11")}
		in.Terms.Instalments = []accounting.Instalment{{Due: day("2010-12-20"), Percent: price("50")}, {Due: day("2010-12-31"), Percent: price("50")}}
		b := s.bill(in)[0]
		s.pay(accounting.NewPayment{PartyID: in.PartyID, Direction: accounting.MoneyOut, Date: day("2010-12-05"), Amount: gbp(6_000),
			Allocate: []accounting.PaymentAllocation{{InvoiceID: b.ID, Amount: gbp(6_000)}}})
		take := []accounting.NewDiscount{{DocumentID: b.ID, Date: day("2010-12-10")}}
		_, err := s.books.TakeDiscount(s.ctx, take)
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]int64{accounting.InstalmentID(b.ID, 2): -6_000 + 360}, s.open("2010-12-31"))
		_, err = s.books.TakeDiscount(s.ctx, take)
		require.ErrorIs(t, err, accounting.ErrDiscountTaken, "it settled an instalment that is not the first")
		s.sound()
	})
}
