package pos

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
)

// OpenSession opens a register with the cash that was counted in its drawer. The business date stays the same until the
// session is closed, past midnight as well. The same reference with the same content gives the session that was opened.
//
// What the session before left and the float say is compared: the difference is booked as over/short when this session is closed.
// The first float of a register is taken as it is: the books have it on the register's cash account already.
//
// Permission: pos.open. Errors: pos.bad_input, pos.session_open, pos.reference_taken, pos.amount_limit, tenancy.not_found (the
// register), accounting.wrong_currency, accounting.no_period, accounting.period_locked, accounting.period_soft_locked,
// accounting.dimension_needed and accounting.dimension_inactive (what the register's money is booked under; see UpdateRegister).
func (s *Service) OpenSession(ctx context.Context, in NewSession) (Session, error) {
	const op = "pos.OpenSession"
	return againstRivals(func() (Session, error) {
		return tenancy.Act(ctx, s.db, PermOpen, func(ctx context.Context, tx *tenancy.Tx) (Session, error) {
			if err := checkInput(op, "session", in); err != nil {
				return Session{}, err
			}
			same := fingerprint(in)
			var drawers []drawer
			var registers []Register
			var known []Session
			q := tx.Batch()
			tenancy.Load(q, &drawers, tenancy.Eq("register_id", in.RegisterID), tenancy.ForUpdate())
			tenancy.Load(q, &registers, tenancy.Eq("id", in.RegisterID))
			tenancy.Load(q, &known, tenancy.Eq("reference", in.Reference))
			if err := q.Run(ctx); err != nil {
				return Session{}, err
			}
			switch {
			case len(known) > 0 && known[0].Fingerprint != same:
				return Session{}, ErrReferenceTaken.New(op, "session %q was opened before with other content", in.Reference)
			case len(known) > 0:
				known[0].Replayed = true
				return known[0], nil
			case len(drawers) == 0 || len(registers) == 0:
				return Session{}, tenancy.ErrNotFound.New(op, "there is no such register")
			case drawers[0].SessionID != uuid.Nil:
				return Session{}, ErrSessionOpen.New(op, "%s has an open session: close it first", registers[0].Code)
			}
			session, err := s.newSession(ctx, tx, op, in, &registers[0], &drawers[0])
			if err != nil {
				return Session{}, err
			}
			session.Fingerprint = same
			b := tx.Batch()
			tenancy.Put(b, []*Session{session})
			tenancy.Set(b, []*drawer{&drawers[0]}, "session_id")
			return *session, b.Run(ctx)
		})
	})
}

// newSession is the session, on a day that can be booked.
func (s *Service) newSession(ctx context.Context, tx *tenancy.Tx, op string, in NewSession, r *Register, d *drawer) (*Session, error) {
	books, err := s.books.GetBooks(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkAmount(op, "the float", in.Float, books.Currency, 0); err != nil {
		return nil, err
	}
	day := in.Date
	if day.IsZero() {
		day = tx.Today()
	}
	// What the session's closing will be booked in takes entries of this day.
	for _, journal := range []accounting.JournalCode{accounting.JournalCash, accounting.JournalStock} {
		if err := s.books.CheckDate(ctx, journal, day, ""); err != nil {
			return nil, err
		}
	}
	if err := s.holdRegister(ctx, op, r); err != nil {
		return nil, err
	}
	session := &Session{RegisterID: r.ID, DimensionSetID: r.DimensionSetID, Reference: in.Reference, State: SessionOpen, BusinessDate: day, Float: in.Float, Left: in.Float,
		OpenedAt: tx.Now(), ExpiresAt: tx.Now().Add(time.Duration(r.MaxHours) * time.Hour)}
	session.ID = tenancy.NewID()
	if d.Closings > 0 {
		session.Left.Minor = d.LeftMinor
	}
	d.SessionID = session.ID
	return session, nil
}

// holdRegister holds what a register is analysed by to what is required now, as long as its session can still be opened otherwise.
func (s *Service) holdRegister(ctx context.Context, op string, r *Register) error {
	named, err := s.spell(ctx, r.DimensionSetID)
	if err != nil {
		return err
	}
	of := named[r.DimensionSetID]
	stated, err := s.books.ReadDimensions(ctx, op, of)
	if err != nil {
		return err
	}
	_, err = stated.Hold("register "+r.Code+": ", of, r.drawerAccounts()...)
	return err
}

// GetSession reads a session with what it came to so far, or at its closing. Permission: pos.read. Errors: tenancy.not_found.
func (s *Service) GetSession(ctx context.Context, id uuid.UUID) (SessionDetail, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (SessionDetail, error) {
		session, err := tenancy.Get[Session](ctx, tx, id)
		if err != nil {
			return SessionDetail{}, err
		}
		out := SessionDetail{Session: *session}
		closings, err := tenancy.Find[Closing](ctx, tx, tenancy.Eq("session_id", id))
		if err != nil {
			return SessionDetail{}, err
		}
		if len(closings) > 0 {
			out.Closing, out.Totals = &closings[0], closings[0].Totals
			return out, nil
		}
		out.Totals, err = totals(ctx, tx, session)
		return out, err
	})
}

// ListSessions reads a page of sessions, in the order in which they were opened unless the request sorts by another column.
// Permission: pos.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListSessions(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Session], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Session], error) {
		return tenancy.Page[Session](ctx, tx, page)
	})
}

// maxExpired bounds what one call of ExpireSessions does.
const maxExpired = 1_000

// ExpireSessions marks sessions that have been open for longer than their registers allow, at most limit (1 to 1,000), and says
// how many: as many as limit means that there may be more. An expired session sells nothing more and waits to be counted and
// closed. It is meant for a background job.
//
// Permission: pos.expire. Errors: pos.bad_input.
func (s *Service) ExpireSessions(ctx context.Context, limit int) (int, error) {
	const op = "pos.ExpireSessions"
	return tenancy.Act(ctx, s.db, PermExpire, func(ctx context.Context, tx *tenancy.Tx) (int, error) {
		if limit < 1 || limit > maxExpired {
			return 0, ErrBadInput.New(op, "the limit is 1 to %d, not %d", maxExpired, limit)
		}
		due, err := tenancy.Find[Session](ctx, tx, tenancy.Eq("state", SessionOpen), tenancy.Le("expires_at", tx.Now()), tenancy.OrderBy("id"), tenancy.Limit(limit))
		if err != nil || len(due) == 0 {
			return 0, err
		}
		ids := make([]uuid.UUID, len(due))
		for i := range due {
			ids[i] = due[i].ID
		}
		var drawers []drawer
		var now []Session
		b := tx.Batch()
		tenancy.Load(b, &drawers, tenancy.In("session_id", ids), tenancy.ForUpdate())
		tenancy.Load(b, &now, tenancy.In("id", ids), tenancy.Eq("state", SessionOpen)) // some may have been closed meanwhile
		if err := b.Run(ctx); err != nil {
			return 0, err
		}
		expired := make([]*Session, len(now))
		for i := range now {
			expired[i] = &now[i]
			expired[i].State = SessionExpired
		}
		tenancy.Set(b, expired, "state")
		return len(expired), b.Run(ctx)
	})
}
