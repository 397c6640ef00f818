package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	// keyOverlap is for how long a replaced key is still taken. Every process looks for a new key within keyMaxAge.
	keyOverlap = 10 * time.Minute
	// keptKeys is for how long the row of a retired key is kept, for whoever looks into what happened.
	keptKeys = "30 days"
)

// RotateOptions shape [RotateSigningKey]. The zero value rotates without anybody noticing.
type RotateOptions struct {
	// AtOnce retires the old keys now, for when one may have become known: transactions that are open under one are refused
	// at their next statement, and run again under the new key (except joined ones, which end with tenancy.busy). Default: they
	// are taken for ten minutes more.
	AtOnce bool
}

// RotateSigningKey makes a new key for signing tenants and retires those before it. Programs that run notice within a minute, or
// when they are refused, and go on; none has to be told or started again. Call it as often as your rules for keys
// say, and at once when somebody may have seen one, such as in a copy of the database. migrateDSN is the owner's login.
//
// Errors: postgres.configuration, postgres.connect, postgres.not_installed.
func RotateSigningKey(ctx context.Context, migrateDSN string, opts RotateOptions) (err error) {
	const op = "postgres.RotateSigningKey"
	config, err := parseDSN("migrateDSN", migrateDSN)
	if err != nil {
		return err
	}
	db := sql.OpenDB(stdlib.GetConnector(*config))
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return ErrConnect.Wrap(op, err, "migrateDSN does not lead to a database: %v", err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, setSearchPath); err != nil {
		return asFault(op, err)
	}
	var there bool
	if err := tx.QueryRowContext(ctx, "SELECT to_regclass('erp_wall.signing_keys') IS NOT NULL").Scan(&there); err != nil {
		return asFault(op, err)
	}
	if !there {
		return ErrNotInstalled.New(op, "the database has no signing keys: open it with Migrate first")
	}
	for _, text := range []string{ // one rotation at a time
		"LOCK TABLE erp_wall.signing_keys IN SHARE ROW EXCLUSIVE MODE",
		"DELETE FROM erp_wall.signing_keys WHERE retired_at < clock_timestamp() - interval '" + keptKeys + "'",
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return asFault(op, err)
		}
	}
	overlap := keyOverlap
	if opts.AtOnce {
		overlap = 0
	}
	_, err = tx.ExecContext(ctx, "UPDATE erp_wall.signing_keys SET retired_at = least(retired_at, clock_timestamp() + $1 * interval '1 microsecond')", overlap.Microseconds())
	if err != nil {
		return asFault(op, err)
	}
	if err := addKey(ctx, tx); err != nil {
		return asFault(op, err)
	}
	return asFault(op, tx.Commit())
}

// ensureKey makes the first key.
func ensureKey(ctx context.Context, tx *sql.Tx) error {
	var there bool
	if err := tx.QueryRowContext(ctx, "SELECT to_regclass('erp_wall.signing_keys') IS NOT NULL").Scan(&there); err != nil || !there {
		return err // somebody has dropped the table, which the check will name
	}
	err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM erp_wall.signing_keys WHERE retired_at IS NULL)").Scan(&there)
	if err != nil || there {
		return err
	}
	return addKey(ctx, tx)
}

// addKey writes a key made here, of as many random bytes as HMAC-SHA-256 takes without hashing them first.
func addKey(ctx context.Context, tx *sql.Tx) error {
	key := make([]byte, macBlock)
	_, _ = rand.Read(key) // never fails
	inner, outer := pads(key)
	_, err := tx.ExecContext(ctx, "INSERT INTO erp_wall.signing_keys (id, inner_pad, outer_pad, created_at) VALUES ($1, $2, $3, clock_timestamp())",
		tenancy.NewID().String(), inner, outer)
	return err
}
