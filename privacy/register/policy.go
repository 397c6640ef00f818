package register

import (
	"context"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// NoticeDays is how many full days lie between the notice of a material change of the policy and its taking effect, at least: the policy promises it (12-2).
const NoticeDays = 30

// Exception is why a material change need not wait: the law demands it at once. There are no others.
type Exception string

// The exceptions.
const (
	ByLaw       Exception = "law"         // a law comes into force earlier
	ByOrder     Exception = "court_order" // a court or an authority orders it
	ForSecurity Exception = "security"    // people's data are in danger until it is in effect (GDPR Art. 32)
)

// NewPolicyVersion is the input of [Service.AddPolicyVersion].
type NewPolicyVersion struct {
	Reference string
	// Policy is the text, whole; 1 to 200,000 characters. It says itself when it was last updated: see [LastUpdated].
	Policy string
	// UpdatedOn is the day on which it was revised: the one that the text gives.
	UpdatedOn date.Date
	// Material says that it changes what is done with people's data, or what they can do. When in doubt it does.
	Material bool
	// Exception lets a material change take effect before its 30 days are over. Citation says which law, order or danger, at most 1,000 characters; required with it.
	Exception Exception
	Citation  string
}

// PolicyState is where a version stands.
type PolicyState string

// The states of a version. It goes drafted -> announced -> in_force -> superseded; one that is not material may go drafted -> in_force.
const (
	PolicyDrafted    PolicyState = "drafted"
	PolicyAnnounced  PolicyState = "announced"
	PolicyInForce    PolicyState = "in_force"
	PolicySuperseded PolicyState = "superseded"
)

// PolicyVersion is a version of the controller's privacy policy.
type PolicyVersion struct {
	Entry
	// Number counts versions, from 1.
	Number    int64
	Policy    string
	Hash      string
	UpdatedOn date.Date
	Material  bool
	Exception Exception
	Citation  string
	State     PolicyState
	// AnnouncementID and AnnouncedAt are of its announcement, InForceAt of its taking effect; zero without.
	AnnouncementID uuid.UUID
	AnnouncedAt    time.Time
	InForceAt      time.Time
}

type policyRow struct {
	tenancy.Owned
	EntryID    uuid.UUID `bun:"entry_id,pk"`
	Number     int64     `bun:"number"`
	UpdatedOn  date.Date `bun:"updated_on"`
	Material   bool      `bun:"material"`
	Exception  string    `bun:"exception" privacy:"none"`
	Policy     string    `bun:"policy" privacy:"none"`
	PolicyHash string    `bun:"policy_hash" privacy:"none"`
}

func (r policyRow) of() uuid.UUID { return r.EntryID }

type effectRow struct {
	tenancy.Owned
	EntryID   uuid.UUID `bun:"entry_id,pk"`
	VersionID uuid.UUID `bun:"version_id"`
	Seq       int64     `bun:"seq"`
	InForceAt time.Time `bun:"in_force_at"`
}

func (r effectRow) of() uuid.UUID { return r.EntryID }

func policyVersion(e Entry, t *textRow, r *policyRow) PolicyVersion {
	return PolicyVersion{Entry: e, Number: r.Number, Policy: r.Policy, Hash: r.PolicyHash, UpdatedOn: r.UpdatedOn, Material: r.Material, Exception: Exception(r.Exception),
		Citation: t.Evidence, State: PolicyDrafted}
}

// lastUpdatedForm is the policy's own: "Last updated: February 15, 2026".
const lastUpdatedForm = "January 2, 2006"

var lastUpdatedLine = regexp.MustCompile(`(?m)^[ \t]*Last updated:[ \t]*(.+?)[ \t]*\r?$`)

// LastUpdatedLine is the line in which a policy says when it was last updated.
func LastUpdatedLine(on date.Date) string {
	return "Last updated: " + on.Time().Format(lastUpdatedForm)
}

// LastUpdated reads the day on which a policy's text says that it was last updated, from its one line "Last updated: February 15, 2026".
//
// Errors: register.last_updated (there is no such line, or more than one, or no such day).
func LastUpdated(policy string) (date.Date, error) {
	const op = "register.LastUpdated"
	found := lastUpdatedLine.FindAllStringSubmatch(policy, -1)
	if len(found) != 1 {
		return date.Date{}, ErrLastUpdated.New(op, "the text has %d lines %q", len(found), "Last updated: ...")
	}
	day, err := time.Parse(lastUpdatedForm, found[0][1])
	if err != nil {
		return date.Date{}, ErrLastUpdated.New(op, "%q is no day such as %q", found[0][1], lastUpdatedForm)
	}
	return date.In(day, time.UTC), nil
}

// AddPolicyVersion enters a version of the policy of the controller whose scope it is. It is in force when [Service.TakeEffect] says so. What the text itself says of when it was last updated is its version's day.
//
// Permission: register.policy. Errors: register.bad_input, register.last_updated, register.reference_taken.
func (s *Service) AddPolicyVersion(ctx context.Context, in NewPolicyVersion) (PolicyVersion, error) {
	const op = "register.AddPolicyVersion"
	return act(ctx, s.db, PermPolicy, func(ctx context.Context, tx *tenancy.Tx) (PolicyVersion, error) {
		if err := in.check(op); err != nil {
			return PolicyVersion{}, err
		}
		given := []input{{reference: in.Reference, said: in, text: textRow{Evidence: in.Citation}}}
		f, err := enter(ctx, tx, op, kindPolicy, given, nil, func(_ int, id uuid.UUID) (*policyRow, error) {
			row := &policyRow{EntryID: id, Number: 1, UpdatedOn: in.UpdatedOn, Material: in.Material, Exception: string(in.Exception), Policy: in.Policy, PolicyHash: hashOf(in.Policy)}
			last, err := tenancy.First[policyRow](ctx, tx, tenancy.OrderBy("-number"))
			if err == nil {
				row.Number = last.Number + 1
			} else if !tenancy.IsNotFound(err) {
				return nil, err
			}
			return row, nil
		})
		if err != nil {
			return PolicyVersion{}, err
		}
		return one(versionsOf(ctx, tx, f))
	})
}

func (in *NewPolicyVersion) check(op string) error {
	switch in.Exception {
	case "", ByLaw, ByOrder, ForSecurity:
	default:
		return ErrBadInput.New(op, "%q is no reason for which a material change need not wait", in.Exception)
	}
	switch {
	case !between(in.Policy, 1, 200_000):
		return ErrBadInput.New(op, "a policy has 1 to 200,000 characters")
	case in.Exception != "" && (!in.Material || !between(in.Citation, 1, 1000)) || in.Exception == "" && in.Citation != "":
		return ErrBadInput.New(op, "an exception is a material change's, and is cited in at most 1,000 characters")
	}
	day, err := LastUpdated(in.Policy)
	if err != nil {
		return err
	}
	if day != in.UpdatedOn {
		return ErrLastUpdated.New(op, "the text says %s, the version %s", day, in.UpdatedOn)
	}
	return nil
}

// versionsOf reads versions with where they stand.
func versionsOf(ctx context.Context, tx *tenancy.Tx, f filed) ([]PolicyVersion, error) {
	out, err := answer(ctx, tx, f, policyVersion)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	announced, err := tenancy.Find[announcementRow](ctx, tx, tenancy.In("about_id", f.ids))
	if err != nil {
		return nil, err
	}
	at, err := bundle(ctx, tx, announced, func(e Entry, _ *textRow, a *announcementRow) announcedAt { return announcedAt{a.AboutID, e} })
	if err != nil {
		return nil, err
	}
	effects, err := tenancy.Find[effectRow](ctx, tx, tenancy.OrderBy("seq"))
	if err != nil {
		return nil, err
	}
	for i := range out {
		v := &out[i]
		for _, a := range at {
			if a.about == v.ID {
				v.State, v.AnnouncementID, v.AnnouncedAt = PolicyAnnounced, a.entry.ID, a.entry.EnteredAt
			}
		}
		for j, e := range effects {
			if e.VersionID == v.ID {
				v.InForceAt, v.State = e.InForceAt.UTC(), PolicySuperseded
				if j == len(effects)-1 {
					v.State = PolicyInForce
				}
			}
		}
	}
	return out, nil
}

type announcedAt struct {
	about uuid.UUID
	entry Entry
}

// TakeEffect puts a version of the policy in force, now, in place of the one before it. A material change is refused (register.notice_period) until 30 full days have passed since its announcement reached the last of
// those who are to know: in the platform's own tenant every tenant that there was when it was announced and is not gone; in a tenant, its own customers ([Service.ConfirmAnnounced]). With an [Exception] it
// needs to have been announced, and does not wait. Who comes behind an announcement is shown the new version ([Service.PolicyFor]).
//
// Permission: register.policy. Errors: register.notice_period, register.bad_input (an older version), register.reference_taken, tenancy.not_found.
func (s *Service) TakeEffect(ctx context.Context, reference string, version uuid.UUID) (PolicyVersion, error) {
	const op = "register.TakeEffect"
	reach, err := s.reachFor(ctx, PermPolicy, true)
	if err != nil {
		return PolicyVersion{}, err
	}
	return act(ctx, s.db, PermPolicy, func(ctx context.Context, tx *tenancy.Tx) (PolicyVersion, error) {
		f, err := enter(ctx, tx, op, kindEffect, []input{{reference: reference, said: version}}, nil, func(_ int, id uuid.UUID) (*effectRow, error) {
			v, err := tenancy.First[policyRow](ctx, tx, tenancy.Eq("entry_id", version))
			if err != nil {
				return nil, err
			}
			row := &effectRow{EntryID: id, VersionID: version, Seq: 1, InForceAt: tx.Now()}
			last, err := inForce(ctx, tx)
			switch {
			case err != nil:
				return nil, err
			case last != nil && last.version.Number >= v.Number:
				return nil, ErrBadInput.New(op, "version %d is in force, and %d is not behind it", last.version.Number, v.Number)
			case last != nil:
				row.Seq = last.effect.Seq + 1
			}
			from := int64(0)
			if last != nil {
				from = last.version.Number
			}
			return row, reach.material(ctx, tx, op, from, v.Number)
		})
		if err != nil {
			return PolicyVersion{}, err
		}
		done, err := tenancy.First[effectRow](ctx, tx, tenancy.Eq("entry_id", f.ids[0]))
		if err != nil {
			return PolicyVersion{}, err
		}
		out, err := one(versionsOf(ctx, tx, filed{ids: []uuid.UUID{done.VersionID}}))
		out.Replayed = f.replayed[f.ids[0]]
		return out, err
	})
}

// material refuses to put in force what changes materially from one version to another, both excluded and included, as long as anybody has time left: a version that leaves nothing
// material of its own behind the one ahead of it brings that one's changes all the same.
func (r *reach) material(ctx context.Context, tx *tenancy.Tx, op string, from, to int64) error {
	changes, err := tenancy.Find[policyRow](ctx, tx, tenancy.Gt("number", from), tenancy.Le("number", to), tenancy.Eq("material", true), tenancy.OrderBy("number"))
	if err != nil {
		return err
	}
	for _, v := range changes {
		a, err := tenancy.First[announcementRow](ctx, tx, tenancy.Eq("about_id", v.EntryID))
		if tenancy.IsNotFound(err) {
			return ErrNoticePeriod.New(op, "version %d is a material change, and was not announced", v.Number)
		}
		if err != nil {
			return err
		}
		if v.Exception != "" {
			continue
		}
		if err := r.over(ctx, tx, op, a); err != nil {
			return err
		}
	}
	return nil
}

type standing struct {
	effect  effectRow
	version policyRow
}

// inForce is the version that is in force; nil when none is.
func inForce(ctx context.Context, tx *tenancy.Tx) (*standing, error) {
	e, err := tenancy.First[effectRow](ctx, tx, tenancy.OrderBy("-seq"))
	if tenancy.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := tenancy.First[policyRow](ctx, tx, tenancy.Eq("entry_id", e.VersionID))
	if err != nil {
		return nil, err
	}
	return &standing{*e, *v}, nil
}

// Policy is the version that is in force. What is published is [PolicyVersion].Policy, so that its "last updated" is that of the version.
//
// Permission: register.read. Errors: tenancy.not_found (none is).
func (s *Service) Policy(ctx context.Context) (PolicyVersion, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (PolicyVersion, error) {
		now, err := inForce(ctx, tx)
		if err != nil {
			return PolicyVersion{}, err
		}
		if now == nil {
			return PolicyVersion{}, tenancy.ErrNotFound.New("register.Policy", "no version of the policy is in force")
		}
		return one(versionsOf(ctx, tx, filed{ids: []uuid.UUID{now.version.EntryID}}))
	})
}

