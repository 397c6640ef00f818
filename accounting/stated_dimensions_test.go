package accounting_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// stated is an entry that books a document of somebody else's.
func stated(of accounting.Dimensions) accounting.NewEntry {
	e := takings("2010-12-10", 100, of)
	e.Source, e.AsStated = accounting.Source{Model: "host.visits", ID: uuid.MustParse("01900000-0000-7000-8000-000000000001")}, true
	return e
}

// What a document states is held when it states it, with the position of its line, and booked as it stands: closed values and what
// accounts require by then refuse it no more.
func TestStatedDimensions(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		york, wrong := accounting.Dimensions{"shop": "york"}, accounting.Dimensions{"shop": "mars"}
		_, err := s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), []string{"shop"})
		require.NoError(t, err)
		var set uuid.UUID
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			book, err := s.books.ReadDimensions(ctx, "host.Visit", york, wrong)
			require.NoError(t, err)
			_, err = book.Hold("visit 3, line 2: ", nil, accounting.ByRole(cash), accounting.ByRole(sales))
			require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
			require.ErrorContains(t, err, "host.Visit: visit 3, line 2: a line on 4000 Sales of goods names the dimension shop")
			_, err = book.Hold("", wrong, accounting.ByRole(sales))
			require.ErrorIs(t, err, accounting.ErrUnknownDimension)
			_, err = book.Keep("", wrong)
			require.ErrorIs(t, err, accounting.ErrUnknownDimension)
			_, err = book.Hold("", york, accounting.ByCode("no such"))
			require.ErrorIs(t, err, accounting.ErrUnknownAccount)
			for _, none := range []accounting.Dimensions{nil, {}} {
				id, err := book.Hold("", none, accounting.ByRole(cash))
				require.NoError(t, err)
				require.Zero(t, id)
			}
			set, err = book.Hold("", york, accounting.ByRole(sales))
			require.NoError(t, err)
			again, err := book.Hold("", york)
			require.NoError(t, err)
			require.Equal(t, set, again)
			return book.Record(ctx)
		}))
		named, err := s.books.SpellDimensions(s.ctx, []uuid.UUID{set, uuid.Nil, tenancy.NewID()})
		require.NoError(t, err)
		require.Equal(t, map[uuid.UUID]accounting.Dimensions{set: york}, named)

		_, err = s.books.SetDimensionValues(s.ctx, "shop", []accounting.NewDimensionValue{{Code: "york", Name: "York", Inactive: true}})
		require.NoError(t, err)
		_, err = s.books.RequireDimensions(s.ctx, accounting.ByRole(sales), []string{"cost_centre", "shop"})
		require.NoError(t, err)
		require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
			book, err := s.books.ReadDimensions(ctx, "host.Visit", york)
			require.NoError(t, err)
			_, err = book.Hold("", york)
			require.ErrorIs(t, err, accounting.ErrDimensionInactive)
			kept, err := book.Keep("", york)
			require.NoError(t, err)
			require.Equal(t, set, kept)
			return book.Record(ctx)
		}))
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{takings("2010-12-10", 100, york)})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		nobody := stated(york)
		nobody.Source = accounting.Source{}
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{nobody})
		require.ErrorIs(t, err, accounting.ErrBadInput)
		_, err = s.books.Post(s.ctx, []accounting.NewEntry{stated(wrong)})
		require.ErrorIs(t, err, accounting.ErrUnknownDimension)
		s.post(stated(york), stated(nil))

		in := invoice("I1", s.ann.ID, "2010-12-11", "7")
		in.Lines[0].Dimensions = york
		_, err = s.books.Issue(s.ctx, []accounting.NewInvoice{in})
		require.ErrorIs(t, err, accounting.ErrDimensionNeeded)
		in.AsStated, in.Dimensions = true, accounting.Dimensions{"cost_centre": "10"}
		v := s.issue(in)[0]
		require.Equal(t, map[string]int64{"map[shop:york]": -700}, s.by(v.EntryID, accounting.ByRole(sales)), "exactly the line's")
		in.AsStated = false
		require.True(t, s.issue(in)[0].Replayed, "how it was stated is no content")
		b := s.bill(accounting.NewBill{PartyID: s.ben.ID, Date: day("2010-12-01"), AsStated: true,
			Lines: []accounting.NewBillLine{{Account: accounting.ByRole(accounting.RoleFees), Net: gbp(5), Dimensions: york}}})[0]
		require.Equal(t, map[string]int64{"map[shop:york]": 5}, s.by(b.EntryID, accounting.ByRole(accounting.RoleFees)))
		s.sound()
	})
}

// Without dimensions nothing is asked; with some, the same however many there are.
func TestStatedDimensionsCostTheSame(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		s.analysed()
		all := []accounting.Dimensions{{"shop": "york"}, {"shop": "leeds"}, {"shop": "york", "cost_centre": "10"}, {"cost_centre": "30"}}
		read := func(of ...accounting.Dimensions) int {
			return s.env.Count(t, func() {
				require.NoError(t, s.env.DB.Tx(s.ctx, func(ctx context.Context, _ *tenancy.Tx) error {
					if _, err := s.books.GetBooks(ctx); err != nil {
						return err
					}
					book, err := s.books.ReadDimensions(ctx, "host.Visit", of...)
					require.NoError(t, err)
					for _, d := range of {
						_, err := book.Hold("", d, accounting.ByRole(sales))
						require.NoError(t, err)
					}
					return book.Record(ctx)
				}))
			})
		}
		none := s.env.Count(t, func() { _, err := s.books.GetBooks(s.ctx); require.NoError(t, err) })
		require.LessOrEqual(t, read(), none+1, "beginning to write")
		require.Equal(t, read(all[:1]...), read(all[1:]...), "and what is new is written in one go")
		require.Equal(t, read(all[:1]...), read(all...))
	})
}
