package erp

import (
	"context"

	"github.com/google/uuid"
)

// accounts are users' accounts for erasures: those of [Options].Access, or none.
type accounts struct{ s *Suite }

// Actors implements privacy.Accounts.
func (a accounts) Actors(ctx context.Context, account uuid.UUID) ([]string, error) {
	if a.s.Access == nil {
		return nil, nil
	}
	return a.s.Access.Actors(ctx, account)
}

// CheckLeft implements privacy.Accounts.
func (a accounts) CheckLeft(ctx context.Context, account uuid.UUID) error {
	if a.s.Access == nil {
		return nil
	}
	return a.s.Access.CheckLeft(ctx, account)
}

// ForgetAccount implements privacy.Accounts.
func (a accounts) ForgetAccount(ctx context.Context, account uuid.UUID) error {
	if a.s.Access == nil {
		return nil
	}
	return a.s.Access.ForgetAccount(ctx, account)
}
