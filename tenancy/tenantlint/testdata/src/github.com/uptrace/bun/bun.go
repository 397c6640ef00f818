package bun

import (
	"context"
	"database/sql"
)

type (
	DB          struct{ *sql.DB }
	Tx          struct{ *sql.Tx }
	IConn       interface{}
	BaseModel   struct{}
	SelectQuery struct{}
	InsertQuery struct{}
)

func NewDB(db *sql.DB) *DB { return &DB{db} }

func (db *DB) NewSelect() *SelectQuery { return nil }
func (db *DB) NewInsert() *InsertQuery { return nil }

func (q *SelectQuery) Model(m any) *SelectQuery                  { return q }
func (q *SelectQuery) Table(t ...string) *SelectQuery            { return q }
func (q *SelectQuery) Column(c ...string) *SelectQuery           { return q }
func (q *SelectQuery) TableExpr(t string, a ...any) *SelectQuery { return q }
func (q *SelectQuery) Where(w string, a ...any) *SelectQuery     { return q }
func (q *SelectQuery) Scan(ctx context.Context, to ...any) error { return nil }
func (q *InsertQuery) Model(m any) *InsertQuery                  { return q }
func (q *InsertQuery) Conn(c IConn) *InsertQuery                 { return q }
func (q *InsertQuery) Exec(ctx context.Context) error            { return nil }
