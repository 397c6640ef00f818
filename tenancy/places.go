package tenancy

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
)

// Placement is a place for tenants' data: a database, or a directory of files.
type Placement struct {
	// Engine is the database. Required. Its own bound on connections or open files holds for this placement alone; the
	// program's is the sum over its placements.
	Engine Engine
	// Region is where the data lie, in the host's own words, such as "eu" or "uk-london": at most 40 of a-z, 0-9 and -. A
	// tenant's region must be that of its placement. "" where nothing is promised: such a placement takes only tenants of
	// whom no region is said.
	Region string
	// Dedicated keeps the placement for one tenant. A second one is refused.
	Dedicated bool
}

// Placements are several engines side by side in one program: give them to [Open] in the place of an engine. All are opened,
// migrated and checked, or the program does not start.
//
// The names are kept in the control data of each tenant, so they must stay what they are. A program that began with a
// single engine has called it "postgres:shared" or "sqlite:file".
type Placements struct {
	// Control names the placement whose database also holds the platform's own records: tenants, journal, jobs. Required. The
	// others must hold none.
	Control string
	// Default names the placement of new tenants of whom nobody says otherwise. "": then a new tenant without a placement is
	// refused.
	Default string
	// At are the placements by their names: 1 to 63 of a-z, 0-9, . : - and _.
	At map[string]Placement
}

// Name is "placements".
func (Placements) Name() string { return "placements" }

// Open refuses: the placements are opened by [Open], each by its own engine.
func (Placements) Open(context.Context, *Registry, EngineOptions) (Store, error) {
	return nil, ErrBadInput.New("tenancy.Placements.Open", "placements are no engine among others: give them to tenancy.Open alone")
}

// check refuses placements that cannot be meant.
func (p Placements) check(op string) error {
	for name, at := range p.At {
		switch {
		case !made(name, ".:-_", 63) || name == "":
			return ErrBadInput.New(op, "%q is no name of a placement: 1 to 63 of a-z, 0-9, . : - and _", name)
		case at.Engine == nil:
			return ErrBadInput.New(op, "the placement %s has no engine", name)
		case !made(at.Region, "-", maxRegion):
			return ErrBadInput.New(op, "%q is no region: at most %d of a-z, 0-9 and -", at.Region, maxRegion)
		}
	}
	if _, there := p.At[p.Control]; !there {
		return ErrBadInput.New(op, "the control database is to be at %q, which is none of the placements", p.Control)
	}
	if at, there := p.At[p.Default]; p.Default != "" && (!there || at.Dedicated) {
		return ErrBadInput.New(op, "the default %q is none of the placements, or is kept for one tenant", p.Default)
	}
	return nil
}

// maxRegion is the length of a region's name.
const maxRegion = 40

// made reports whether s is of a-z, 0-9 and the marks, and no longer than most.
func made(s, marks string, most int) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && !slices.Contains([]rune(marks), r) {
			return false
		}
	}
	return len(s) <= most
}

// place is an opened engine, under the name by which tenants' placements call it.
type place struct {
	name      string
	store     Store
	region    string
	dedicated bool
}

// at is the place of a tenant. A placement that is missing or that the program did not open is an error, never a default.
func (db *DB) at(op, placement string) (*place, error) {
	p := db.places[placement]
	if p == nil {
		return nil, ErrPlacement.New(op, "the program has no placement %q", placement)
	}
	return p, nil
}

