package sqlx

import "database/sql"

type DB struct{ *sql.DB }

func Connect(driver, dsn string) (*DB, error) { return nil, nil }

func (db *DB) Select(to any, query string, args ...any) error { return nil }
