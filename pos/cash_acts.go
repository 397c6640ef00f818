package pos

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
)

// MoveCash puts cash into the drawer of an open session or takes it out, in order, all or none, each with the account on the
// other side. It is booked when the session is closed. A reference used before with the same content is given back, marked
// Replayed.
//
// Permission: pos.cash. Errors: pos.bad_input, pos.too_many, pos.amount_limit, pos.session_closed, pos.session_expired,
// pos.reference_taken, tenancy.not_found (the session), accounting.wrong_currency, accounting.unknown_account,
// accounting.account_inactive, accounting.control_account, accounting.dimension_needed, accounting.unknown_dimension,
// accounting.dimension_inactive.
func (s *Service) MoveCash(ctx context.Context, in []NewCashMove) ([]CashMove, error) {
	const op = "pos.MoveCash"
	return againstRivals(func() ([]CashMove, error) {
		return tenancy.Act(ctx, s.db, PermCash, func(ctx context.Context, tx *tenancy.Tx) ([]CashMove, error) {
			prints, err := checkMoves(op, in)
			if err != nil || len(in) == 0 {
				return nil, err
			}
			var drawers []drawer
			var sessions []Session
			var stored []CashMove
			b := tx.Batch()
			tenancy.Load(b, &drawers, tenancy.Eq("session_id", in[0].SessionID), tenancy.ForUpdate())
			tenancy.Load(b, &sessions, tenancy.Eq("id", in[0].SessionID))
			tenancy.Load(b, &stored, tenancy.In("reference", references(in)))
			if err := b.Run(ctx); err != nil {
				return nil, err
			}
			known := make(map[string]*CashMove, len(stored))
			for i := range stored {
				stored[i].Replayed = true
				known[stored[i].Reference] = &stored[i]
			}
			named, stated, err := s.moveDimensions(ctx, op, in, sessions)
			if err != nil {
				return nil, err
			}
			out := make([]CashMove, len(in))
			var added []*CashMove
			var texts []*CashMoveText
			for i, n := range in {
				if old := known[n.Reference]; old != nil {
					if old.Fingerprint != prints[i] {
						return nil, ErrReferenceTaken.New(op, "cash move %d (%q) was made before with other content", i+1, n.Reference)
					}
					out[i] = *old
					out[i].Replayed = true
					continue
				}
				_, session, err := usable(op, tx, drawers, sessions)
				if err != nil {
					return nil, err
				}
				m, err := s.cashMove(ctx, tx, op, fmt.Sprintf("cash move %d (%q)", i+1, n.Reference), n, &session)
				if err != nil {
					return nil, err
				}
				m.Fingerprint = prints[i]
				of := n.Dimensions.Over(named[session.DimensionSetID])
				if m.DimensionSetID, err = stated.Hold(fmt.Sprintf("cash move %d (%q): ", i+1, n.Reference), of, accounting.ByID(m.AccountID)); err != nil {
					return nil, err
				}
				known[n.Reference], out[i] = m, *m
				added, texts = append(added, m), append(texts, &CashMoveText{CashMoveID: m.ID, Reason: n.Reason})
			}
			if err := stated.Record(ctx); err != nil {
				return nil, err
			}
			tenancy.Put(b, added)
			tenancy.Put(b, texts)
			return out, b.Run(ctx)
		})
	})
}

// moveDimensions reads what cash moves are analysed by, and what their session is.
func (s *Service) moveDimensions(ctx context.Context, op string, in []NewCashMove, sessions []Session) (map[uuid.UUID]accounting.Dimensions, *accounting.StatedDimensions, error) {
	var session uuid.UUID
	if len(sessions) > 0 {
		session = sessions[0].DimensionSetID
	}
	named, err := s.spell(ctx, session)
	if err != nil {
		return nil, nil, err
	}
	all := make([]accounting.Dimensions, len(in))
	for i, n := range in {
		all[i] = n.Dimensions.Over(named[session])
	}
	stated, err := s.books.ReadDimensions(ctx, op, all...)
	return named, stated, err
}

// checkMoves checks what needs no database, and gives the fingerprints.
func checkMoves(op string, in []NewCashMove) ([]string, error) {
	if len(in) > MaxBatch {
		return nil, ErrTooMany.New(op, "%d cash moves are more than the %d that one act takes", len(in), MaxBatch)
	}
	prints := make([]string, len(in))
	for i, n := range in {
		what := fmt.Sprintf("cash move %d (%q)", i+1, n.Reference)
		if err := checkInput(op, what, n); err != nil {
			return nil, err
		}
		if n.SessionID != in[0].SessionID {
			return nil, ErrBadInput.New(op, "%s: all cash moves of one act are of one session", what)
		}
		if n.Account.IsZero() {
			return nil, ErrBadInput.New(op, "%s: the account on the other side is needed", what)
		}
		prints[i] = fingerprint(struct {
			Session    uuid.UUID
			Direction  CashDirection
			Minor      int64
			Currency   money.Currency
			Account    string
			Dimensions accounting.Dimensions `json:",omitempty"`
		}{n.SessionID, n.Direction, n.Amount.Minor, n.Amount.Currency, n.Account.String(), n.Dimensions})
	}
	return prints, nil
}

func references(in []NewCashMove) []string {
	out := make([]string, len(in))
	for i, n := range in {
		out[i] = n.Reference
	}
	return out
}

// cashMove is a new move.
func (s *Service) cashMove(ctx context.Context, tx *tenancy.Tx, op, what string, n NewCashMove, session *Session) (*CashMove, error) {
	if err := checkAmount(op, what, n.Amount, session.Float.Currency, 1); err != nil {
		return nil, err
	}
	account, err := s.account(ctx, op, what, n.Account, "")
	if err != nil {
		return nil, err
	}
	m := &CashMove{SessionID: session.ID, Reference: n.Reference, Direction: n.Direction, Amount: n.Amount, AccountID: account,
		Date: session.BusinessDate, MovedAt: tx.Now()}
	m.ID = tenancy.NewID()
	return m, nil
}

// ListCashMoves reads a page of cash moves, in the order in which they were made unless the request sorts by another column.
// Permission: pos.read. Errors: tenancy.bad_input (a foreign cursor or sort).
func (s *Service) ListCashMoves(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[CashMove], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[CashMove], error) {
		return tenancy.Page[CashMove](ctx, tx, page)
	})
}
