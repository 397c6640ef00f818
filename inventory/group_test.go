package inventory

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/internal/racetest"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func grouped(group uuid.UUID, docs ...NewDocument) []NewDocument {
	for i := range docs {
		docs[i].Group = group
	}
	return docs
}

// The goods of a session leave at once; their entry is made when the session is closed, in one, added up by account.
func TestPostGroup(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "1.00")
		session := tenancy.NewID()
		gift := move(s.tea, "2")
		gift.Counter = accounting.ByRole(accounting.RoleMarketing)
		sold := s.mustBook(t, grouped(session, document(Issue, "T-1", move(s.tea, "3")), document(Issue, "T-2", move(s.tea, "1"), gift))...)
		assert.Equal(t, uuid.Nil, sold[0].EntryID)
		assert.Equal(t, session, sold[0].GroupID)
		assert.Equal(t, "4 @ 4.00", s.value(t, s.tea))
		assert.Equal(t, "10.00", s.balance(t, accounting.RoleStock), "the ledger waits")
		checks, err := s.stock.Verify(s.ctx)
		require.NoError(t, err)
		assert.Equal(t, "layers 4.00 GBP, ledger 10.00 GBP, and -6.00 GBP to come from 2 documents of groups that are not posted yet", checks[2].Detail)
		s.verify(t)

		back := move(s.tea, "1")
		back.Origin = Origin{sold[0].ID, 1}
		s.mustBook(t, grouped(session, document(Return, "T-3", back))...)
		source := accounting.Source{Model: "erp.pos_sessions", ID: session}
		posting, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session, Date: newYear, Source: source})
		require.NoError(t, err)
		assert.Equal(t, int64(3), posting.Documents)
		entry, err := s.books.GetEntry(s.ctx, posting.EntryID)
		require.NoError(t, err)
		assert.Len(t, entry.Lines, 3, "stock, cost of goods sold, marketing")
		assert.Equal(t, source, accounting.Source{Model: entry.SourceModel, ID: entry.SourceID})
		assert.Equal(t, []string{"5.00", "3.00", "2.00"}, []string{s.balance(t, accounting.RoleStock), s.balance(t, accounting.RoleCostOfGoodsSold), s.balance(t, accounting.RoleMarketing)})
		s.verify(t)

		before := s.state(t)
		again, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.NoError(t, err)
		assert.True(t, again.Replayed)
		assert.Equal(t, posting.ID, again.ID)
		assert.Equal(t, before, s.state(t))

		s.mustBook(t, grouped(session, document(Issue, "T-4", move(s.tea, "1")))...)
		second, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.NoError(t, err)
		assert.Equal(t, []int64{2, 1}, []int64{second.PostingNo, second.Documents})
		postings, err := s.stock.GroupPostings(s.ctx, session)
		require.NoError(t, err)
		require.Len(t, postings, 2)
		assert.Equal(t, posting.EntryID, postings[0].EntryID)
		s.verify(t)
	})
}

// A group's goods that were not there go out below zero, and what makes up for them may be of the group too.
func TestGroupBelowZero(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "1", "2.00")
		session := tenancy.NewID()
		s.mustBook(t, grouped(session, below("T-1", move(s.tea, "3")))...)
		s.receive(t, s.tea, "1", "2.50")
		s.verify(t)
		s.mustBook(t, grouped(session, receipt("", s.tea, "1", "2.75"))...)
		s.verify(t)
		posting, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.NoError(t, err)
		assert.Equal(t, int64(3), posting.Documents, "with the variance")
		assert.Equal(t, "1.25", s.balance(t, accounting.RoleStockVariance))
		assert.Equal(t, "0.00", s.balance(t, accounting.RoleStock))
		assert.Equal(t, "0 @ 0.00", s.value(t, s.tea))
		s.verify(t)
	})
}

