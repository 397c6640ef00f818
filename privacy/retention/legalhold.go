package retention

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// holdRow is an act about a hold: it was placed, or released. Neither changes; a release is a row of its own.
type holdRow struct {
	tenancy.Row
	// Releases is the hold that the act ends; zero: the act places one.
	Releases  uuid.UUID `bun:"releases_id,nullzero"`
	Reference string    `bun:"reference" privacy:"none"`
	Ground    Ground    `bun:"ground" privacy:"none"`
	// TableName and RowID are the record, or the person's own row.
	TableName string    `bun:"table_name" privacy:"none"`
	RowID     uuid.UUID `bun:"row_id,nullzero"`
	// FromDay and ToDay are the days whose records are suspended.
	FromDay date.Date `bun:"from_day,nullzero"`
	ToDay   date.Date `bun:"to_day,nullzero"`
	ActedAt time.Time `bun:"acted_at"`
	ActedBy string    `bun:"acted_by" privacy:"none"`
}

// holdText is why. It may name whom the hold is about, and is found when they are erased.
type holdText struct {
	tenancy.Owned
	HoldID uuid.UUID `bun:"hold_id,pk"`
	Reason string    `bun:"reason" privacy:"free-text,delete,sealed"`
}

// NewLegalHold places a hold: on a record, on everything about a person, or, with a ground that suspends rules, on the records of some days.
type NewLegalHold struct {
	// Reference is the file number of the court, the authority or the claim, and the key by which the act is repeated: 1 to 200 characters. It stays, so it names nobody.
	Reference string
	// Ground is why.
	Ground Ground
	// Reason says it in words; 1 to 1,000 characters.
	Reason string
	// Table and Row are the record, or the person's own row (a party), for [ByAuthority] and [ForClaim]. All of an aggregate is held by one of its rows, and so is what it refers to.
	Table string
	Row   uuid.UUID
	// From and To are the first and last day of records whose period does not end, for [OpenAssessment] and [OpenEnquiry].
	From, To date.Date
}

// LegalHold is a hold as it stands.
type LegalHold struct {
	ID uuid.UUID
	NewLegalHold
	// PlacedAt is since when; PlacedBy is the opaque id of who did it.
	PlacedAt time.Time
	PlacedBy string
	// ReleasedAt, ReleasedBy and ReleaseReason are zero while it stands.
	ReleasedAt    time.Time
	ReleasedBy    string
	ReleaseReason string
	// Replayed says that the reference had been used before for the same, and nothing was done now.
	Replayed bool
}

// PlaceHold keeps from deletion, by [Service.Sweep] and by an erasure, what the hold is on, until it is released. (A hold on a whole tenant is the platform's: [tenancy.Tenants.Hold].)
//
// The same reference again is the same act. Permission: retention.hold. Errors: retention.bad_input, retention.reference_taken, tenancy.not_found (no such record).
func (s *Service) PlaceHold(ctx context.Context, in NewLegalHold) (LegalHold, error) {
	const op = "retention.PlaceHold"
	return again(ctx, func() (LegalHold, error) {
		return tenancy.Act(ctx, s.db, PermHold, func(ctx context.Context, tx *tenancy.Tx) (LegalHold, error) {
			m, err := in.check(op, s.db.Registry())
			if err != nil {
				return LegalHold{}, err
			}
			done, err := tenancy.First[holdRow](ctx, tx, tenancy.Eq("reference", in.Reference), tenancy.IsNull("releases_id"))
			if err == nil {
				return in.replay(ctx, tx, done)
			}
			if !tenancy.IsNotFound(err) {
				return LegalHold{}, err
			}
			// A sweep that is under way has done its piece, or sees the hold.
			if _, err := s.state(ctx, tx); err != nil {
				return LegalHold{}, err
			}
			if m != nil {
				if err := s.reserve(ctx, tx, m, in.Row); err != nil {
					return LegalHold{}, err
				}
			}
			row := &holdRow{Row: tenancy.Row{ID: tenancy.NewID()}, Reference: in.Reference, Ground: in.Ground, TableName: in.Table, RowID: in.Row, FromDay: in.From, ToDay: in.To,
				ActedAt: tx.Now(), ActedBy: tx.Scope().Actor()}
			tx.Forget(memo)
			if err := tx.RecordHold(ctx, row.entry()); err != nil {
				return LegalHold{}, err
			}
			return row.hold(in.Reason), row.write(ctx, tx, in.Reason)
		})
	})
}

