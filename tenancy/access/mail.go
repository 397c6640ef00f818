package access

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy"
)

// NoticeKind is what a message is about.
type NoticeKind string

// The kinds of messages.
const (
	NoticeInvitation NoticeKind = "invitation" // to a tenant, or to the platform's staff
	NoticeReset      NoticeKind = "reset"      // of a password
)

// Notice is what [Options].Compose makes a message of.
type Notice struct {
	Kind NoticeKind
	// Name is the person's, as the platform or whoever invites them has it.
	Name string
	// Tenant is the name of the tenant that they are asked into; "" for staff and resets.
	Tenant string
	// Token is the secret that the person hands back: to [Service.Accept] or [Service.ResetPassword]. Put it behind the '#'
	// of a link, where neither servers nor their logs see it.
	Token     string
	ExpiresAt time.Time
}

// compose writes the default messages.
func compose(n Notice) (subject, text string) {
	until := n.ExpiresAt.Format("2 January 2006, 15:04 UTC")
	if n.Kind == NoticeReset {
		return "Choose a new password", fmt.Sprintf("Hello %s,\n\nsomebody, probably you, asked for a new password. The code is\n\n%s\n\nIt can be used once, until %s. If it was not you, do nothing.\n", n.Name, n.Token, until)
	}
	where := "the platform"
	if n.Tenant != "" {
		where = n.Tenant
	}
	return "You are invited to " + where, fmt.Sprintf("Hello %s,\n\nyou are invited to %s. The code is\n\n%s\n\nIt can be used once, until %s.\n", n.Name, where, n.Token, until)
}

// tokenRow is a secret that was sent by e-mail.
type tokenRow struct {
	ID        uuid.UUID `bun:"id,pk"`
	TokenHash string    `bun:"token_hash" privacy:"credential,delete"`
	Kind      string    `bun:"kind" privacy:"none"`
	UserID    uuid.UUID `bun:"user_id"`
	TenantID  uuid.UUID `bun:"tenant_id,nullzero"`
	CreatedAt time.Time `bun:"created_at"`
	ExpiresAt time.Time `bun:"expires_at"`
}

// putToken replaces a person's token of a kind (and tenant) by a new one: only the last that was sent can be used.
func (s *Service) putToken(ctx context.Context, tx bun.Tx, kind NoticeKind, prefix string, user, tenant uuid.UUID, life time.Duration) (tokenRow, string, error) {
	secret, hash := newSecret(prefix)
	now := s.control.Now()
	row := tokenRow{ID: newID(), TokenHash: hash, Kind: string(kind), UserID: user, TenantID: tenant, CreatedAt: now, ExpiresAt: now.Add(life)}
	if err := s.dropTokens(ctx, tx, kind, user, tenant); err != nil {
		return row, "", err
	}
	_, err := tx.NewInsert().Model(&row).ModelTableExpr(s.control.Table(tableTokens)).Exec(ctx)
	return row, secret, err
}

func (s *Service) dropTokens(ctx context.Context, idb bun.IDB, kind NoticeKind, user, tenant uuid.UUID) error {
	q := idb.NewDelete().Model((*tokenRow)(nil)).ModelTableExpr(s.aliased(tableTokens)).Where("user_id = ?", user).Where("kind = ?", string(kind))
	if tenant == uuid.Nil {
		q = q.Where("tenant_id IS NULL")
	} else {
		q = q.Where("tenant_id = ?", tenant)
	}
	_, err := q.Exec(ctx)
	return err
}

// findToken gives the token of a secret, if it can still be used.
func (s *Service) findToken(ctx context.Context, op string, kind NoticeKind, prefix, secret string) (*tokenRow, error) {
	hash, ok := hashOf(secret, prefix)
	if !ok {
		return nil, ErrBadToken.New(op, "")
	}
	var rows []tokenRow
	err := s.control.DB.NewSelect().Model(&rows).ModelTableExpr(s.aliased(tableTokens)).Where("token_hash = ?", hash).Where("kind = ?", string(kind)).Scan(ctx)
	if err != nil {
		return nil, s.fault(op, err)
	}
	if len(rows) == 0 || !s.control.Now().Before(rows[0].ExpiresAt) {
		return nil, ErrBadToken.New(op, "")
	}
	return &rows[0], nil
}

// useToken takes a token away, in the transaction of what it is used for. Of two who use it at once, one does.
func (s *Service) useToken(ctx context.Context, tx bun.Tx, op string, t *tokenRow) error {
	res, err := tx.NewDelete().Model((*tokenRow)(nil)).ModelTableExpr(s.aliased(tableTokens)).Where("id = ?", t.ID).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return ErrBadToken.New(op, "")
	}
	return nil
}

// send hands a message to the mailer.
func (s *Service) send(ctx context.Context, id uuid.UUID, to string, n Notice) error {
	subject, text := s.opt.Compose(n)
	err := s.opt.Mailer.Send(ctx, tenancy.Message{ID: string(n.Kind) + "-" + id.String(), To: to, Subject: subject, Text: text})
	if err != nil {
		return ErrMail.Wrap("access.send", err, "")
	}
	return nil
}

// mailsAtOnce bounds the messages that are under way in the background.
const mailsAtOnce = 8
