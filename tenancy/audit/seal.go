package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/trail"
)

const (
	// maxBatch bounds what one pass seals.
	maxBatch = 10_000
	// sweepSlice is how many events one piece of a sweep looks at.
	sweepSlice = 20_000
	// maxRivals is how often a pass that met another sealer looks again before it leaves the work to the other.
	maxRivals = 4
)

// Seal gives at most limit (1 to 10,000) of the tenant's events that wait for it their places in the chain, signs the chain up to
// the last of them, and hands the signed root to the anchor. It says how many it sealed; call it again while that is limit. Any
// number of processes may seal at once: of two that would seal the same, one does. The cost does not grow with the trail, and is
// a constant number of statements however many events there are.
//
// A key or an anchor that fails does not stop the sealing: the alarm is raised, and the next pass signs and hands over what is
// due. Nothing is signed, and nothing handed over, that does not go on from what was.
//
// Permission: audit.seal. It writes nothing of the tenant's own and leaves no event. Errors: audit.bad_input.
func (s *Service) Seal(ctx context.Context, limit int) (int, error) {
	return s.pass(ctx, "audit.Seal", reach{limit: limit})
}

// reach is which events a pass looks at.
type reach struct {
	limit     int
	all       bool // not only those behind the newest that is sealed
	after, to uuid.UUID
}

// pass looks, seals and hands over.
func (s *Service) pass(ctx context.Context, op string, r reach) (int, error) {
	for range maxRivals {
		p := &sealing{s: s, reach: r}
		if err := trail.Sealing(ctx, s.db, true, func(ctx context.Context, tx any) error { return p.look(ctx, op, tx.(*tenancy.Tx)) }); err != nil { //nolint:errcheck // that is what it is
			return 0, err
		}
		if err := p.prepare(ctx); err != nil {
			return 0, err
		}
		err := p.write(ctx)
		if errors.Is(err, tenancy.ErrDuplicate) { // somebody else sealed meanwhile
			continue
		}
		if err != nil {
			return 0, err
		}
		p.late(ctx)
		return len(p.seals), s.hand(ctx, p)
	}
	return 0, nil
}

// sealing is one pass. It reads first, in a transaction that holds nothing; then it computes and signs, outside of any; then it
// writes. Two that do so at once write the same numbers, which the database lets only one of them.
type sealing struct {
	s     *Service
	reach reach

	now    time.Time
	head   seal      // the last in the chain; zero when there is none
	newest uuid.UUID // the greatest id of a sealed event
	signed root      // the last that was signed for this tenant; zero when none was
	broken bool      // what was signed is not what stands
	moved  bool      // others were signed for, and not this tenant
	events []tenancy.Event

	seals []*seal
	roots []*root
}

// look reads where the chain stands and which events wait.
func (p *sealing) look(ctx context.Context, op string, tx *tenancy.Tx) error {
	if err := tx.Require(PermSeal); err != nil {
		return err
	}
	if p.reach.limit < 1 || p.reach.limit > maxBatch {
		return ErrBadInput.New(op, "a pass seals 1 to %d events", maxBatch)
	}
	p.now = tx.Now()
	var heads, newest []seal
	var signed, newer []root
	b := tx.Batch()
	tenancy.Load(b, &heads, tenancy.OrderBy("-seq"), tenancy.Limit(1))
	tenancy.Load(b, &newest, tenancy.NotNull("event_id"), tenancy.OrderBy("-event_id"), tenancy.Limit(1))
	tenancy.Load(b, &signed, tenancy.Eq("signed_for", tx.Scope().TenantID()), tenancy.OrderBy("-seq"), tenancy.Limit(1))
	tenancy.Load(b, &newer, tenancy.OrderBy("-seq"), tenancy.Limit(1))
	if err := b.Run(ctx); err != nil {
		return err
	}
	if len(heads) > 0 {
		p.head = heads[0]
	}
	if len(signed) > 0 {
		p.signed = signed[0]
	}
	p.moved = len(signed) == 0 && len(newer) > 0
	if err := p.compare(ctx, tx); err != nil {
		return err
	}
	if len(newest) > 0 {
		p.newest = newest[0].EventID
	}
	return p.wait(ctx, tx)
}

