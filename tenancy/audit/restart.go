package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// restartKind is what the anchor knows restarts by.
const restartKind = "audit-restart"

// NewRestart is the input of [Service.Restart].
type NewRestart struct {
	// Reference is the idempotency key, such as the number of the incident; 1 to 200 characters. Required.
	Reference string
	// Reason says why the trail goes on from an earlier state: what was lost, and what was restored. 1 to 500 characters, required. It names nobody.
	Reason string
}

// Restart is the statement that a tenant's trail goes on from an earlier state than the anchor kept, because its database was put back to it.
type Restart struct {
	ID        uuid.UUID
	Reference string
	Reason    string
	// Seq is up to where the chain is what the anchor kept, and Through the last number that the anchor had kept of the one that is lost.
	Seq, Through int64
	StatedBy     string
	StatedAt     time.Time
	// Witnessed says that the anchor has it, word for word: without that it counts for nothing.
	Witnessed bool
}

// restart is a Restart as it is stored.
type restart struct {
	tenancy.Row
	Reference string    `bun:"reference" privacy:"none"`
	Reason    string    `bun:"reason" privacy:"free-text,keep"`
	Seq       int64     `bun:"seq"`
	Through   int64     `bun:"through"`
	StatedBy  string    `bun:"stated_by" privacy:"none"`
	StatedAt  time.Time `bun:"stated_at"`
}