// reserve finds the record, and locks what can be locked of it and of the persons whom it is about: who is about to erase any has done so, or sees the hold.
func (s *Service) reserve(ctx context.Context, tx *tenancy.Tx, m *tenancy.Model, id uuid.UUID) error {
	find := m.Verbs().Lock
	if m.Writes == tenancy.AppendOnly || m.Writes == tenancy.ReadOnly {
		find = m.Verbs().Get
	}
	row, err := find(ctx, tx, id)
	if err != nil || m.Subject == "self" {
		return err
	}
	l, err := s.look(ctx, tx)
	if err != nil {
		return err
	}
	whose, err := people.Whose(ctx, tx, l.paths, m, []any{row})
	if err != nil {
		return err
	}
	_, err = tx.Persons(ctx, true, whose[0]...)
	return err
}
func (r *holdRow) write(ctx context.Context, tx *tenancy.Tx, reason string) error {
	b := tx.Batch()
	tenancy.Put(b, []*holdRow{r})
	tenancy.Put(b, []*holdText{{HoldID: r.ID, Reason: reason}})
	return b.Run(ctx)
}

func (r *holdRow) hold(reason string) LegalHold {
	return LegalHold{ID: r.ID, PlacedAt: r.ActedAt.UTC(), PlacedBy: r.ActedBy,
		NewLegalHold: NewLegalHold{Reference: r.Reference, Ground: r.Ground, Reason: reason, Table: r.TableName, Row: r.RowID, From: r.FromDay, To: r.ToDay}}
}

// check gives the model of the record that is held; nil for a suspension.
func (in NewLegalHold) check(op string, reg *tenancy.Registry) (*tenancy.Model, error) {
	if !fits(in.Reference, 200) || !fits(in.Reason, 1000) {
		return nil, ErrBadInput.New(op, "a hold has a reference of at most 200 characters and a reason of at most 1,000")
	}
	switch in.Ground {
	case ByAuthority, ForClaim:
		m := reg.Table(in.Table)
		if m == nil || m.PartOf != "" || m.Column("id") == nil || in.Row == uuid.Nil || !in.From.IsZero() || !in.To.IsZero() {
			return nil, ErrBadInput.New(op, "a legal hold is on one record, by its table and its id: of an aggregate, its root")
		}
		return m, nil
	case OpenAssessment, OpenEnquiry:
		if in.From.IsZero() || in.To.Before(in.From) || in.Table != "" || in.Row != uuid.Nil {
			return nil, ErrBadInput.New(op, "a suspension is of the records of some days, the first of them first, and of no one record")
		}
		return nil, nil
	}
	return nil, ErrBadInput.New(op, "%.60q is no ground of a hold", in.Ground)
}

func (in NewLegalHold) replay(ctx context.Context, tx *tenancy.Tx, done *holdRow) (LegalHold, error) {
	all, err := legalHolds(ctx, tx)
	if err != nil {
		return LegalHold{}, err
	}
	for _, h := range all {
		if h.ID != done.ID {
			continue
		}
		// A reason that was erased since is none to compare.
		if other := h.NewLegalHold; other != in && (other.Reason != "" || in.blank() != other) {
			return LegalHold{}, ErrReferenceTaken.New("retention.PlaceHold", "%q", in.Reference)
		}
		h.Replayed = true
		return h, nil
	}
	return LegalHold{}, tenancy.ErrNotFound.New("retention.PlaceHold", "")
}

func (in NewLegalHold) blank() NewLegalHold {
	in.Reason = ""
	return in
}

// ReleaseHold ends a hold, by its reference. What it was on goes when its period ends, or at once where that is over. Releasing what was released for the same reason changes nothing.
//
// Permission: retention.release. Errors: retention.bad_input, tenancy.not_found, retention.released (for another reason).
func (s *Service) ReleaseHold(ctx context.Context, reference, reason string) (LegalHold, error) {
	const op = "retention.ReleaseHold"
	return again(ctx, func() (LegalHold, error) {
		return tenancy.Act(ctx, s.db, PermRelease, func(ctx context.Context, tx *tenancy.Tx) (LegalHold, error) {
			if !fits(reference, 200) || !fits(reason, 1000) {
				return LegalHold{}, ErrBadInput.New(op, "a hold is released by its reference, with a reason of at most 1,000 characters")
			}
			all, err := legalHolds(ctx, tx)
			if err != nil {
				return LegalHold{}, err
			}
			for _, h := range all {
				switch {
				case h.Reference != reference:
				case h.ReleasedAt.IsZero():
					row := &holdRow{Row: tenancy.Row{ID: tenancy.NewID()}, Releases: h.ID, Reference: reference, Ground: h.Ground, ActedAt: tx.Now(), ActedBy: tx.Scope().Actor()}
					tx.Forget(memo)
					if err := tx.RecordHold(ctx, tenancy.LedgerHold{ID: h.ID, Released: true}); err != nil {
						return LegalHold{}, err
					}
					h.ReleasedAt, h.ReleasedBy, h.ReleaseReason = row.ActedAt, row.ActedBy, reason
					return h, row.write(ctx, tx, reason)
				case h.ReleaseReason != reason && h.ReleaseReason != "":
					return LegalHold{}, ErrReleased.New(op, "for another reason")
				default:
					h.Replayed = true
					return h, nil
				}
			}
			return LegalHold{}, tenancy.ErrNotFound.New(op, "no hold has this reference")
		})
	})
}

