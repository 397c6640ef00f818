package audit

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// The names of the checks that [Verification.Checks] gives.
const (
	CheckChain  = "every sealed event stands as it was sealed"
	CheckRoots  = "the chain is what was signed"
	CheckAnchor = "the chain is what the anchor kept"
	CheckLag    = "no event waits for its seal or signature for longer than it should"
)

// Wrong is what is wrong with a trail.
type Wrong string

// What can be wrong.
const (
	EventMissing Wrong = "the event is missing"
	EventAltered Wrong = "the event is not the one that was sealed"
	SealMissing  Wrong = "the seal is missing"
	SealAltered  Wrong = "the seal was altered, and the event was not"
	RootForged   Wrong = "the signature of the root is wrong"
	RootUnknown  Wrong = "the root is signed with a key that is not trusted"
	RootForeign  Wrong = "the root is another tenant's"
	RootDiffers  Wrong = "the chain is not the one that was signed"
	KeptDiffers  Wrong = "the chain is not the one that the anchor kept"
	KeptMissing  Wrong = "the end of the chain is missing: the anchor kept more of it"
	RootMissing  Wrong = "the end of the chain is missing: more of it was signed"
)

// Finding is the first thing that is wrong.
type Finding struct {
	What Wrong
	// Seq is its number in the chain. Where only a signature or the anchor tells, it is somewhere from Seq to Through.
	Seq, Through int64
	// EventID is the event that the seal names; zero where that is not known.
	EventID uuid.UUID
}

// String tells an auditor.
func (f Finding) String() string {
	at := fmt.Sprintf("at %d", f.Seq)
	if f.Through > f.Seq {
		at = fmt.Sprintf("from %d to %d", f.Seq, f.Through)
	}
	if f.EventID != uuid.Nil {
		at += ", event " + f.EventID.String()
	}
	return at + ": " + string(f.What)
}

// Vouch is how far somebody vouches for the chain: up to a number, as of an instant. Zero: for nothing of it.
type Vouch struct {
	Seq int64
	At  time.Time
}

// Origin is a tenant as whom the chain was signed before an import made it this one's.
type Origin struct {
	TenantID uuid.UUID
	Through  int64 // the last number that was signed for it
	// Trusted says that the key is one of this installation's. Another installation's key proves nothing by itself.
	Trusted bool
}

// Verification is what [Service.Verify] found.
type Verification struct {
	// Events is how many of the sealed events stand, from the first on: all, if there is no Finding.
	Events int64
	// Head is the digest of the last of them.
	Head string
	// Finding is the first thing that is wrong; nil when nothing is.
	Finding *Finding
	// Signed is how far this tenant's signed roots vouch for what stands.
	Signed Vouch
	// Anchored is how far the anchor does. What comes behind could be rewritten by whoever has the database and the key.
	Anchored Vouch
	// AnchorErr is why the anchor could not be asked, if it could not.
	AnchorErr error
	// Restarts are the statements that the trail goes on from an earlier state than the anchor kept ([Service.Restart]), as the anchor has them, oldest first. What it kept of the chains that are lost counts for nothing.
	Restarts []Restart
	// Origins are the tenants that this one was, oldest first.
	Origins []Origin
	// Waiting is how many events have no seal yet, and Oldest how long the oldest of them has waited.
	Waiting int64
	Oldest  time.Duration
	// Unsigned is how long the oldest seal without a signature has been there; 0 when all are signed.
	Unsigned time.Duration
	// Bound is how long either may be.
	Bound time.Duration

	anchor bool
}

