package tenancy

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/opsmatiq/erp/tenancy/date"
)

// scoped starts a bun query over the tenant's rows of a model. The predicate stands inside the FROM clause, where nothing
// that is added later can argue with it: bun's Where, WhereOr, Count, Exists and locks all apply outside.
func (tx *Tx) scoped(m *Model, dest any) *bun.SelectQuery {
	return tx.session.DB().NewSelect().Conn(tx.session.Conn()).Model(dest).
		ModelTableExpr("(SELECT * FROM "+tx.store.TableName(m.Table)+" WHERE tenant_id = ?) AS ?TableAlias", tx.scope.tenant)
}

// prepare is the common start of every read.
func prepare[T any](ctx context.Context, tx *Tx, op, verb string, dest any, opts []Option, more ...string) (*bun.SelectQuery, *query, *Model, error) {
	if err := tx.usable(op); err != nil {
		return nil, nil, nil, err
	}
	m, err := modelOf[T](tx, op)
	if err != nil {
		return nil, nil, nil, err
	}
	q := newQuery(opts)
	if err := q.check(m, op); err != nil {
		return nil, nil, nil, err
	}
	if q.lock {
		if err := tx.writable(op); err != nil {
			return nil, nil, nil, err
		}
		if len(q.order) == 0 {
			q.order = keyOrder(m)
		}
	}
	s := q.apply(tx.scoped(m, dest))
	if q.lock && tx.store.Dialect().Name().String() == "pg" {
		s = s.For("UPDATE")
	}
	return s, q, m, tx.announce(ctx, op, q.looked(verb, m, more...))
}

// Find reads the rows that meet all options, at most [MaxRows].
func Find[T any](ctx context.Context, tx *Tx, opts ...Option) ([]T, error) {
	const op = "tenancy.Find"
	var rows []T
	s, q, m, err := prepare[T](ctx, tx, op, "find", &rows, opts)
	if err != nil {
		return nil, err
	}
	most := MaxRows
	if own := tx.mostRead(); own > 0 {
		most = min(most, own)
	}
	if q.limit <= 0 || q.limit > int64(most) {
		s = s.Limit(int64(most) + 1)
	}
	err = s.Scan(ctx)
	if err := tx.told(ctx, op, err, int64(len(rows))); err != nil {
		return nil, err
	}
	if len(rows) > most && most < MaxRows {
		return nil, tooManyRead(op, most)
	}
	if len(rows) > MaxRows { // half an answer would be a wrong sum somewhere
		return nil, ErrTooManyRows.New(op, "more than %d rows of %T: use Page or Stream", MaxRows, *new(T))
	}
	noteRows(tx, m, rows)
	if err := unsealAll(ctx, tx, op, rows); err != nil {
		return nil, err
	}
	return rows, nil
}

// First reads the first row that meets the options. Errors: tenancy.not_found.
func First[T any](ctx context.Context, tx *Tx, opts ...Option) (*T, error) {
	rows, err := Find[T](ctx, tx, slices.Concat(opts, []Option{Limit(1)})...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, ErrNotFound.New("tenancy.First", "")
	}
	return &rows[0], nil
}

// Get reads one row by its id. Another tenant's id and an id that does not exist give the same tenancy.not_found.
func Get[T any](ctx context.Context, tx *Tx, id uuid.UUID) (*T, error) {
	return First[T](ctx, tx, Eq("id", id))
}

// Lock is [Get] with the row locked until the transaction ends.
func Lock[T any](ctx context.Context, tx *Tx, id uuid.UUID) (*T, error) {
	return First[T](ctx, tx, Eq("id", id), ForUpdate())
}

// Count tells how many rows meet the options.
func Count[T any](ctx context.Context, tx *Tx, opts ...Option) (int64, error) {
	const op = "tenancy.Count"
	s, _, m, err := prepare[T](ctx, tx, op, "count", (*T)(nil), opts)
	if err != nil {
		return 0, err
	}
	n, err := s.Count(ctx)
	tx.noteRead(m, n, uuid.Nil)
	if err := tx.told(ctx, op, err, n); err != nil {
		return 0, err
	}
	return n, nil
}

