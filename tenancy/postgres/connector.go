package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// connector makes the connections of the scoped pool.
type connector struct {
	inner      driver.Connector
	unprepared bool
	pooler     bool
	keys       *keyring // nil: tenants are not signed
}

func newConnector(config *pgx.ConnConfig, e Engine, keys *keyring) *connector {
	return &connector{inner: stdlib.GetConnector(*config), unprepared: e.Unprepared, pooler: e.Pooler, keys: keys}
}

// parseDSN reads a DSN and sets what every connection of ours relies on: no statement cache of pgx's (it would prepare
// each text that bun makes), and UTC, so that casts from instants to days mean the same everywhere. what names the
// Engine's field in errors; pgx keeps passwords out of its own.
func parseDSN(what, dsn string) (*pgx.ConnConfig, error) {
	if dsn == "" {
		return nil, ErrConfiguration.New("postgres.Open", "%s is not set", what)
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, ErrConfiguration.Wrap("postgres.Open", err, "%s is not a usable address of a database", what)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	config.RuntimeParams["timezone"] = "UTC"
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "erp"
	}
	return config, nil
}

// Connect implements driver.Connector.
func (k *connector) Connect(ctx context.Context) (driver.Conn, error) {
	dc, err := k.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	std, ok := dc.(*stdlib.Conn)
	if !ok {
		_ = dc.Close()
		return nil, fmt.Errorf("pgx gave a %T", dc)
	}
	c := &conn{std: std, pg: std.Conn().PgConn(), types: std.Conn().TypeMap(), unprepared: k.unprepared, pooler: k.pooler, keys: k.keys, prepared: map[string]string{}, shapes: shapes{}}
	if !c.speaks() {
		_ = std.Close()
		return nil, ErrConfiguration.New("postgres.Connect", "the database must have standard_conforming_strings on and clients in UTF8")
	}
	if c.keys != nil && !c.pooler {
		if err := c.readClock(ctx); err != nil {
			_ = std.Close()
			return nil, err
		}
	}
	return c, nil
}

// speaks reports whether the server reads text as bun writes it: with values whose quotes are doubled, in UTF-8, with times in
// UTC. The server tells of every change by itself.
func (c *conn) speaks() bool {
	return c.pg.ParameterStatus("standard_conforming_strings") == "on" && c.pg.ParameterStatus("client_encoding") == "UTF8" &&
		c.pg.ParameterStatus("TimeZone") == "UTC"
}

// Driver implements driver.Connector.
func (k *connector) Driver() driver.Driver { return k.inner.Driver() }
