package local

import (
	"context"
	"errors"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/opsmatiq/erp/tenancy"
)

// Mailer is a [tenancy.Mailer] that sends nothing itself: it leaves messages (RFC 5322) in files outbox/ID.eml, for a mail
// server to pick up, or for a person to read.
type Mailer struct {
	// Files is where. Required.
	Files tenancy.Files
	// From is the sender's address. Default "erp@localhost".
	From string
	// Clock dates the messages. Default: the system's.
	Clock func() time.Time
}

var messageID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,80}$`)

// Send implements [tenancy.Mailer]. A message whose ID was sent before is not written again. Errors: tenancy.bad_input.
func (m Mailer) Send(ctx context.Context, msg tenancy.Message) error {
	const op = "local.Mailer.Send"
	to, err := mail.ParseAddress(msg.To)
	switch {
	case err != nil:
		return tenancy.ErrBadInput.New(op, "a message goes to one address")
	case !messageID.MatchString(msg.ID):
		return tenancy.ErrBadInput.New(op, "a message has an ID of letters, digits, - and .")
	case msg.Subject == "" || strings.ContainsAny(msg.Subject, "\r\n"):
		return tenancy.ErrBadInput.New(op, "a message has a subject of one line")
	}
	from, now := m.From, time.Now
	if from == "" {
		from = "erp@localhost"
	}
	if m.Clock != nil {
		now = m.Clock
	}
	var b strings.Builder
	for _, h := range [][2]string{{"From", from}, {"To", to.String()}, {"Subject", mime.QEncoding.Encode("utf-8", msg.Subject)},
		{"Date", now().UTC().Format(time.RFC1123Z)}, {"Message-ID", "<" + msg.ID + "@erp>"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"}} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, err = body.Write([]byte(msg.Text))
	if err = errors.Join(err, body.Close()); err != nil {
		return tenancy.ErrFiles.Wrap(op, err, "")
	}
	err = m.Files.Put(ctx, "outbox/"+strings.ToLower(msg.ID)+".eml", strings.NewReader(b.String()))
	if errors.Is(err, tenancy.ErrDuplicate) {
		return nil
	}
	return err
}