// PolicyFor is the version that whoever comes at an instant is shown: the last that was announced by then, for they come behind its notice; else the one in force.
//
// Permission: register.read. Errors: tenancy.not_found (there is none).
func (s *Service) PolicyFor(ctx context.Context, at time.Time) (PolicyVersion, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (PolicyVersion, error) {
		rows, err := tenancy.Find[policyRow](ctx, tx, tenancy.OrderBy("-number"))
		if err != nil {
			return PolicyVersion{}, err
		}
		f := filed{ids: make([]uuid.UUID, len(rows))}
		for i := range rows {
			f.ids[i] = rows[i].EntryID
		}
		all, err := versionsOf(ctx, tx, f)
		if err != nil {
			return PolicyVersion{}, err
		}
		for _, v := range all {
			if !v.AnnouncedAt.IsZero() && !v.AnnouncedAt.After(at) || !v.InForceAt.IsZero() && !v.InForceAt.After(at) {
				return v, nil
			}
		}
		return PolicyVersion{}, tenancy.ErrNotFound.New("register.PolicyFor", "no version of the policy was announced or in force then")
	})
}

// PolicyVersions lists all versions with where they stand, in the order of their numbers. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) PolicyVersions(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[PolicyVersion], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[PolicyVersion], error) {
		found, err := pageOf(ctx, tx, kindPolicy, uuid.Nil, page, policyVersion)
		if err != nil {
			return found, err
		}
		f := filed{ids: make([]uuid.UUID, len(found.Items))}
		for i := range found.Items {
			f.ids[i] = found.Items[i].ID
		}
		found.Items, err = versionsOf(ctx, tx, f)
		return found, err
	})
}