// digest is what the anchor keeps of it.
func (r *restart) digest(tenant uuid.UUID) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "erp audit restart 1\n")
	for _, part := range [][2]string{{"tenant", tenant.String()}, {"id", r.ID.String()}, {"reference", r.Reference}, {"reason", r.Reason}, {"seq", fmt.Sprint(r.Seq)}, {"through", fmt.Sprint(r.Through)},
		{"stated_by", r.StatedBy}, {"stated_at", r.StatedAt.UTC().Format(tenancy.RecordInstant)}} {
		_, _ = fmt.Fprintf(h, "%s:%d:%s\n", part[0], len(part[1]), part[1])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (r *restart) restart(witnessed bool) Restart {
	return Restart{ID: r.ID, Reference: r.Reference, Reason: r.Reason, Seq: r.Seq, Through: r.Through, StatedBy: r.StatedBy, StatedAt: r.StatedAt.UTC(), Witnessed: witnessed}
}

// restarted are restarts as the anchor kept them.
type restarted []tenancy.Root

// void reports whether a restart says of a root that the anchor kept that it is of a chain that is lost.
func (rs restarted) void(r tenancy.Root) bool {
	return slices.ContainsFunc(rs, func(s tenancy.Root) bool { return r.Seq > s.Seq && !r.At.After(s.At) })
}

// Restart states that the tenant's database was put back to an earlier state, so that what the anchor kept behind it is of a chain that is lost: a restore from a backup. From then on [Service.Verify] passes over those roots, says each time that it does and why, and roots
// go to the anchor again. Nothing is taken back: the roots stay with the anchor, and so does the digest of the statement, which stands in the tenant's records.
//
// It is refused (audit.nothing_lost) unless the anchor having more, or another, than the chain is the one thing that is wrong: an altered event is never stated away. Whoever has the database, the key and the program's way to the anchor can state it too, and can hide it from nobody: each verification names it.
//
// The same reference again gives the same statement, and hands it to the anchor where that failed. Permission: audit.restart. Errors: audit.bad_input, audit.nothing_lost, audit.reference_taken, audit.no_anchor, audit.anchor (it is recorded, and counts when the same call has reached the anchor), audit.key.
func (s *Service) Restart(ctx context.Context, in NewRestart) (Restart, error) {
	const op = "audit.Restart"
	tenant := tenancy.ScopeOf(ctx).TenantID()
	var kept []tenancy.Root
	var said restarted
	var asked error
	if tenant != uuid.Nil && s.opt.Anchor != nil {
		kept, said, asked = s.witnessed(ctx, tenant)
	}
	act := func(ctx context.Context, tx *tenancy.Tx) (*restart, error) {
		switch {
		case strings.TrimSpace(in.Reference) == "" || len(in.Reference) > 200 || strings.TrimSpace(in.Reason) == "" || len([]rune(in.Reason)) > 500:
			return nil, ErrBadInput.New(op, "a restart has a reference of at most 200 characters and a reason of at most 500")
		case s.opt.Anchor == nil:
			return nil, ErrNoAnchor.New(op, "")
		case asked != nil:
			return nil, asked
		}
		done, err := tenancy.First[restart](ctx, tx, tenancy.Eq("reference", in.Reference))
		if err == nil {
			if done.Reason != in.Reason {
				return nil, ErrReferenceTaken.New(op, "%q", in.Reference)
			}
			return done, nil
		}
		if !tenancy.IsNotFound(err) {
			return nil, err
		}
		return s.state(ctx, tx, in, kept, said)
	}
	row, err := tenancy.Act(ctx, s.db, PermRestart, act)
	if errors.Is(err, tenancy.ErrDuplicate) { // somebody has stated it in this very moment
		row, err = tenancy.Act(ctx, s.db, PermRestart, act)
	}
	if err != nil {
		return Restart{}, err
	}
	root := tenancy.Root{TenantID: tenant, Kind: restartKind, Seq: row.Seq, Digest: row.digest(tenant), At: row.StatedAt.UTC()}
	if !slices.ContainsFunc(said, func(r tenancy.Root) bool { return r.Digest == root.Digest }) {
		if err := s.opt.Anchor.Keep(tenancy.Scope{}.Attach(ctx), root); err != nil {
			return row.restart(false), ErrAnchor.Wrap(op, err, "")
		}
	}
	s.mu.Lock()
	delete(s.anchored, tenant)
	s.mu.Unlock()
	return row.restart(true), nil
}

// state writes the statement down, if it is true.
func (s *Service) state(ctx context.Context, tx *tenancy.Tx, in NewRestart, kept []tenancy.Root, said restarted) (*restart, error) {
	const op = "audit.Restart"
	v := &verifier{s: s, tx: tx, kept: kept, said: said, out: Verification{Bound: s.opt.Bound, anchor: true}}
	if err := v.run(ctx); err != nil {
		return nil, err
	}
	f := v.out.Finding
	if f == nil || f.What != KeptDiffers && f.What != KeptMissing {
		return nil, ErrNothingLost.New(op, "the chain is what the anchor kept of it, or something else is wrong")
	}
	// What is behind the finding has to stand as well: as if the statement were made already.
	behind := &verifier{s: s, tx: tx, kept: kept, said: append(slices.Clone(said), tenancy.Root{Seq: v.out.Anchored.Seq, At: tx.Now()}), out: Verification{Bound: s.opt.Bound, anchor: true}}
	if err := behind.run(ctx); err != nil {
		return nil, err
	}
	if f := behind.out.Finding; f != nil {
		return nil, ErrNothingLost.New(op, "%s", f)
	}
	row := &restart{Row: tenancy.Row{ID: tenancy.NewID()}, Reference: in.Reference, Reason: in.Reason, Seq: v.out.Anchored.Seq, Through: v.out.Anchored.Seq, StatedBy: tx.Scope().Actor(), StatedAt: tx.Now()}
	for _, r := range kept {
		if !said.void(r) {
			row.Through = max(row.Through, r.Seq)
		}
	}
	return row, tenancy.Insert(ctx, tx, row)
}

// witnessed asks the anchor what it kept of a tenant: roots, and restarts.
func (s *Service) witnessed(ctx context.Context, tenant uuid.UUID) (kept []tenancy.Root, said restarted, err error) {
	if kept, err = s.opt.Anchor.Kept(ctx, tenant, rootKind, keptAtMost); err == nil {
		said, err = s.opt.Anchor.Kept(ctx, tenant, restartKind, keptAtMost)
	}
	if err != nil {
		return nil, nil, ErrAnchor.Wrap("audit.Verify", err, "")
	}
	// Two who stated the same at once, or one who lost the answer, have handed it over twice.
	known := map[string]bool{}
	said = slices.DeleteFunc(slices.Clone(said), func(r tenancy.Root) bool {
		twice := known[r.Digest]
		known[r.Digest] = true
		return twice
	})
	return kept, said, nil
}

// restarts are those that the anchor has, with what the tenant's records say of them, the oldest first. One that they do not have, since they were put back once more, has its numbers and its time.
func (v *verifier) restarts(ctx context.Context) error {
	if len(v.said) == 0 {
		return nil
	}
	rows, err := tenancy.Find[restart](ctx, v.tx, tenancy.OrderBy("stated_at", "id"))
	if err != nil {
		return err
	}
	by := map[string]*restart{}
	for i := range rows {
		by[rows[i].digest(v.tx.Scope().TenantID())] = &rows[i]
	}
	for _, r := range slices.Backward(v.said) {
		if row := by[r.Digest]; row != nil {
			v.out.Restarts = append(v.out.Restarts, row.restart(true))
			continue
		}
		v.out.Restarts = append(v.out.Restarts, Restart{Seq: r.Seq, StatedAt: r.At.UTC(), Witnessed: true})
	}
	return nil
}
