package pgxpool

import "context"

type Pool struct{}

func New(ctx context.Context, dsn string) (*Pool, error) { return nil, nil }

func (p *Pool) Exec(ctx context.Context, sql string, args ...any) error     { return nil }
func (p *Pool) QueryRow(ctx context.Context, sql string, args ...any) *Pool { return nil }
