package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/internal/sqltext"
)

// queryText sends text that bun made, behind BEGIN when it is the first. It goes as an unnamed statement: parsed, used and
// forgotten by the server, nothing of it kept here, and a second statement behind a semicolon is a syntax error.
func (c *conn) queryText(ctx context.Context, text string, args []driver.NamedValue) (*textRows, error) {
	if err := c.usable(); err != nil {
		return nil, err
	}
	verb := sqltext.FirstWord(text)
	if !scopedVerbs[verb] {
		return nil, ErrStatement.New("postgres", "a scoped session reads and writes rows; it does not %q", verb)
	}
	var params pgx.ExtendedQueryBuilder
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	if err := params.Build(c.types, nil, values); err != nil {
		return nil, err
	}
	t := trip{c: c}
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	if tenancy.Unhurried(ctx) {
		t.hurry(false)
	}
	c.on.tell(verb, "")
	c.heard = true
	p := c.pg.StartPipeline(ctx)
	fresh := t.queue(p)
	p.SendQueryParams(text, params.ParamValues, nil, params.ParamFormats, nil)
	rows := &textRows{c: c, p: p}
	if err := p.Sync(); err != nil {
		return nil, rows.fail(err)
	}
	if err := t.answers(p, fresh); err != nil {
		return nil, rows.fail(err)
	}
	if err := rows.next(); err != nil {
		return nil, rows.fail(err)
	}
	return rows, nil
}

// textRows is the answer to one text, read off the wire as the caller asks.
type textRows struct {
	c        *conn
	p        *pgconn.Pipeline
	rr       *pgconn.ResultReader
	columns  []string
	read     []func([]byte) (driver.Value, error)
	affected int64
	closed   bool
	err      error
}

// next goes to the answer of the next step.
func (r *textRows) next() error {
	result, err := r.p.GetResults()
	if err != nil {
		return err
	}
	rr, ok := result.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("the server answered a statement with %T", result)
	}
	r.rr = rr
	return nil
}

func (r *textRows) fail(err error) error {
	r.closed = true
	_ = r.p.Close()
	r.c.failed(err)
	return err
}

// Columns implements driver.Rows.
func (r *textRows) Columns() []string {
	if r.columns == nil {
		fields := r.rr.FieldDescriptions()
		r.columns = make([]string, len(fields))
		r.read = make([]func([]byte) (driver.Value, error), len(fields))
		for i, f := range fields {
			r.columns[i] = f.Name
			r.read[i] = textReader(r.c.types, f.DataTypeOID)
		}
	}
	return r.columns
}

// Next implements driver.Rows.
func (r *textRows) Next(dest []driver.Value) error {
	if r.closed {
		return io.EOF
	}
	r.Columns()
	if !r.rr.NextRow() {
		if err := r.Close(); err != nil {
			return err
		}
		return io.EOF
	}
	for i, src := range r.rr.Values() {
		dest[i] = nil
		if src != nil {
			v, err := r.read[i](src)
			if err != nil {
				return fmt.Errorf("column %s: %w", r.columns[i], err)
			}
			dest[i] = v
		}
	}
	return nil
}

// Close implements driver.Rows: it reads what is left, so that the connection is free again.
func (r *textRows) Close() error {
	if r.closed {
		return r.err
	}
	r.closed = true
	tag, err := r.rr.Close()
	if closing := r.p.Close(); err == nil {
		err = closing
	}
	if err != nil {
		r.c.failed(err)
	}
	r.affected, r.err = tag.RowsAffected(), err
	return err
}

// textReader turns a column's text into what bun and database/sql take: int64, bool, time.Time, []byte or string. Floats
// stay text; nothing of ours is one.
func textReader(types *pgtype.Map, oid uint32) func([]byte) (driver.Value, error) {
	switch oid {
	case pgtype.Int8OID, pgtype.Int4OID, pgtype.Int2OID:
		return func(src []byte) (driver.Value, error) { return strconv.ParseInt(string(src), 10, 64) }
	case pgtype.BoolOID:
		return func(src []byte) (driver.Value, error) { return string(src) == "t", nil }
	case pgtype.TimestamptzOID:
		return func(src []byte) (driver.Value, error) {
			var v pgtype.Timestamptz
			if err := types.Scan(oid, pgx.TextFormatCode, src, &v); err != nil {
				return nil, err
			}
			if v.InfinityModifier != pgtype.Finite {
				return nil, errors.New("an infinite timestamp")
			}
			return v.Time.UTC(), nil
		}
	case pgtype.DateOID:
		return func(src []byte) (driver.Value, error) { return time.Parse(time.DateOnly, string(src)) }
	case pgtype.ByteaOID:
		return func(src []byte) (driver.Value, error) {
			var v []byte
			err := types.Scan(oid, pgx.TextFormatCode, src, &v)
			return v, err
		}
	}
	return func(src []byte) (driver.Value, error) { return string(src), nil }
}

var _ tenancy.Session = (*session)(nil)

// scopedVerbs are what a statement of a scoped session may begin with. SET, RESET and COMMIT are not among them: the role,
// the tenant and the transaction are the engine's.
var scopedVerbs = map[string]bool{"select": true, "with": true, "insert": true, "update": true, "delete": true, "values": true}