// Exists tells whether any row meets the options.
func Exists[T any](ctx context.Context, tx *Tx, opts ...Option) (bool, error) {
	const op = "tenancy.Exists"
	s, q, m, err := prepare[T](ctx, tx, op, "exists", (*T)(nil), opts)
	if err != nil {
		return false, err
	}
	ok, err := s.Exists(ctx)
	if ok {
		tx.noteRead(m, 1, pinned(q.conds))
	} else {
		tx.noteRead(m, 0, uuid.Nil)
	}
	var n int64
	if ok {
		n = 1
	}
	if err := tx.told(ctx, op, err, n); err != nil {
		return false, err
	}
	return ok, nil
}

// Stream hands every row that meets the options to fn, one at a time, at flat memory. fn must not use the transaction.
// The row is reused for the next one.
func Stream[T any](ctx context.Context, tx *Tx, fn func(row *T) error, opts ...Option) error {
	const op = "tenancy.Stream"
	s, q, m, err := prepare[T](ctx, tx, op, "stream", (*T)(nil), opts)
	if err != nil {
		return err
	}
	rows, err := s.Rows(unhurried(ctx))
	if err != nil {
		return tx.told(ctx, op, err)
	}
	var n int64
	defer func() { tx.noteRead(m, n, uuid.Nil) }()
	defer func() { _ = rows.Close() }()
	tx.streaming = true
	defer func() { tx.streaming = false }()
	if tx.scope.grant != nil {
		return streamGranted(ctx, tx, op, q.looked("stream", tx.db.registry.Of(reflect.TypeFor[T]())), rows, fn)
	}
	row := make([]T, 1)
	for rows.Next() {
		row[0] = *new(T)
		if err := tx.session.DB().ScanRow(ctx, rows, &row[0]); err != nil {
			return tx.failed(op, err)
		}
		n++
		if err := unsealAll(ctx, tx, op, row); err != nil {
			return err
		}
		if err := fn(&row[0]); err != nil {
			return err
		}
	}
	return tx.failed(op, rows.Err())
}

// PageRequest asks for a page of a list.
type PageRequest struct {
	// After is the Next of the page before; "" for the first page.
	After string
	// Limit is the number of rows, 1 to 1,000; more is taken as 1,000, and none or less as 50.
	Limit int
	// Sort is a column, with a leading minus to sort downwards; ids break ties. Default "id". A column that can be NULL, or is
	// sealed, cannot be sorted by.
	Sort string
}

// PageOf is one page of a list.
type PageOf[T any] struct {
	Items []T
	Next  string // hand to PageRequest.After; "" when this is the last page
}

// Page reads one page of a model with an id. The cursor holds the sort key of the last row, so rows that come or go
// elsewhere do not shift the pages.
func Page[T any](ctx context.Context, tx *Tx, req PageRequest, opts ...Option) (PageOf[T], error) {
	const op = "tenancy.Page"
	var page PageOf[T]
	m, err := modelOf[T](tx, op)
	if err != nil {
		return page, err
	}
	sort := newQuery([]Option{OrderBy(orDefault(req.Sort, "id"))}).order[0]
	col, id := m.Column(sort.Column), m.Column("id")
	if col == nil || id == nil || col.Nullable || col.Type == Decimal || col.Privacy.Sealed {
		return page, ErrBadInput.New(op, "%s cannot be sorted by %q", m.Name(), req.Sort)
	}
	limit := min(max(req.Limit, 0), 1000)
	if limit == 0 {
		limit = 50
	}
	order := []Option{func(q *query) { q.order = []Order{sort, {Column: "id", Descending: sort.Descending}} }, Limit(limit + 1)}
	narrow, shown, err := after(sort, col, req.After)
	if err != nil {
		return page, err
	}
	s, _, _, err := prepare[T](ctx, tx, op, "page", &page.Items, slices.Concat(opts, order), shown)
	if err != nil {
		return page, err
	}
	err = narrow(s).Scan(ctx)
	if err := tx.told(ctx, op, err, int64(min(len(page.Items), limit))); err != nil {
		return PageOf[T]{}, err
	}
	if err := unsealAll(ctx, tx, op, page.Items); err != nil {
		return PageOf[T]{}, err
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		if page.Next, err = cursorOf(reflect.ValueOf(&page.Items[limit-1]).Elem(), col, id); err != nil {
			return page, err
		}
	}
	noteRows(tx, m, page.Items)
	return page, nil
}

