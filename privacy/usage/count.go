package usage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// featureCount is how often a feature was used in a tenant on a day of UTC, by whomever.
type featureCount struct {
	tenancy.Owned
	Day     date.Date `bun:"day,pk"`
	Feature string    `bun:"feature,pk" privacy:"none"`
	Uses    int64     `bun:"uses"`
}

// featureDay says that a day was added up.
type featureDay struct {
	tenancy.Owned
	Day       date.Date `bun:"day,pk"`
	CountedAt time.Time `bun:"counted_at"`
}

// FeatureUse is how many tenants used a feature on a day of UTC, and how often they did together. A feature that fewer than
// [Options].MinTenants used is not known of.
type FeatureUse struct {
	tenancy.Owned
	Day     date.Date `bun:"day,pk"`
	Feature string    `bun:"feature,pk" privacy:"none"`
	Tenants int64     `bun:"tenants"`
	Uses    int64     `bun:"uses"`
}

func (s *Service) known(feature string) bool {
	_, there := slices.BinarySearch(s.opt.Features, feature)
	return there
}

// counts adds up what one line says was used.
func (s *Service) counts(op string, features []string, day date.Date) ([]*featureCount, error) {
	var out []*featureCount
	for _, f := range slices.Sorted(slices.Values(features)) {
		if !s.known(f) {
			return nil, ErrFeature.New(op, "%.60q", f)
		}
		if n := len(out); n > 0 && out[n-1].Feature == f {
			out[n-1].Uses++
			continue
		}
		out = append(out, &featureCount{Day: day, Feature: f, Uses: 1})
	}
	return out, nil
}

// tenantsAtOnce is how many tenants one look at the list gives.
const tenantsAtOnce = 500

