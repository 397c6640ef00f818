package ending

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
)

// NoticeKind is what an owner is told.
type NoticeKind string

// The notices.
const (
	NoticeReminder    NoticeKind = "reminder"    // the data go on a day, and can be taken out until then
	NoticeHeld        NoticeKind = "held"        // the 30 days are over, and the law keeps the data from being deleted
	NoticeCertificate NoticeKind = "certificate" // the data are gone: the certificate
	NoticeCompletion  NoticeKind = "completion"  // and no registered backup holds them any more
)

// Notice is what the owner of a tenant is told, or the former one.
type Notice struct {
	// ID is the same when it is told again.
	ID       string
	TenantID uuid.UUID
	Kind     NoticeKind
	// Day is the number of the full day that begins when a reminder is due; 0 for the others.
	Day int64
	// EndedAt is the end of service, PurgeAfter when the data may go.
	EndedAt, PurgeAfter time.Time
	// Zone is the tenant's own; UTC when the tenant is gone.
	Zone *time.Location
	// Held says that a legal hold keeps the data, of which the owner may know.
	Held bool
	// TakenOut is whether and when an archive was delivered or waived.
	TakenOut certificate.TakenOut
	// Document is the certificate, or its completion; nil for the others.
	Document []byte
}

// instant writes an instant in UTC, and in the owner's zone where that is another.
func (n Notice) instant(at time.Time) string {
	const form = "2 January 2006, 15:04"
	text := at.UTC().Format(form) + " UTC"
	if local := at.In(n.Zone).Format(form); local != at.UTC().Format(form) {
		text += fmt.Sprintf(" (%s in %s)", local, n.Zone)
	}
	return text
}

// Message is the notice as an e-mail.
func (n Notice) Message(to string) tenancy.Message {
	m := tenancy.Message{ID: n.ID, To: to}
	var lines []string
	switch n.Kind {
	case NoticeReminder:
		m.Subject = "Your data will be deleted for good"
		lines = append(lines, fmt.Sprintf("Your service ended on %s. Your data are kept for you until %s, and deleted for good after that.", n.instant(n.EndedAt), n.instant(n.PurgeAfter)))
		switch n.TakenOut.How {
		case certificate.Delivered:
			lines = append(lines, fmt.Sprintf("You took an archive of them on %s. You can take another until then.", n.instant(n.TakenOut.At)))
		case certificate.Waived:
			lines = append(lines, fmt.Sprintf("On %s you said that you want no archive of them. You can still take one until then.", n.instant(n.TakenOut.At)))
		default:
			lines = append(lines, "You have not taken them out yet. Until then the owner can take an archive of everything, or come back. Duties to keep records that the law lays upon you are yours alone afterwards.")
		}
	case NoticeHeld:
		m.Subject = "Your data are kept longer"
		lines = append(lines, fmt.Sprintf("Your data were to be deleted after %s.", n.instant(n.PurgeAfter)))
	case NoticeCertificate:
		m.Subject = "Your data are deleted: the certificate"
		lines = append(lines, "Your data are deleted from our systems. What follows is the certificate, which says what was deleted, what is kept under which law, and until when backups may hold them. Keep it: anybody who has our public key can verify it.")
	case NoticeCompletion:
		m.Subject = "Your data are in no registered backup any more"
		lines = append(lines, "What follows completes the certificate of the deletion of your data.")
	}
	if n.Held {
		lines = append(lines, "The law keeps us from deleting them for now. They will be deleted when that has ended, without another notice. The owner can take them out until then.")
	}
	if n.Document != nil {
		lines = append(lines, string(n.Document))
	}
	m.Text = strings.Join(lines, "\n\n") + "\n"
	return m
}

// ByMail makes an [Options].Notify out of a mailer and of who knows the address of a tenant's owner (nil: nobody). Where no owner is known, and when
// the tenant is gone, it is the administrator of the tenant's contract who is told, or whom invoices went to.
func ByMail(db *tenancy.DB, mailer tenancy.Mailer, owner func(ctx context.Context, tenant uuid.UUID) (address string, err error)) func(context.Context, Notice) error {
	return func(ctx context.Context, n Notice) error {
		to := ""
		if owner != nil && n.Document == nil {
			var err error
			if to, err = owner(ctx, n.TenantID); err != nil {
				return err
			}
		}
		if to == "" {
			platform, err := db.EnterPlatform(ctx, "system:ending", tenancy.Permissions{tenancy.PermReadContract})
			if err != nil {
				return err
			}
			c, err := db.Tenants().Contract(platform, n.TenantID)
			if err != nil {
				return err
			}
			if to = c.Administrator.Email; to == "" {
				to = c.Billing.Email
			}
		}
		if to == "" {
			return ErrUntold.New("ending.ByMail", "nobody knows an address")
		}
		return mailer.Send(ctx, n.Message(to))
	}
}
