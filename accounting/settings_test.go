package accounting_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// order is what is sent while fn runs.
func (s *shop) order(t *testing.T, fn func()) (out []string) {
	t.Helper()
	s.env.Observe(t, func(sent tenancy.Sent) { out = append(out, sent.Verb+" "+sent.Table) })
	fn()
	return out
}

func TestPostIsOneTripOnceTheSettingsAreKnown(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("first", "2010-12-01", 1))
		require.Equal(t, []string{"begin ", "expect erp.books", "insert erp.journal_entries", "insert erp.journal_lines", "insert erp.entry_texts",
			"accrue erp.account_balances", "insert erp.audit_events", "commit "}, s.order(t, func() { s.post(transfer("second", "2010-12-01", 2)) }), "no question is asked, so nothing is waited for")
		s.sound()
	})
}

// elsewhere is the books as another process has them, with settings of its own in mind.
func (s *shop) elsewhere() *accounting.Service { return accounting.New(s.env.DB) }

func TestSettingsThatAnotherProcessChanged(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.post(transfer("", "2010-12-01", 1))
		other := s.elsewhere()
		on := func(code string) accounting.NewEntry {
			e := transfer("", "2010-12-01", 1)
			e.Lines[0].Account = accounting.ByCode(code)
			return e
		}
		post := func(e accounting.NewEntry) error {
			_, err := s.books.Post(s.ctx, []accounting.NewEntry{e})
			return err
		}
		made, err := other.CreateAccount(s.ctx, accounting.NewAccount{Code: "9999", Name: "New", Type: accounting.Asset})
		require.NoError(t, err)
		require.NoError(t, post(on("9999")), "an account that is not known here")
		_, err = other.UpdateAccount(s.ctx, accounting.AccountChange{ID: made.ID, Name: "New", Active: false})
		require.NoError(t, err)
		require.ErrorIs(t, post(on("9999")), accounting.ErrAccountInactive)

		cash, err := other.CreateAccount(s.ctx, accounting.NewAccount{Code: "9998", Name: "Other till", Type: accounting.Asset, Role: accounting.RoleCash})
		require.NoError(t, err)
		before, err := s.books.Balance(s.ctx, accounting.ByID(cash.ID), day("2010-12-31"))
		require.NoError(t, err)
		require.NoError(t, post(transfer("", "2010-12-01", 7)))
		after, err := s.books.Balance(s.ctx, accounting.ByID(cash.ID), day("2010-12-31"))
		require.NoError(t, err)
		require.EqualValues(t, 7, after.Minor-before.Minor, "the role is where it is now")

		periods, err := other.Periods(s.ctx)
		require.NoError(t, err)
		_, err = other.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[10].ID, State: accounting.PeriodLocked})
		require.NoError(t, err)
		require.ErrorIs(t, post(transfer("", "2010-11-01", 1)), accounting.ErrPeriodLocked)
		_, err = other.AddFiscalYear(s.ctx, day("2012-01-01"))
		require.NoError(t, err)
		require.NoError(t, post(transfer("", "2012-01-01", 1)))
		s.sound()
	})
}

func TestPostAnswersAsIfItHadAsked(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		first := s.post(transfer("R1", "2010-12-01", 1))[0]
		again := s.post(transfer("R2", "2010-12-01", 2), transfer("R1", "2010-12-01", 1))
		require.Equal(t, first.ID, again[1].ID)
		require.True(t, again[1].Replayed)
		_, err := s.books.Post(s.ctx, []accounting.NewEntry{transfer("R1", "2010-12-01", 3)})
		require.ErrorIs(t, err, accounting.ErrReferenceTaken)
		stranger := transfer("", "2010-12-01", 1)
		stranger.Lines[1].PartyID = uuid.New()
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{stranger})
		require.ErrorIs(t, err, accounting.ErrUnknownParty)

		// Within a larger act, too: the whole is run again.
		runs := 0
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			runs++
			_, err := s.books.Post(ctx, []accounting.NewEntry{transfer("R3", "2010-12-01", 1)})
			require.NoError(t, err)
			out, err := s.books.Post(ctx, []accounting.NewEntry{transfer("R1", "2010-12-01", 1)})
			if runs == 2 {
				require.True(t, out[0].Replayed)
			}
			return err
		}))
		require.Equal(t, 2, runs)
		s.sound()
	})
}

// rateOf is one rate for ever.
func rateOf(percent string) []accounting.NewTaxRate {
	return []accounting.NewTaxRate{{From: day("2000-01-01"), Rate: price(percent), Source: "test"}}
}

func TestEveryChangeOfASettingIsANewRevision(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		revision := func() uuid.UUID {
			b, err := s.elsewhere().GetBooks(s.ctx)
			require.NoError(t, err)
			return b.Revision
		}
		account, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "9999", Name: "New", Type: accounting.Asset})
		require.NoError(t, err)
		tax, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "T", Name: "Tax", Rates: rateOf("20")})
		require.NoError(t, err)
		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		for name, act := range map[string]func() error{
			"CreateAccount": func() error {
				_, err := s.books.CreateAccount(s.ctx, accounting.NewAccount{Code: "9998", Name: "New", Type: accounting.Asset})
				return err
			},
			"UpdateAccount": func() error {
				_, err := s.books.UpdateAccount(s.ctx, accounting.AccountChange{ID: account.ID, Name: "Other", Active: true})
				return err
			},
			"CreateJournal": func() error {
				_, err := s.books.CreateJournal(s.ctx, accounting.NewJournal{Code: "XX", Name: "Other"})
				return err
			},
			"CreateTax": func() error {
				_, err := s.books.CreateTax(s.ctx, accounting.NewTax{Code: "U", Name: "Tax", Rates: rateOf("5")})
				return err
			},
			"UpdateTax": func() error {
				_, err := s.books.UpdateTax(s.ctx, accounting.TaxChange{ID: tax.ID, Name: "Other", Active: true})
				return err
			},
			"ChangeTaxRate": func() error {
				_, err := s.books.ChangeTaxRate(s.ctx, accounting.TaxRateChange{Code: "T", NewTaxRate: accounting.NewTaxRate{From: day("2010-06-01"), Rate: price("21"), Source: "test"}})
				return err
			},
			"UpdateBooks": func() error {
				_, err := s.books.UpdateBooks(s.ctx, accounting.BooksChange{RateMaxAgeDays: 3})
				return err
			},
			"DescribeBusiness": func() error {
				_, err := s.books.DescribeBusiness(s.ctx, accounting.Business{Name: "Lamps", Country: "GB"})
				return err
			},
			"RequireDimensions": func() error {
				_, err := s.books.RequireDimensions(s.ctx, accounting.ByCode("9999"), nil)
				return err
			},
			"AddFiscalYear": func() error { _, err := s.books.AddFiscalYear(s.ctx, day("2012-01-01")); return err },
			"SetPeriodState": func() error {
				_, err := s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: accounting.PeriodSoftLocked})
				return err
			},
		} {
			before := revision()
			require.NoError(t, act(), name)
			require.NotEqual(t, before, revision(), name)
		}
		_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[10].ID, State: accounting.PeriodLocked})
		require.NoError(t, err)
		before := revision()
		_, err = s.books.CloseYear(s.ctx, accounting.NewYearEnd{FiscalYearID: periods[0].FiscalYearID})
		require.NoError(t, err)
		require.NotEqual(t, before, revision(), "CloseYear")
	})
}
