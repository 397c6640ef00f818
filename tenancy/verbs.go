package tenancy

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// Verbs are the store's verbs for one model without its Go type, for code that walks the registry: export, erasure, the
// two-tenant suite. Rows are pointers to the model's struct. Everything goes the way that the typed verbs go.
type Verbs interface {
	New() any
	Get(ctx context.Context, tx *Tx, id uuid.UUID) (any, error)
	Lock(ctx context.Context, tx *Tx, id uuid.UUID) (any, error)
	Find(ctx context.Context, tx *Tx, opts ...Option) ([]any, error)
	Count(ctx context.Context, tx *Tx, opts ...Option) (int64, error)
	Exists(ctx context.Context, tx *Tx, opts ...Option) (bool, error)
	Stream(ctx context.Context, tx *Tx, fn func(row any) error, opts ...Option) error
	Page(ctx context.Context, tx *Tx, req PageRequest, opts ...Option) (items []any, next string, err error)
	// Load adds a read to a batch; the function gives the rows after Run.
	Load(b *Batch, opts ...Option) func() []any
	Put(b *Batch, rows []any)
	Accrue(b *Batch, rows []any, columns ...string)
	Set(b *Batch, rows []any, columns ...string)
	Remove(b *Batch, rows []any)
}

// Verbs gives the untyped verbs of a model.
func (m *Model) Verbs() Verbs { return m.verbs }

type verbs[T any] struct{}

func (verbs[T]) New() any { return new(T) }

func (verbs[T]) Get(ctx context.Context, tx *Tx, id uuid.UUID) (any, error) {
	return Get[T](ctx, tx, id)
}

func (verbs[T]) Lock(ctx context.Context, tx *Tx, id uuid.UUID) (any, error) {
	return Lock[T](ctx, tx, id)
}

func (verbs[T]) Find(ctx context.Context, tx *Tx, opts ...Option) ([]any, error) {
	rows, err := Find[T](ctx, tx, opts...)
	return untyped(rows), err
}

func (verbs[T]) Count(ctx context.Context, tx *Tx, opts ...Option) (int64, error) {
	return Count[T](ctx, tx, opts...)
}

func (verbs[T]) Exists(ctx context.Context, tx *Tx, opts ...Option) (bool, error) {
	return Exists[T](ctx, tx, opts...)
}

func (verbs[T]) Stream(ctx context.Context, tx *Tx, fn func(row any) error, opts ...Option) error {
	return Stream(ctx, tx, func(row *T) error { return fn(row) }, opts...)
}

func (verbs[T]) Page(ctx context.Context, tx *Tx, req PageRequest, opts ...Option) ([]any, string, error) {
	page, err := Page[T](ctx, tx, req, opts...)
	return untyped(page.Items), page.Next, err
}

func (verbs[T]) Load(b *Batch, opts ...Option) func() []any {
	rows := new([]T)
	Load(b, rows, opts...)
	return func() []any { return untyped(*rows) }
}

func (verbs[T]) Put(b *Batch, rows []any) { Put(b, typed[T](b, rows)) }

func (verbs[T]) Accrue(b *Batch, rows []any, columns ...string) {
	Accrue(b, typed[T](b, rows), columns...)
}

func (verbs[T]) Set(b *Batch, rows []any, columns ...string) { Set(b, typed[T](b, rows), columns...) }

func (verbs[T]) Remove(b *Batch, rows []any) { Remove(b, typed[T](b, rows)) }

func untyped[T any](rows []T) []any {
	out := make([]any, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out
}

func typed[T any](b *Batch, rows []any) []*T {
	out := make([]*T, len(rows))
	for i, r := range rows {
		t, ok := r.(*T)
		if !ok {
			b.err = ErrUnregistered.New("tenancy.Batch", "%s", fmt.Sprintf("a %T is not a %T", r, t))
			return nil
		}
		out[i] = t
	}
	return out
}
