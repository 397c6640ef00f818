package access

import (
	"context"

	"github.com/google/uuid"
)

// Identity is who came, by which credential.
type Identity struct {
	UserID       uuid.UUID // whose session, or whose key
	SessionID    uuid.UUID // zero for a key
	KeyID        uuid.UUID // zero for a session
	TenantID     uuid.UUID // zero: the platform's staff, or no tenant chosen yet
	Staff        bool
	SecondFactor bool // the session has shown one
}

type identityKey struct{}

type held struct {
	by *Service
	Identity
}

// IdentityOf is who a context was authenticated for.
func IdentityOf(ctx context.Context) (Identity, bool) {
	h, ok := ctx.Value(identityKey{}).(held)
	return h.Identity, ok
}

func (s *Service) with(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, held{s, id})
}

// self is the person who came with a session, for what people do to their own account. A key is not a person.
func (s *Service) self(ctx context.Context, op string) (Identity, error) {
	if ctx == nil {
		return Identity{}, ErrNoCredential.New(op, "")
	}
	h, ok := ctx.Value(identityKey{}).(held)
	if !ok || h.by != s || h.SessionID == uuid.Nil {
		return Identity{}, ErrNoCredential.New(op, "this needs a session")
	}
	return h.Identity, nil
}