func (r *holdRow) entry() tenancy.LedgerHold {
	return tenancy.LedgerHold{ID: r.ID, Table: r.TableName, Row: r.RowID, From: r.FromDay, To: r.ToDay, Ground: string(r.Ground)}
}

// HoldAgain is privacy.Options.HoldAgain: it places a hold again in a restored tenant, or releases it again, as the ledger says ([tenancy.Ledger.Holds]), and reports whether that was needed. The ledger has no reference and no reason:
// a hold that was placed again has the reference "ledger ID", under which it is released. A hold on a record that was made after the backup is passed over.
//
// Permission: retention.hold. Errors: those of the database.
func (s *Service) HoldAgain(ctx context.Context, in tenancy.LedgerHold) (bool, error) {
	return tenancy.Act(ctx, s.db, PermHold, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		if _, err := s.state(ctx, tx); err != nil { // a sweep waits, as for the first time
			return false, err
		}
		placed, err := tenancy.First[holdRow](ctx, tx, tenancy.Eq("id", in.ID))
		if err != nil && !tenancy.IsNotFound(err) {
			return false, err
		}
		there := err == nil
		row := &holdRow{Row: tenancy.Row{ID: in.ID}, Reference: "ledger " + in.ID.String(), Ground: Ground(in.Ground), TableName: in.Table, RowID: in.Row, FromDay: in.From, ToDay: in.To,
			ActedAt: tx.Now(), ActedBy: tx.Scope().Actor()}
		switch {
		case in.Released && there:
			if over, err := tenancy.Exists[holdRow](ctx, tx, tenancy.Eq("releases_id", in.ID)); over || err != nil {
				return false, err
			}
			row = &holdRow{Row: tenancy.Row{ID: in.EntryID}, Releases: in.ID, Reference: placed.Reference, Ground: placed.Ground, ActedAt: row.ActedAt, ActedBy: row.ActedBy}
		case in.Released || there:
			return false, nil
		case in.Table != "":
			m := s.db.Registry().Table(in.Table)
			if m == nil { // of a module that the program has no more
				return false, nil
			}
			if err := s.reserve(ctx, tx, m, in.Row); err != nil {
				if tenancy.IsNotFound(err) {
					err = nil
				}
				return false, err
			}
		}
		tx.Forget(memo)
		return true, row.write(ctx, tx, "done before the tenant was restored from a backup")
	})
}

// LegalHolds lists all holds that were ever placed, the latest first. Permission: retention.read.
func (s *Service) LegalHolds(ctx context.Context) ([]LegalHold, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]LegalHold, error) {
		return legalHolds(ctx, tx)
	})
}

func legalHolds(ctx context.Context, tx *tenancy.Tx) ([]LegalHold, error) {
	rows, err := tenancy.Find[holdRow](ctx, tx, tenancy.OrderBy("-id"))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	texts, err := tenancy.Find[holdText](ctx, tx)
	if err != nil {
		return nil, err
	}
	reasons, released := map[uuid.UUID]string{}, map[uuid.UUID]*holdRow{}
	for _, t := range texts {
		reasons[t.HoldID] = t.Reason
	}
	for i := range rows {
		released[rows[i].Releases] = &rows[i]
	}
	var out []LegalHold
	for i := range rows {
		if rows[i].Releases != uuid.Nil {
			continue
		}
		h := rows[i].hold(reasons[rows[i].ID])
		if r := released[rows[i].ID]; r != nil {
			h.ReleasedAt, h.ReleasedBy, h.ReleaseReason = r.ActedAt.UTC(), r.ActedBy, reasons[r.ID]
		}
		out = append(out, h)
	}
	return out, nil
}

// standing are the acts of placing that were not undone: what a sweep has to know, without the reasons.
func standing(ctx context.Context, tx *tenancy.Tx) ([]holdRow, error) {
	rows, err := tenancy.Find[holdRow](ctx, tx, tenancy.OrderBy("id"))
	if err != nil {
		return nil, err
	}
	over := map[uuid.UUID]bool{}
	for _, r := range rows {
		over[r.Releases] = true
	}
	var out []holdRow
	for _, r := range rows {
		if r.Releases == uuid.Nil && !over[r.ID] {
			out = append(out, r)
		}
	}
	return out, nil
}