// Checks tells the verification as checks, by their names ([CheckChain] and the others).
func (v Verification) Checks() []tenancy.Check {
	stands := fmt.Sprintf("%d events", v.Events)
	signed := fmt.Sprintf("signed up to %d%s", v.Signed.Seq, when(v.Signed.At))
	for _, o := range v.Origins {
		signed += fmt.Sprintf("; up to %d it is the imported trail of tenant %s", o.Through, o.TenantID)
		if !o.Trusted {
			signed += ", signed with a key that is not this installation's"
		}
	}
	kept := fmt.Sprintf("the anchor vouches up to %d%s", v.Anchored.Seq, when(v.Anchored.At))
	for _, r := range v.Restarts {
		kept += fmt.Sprintf("; put back to %d, stated%s", r.Seq, when(r.StatedAt))
		if r.Reference != "" {
			kept += fmt.Sprintf(" by %s, %s: %s", r.StatedBy, r.Reference, r.Reason)
		}
	}
	switch {
	case v.AnchorErr != nil:
		kept = "the anchor could not be asked"
	case !v.anchor:
		kept = "there is no anchor: nobody would notice if the end were cut off"
	}
	out := []tenancy.Check{
		{Name: CheckChain, OK: true, Detail: stands}, {Name: CheckRoots, OK: true, Detail: signed}, {Name: CheckAnchor, OK: v.AnchorErr == nil, Detail: kept},
		{Name: CheckLag, OK: v.Oldest <= v.Bound && v.Unsigned <= v.Bound,
			Detail: fmt.Sprintf("%d events wait, the oldest for %s; the oldest seal without a signature for %s; at most %s", v.Waiting, v.Oldest, v.Unsigned, v.Bound)},
	}
	if f := v.Finding; f != nil {
		i := 0
		switch f.What {
		case EventMissing, EventAltered, SealMissing, SealAltered:
		case RootForged, RootUnknown, RootForeign, RootDiffers, RootMissing:
			i = 1
		case KeptDiffers, KeptMissing:
			i = 2
		}
		out[i].OK = false
		out[i].Detail = f.String() + "; before that " + out[i].Detail
	}
	return out
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " at " + t.UTC().Format(time.RFC3339)
}

// keptAtMost is how many of the anchor's roots the chain is held against.
const keptAtMost = 100

// Verify recomputes the tenant's whole trail from its rows: that every seal follows the one before and names an event that is
// as it was, that every signed root and the last 100 that the anchor kept are of this chain, that nothing is missing at the
// end, and how long events have waited for their seals. It stops at the first thing that is wrong and names it. All is of one state of
// the database; memory does not grow with the trail, time does.
//
// What it cannot tell: events that were altered before they were sealed; and what whoever has the database and the signing
// key has rewritten behind the last root that the anchor kept.
//
// Permission: audit.verify. Errors: audit.key.
func (s *Service) Verify(ctx context.Context) (Verification, error) {
	v := &verifier{s: s, out: Verification{Bound: s.opt.Bound, anchor: s.opt.Anchor != nil}}
	if tenant := tenancy.ScopeOf(ctx).TenantID(); tenant != uuid.Nil && s.opt.Anchor != nil {
		// Before the database is looked at: what the anchor has by now is in it.
		v.kept, v.said, v.out.AnchorErr = s.witnessed(ctx, tenant)
	}
	return tenancy.View(ctx, s.db, PermVerify, func(ctx context.Context, tx *tenancy.Tx) (Verification, error) {
		w := *v // a transaction may run again
		w.tx = tx
		if err := w.run(ctx); err != nil {
			return Verification{}, err
		}
		return w.out, nil
	})
}

// verifyChunk is how many events are in memory at a time.
const verifyChunk = 1_000

type verifier struct {
	s    *Service
	tx   *tenancy.Tx
	kept []tenancy.Root // what the anchor has
	said restarted      // and what it was told of chains that are lost
	out  Verification

	trusted  []string // public keys, in hexadecimal; nil: not asked for
	mine     bool     // a root of this tenant's own has been seen
	imported *bool    // whether the platform says so; nil: not asked
	vouched  int64    // up to where a root or the anchor fits
	unsigned time.Time
}

func (v *verifier) run(ctx context.Context) error {
	now := v.tx.Now()
	v.kept = slices.DeleteFunc(slices.Clone(v.kept), func(r tenancy.Root) bool { return r.At.After(now) || v.said.void(r) }) // since this state, or lost
	slices.SortStableFunc(v.kept, func(a, b tenancy.Root) int { return cmp.Compare(a.Seq, b.Seq) })
	for more := true; more && v.out.Finding == nil; {
		var err error
		if more, err = v.chunk(ctx); err != nil {
			return err
		}
	}
	if v.out.Finding == nil {
		if err := v.tail(ctx); err != nil {
			return err
		}
	}
	if err := v.restarts(ctx); err != nil {
		return err
	}
	if !v.unsigned.IsZero() {
		v.out.Unsigned = now.Sub(v.unsigned)
	}
	return v.waiting(ctx)
}