// compare holds what was signed last against what stands.
func (p *sealing) compare(ctx context.Context, tx *tenancy.Tx) error {
	if p.signed.Seq == 0 {
		return nil
	}
	at := p.head
	if at.Seq != p.signed.Seq {
		found, err := tenancy.Find[seal](ctx, tx, tenancy.Eq("seq", p.signed.Seq))
		if err != nil {
			return err
		}
		at = seal{}
		if len(found) > 0 {
			at = found[0]
		}
	}
	p.broken = at.Digest != p.signed.Digest || !p.signed.genuine()
	return nil
}

// overtaken are the events between two ids that have no seal. Most of the time there is none, and then it is enough to count:
// every seal is of another event. A sweep does not count: where
// somebody took events away, as many could hide behind them. The difference of two ranges is computed as such: as a join, PostgreSQL was seen to compare
// each event with each seal (7,000 of either took 10 s), for to a planner without statistics a range is one row.
func (p *sealing) overtaken(ctx context.Context, tx *tenancy.Tx, after, to uuid.UUID) ([]uuid.UUID, error) {
	if p.newest == uuid.Nil {
		return nil, nil
	}
	if !p.reach.all {
		missing, err := tenancy.Report[int64](ctx, tx, `SELECT (SELECT COUNT(*) FROM {audit_events} AS e WHERE e.id > ? AND e.id <= ?)
			- (SELECT COUNT(*) FROM {audit_seals} AS s WHERE s.event_id > ? AND s.event_id <= ?)`, after, to, after, to)
		if err != nil || missing[0] <= 0 {
			return nil, err
		}
	}
	return tenancy.Report[uuid.UUID](ctx, tx, `SELECT e.id FROM {audit_events} AS e WHERE e.id > ? AND e.id <= ?
		EXCEPT SELECT s.event_id FROM {audit_seals} AS s WHERE s.event_id > ? AND s.event_id <= ? ORDER BY 1 LIMIT ?`, after, to, after, to, p.reach.limit)
}

// wait reads the events that wait for a seal: those among the sealed ones that came late, and then those behind the newest, of
// which none is sealed.
func (p *sealing) wait(ctx context.Context, tx *tenancy.Tx) error {
	after, to := p.reach.after, p.reach.to
	if to == uuid.Nil {
		to = uuid.Max
	}
	if !p.reach.all {
		after, to = behind(p.newest, p.s.opt.Slack), p.newest
	}
	ids, err := p.overtaken(ctx, tx, after, to)
	if err != nil {
		return err
	}
	var late, fresh []tenancy.Event
	b := tx.Batch()
	if len(ids) > 0 {
		tenancy.Load(b, &late, tenancy.In("id", ids), tenancy.OrderBy("id"))
	}
	if rest := p.reach.limit - len(ids); rest > 0 && !p.reach.all {
		tenancy.Load(b, &fresh, tenancy.Gt("id", p.newest), tenancy.OrderBy("id"), tenancy.Limit(rest))
	}
	err = b.Run(ctx)
	p.events = append(late, fresh...)
	return err
}

// behind is the least id of a time before the one that an id was made at, or before now where that is earlier: an id of a
// clock that runs ahead must not hide those of clocks that are right.
func behind(id uuid.UUID, slack time.Duration) uuid.UUID {
	at := min(millis(id), millis(tenancy.NewID()))
	var out uuid.UUID
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(max(at-slack.Milliseconds(), 0)))
	copy(out[:6], b[2:])
	return out
}

// millis is when a UUIDv7 was made, in milliseconds since 1970.
func millis(id uuid.UUID) int64 {
	var b [8]byte
	copy(b[2:], id[:6])
	return int64(binary.BigEndian.Uint64(b[:])) //nolint:gosec // 48 bits
}