func TestGroupRefusals(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "2.00")
		receivable, err := s.books.GetAccount(s.ctx, accounting.ByRole(accounting.RoleReceivable))
		require.NoError(t, err)
		session := tenancy.NewID()
		s.mustBook(t, grouped(session, document(Issue, "T-1", move(s.tea, "1")))...)
		other := document(Issue, "", move(s.tea, "1"))
		other.Date = newYear.AddDays(1)
		charged := func(ref accounting.AccountRef) NewDocument {
			d := document(Issue, "", move(s.tea, "1"))
			d.Counter = ref
			return d
		}
		before := s.state(t)
		for _, c := range []struct {
			docs []NewDocument
			want error
		}{
			{grouped(session, other), ErrGroupDate},
			{grouped(tenancy.NewID(), document(Issue, "", move(s.tea, "1")), other), ErrGroupDate},
			{grouped(session, charged(accounting.ByCode("nope"))), accounting.ErrUnknownAccount},
			{grouped(session, charged(accounting.ByID(receivable.ID))), accounting.ErrControlAccount},
			{grouped(session, below("", NewMove{ProductID: s.tea.ID, Quantity: math.MaxInt64 - 1})), accounting.ErrAmountLimit},
			{[]NewDocument{document(Issue, "T-1", move(s.tea, "1"))}, ErrReferenceTaken},
		} {
			_, err := s.stock.Book(s.ctx, c.docs)
			require.ErrorIs(t, err, c.want)
			assert.Equal(t, before, s.state(t))
		}
		_, err = s.stock.PostGroup(s.ctx, PostGroup{})
		require.ErrorIs(t, err, ErrBadInput)
		_, err = s.stock.PostGroup(s.ctx, PostGroup{Group: session, Date: newYear.AddDays(1)})
		require.ErrorIs(t, err, ErrGroupDate)
		none, err := s.stock.PostGroup(s.ctx, PostGroup{Group: tenancy.NewID(), Date: newYear})
		require.NoError(t, err, "a session in which nothing with stock was sold")
		assert.Equal(t, []any{uuid.Nil, int64(0), uuid.Nil}, []any{none.ID, none.Documents, none.EntryID})
		assert.Equal(t, before, s.state(t))

		periods, err := s.books.Periods(s.ctx)
		require.NoError(t, err)
		lock := func(state accounting.PeriodState) {
			_, err = s.books.SetPeriodState(s.ctx, accounting.SetPeriod{PeriodID: periods[0].ID, State: state, Reason: "closing"})
			require.NoError(t, err)
		}
		lock(accounting.PeriodSoftLocked)
		_, err = s.stock.Book(s.ctx, grouped(session, document(Issue, "", move(s.tea, "1"))))
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		_, err = s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.ErrorIs(t, err, accounting.ErrPeriodSoftLocked)
		assert.Equal(t, before, s.state(t))
		_, err = s.stock.PostGroup(s.ctx, PostGroup{Group: session, LockException: "the till was closed late"})
		require.NoError(t, err)
		s.verify(t)
	})
}

// Goods that cost nothing leave a posting without an entry, held to the same periods.
func TestGroupWorthNothing(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "10", "0")
		session := tenancy.NewID()
		s.mustBook(t, grouped(session, document(Issue, "", move(s.tea, "1")))...)
		posting, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
		require.NoError(t, err)
		assert.Equal(t, []any{int64(1), uuid.Nil}, []any{posting.Documents, posting.EntryID})
		s.verify(t)
	})
}

// Sales go on while the group is posted, and it is posted twice at once: each document is posted once.
func TestRaceOfGroupPostings(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "100", "1.00")
		for range rounds {
			session := tenancy.NewID()
			sell := s.book(grouped(session, document(Issue, "", move(s.tea, "1")))...)
			post := func() error {
				_, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
				return err
			}
			for _, err := range racetest.Acts(sell, sell) { // both make the group
				require.NoError(t, err)
			}
			for _, err := range racetest.Acts(sell, post, post, sell) {
				require.NoError(t, err)
			}
			require.NoError(t, post())
			postings, err := s.stock.GroupPostings(s.ctx, session)
			require.NoError(t, err)
			var documents int64
			for _, p := range postings {
				documents += p.Documents
			}
			assert.Equal(t, int64(4), documents)
		}
		assert.Equal(t, fmt.Sprintf("%d @ %s", 100-4*rounds, s.balance(t, accounting.RoleStock)), s.value(t, s.tea))
		s.verify(t)
	})
}

// Two first documents of a group with different dates at once: one of them gives the group its date.
func TestRaceOfGroupDates(t *testing.T) {
	eachShop(t, func(t *testing.T, s *shop) {
		s.receive(t, s.tea, "100", "1.00")
		s.receive(t, s.cup, "100", "1.00")
		for range rounds {
			session := tenancy.NewID()
			other := document(Issue, "", move(s.cup, "1"))
			other.Date = date.Must("2026-01-06")
			errs := racetest.Acts(s.book(grouped(session, document(Issue, "", move(s.tea, "1")))...), s.book(grouped(session, other)...))
			assert.NotEqual(t, errs[0] == nil, errs[1] == nil, "exactly one wins: %v", errs)
		}
		s.verify(t)
	})
}

// Posting a session of a hundred tickets takes as many statements as one of two.
func TestGroupStatements(t *testing.T) {
	tenancytest.Each(t, options, func(t *testing.T, env *tenancytest.Env) {
		s := openShop(t, env, FIFO)
		s.receive(t, s.tea, "1000", "1.00")
		book := func(n int) (sold, posted int) {
			session := tenancy.NewID()
			var docs []NewDocument
			for range n {
				docs = append(docs, document(Issue, "", move(s.tea, "1")))
			}
			sold = env.Count(t, func() { s.mustBook(t, grouped(session, docs...)...) })
			return sold, env.Count(t, func() {
				_, err := s.stock.PostGroup(s.ctx, PostGroup{Group: session})
				require.NoError(t, err)
			})
		}
		sold2, posted2 := book(2)
		sold100, posted100 := book(100)
		assert.Equal(t, []int{sold2, posted2}, []int{sold100, posted100})
	})
}