// trust gathers the keys that roots may be signed with, when the first root is seen: where nothing was signed there may be no
// key, and looking makes none.
func (v *verifier) trust(ctx context.Context) error {
	if v.trusted != nil {
		return nil
	}
	v.trusted = []string{}
	for _, k := range v.s.opt.Trusted {
		v.trusted = append(v.trusted, hex.EncodeToString(k))
	}
	if v.s.opt.Key == nil {
		return nil
	}
	key, err := v.s.key(ctx)
	if err == nil {
		v.trusted = append(v.trusted, hex.EncodeToString(publicOf(key)))
	}
	return err
}

// find notes what is wrong.
func (v *verifier) find(what Wrong, seq, through int64, event uuid.UUID) {
	if v.out.Finding == nil {
		v.out.Finding = &Finding{What: what, Seq: seq, Through: max(seq, through), EventID: event}
	}
}

// chunk goes on with the next events. more is false at the end.
func (v *verifier) chunk(ctx context.Context) (more bool, err error) {
	var seals []seal
	var roots []root
	b := v.tx.Batch()
	tenancy.Load(b, &seals, tenancy.Gt("seq", v.out.Events), tenancy.OrderBy("seq"), tenancy.Limit(v.s.chunk+1)) // and what is made of the last
	// A chunk's roots: as many as it has numbers, and those of the tenants that this one was.
	tenancy.Load(b, &roots, tenancy.Gt("seq", v.out.Events), tenancy.Le("seq", v.out.Events+int64(v.s.chunk)), tenancy.OrderBy("seq", "signed_for"))
	if err := b.Run(ctx); err != nil || len(seals) == 0 {
		return false, err
	}
	ids := make([]uuid.UUID, len(seals))
	for i := range seals {
		ids[i] = seals[i].EventID
	}
	var rows []tenancy.Event
	tenancy.Load(b, &rows, tenancy.In("id", ids))
	if err := b.Run(ctx); err != nil {
		return false, err
	}
	events := make(map[uuid.UUID]*tenancy.Event, len(rows))
	for i := range rows {
		events[rows[i].ID] = &rows[i]
	}
	for i := range min(len(seals), v.s.chunk) {
		if roots, err = v.step(ctx, seals[i:], events, roots); err != nil || v.out.Finding != nil {
			return false, err
		}
	}
	return len(seals) > v.s.chunk, nil
}

// step looks at the first of seals, its event, and the roots of its number. It gives back the roots behind.
func (v *verifier) step(ctx context.Context, seals []seal, events map[uuid.UUID]*tenancy.Event, roots []root) ([]root, error) {
	s, e := &seals[0], events[seals[0].EventID]
	switch {
	case s.Seq != v.out.Events+1:
		v.find(SealMissing, v.out.Events+1, s.Seq-1, uuid.Nil)
		return nil, nil
	case e == nil:
		v.find(EventMissing, s.Seq, 0, s.EventID)
		return nil, nil
	}
	digest := v.s.canon.digest(v.out.Head, s, e)
	if digest != s.Digest {
		v.find(v.whose(digest, seals, events, roots), s.Seq, 0, s.EventID)
		return nil, nil
	}
	if v.unsigned.IsZero() {
		v.unsigned = s.SealedAt
	}
	for len(v.kept) > 0 && v.kept[0].Seq <= s.Seq {
		if v.kept[0].Seq == s.Seq && v.kept[0].Digest != digest { // what was signed meanwhile says nothing: the key may be lost too
			v.find(KeptDiffers, v.out.Anchored.Seq+1, s.Seq, uuid.Nil)
			return nil, nil
		}
		if v.kept[0].Seq == s.Seq {
			v.out.Anchored, v.vouched = Vouch{s.Seq, v.kept[0].At}, s.Seq
		}
		v.kept = v.kept[1:]
	}
	for len(roots) > 0 && roots[0].Seq == s.Seq {
		if err := v.root(ctx, &roots[0], digest); err != nil || v.out.Finding != nil {
			return nil, err
		}
		roots = roots[1:]
	}
	v.out.Events, v.out.Head = s.Seq, digest
	return roots, nil
}

