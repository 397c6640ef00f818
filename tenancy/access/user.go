package access

import (
	"context"
	"database/sql"
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/opsmatiq/erp/tenancy"
)

// userRow is a person, known to the platform once however many tenants they belong to. The platform answers for it; rows of
// the control database are outside the registry, and the tags say what a column is all the same.
type userRow struct {
	ID       uuid.UUID `bun:"id,pk"`
	Email    string    `bun:"email" privacy:"contact,delete"`
	EmailKey string    `bun:"email_key" privacy:"contact,delete"`
	Name     string    `bun:"name" privacy:"identity,delete"`
	// PasswordHash is "" until the person has chosen one.
	PasswordHash string `bun:"password_hash" privacy:"credential,delete"`
	State        string `bun:"state" privacy:"none"`
	Staff        bool   `bun:"staff"`
	// StaffPermissions are what a member of the platform's staff may do there, separated by commas.
	StaffPermissions string `bun:"staff_permissions" privacy:"none"`
	// TOTPSealed is the second factor's secret as the key service wrapped it; TOTPPending one that is not confirmed yet.
	TOTPSealed  string `bun:"totp_sealed" privacy:"credential,delete"`
	TOTPPending string `bun:"totp_pending" privacy:"credential,delete"`
	TOTPStep    int64  `bun:"totp_step"`
	// TOTPWrappedAt is when the key service wrapped whichever of the two there is.
	TOTPWrappedAt time.Time `bun:"totp_wrapped_at,nullzero"`
	CreatedAt     time.Time `bun:"created_at"`
	ChangedAt     time.Time `bun:"changed_at"`
}

// The states of an account.
const (
	userActive    = "active"
	userSuspended = "suspended"
)

// linkRow says that a person was asked into a tenant, and whether they came.
type linkRow struct {
	UserID    uuid.UUID `bun:"user_id,pk"`
	TenantID  uuid.UUID `bun:"tenant_id,pk"`
	State     string    `bun:"state" privacy:"none"`
	CreatedAt time.Time `bun:"created_at"`
}

// The states of a link.
const (
	linkInvited = "invited"
	linkJoined  = "joined"
)

// actorOf is how records of acts name a person.
func actorOf(user uuid.UUID) string { return tenancy.UserActor(user) }

// keyActor is the same of a key.
func keyActor(key uuid.UUID) string { return "key:" + key.String() }

// cleanEmail gives an address as it will be written to, and folded: in one compatibility form, without case. Messages go to
// the address that was stored, never to one that merely folds to the same.
func cleanEmail(op, text string) (address, key string, err error) {
	text = strings.TrimSpace(text)
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text || len(text) > 254 {
		return "", "", ErrBadInput.New(op, "an e-mail address is of the form name@example.com, at most 254 characters")
	}
	return text, emailKey(text), nil
}

func emailKey(address string) string { return cases.Fold().String(norm.NFKC.String(address)) }

func cleanName(op, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || utf8.RuneCountInString(text) > 200 || !utf8.ValidString(text) || strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return "", ErrBadInput.New(op, "a name is one line of 1 to 200 characters")
	}
	return text, nil
}

// findUser gives the account that a condition names; nil when there is none.
func (s *Service) findUser(ctx context.Context, idb bun.IDB, where string, arg any) (*userRow, error) {
	row := new(userRow)
	err := idb.NewSelect().Model(row).ModelTableExpr(s.aliased(tableUsers)).Where(where, arg).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return row, err
}

// ensureUser gives the account of an address, and makes one without a password when nobody has it. Of two who make it at
// once, one does.
func (s *Service) ensureUser(ctx context.Context, tx bun.Tx, fresh userRow) (*userRow, error) {
	now := s.control.Now()
	fresh.ID, fresh.State, fresh.CreatedAt, fresh.ChangedAt = uuid.New(), userActive, now, now // random: an id that is ordered by time would tell an inviter how old an account is
	_, err := tx.NewInsert().Model(&fresh).ModelTableExpr(s.control.Table(tableUsers)).On("CONFLICT (email_key) DO NOTHING").Exec(ctx)
	if err != nil {
		return nil, err
	}
	return s.findUser(ctx, tx, "email_key = ?", fresh.EmailKey)
}

// lockUser gives an account as it is now, and holds it until the transaction ends: whatever ends sessions and whatever makes
// one of the same person wait for each other, so that no session outlives what it rested on.
func (s *Service) lockUser(ctx context.Context, tx bun.Tx, op string, id uuid.UUID) (*userRow, error) {
	var rows []userRow
	q := tx.NewSelect().Model(&rows).ModelTableExpr(s.aliased(tableUsers)).Where("id = ?", id)
	if s.control.DB.Dialect().Name().String() == "pg" { // SQLite has one writer
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, tenancy.ErrNotFound.New(op, "")
	}
	return &rows[0], nil
}

// link says that somebody is asked into a tenant; who has come stays so.
func (s *Service) link(ctx context.Context, tx bun.Tx, user, tenant uuid.UUID) (linkRow, error) {
	row := linkRow{UserID: user, TenantID: tenant, State: linkInvited, CreatedAt: s.control.Now()}
	_, err := tx.NewInsert().Model(&row).ModelTableExpr(s.control.Table(tableTenants)).On("CONFLICT (user_id, tenant_id) DO UPDATE").Set("created_at = EXCLUDED.created_at").Exec(ctx)
	if err != nil {
		return row, err
	}
	err = tx.NewSelect().Model(&row).ModelTableExpr(s.aliased(tableTenants)).Where("user_id = ?", user).Where("tenant_id = ?", tenant).Scan(ctx)
	return row, err
}
