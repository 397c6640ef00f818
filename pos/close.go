package pos

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// CloseSession closes a session with the cash that was counted in its drawer, and books it on its business date: one entry of
// money, revenue, tax and over/short, and one of its goods, both added up in the database by account and combination of dimensions, so
// that it costs the same memory however many tickets there are. What an account requires since the lines were made refuses neither. Closing again with the same count gives the closing; with another count it is refused.
//
// Permission: pos.close. Errors: pos.bad_input, pos.amount_limit, pos.session_closed, tenancy.not_found,
// accounting.wrong_currency, accounting.account_inactive, accounting.unknown_account (the roles rounding and over_short),
// accounting.period_locked, accounting.period_soft_locked, accounting.exception_forbidden.
func (s *Service) CloseSession(ctx context.Context, in Close) (Closing, error) {
	const op = "pos.CloseSession"
	return tenancy.Act(ctx, s.db, PermClose, func(ctx context.Context, tx *tenancy.Tx) (Closing, error) {
		if err := checkInput(op, "closing", in); err != nil {
			return Closing{}, err
		}
		var drawers []drawer
		var sessions []Session
		var before []Closing
		b := tx.Batch()
		tenancy.Load(b, &drawers, tenancy.Eq("session_id", in.SessionID), tenancy.ForUpdate())
		tenancy.Load(b, &sessions, tenancy.Eq("id", in.SessionID))
		tenancy.Load(b, &before, tenancy.Eq("session_id", in.SessionID))
		if err := b.Run(ctx); err != nil {
			return Closing{}, err
		}
		switch {
		case len(sessions) == 0:
			return Closing{}, tenancy.ErrNotFound.New(op, "there is no such session")
		case len(before) > 0 && before[0].Counted == in.Counted:
			before[0].Replayed = true
			return before[0], nil
		case len(before) > 0:
			return Closing{}, ErrSessionClosed.New(op, "the session was closed before, with a count of %s", before[0].Counted)
		case len(drawers) == 0:
			return Closing{}, ErrSessionClosed.New(op, "the session is at no register")
		}
		session, d := &sessions[0], &drawers[0]
		if err := checkAmount(op, "the count", in.Counted, session.Float.Currency, 0); err != nil {
			return Closing{}, err
		}
		closing, err := s.book(ctx, tx, op, session, in)
		if err != nil {
			return Closing{}, err
		}
		session.State = SessionClosed
		d.SessionID, d.LeftMinor = uuid.Nil, in.Counted.Minor
		d.Closings++
		tenancy.Set(b, []*Session{session}, "state")
		tenancy.Put(b, []*Closing{closing})
		tenancy.Set(b, []*drawer{d}, "session_id", "closings", "left_minor")
		return *closing, b.Run(ctx)
	})
}

// book makes both entries: the goods first, as everywhere, so that balances are taken in one order.
func (s *Service) book(ctx context.Context, tx *tenancy.Tx, op string, session *Session, in Close) (*Closing, error) {
	register, err := tenancy.Get[Register](ctx, tx, session.RegisterID)
	if err != nil {
		return nil, err
	}
	source := accounting.Source{Model: sessionTable, ID: session.ID}
	if _, err := s.stock.PostGroup(ctx, inventory.PostGroup{Group: session.ID, Source: source, LockException: in.LockException}); err != nil {
		return nil, err
	}
	c := &Closing{SessionID: session.ID, Counted: in.Counted, Date: session.BusinessDate, ClosedAt: tx.Now()}
	if c.Totals, err = totals(ctx, tx, session); err != nil {
		return nil, err
	}
	if c.OverShort, err = in.Counted.Sub(c.Expected); err != nil {
		return nil, err
	}
	f := &closingFact{SessionID: session.ID, Date: session.BusinessDate, Currency: session.Float.Currency, Lock: in.LockException,
		Cash: posted{AccountID: register.CashAccountID, Minor: in.Counted.Minor - session.Left.Minor},
		Card: posted{AccountID: register.CardAccountID, Minor: c.CardSales.Minor - c.CardBack.Minor}}
	if f.Postings, err = postings(ctx, tx, session.ID); err != nil {
		return nil, err
	}
	if c.RoundingAccountID, err = s.residueAccount(ctx, op, c.Rounding.Minor, accounting.RoleRounding); err != nil {
		return nil, err
	}
	f.Rounding = posted{AccountID: c.RoundingAccountID, Minor: -c.Rounding.Minor}
	over := c.overShort(session)
	if c.OverShortAccountID, err = s.residueAccount(ctx, op, over.Minor, accounting.RoleOverShort); err != nil {
		return nil, err
	}
	f.OverShort = posted{AccountID: c.OverShortAccountID, Set: session.DimensionSetID, Minor: -over.Minor}
	if err := s.analyseClosing(ctx, f, session.DimensionSetID); err != nil {
		return nil, err
	}
	entry, ok := closingEntry(f)
	if !ok {
		return c, nil
	}
	entries, err := s.books.Post(ctx, []accounting.NewEntry{entry})
	if err != nil {
		return nil, err
	}
	c.EntryID = entries[0].ID
	return c, s.declare(ctx, tx, session, c.EntryID)
}

// analyseClosing gives the accounts of cash and cards the session's combination where they require any, and says what all are.
func (s *Service) analyseClosing(ctx context.Context, f *closingFact, session uuid.UUID) (err error) {
	for _, p := range []*posted{&f.Cash, &f.Card} {
		account, err := s.books.GetAccount(ctx, accounting.ByID(p.AccountID))
		if err != nil {
			return err
		}
		if account.RequiredDimensions != "" {
			p.Set = session
		}
	}
	sets := []uuid.UUID{session}
	for _, p := range f.Postings {
		sets = append(sets, p.Set)
	}
	f.Named, err = s.spell(ctx, sets...)
	return err
}

// declare declares the tax of a session's tickets, by tax.
func (s *Service) declare(ctx context.Context, tx *tenancy.Tx, session *Session, entry uuid.UUID) error {
	sums, err := taxes(ctx, tx, session.ID)
	if err != nil || len(sums) == 0 {
		return err
	}
	cur := session.Float.Currency
	declared := make([]accounting.TaxDeclaration, len(sums))
	for i, t := range sums {
		declared[i] = accounting.TaxDeclaration{EntryID: entry, TaxID: t.TaxID, Base: money.Amount{Minor: t.Base, Currency: cur}, Tax: money.Amount{Minor: t.Tax, Currency: cur}}
	}
	_, err = s.books.DeclareTaxes(ctx, declared)
	return err
}

// overShort is all that is booked as over/short: what was found at the closing, and at the opening against what the session
// before had left. Each is within the limits of a till.
func (c *Closing) overShort(session *Session) money.Amount {
	return money.Amount{Minor: c.OverShort.Minor + session.Float.Minor - session.Left.Minor, Currency: c.OverShort.Currency}
}

// residueAccount is the account with the role, where there is something to book.
func (s *Service) residueAccount(ctx context.Context, op string, minor int64, role accounting.Role) (uuid.UUID, error) {
	if minor == 0 {
		return uuid.Nil, nil
	}
	return s.account(ctx, op, "the closing", accounting.ByRole(role), role)
}