// home is [DB.at] for a tenant whose region is known: its data lie nowhere else.
func (db *DB) home(op, placement, region string) (*place, error) {
	p, err := db.at(op, placement)
	if err == nil && p.region != region {
		err = ErrRegion.New(op, "the tenant's region is %q, that of the placement %s is %q", region, placement, p.region)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// openPlaces opens one engine or several.
func (db *DB) openPlaces(ctx context.Context, op string, eng Engine, opt EngineOptions) error {
	db.places = map[string]*place{}
	several, ok := eng.(Placements)
	if !ok {
		store, err := eng.Open(ctx, db.registry, opt)
		if err != nil {
			return err
		}
		db.standard = store.Placement()
		db.places[db.standard] = &place{name: db.standard, store: store}
		db.control = store
		return nil
	}
	if err := several.check(op); err != nil {
		return err
	}
	for _, name := range sortedKeys(several.At) {
		at := several.At[name]
		store, err := at.Engine.Open(ctx, db.registry, opt)
		if err != nil {
			return errors.Join(err, db.Close())
		}
		db.places[name] = &place{name: name, store: store, region: at.Region, dedicated: at.Dedicated}
	}
	db.control, db.standard = db.places[several.Control].store, several.Default
	if err := db.checkPlaces(ctx, op, several.Control); err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

// checkPlaces refuses what would send a tenant astray: two names for one database, a second control database, and a
// dedicated placement that several tenants share.
func (db *DB) checkPlaces(ctx context.Context, op, controlName string) error {
	names := sortedKeys(db.places)
	for i, name := range names {
		p := db.places[name]
		for _, other := range names[:i] {
			same, err := p.store.Same(ctx, db.places[other].store)
			if err != nil {
				return p.store.Fault(op, err)
			}
			if same {
				return ErrPlacement.New(op, "the placements %s and %s are one and the same database", other, name)
			}
		}
		if name != controlName {
			n, err := p.store.Control().NewSelect().TableExpr(p.store.TableName(tableTenants)).Count(ctx)
			if err != nil {
				return p.store.Fault(op, err)
			}
			if n > 0 {
				return ErrPlacement.New(op, "the placement %s holds a platform's records of its own tenants: it is the control database of another program, or was this one's", name)
			}
		}
		if p.dedicated {
			n, err := db.control.Control().NewSelect().TableExpr(db.control.TableName(tableTenants)).Where("placement = ?", name).Count(ctx)
			if err != nil {
				return db.control.Fault(op, err)
			}
			if n > 1 {
				return ErrPlacement.New(op, "the placement %s is to be kept for one tenant, but has %d", name, n)
			}
		}
	}
	return nil
}

func sortedKeys[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

const tableClaims = "erp_control.dedicated_placements"

// claimRow says for whom a dedicated placement is kept. It is what two creations at once meet at.
type claimRow struct {
	Placement string    `bun:"placement,pk"`
	TenantID  uuid.UUID `bun:"tenant_id"`
}

// claim keeps a dedicated placement for the tenant, in the transaction that places it there. Of two that want it, one is
// refused (tenancy.dedicated).
func (t *Tenants) claim(ctx context.Context, tx bun.Tx, op string, at *place, tenant uuid.UUID) error {
	if !at.dedicated {
		return nil
	}
	taken := ErrDedicated.New(op, "the placement %s is another tenant's alone", at.name)
	n, err := tx.NewSelect().TableExpr(t.table(tableTenants)).Where("placement = ?", at.name).Where("id <> ?", tenant).Count(ctx)
	if err != nil {
		return err
	}
	left, err := tx.NewSelect().TableExpr(t.table(tableMoves)).Where("source = ?", at.name).Where("tenant_id <> ?", tenant).
		Where("step NOT IN (?, ?)", MoveDone, MoveGivenUp).Count(ctx)
	if err != nil {
		return err
	}
	if n+left > 0 { // placed there, or on its way from there, since before the placement was dedicated
		return taken
	}
	var holder uuid.UUID
	_, err = tx.NewInsert().Model(&claimRow{at.name, tenant}).ModelTableExpr(t.table(tableClaims)).On("CONFLICT DO NOTHING").Exec(ctx)
	if err == nil {
		err = tx.NewSelect().TableExpr(t.table(tableClaims)).Column("tenant_id").Where("placement = ?", at.name).Scan(ctx, &holder)
	}
	if err != nil {
		return err
	}
	if holder != tenant {
		return taken
	}
	return nil
}

// unclaim lets go of a placement that holds nothing of the tenant any more, or of all.
func (t *Tenants) unclaim(ctx context.Context, tx bun.Tx, tenant uuid.UUID, placement string) error {
	q := tx.NewDelete().TableExpr(t.table(tableClaims)).Where("tenant_id = ?", tenant)
	if placement != "" {
		q = q.Where("placement = ?", placement)
	}
	_, err := q.Exec(ctx)
	return err
}