// Aggregate adds up what was used on days before today, UTC, over all active tenants: into the platform's own tenant where enough of them
// did, and away with it where they did not. Then the tenants' own counts are gone. It is the platform's background work; cut short anywhere
// it is done again without harm: a day is added up once, and before any of its counts is deleted.
//
// Permission: usage.count, in a context of [tenancy.DB.EnterPlatform] of a job. It says how many days were added up: none without a
// tenant of the platform's own. Errors: tenancy.not_platform, tenancy.forbidden, tenancy.grant_scope (a member of staff, not a job).
func (s *Service) Aggregate(ctx context.Context) (int, error) {
	tenants := s.db.Tenants()
	if err := tenants.Require(ctx, PermCount); err != nil {
		return 0, err
	}
	own, err := tenants.Platform(ctx)
	if tenancy.IsNotFound(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	inside, err := s.db.System(ctx, own.ID, "usage.aggregate")
	if err != nil {
		return 0, err
	}
	today, err := tenancy.Act(inside, s.db, PermCount, func(_ context.Context, tx *tenancy.Tx) (date.Date, error) { return date.In(tx.Now(), time.UTC), nil })
	if err != nil {
		return 0, err
	}
	totals := map[date.Date]map[string]*FeatureUse{}
	if err := s.each(ctx, func(ctx context.Context) error { return s.collect(ctx, today, totals) }); err != nil {
		return 0, err
	}
	days := 0
	for _, day := range slices.SortedFunc(keysOf(totals), date.Date.Compare) {
		counted, err := s.publish(inside, day, totals[day])
		if err != nil {
			return days, err
		}
		if counted {
			days++
		}
	}
	return days, s.each(ctx, func(ctx context.Context) error { return s.clear(ctx, today) })
}

func keysOf[V any](m map[date.Date]V) func(yield func(date.Date) bool) {
	return func(yield func(date.Date) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// each enters every active tenant in turn. One that is closed or on its way just now is passed over: its counts wait for it, and are of
// days that were added up without it.
func (s *Service) each(ctx context.Context, fn func(ctx context.Context) error) error {
	after := uuid.Nil
	for {
		list, err := s.db.Tenants().List(ctx, after, tenantsAtOnce)
		if err != nil {
			return err
		}
		for _, t := range list {
			after = t.ID
			if t.State != tenancy.StateActive {
				continue
			}
			inside, err := s.db.System(ctx, t.ID, "usage.aggregate")
			if err == nil {
				err = fn(inside)
			}
			if err != nil && !passing(err) {
				return err
			}
		}
		if len(list) < tenantsAtOnce {
			return nil
		}
	}
}

// passing reports that a tenant was closed or left meanwhile.
func passing(err error) bool {
	for _, known := range []error{tenancy.ErrTenantSuspended, tenancy.ErrTenantCancelled, tenancy.ErrTenantNotReady, tenancy.ErrUnknownTenant, tenancy.ErrClosed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// collect adds one tenant's counts.
func (s *Service) collect(ctx context.Context, today date.Date, totals map[date.Date]map[string]*FeatureUse) error {
	_, err := tenancy.View(ctx, s.db, PermCount, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		return struct{}{}, tenancy.Stream(ctx, tx, func(c *featureCount) error {
			day := totals[c.Day]
			if day == nil {
				day = map[string]*FeatureUse{}
				totals[c.Day] = day
			}
			if day[c.Feature] == nil {
				day[c.Feature] = &FeatureUse{Day: c.Day, Feature: c.Feature}
			}
			day[c.Feature].Tenants++
			day[c.Feature].Uses += c.Uses
			return nil
		}, tenancy.Lt("day", today))
	})
	return err
}

// publish writes a day down, if nobody has: what fewer than MinTenants used is not written.
func (s *Service) publish(ctx context.Context, day date.Date, uses map[string]*FeatureUse) (bool, error) {
	counted, err := tenancy.Act(ctx, s.db, PermCount, func(ctx context.Context, tx *tenancy.Tx) (bool, error) {
		var rows []*FeatureUse
		for _, u := range uses {
			if u.Tenants >= s.opt.MinTenants {
				rows = append(rows, u)
			}
		}
		slices.SortFunc(rows, func(a, b *FeatureUse) int { return strings.Compare(a.Feature, b.Feature) })
		b := tx.Batch()
		tenancy.Put(b, []*featureDay{{Day: day, CountedAt: tx.Now()}})
		tenancy.Put(b, rows)
		return true, b.Run(ctx)
	})
	if errors.Is(err, tenancy.ErrDuplicate) {
		return false, nil
	}
	return counted, err
}

// clear deletes a tenant's own counts of days that are over.
func (s *Service) clear(ctx context.Context, today date.Date) error {
	_, err := tenancy.Act(ctx, s.db, PermCount, func(ctx context.Context, tx *tenancy.Tx) (struct{}, error) {
		var old []featureCount
		b := tx.Batch()
		tenancy.Load(b, &old, tenancy.Lt("day", today), tenancy.ForUpdate())
		if err := b.Run(ctx); err != nil || len(old) == 0 {
			return struct{}{}, err
		}
		gone := make([]*featureCount, len(old))
		for i := range old {
			gone[i] = &old[i]
		}
		b = tx.Batch()
		tenancy.Remove(b, gone)
		return struct{}{}, b.Run(ctx)
	})
	return err
}

// Features lists what was used on the days from one to another, both included, by day and name. It is for the scope of the platform's own
// tenant: others have no such rows.
//
// Permission: usage.count. Errors: usage.bad_input (more than 366 days).
func (s *Service) Features(ctx context.Context, from, to date.Date) ([]FeatureUse, error) {
	return tenancy.View(ctx, s.db, PermCount, func(ctx context.Context, tx *tenancy.Tx) ([]FeatureUse, error) {
		if to.Before(from) || from.DaysUntil(to) > 366 {
			return nil, ErrBadInput.New("usage.Features", "the days are at most 366, the first of them first")
		}
		return tenancy.Find[FeatureUse](ctx, tx, tenancy.Ge("day", from), tenancy.Le("day", to), tenancy.OrderBy("day", "feature"))
	})
}