// prepare makes the seals and the root.
func (p *sealing) prepare(ctx context.Context) error {
	last := p.head
	for i := range p.events {
		e := &p.events[i]
		next := &seal{Seq: last.Seq + 1, EventID: e.ID, SealedAt: p.now}
		next.Digest = p.s.canon.digest(last.Digest, next, e)
		p.seals = append(p.seals, next)
		last = *next
	}
	if last.Seq == 0 || last.Seq == p.signed.Seq {
		return nil
	}
	if p.moved && !p.broken { // only an import brings what others signed
		imported, err := p.s.imported(ctx)
		if err != nil {
			return err
		}
		p.broken = !imported
	}
	if p.broken {
		p.s.alarm(ctx, ErrBroken.New("audit.Seal", ""), Alarm{Seq: p.signed.Seq, At: p.now})
		return nil
	}
	key, err := p.s.key(ctx)
	if err != nil {
		p.s.alarm(ctx, err, Alarm{Seq: last.Seq, At: p.now})
		return nil
	}
	r := &root{Seq: last.Seq, SignedFor: tenancy.ScopeOf(ctx).TenantID(), Digest: last.Digest, SignedAt: p.now}
	r.sign(key)
	p.roots = append(p.roots, r)
	return nil
}

func (s *Service) key(ctx context.Context) (ed25519.PrivateKey, error) {
	if s.opt.Key == nil {
		return nil, ErrKey.New("audit.Seal", "Options.Key is not set")
	}
	key, err := s.opt.Key(ctx)
	if err != nil || len(key) != ed25519.PrivateKeySize {
		return nil, ErrKey.Wrap("audit.Seal", err, "")
	}
	return key, nil
}

// write writes what was prepared.
func (p *sealing) write(ctx context.Context) error {
	if len(p.seals) == 0 && len(p.roots) == 0 {
		return nil
	}
	seals, roots := make([]any, len(p.seals)), make([]any, len(p.roots))
	for i, x := range p.seals {
		seals[i] = x
	}
	for i, x := range p.roots {
		roots[i] = x
	}
	return trail.Sealing(ctx, p.s.db, false, func(ctx context.Context, tx any) error { return trail.Put(ctx, tx, seals, roots) })
}

// late raises the alarm when an event waited for too long.
func (p *sealing) late(ctx context.Context) {
	var oldest time.Duration
	for i := range p.events {
		oldest = max(oldest, p.now.Sub(p.events[i].OccurredAt))
	}
	if oldest > p.s.opt.Bound {
		p.s.alarm(ctx, ErrLate.New("audit.Seal", ""), Alarm{Seq: p.seals[0].Seq, Age: oldest, At: p.now})
	}
}

// Sweep looks at one more piece of the whole trail for events that [Service.Seal] passed over, because they were committed
// long after they were made, and seals them. It says whether there is more to look at. A sweep that is cut short begins anew.
//
// Permission: audit.seal.
func (s *Service) Sweep(ctx context.Context) (bool, error) {
	const op = "audit.Sweep"
	tenant := tenancy.ScopeOf(ctx).TenantID()
	s.mu.Lock()
	r := reach{all: true, after: s.swept[tenant], limit: maxBatch}
	s.mu.Unlock()
	err := trail.Sealing(ctx, s.db, true, func(ctx context.Context, of any) error {
		tx := of.(*tenancy.Tx) //nolint:errcheck // that is what it is
		if err := tx.Require(PermSeal); err != nil {
			return err
		}
		ends, err := tenancy.Report[uuid.UUID](ctx, tx, `SELECT e.id FROM {audit_events} AS e WHERE e.id > ? ORDER BY e.id LIMIT 1 OFFSET ?`, r.after, s.slice-1)
		if err == nil && len(ends) > 0 {
			r.to = ends[0]
		}
		return err
	})
	if err != nil {
		return false, err
	}
	n, err := s.pass(ctx, op, r)
	if err != nil || n == maxBatch { // there may be more in this piece
		return err == nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.to == uuid.Nil {
		delete(s.swept, tenant)
		return false, nil
	}
	s.swept[tenant] = r.to
	return true, nil
}