type cursor struct {
	Key string    `json:"k"`
	ID  uuid.UUID `json:"i"`
}

func cursorOf(row reflect.Value, col, id *Column) (string, error) {
	c := cursor{ID: *field[uuid.UUID](row, id)}
	key, err := json.Marshal(row.FieldByIndex(col.Index).Interface())
	if err != nil {
		return "", ErrBadInput.Wrap("tenancy.Page", err, "the list cannot be paged by %s", col.Name)
	}
	c.Key = string(key)
	b, err := json.Marshal(c)
	if err != nil {
		return "", ErrBadInput.Wrap("tenancy.Page", err, "the list cannot be paged by %s", col.Name)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// after narrows a list to what comes after a cursor, and says so without values.
func after(sort Order, col *Column, token string) (narrow func(*bun.SelectQuery) *bun.SelectQuery, shown string, err error) {
	if token == "" {
		return func(s *bun.SelectQuery) *bun.SelectQuery { return s }, "", nil
	}
	bad := ErrBadInput.New("tenancy.Page", "the page cursor is not one of this list's")
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, "", bad
	}
	var c cursor
	if json.Unmarshal(b, &c) != nil {
		return nil, "", bad
	}
	key, err := cursorKey(col, c.Key)
	if err != nil {
		return nil, "", bad
	}
	op := ">"
	if sort.Descending {
		op = "<"
	}
	name := bun.Ident(col.Name)
	return func(s *bun.SelectQuery) *bun.SelectQuery {
		return s.WhereGroup(" AND ", func(s *bun.SelectQuery) *bun.SelectQuery {
			return s.Where("? "+op+" ?", name, key).WhereOr("? = ? AND ? "+op+" ?", name, key, bun.Ident("id"), c.ID)
		})
	}, col.Name + " " + op + " that of " + c.ID.String(), nil
}

func cursorKey(col *Column, text string) (any, error) {
	var err error
	switch col.Type { //nolint:exhaustive // decimals are refused before
	case BigInt:
		var v int64
		err = json.Unmarshal([]byte(text), &v)
		return v, err
	case Boolean:
		var v bool
		err = json.Unmarshal([]byte(text), &v)
		return v, err
	case UUID:
		var v uuid.UUID
		err = json.Unmarshal([]byte(text), &v)
		return v, err
	case Date:
		var v date.Date
		err = json.Unmarshal([]byte(text), &v)
		return v, err
	case Timestamp:
		v := reflect.New(typeTime)
		err = json.Unmarshal([]byte(text), v.Interface())
		return v.Elem().Interface(), err
	}
	var v string
	err = json.Unmarshal([]byte(text), &v)
	return v, err
}

// Insert writes one row; the store sets TenantID, and ID when it is zero. Errors: tenancy.duplicate, tenancy.reference.
func Insert[T any](ctx context.Context, tx *Tx, row *T) error {
	return one(ctx, tx, "tenancy.Insert", func(b *Batch) { Put(b, []*T{row}) })
}

// Update writes the named columns of the row with row's key. Errors: tenancy.not_found.
func Update[T any](ctx context.Context, tx *Tx, row *T, columns ...string) error {
	return one(ctx, tx, "tenancy.Update", func(b *Batch) { Set(b, []*T{row}, columns...) })
}

// Delete removes the row with row's key. Errors: tenancy.not_found, tenancy.append_only, tenancy.reference (something
// still points to it).
func Delete[T any](ctx context.Context, tx *Tx, row *T) error {
	return one(ctx, tx, "tenancy.Delete", func(b *Batch) { Remove(b, []*T{row}) })
}

func one(ctx context.Context, tx *Tx, op string, fill func(*Batch)) error {
	if tx == nil {
		return ErrTxEnded.New(op, "")
	}
	b := tx.Batch()
	b.writes = true // refused before its rows are looked at
	fill(b)
	return b.Run(ctx)
}

// IsNotFound reports whether err says that a record does not exist.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, sql.ErrNoRows) }

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
