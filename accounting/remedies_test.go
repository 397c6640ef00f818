package accounting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// A refusal names the field, and what to do instead.
func TestRefusalsNameTheFieldAndTheRemedy(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		v := s.issue(invoice("", s.ann.ID, "2010-12-01", "10"))[0]
		clerk := s.env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), accounting.PermPost)
		excepted := transfer("", "2010-12-01", 100)
		excepted.LockException = "late"
		for name, row := range map[string]struct {
			act  func() error
			code error
			says string
		}{
			"a chart": {func() error {
				_, err := s.books.OpenBooks(s.ctx, accounting.NewBooks{Currency: "GBP", Chart: "skr03", YearStart: day("2010-01-01")})
				return err
			}, accounting.ErrBadInput, "Chart must be one of: france general germany uk uk-retail us own"},
			"a write-off": {func() error {
				_, err := s.books.WriteOff(s.ctx, []accounting.NewWriteOff{{ItemID: v.ID, Date: day("2010-12-02"), PaymentWriteOff: accounting.PaymentWriteOff{Amount: gbp(100),
					Account: accounting.ByRole(accounting.RoleBadDebt), Reason: "small"}}})
				return err
			}, accounting.ErrWriteOffLimit, "write-off 1: Amount is worth 1.00 GBP, and the books write off at most 0.00 GBP at once (WriteOffLimit, which UpdateBooks sets; it is zero until then)"},
			"an exception": {func() error { _, err := s.books.Post(clerk, []accounting.NewEntry{excepted}); return err }, accounting.ErrNoException,
				"entry 1: LockException takes the permission accounting.exception"},
			"a fiscal year": {func() error { _, err := s.books.AddFiscalYear(s.ctx, day("2012-01-31")); return err }, accounting.ErrBadInput,
				"start: a fiscal year starts on a day from the 1st to the 28th, not on"},
			"a span": {func() error {
				_, err := s.books.ProfitAndLoss(s.ctx, day("2010-12-31"), day("2010-12-01"))
				return err
			}, accounting.ErrBadInput, "From and To are needed, the first and the last day of the span, and To is not before From"},
			"a day": {func() error { _, err := s.books.TrialBalance(s.ctx, date.Date{}); return err }, accounting.ErrBadInput, "the day is needed"},
			"a line": {func() error {
				in := invoice("", s.ann.ID, "2010-12-01", "10")
				in.Lines[0].Quantity = 0
				_, err := s.books.Issue(s.ctx, []accounting.NewInvoice{in})
				return err
			}, accounting.ErrBadInput, "document 1: line 1: a Quantity is needed"},
		} {
			err := row.act()
			require.ErrorIs(t, err, row.code, name)
			require.ErrorContains(t, err, row.says, name)
		}
	})
}
