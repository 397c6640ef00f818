package register

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// AnnouncementKind is what is announced.
type AnnouncementKind string

// The kinds.
const (
	OfPolicy    AnnouncementKind = "policy"            // a version of the policy: 30 days at least where it is a material change
	OfProcessor AnnouncementKind = "processor"         // a new or changed processor of tenants' data (GDPR Art. 28(2))
	OfTransfer  AnnouncementKind = "business_transfer" // a merger, an acquisition, a sale of assets (policy 6-4)
	OfBreach    AnnouncementKind = "breach"            // a breach at the processor (GDPR Art. 33(2))
)

// NewAnnouncement is the input of [Service.Announce].
type NewAnnouncement struct {
	Reference string
	Kind      AnnouncementKind
	// About is the version of the policy, the processor's contract, the acquirer (a recipient) or the breach.
	About uuid.UUID
	// Title is one line of at most 200 characters, Body what those who are to know are told: 1 to 20,000.
	Title, Body string
	// Days is how many full days they have, 0 to 366. Default, and at least: 30 for a policy, [Options].ProcessorDays and TransferDays for the others, 0 for a breach.
	Days int
	// Tenants are those that a breach concerns. Default, and always for the others: all that there are.
	Tenants []uuid.UUID
}

// Announcement is what a controller lets those know whom it concerns.
type Announcement struct {
	Entry
	Kind        AnnouncementKind
	About       uuid.UUID
	Title, Body string
	Days        int
	// Who is the name of the processor or the acquirer.
	Who string
	// Own says that it goes to the controller's own customers, by ways of its own ([Service.ConfirmAnnounced]); else it goes to tenants.
	Own bool
}

type announcementRow struct {
	tenancy.Owned
	EntryID  uuid.UUID `bun:"entry_id,pk"`
	Kind     string    `bun:"kind" privacy:"none"`
	AboutID  uuid.UUID `bun:"about_id"`
	Days     int64     `bun:"days"`
	Audience string    `bun:"audience" privacy:"none"`
	Number   int64     `bun:"number"`
	Digest   string    `bun:"digest" privacy:"none"`
	Country  string    `bun:"country" privacy:"none"`
}

func (r announcementRow) of() uuid.UUID { return r.EntryID }

// The audiences of an announcement.
const (
	toAll   = "all"
	toNamed = "named"
	toOwn   = "own"
)

// announcedTo names a tenant that an announcement is to, where not all are.
type announcedTo struct {
	tenancy.Owned
	AnnouncementID uuid.UUID `bun:"announcement_id,pk"`
	ControllerID   uuid.UUID `bun:"controller_id,pk"`
}

// deliveryRow says when an announcement reached somebody: a tenant, or with the own id, all of them.
type deliveryRow struct {
	tenancy.Row
	AnnouncementID uuid.UUID `bun:"announcement_id"`
	ControllerID   uuid.UUID `bun:"controller_id"`
	DeliveredAt    time.Time `bun:"delivered_at"`
	Channel        string    `bun:"channel" privacy:"none"`
}

// Channels of a delivery.
const (
	byService = "service"          // the notice stands in the tenant's register
	byBoth    = "service_and_mail" // and [Options].Notify told somebody
	byMail    = "mail"             // that alone: the tenant is closed
	byOwn     = "own"              // the controller's own ways; of all tenants, that all were reached
)

func announcement(e Entry, t *textRow, r *announcementRow) Announcement {
	return Announcement{Entry: e, Kind: AnnouncementKind(r.Kind), About: r.AboutID, Title: t.Evidence, Body: t.Body, Days: int(r.Days), Who: t.Name, Own: r.Audience == toOwn}
}

// Announce lets those know whom something concerns. In the platform's own tenant these are the tenants: a job ([Service.Deliver]) puts a notice into the register of each, tells somebody there
// ([Options].Notify), and enters when it reached them. From a tenant it goes to its customers, by its own ways, and is confirmed ([Service.ConfirmAnnounced]). What is announced takes effect when
// its days have passed for each of them, and not before: a version of the policy by [Service.TakeEffect], a processor by [Service.RequireNotice], a business transfer by [Service.Disclose].
//
// Permission: register.policy. Errors: register.bad_input, register.not_platform (a processor's or a breach's is the platform's alone), register.reference_taken, tenancy.not_found,
// tenancy.duplicate (it was announced under another reference).
func (s *Service) Announce(ctx context.Context, in NewAnnouncement) (Announcement, error) {
	const op = "register.Announce"
	reach, err := s.reachFor(ctx, PermPolicy, len(in.Tenants) > 0)
	if err != nil {
		return Announcement{}, err
	}
	return act(ctx, s.db, PermPolicy, func(ctx context.Context, tx *tenancy.Tx) (Announcement, error) {
		if err := s.checkAnnouncement(tx, op, &in); err != nil {
			return Announcement{}, err
		}
		given := []input{{reference: in.Reference, said: in, text: textRow{Body: in.Body, Evidence: in.Title}}}
		f, err := enter(ctx, tx, op, kindAnnouncement, given, nil, func(_ int, id uuid.UUID) (*announcementRow, error) {
			row := &announcementRow{EntryID: id, Kind: string(in.Kind), AboutID: in.About, Days: int64(in.Days), Audience: toAll}
			switch {
			case !tx.Scope().OfPlatform():
				row.Audience = toOwn
			case len(in.Tenants) > 0:
				row.Audience = toNamed
			}
			var err error
			given[0].text.Name, err = row.describe(ctx, tx)
			return row, err
		})
		if err != nil {
			return Announcement{}, err
		}
		if err := reach.name(ctx, tx, op, f, in.Tenants); err != nil {
			return Announcement{}, err
		}
		return one(answer(ctx, tx, f, announcement))
	})
}