// whose tells whether the seal or its event was altered, by what else was made of the digest: the next seal, a root, or what
// the anchor kept.
func (v *verifier) whose(digest string, seals []seal, events map[uuid.UUID]*tenancy.Event, roots []root) Wrong {
	if len(seals) > 1 && events[seals[1].EventID] != nil && v.s.canon.digest(digest, &seals[1], events[seals[1].EventID]) == seals[1].Digest {
		return SealAltered
	}
	if slices.ContainsFunc(roots, func(r root) bool { return r.Seq == seals[0].Seq && r.Digest == digest }) ||
		slices.ContainsFunc(v.kept, func(r tenancy.Root) bool { return r.Seq == seals[0].Seq && r.Digest == digest }) {
		return SealAltered
	}
	return EventAltered
}

// root holds a signed root against the chain.
func (v *verifier) root(ctx context.Context, r *root, digest string) error {
	own := r.SignedFor == v.tx.Scope().TenantID()
	if !own {
		if v.imported == nil {
			imported, err := v.s.imported(ctx)
			if err != nil {
				return err
			}
			v.imported = &imported
		}
		if !*v.imported || v.mine { // only an import brings what others signed, and it brings it before anything else
			v.find(RootForeign, r.Seq, 0, uuid.Nil)
			return nil
		}
	}
	if err := v.trust(ctx); err != nil {
		return err
	}
	switch trusted := slices.Contains(v.trusted, r.PublicKey); {
	case !r.genuine():
		v.find(RootForged, r.Seq, 0, uuid.Nil)
	case own && !trusted:
		v.find(RootUnknown, r.Seq, 0, uuid.Nil)
	case r.Digest != digest:
		v.find(RootDiffers, v.vouched+1, r.Seq, uuid.Nil)
	case own:
		v.mine, v.unsigned = true, time.Time{}
		v.out.Signed, v.vouched = Vouch{r.Seq, r.SignedAt}, r.Seq
	default:
		if n := len(v.out.Origins); n > 0 && v.out.Origins[n-1].TenantID == r.SignedFor {
			v.out.Origins[n-1].Through, v.out.Origins[n-1].Trusted = r.Seq, v.out.Origins[n-1].Trusted && trusted
		} else {
			v.out.Origins = append(v.out.Origins, Origin{r.SignedFor, r.Seq, trusted})
		}
	}
	return nil
}

// tail looks for what there should be behind the end.
func (v *verifier) tail(ctx context.Context) error {
	if n := len(v.kept); n > 0 {
		v.find(KeptMissing, v.out.Events+1, v.kept[n-1].Seq, uuid.Nil)
		return nil
	}
	behind, err := tenancy.Find[root](ctx, v.tx, tenancy.Gt("seq", v.out.Events), tenancy.OrderBy("-seq"), tenancy.Limit(1))
	if err == nil && len(behind) > 0 {
		v.find(RootMissing, v.out.Events+1, behind[0].Seq, uuid.Nil)
	}
	return err
}

// waiting counts the events without a seal and looks for the oldest of them, from the newest event backwards: they are mostly
// at the end, and it stops when it has seen as many as there are.
func (v *verifier) waiting(ctx context.Context) error {
	events, err := tenancy.Count[tenancy.Event](ctx, v.tx)
	if err != nil {
		return err
	}
	seals, err := tenancy.Count[seal](ctx, v.tx)
	if err != nil {
		return err
	}
	v.out.Waiting = max(0, events-seals) // less where events are missing: then there is a finding
	oldest := v.tx.Now()
	for before, left := uuid.Max, v.out.Waiting; left > 0; {
		var page []tenancy.Event
		var of []seal
		b := v.tx.Batch()
		tenancy.Load(b, &page, tenancy.Lt("id", before), tenancy.OrderBy("-id"), tenancy.Limit(v.s.chunk))
		if err := b.Run(ctx); err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		least := page[len(page)-1].ID
		tenancy.Load(b, &of, tenancy.Lt("event_id", before), tenancy.Ge("event_id", least), tenancy.OrderBy("-event_id"))
		if err := b.Run(ctx); err != nil {
			return err
		}
		sealed := make(map[uuid.UUID]bool, len(of))
		for i := range of {
			sealed[of[i].EventID] = true
		}
		for i := range page {
			if e := &page[i]; !sealed[e.ID] {
				left--
				if e.OccurredAt.Before(oldest) {
					oldest = e.OccurredAt
				}
			}
		}
		before = least
	}
	v.out.Oldest = v.tx.Now().Sub(oldest)
	return nil
}