func (s *Service) checkAnnouncement(tx *tenancy.Tx, op string, in *NewAnnouncement) error {
	least := map[AnnouncementKind]int{OfPolicy: NoticeDays, OfProcessor: s.opt.ProcessorDays, OfTransfer: s.opt.TransferDays, OfBreach: 0}
	days, known := least[in.Kind]
	if !known {
		return ErrBadInput.New(op, "%q is nothing that is announced", in.Kind)
	}
	if in.Days == 0 {
		in.Days = days
	}
	switch {
	case !between(in.Title, 1, 200) || strings.ContainsAny(in.Title, "\r\n") || !between(in.Body, 1, 20_000):
		return ErrBadInput.New(op, "an announcement has a title, one line of at most 200 characters, and at most 20,000 besides")
	case in.Days < days || in.Days > 366 || in.Kind == OfBreach && in.Days != 0:
		return ErrBadInput.New(op, "those whom it concerns have at least %d days, and at most 366", days)
	case len(in.Tenants) > most || len(in.Tenants) > 0 && in.Kind != OfBreach:
		return ErrBadInput.New(op, "a breach alone is announced to some, at most %d", most)
	case !tx.Scope().OfPlatform() && (in.Kind == OfProcessor || in.Kind == OfBreach):
		return ErrNotPlatform.New(op, "")
	}
	slices.SortFunc(in.Tenants, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	in.Tenants = slices.Compact(in.Tenants)
	return nil
}

// describe looks at what is announced: whether it is there, and what its notice says of it. It gives the name of the processor or the acquirer.
func (r *announcementRow) describe(ctx context.Context, tx *tenancy.Tx) (string, error) {
	who := uuid.Nil
	switch AnnouncementKind(r.Kind) {
	case OfPolicy:
		v, err := tenancy.First[policyRow](ctx, tx, tenancy.Eq("entry_id", r.AboutID))
		if err != nil {
			return "", err
		}
		r.Number, r.Digest = v.Number, v.PolicyHash
	case OfProcessor:
		p, err := tenancy.First[processorRow](ctx, tx, tenancy.Eq("entry_id", r.AboutID))
		if err != nil {
			return "", err
		}
		who, r.Country, r.Digest = p.RecipientID, p.Country, p.ContractHash
	case OfTransfer:
		a, err := tenancy.First[recipientRow](ctx, tx, tenancy.Eq("entry_id", r.AboutID), tenancy.Eq("role", string(RoleAcquirer)))
		if err != nil {
			return "", err
		}
		who, r.Country = r.AboutID, a.Country
	case OfBreach:
		_, err := tenancy.First[breachRow](ctx, tx, tenancy.Eq("entry_id", r.AboutID), tenancy.Eq("role", string(AsProcessor)))
		return "", err
	}
	if who == uuid.Nil {
		return "", nil
	}
	t, err := tenancy.First[textRow](ctx, tx, tenancy.Eq("entry_id", who))
	if err != nil {
		return "", err
	}
	return t.Name, nil
}

// ConfirmAnnounced enters that a tenant's own announcement has reached its customers, now: its days count from here. Once confirmed it stays so.
//
// Permission: register.policy. Errors: register.bad_input (it goes to tenants, who are told by a job), tenancy.not_found.
func (s *Service) ConfirmAnnounced(ctx context.Context, announcement uuid.UUID) (time.Time, error) {
	const op = "register.ConfirmAnnounced"
	return act(ctx, s.db, PermPolicy, func(ctx context.Context, tx *tenancy.Tx) (time.Time, error) {
		a, err := tenancy.First[announcementRow](ctx, tx, tenancy.Eq("entry_id", announcement))
		if err != nil {
			return time.Time{}, err
		}
		if a.Audience != toOwn {
			return time.Time{}, ErrBadInput.New(op, "the announcement goes to tenants")
		}
		done, err := tenancy.First[deliveryRow](ctx, tx, tenancy.Eq("announcement_id", announcement))
		if err == nil {
			return done.DeliveredAt.UTC(), nil
		}
		if !tenancy.IsNotFound(err) {
			return time.Time{}, err
		}
		row := &deliveryRow{AnnouncementID: announcement, ControllerID: tx.Scope().TenantID(), DeliveredAt: tx.Now(), Channel: byOwn}
		return row.DeliveredAt, tenancy.Insert(ctx, tx, row)
	})
}

// Announcements lists them, in the order in which they were entered. Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Announcements(ctx context.Context, page tenancy.PageRequest) (tenancy.PageOf[Announcement], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Announcement], error) {
		return pageOf(ctx, tx, kindAnnouncement, uuid.Nil, page, announcement)
	})
}

// Delivery says when an announcement reached a controller: a tenant by its id.
type Delivery struct {
	ControllerID uuid.UUID
	At           time.Time
	// Channel is service, service_and_mail, mail (the tenant is closed) or own.
	Channel string
}

// Deliveries lists whom an announcement reached, in the order in which it did. The line with the own id says that all are reached.
//
// Permission: register.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) Deliveries(ctx context.Context, announcement uuid.UUID, page tenancy.PageRequest) (tenancy.PageOf[Delivery], error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Delivery], error) {
		found, err := tenancy.Page[deliveryRow](ctx, tx, page, tenancy.Eq("announcement_id", announcement))
		out := tenancy.PageOf[Delivery]{Next: found.Next}
		for _, d := range found.Items {
			out.Items = append(out.Items, Delivery{d.ControllerID, d.DeliveredAt.UTC(), d.Channel})
		}
		return out, err
	})
}
