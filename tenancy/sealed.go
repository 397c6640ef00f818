package tenancy

import (
	"context"
	"encoding/binary"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/internal/seal"
)

// Sealed columns are encrypted in one place on their way into the database ([Tx.run]) and decrypted in one place on their way
// out ([Tx.unseal]). Between the two nobody holds anything but the text as it was written.

// run sends statements, with sealed columns sealed. The rows that the statements hold are the caller's, and stay as they are.
func (tx *Tx) run(ctx context.Context, op string, statements []*Statement) error {
	return tx.sealed(ctx, op, statements, tx.session.Run)
}

// sealed calls f with the statements as they are to be stored.
func (tx *Tx) sealed(ctx context.Context, op string, statements []*Statement, f func(context.Context, []*Statement) error) error {
	plain := make([][]reflect.Value, len(statements))
	for i, st := range statements {
		plain[i] = st.Rows
	}
	defer func() {
		for i, st := range statements {
			st.Rows = plain[i]
		}
	}()
	for _, st := range statements {
		if err := tx.sealRows(ctx, op, st); err != nil {
			return err
		}
	}
	return f(ctx, statements)
}

// sealRows puts sealed copies in the place of a statement's rows.
func (tx *Tx) sealRows(ctx context.Context, op string, st *Statement) error {
	columns := st.Model.sealed
	switch st.Verb {
	case VerbSelect, VerbExpect, VerbForbid, VerbDelete:
		return nil
	case VerbUpdate:
		columns = slices.DeleteFunc(slices.Clone(columns), func(c *Column) bool { return !slices.Contains(st.Changed, c) })
	case VerbInsert, VerbAccrue:
	}
	if !slices.ContainsFunc(st.Rows, func(row reflect.Value) bool { return filled(row, columns) }) {
		return nil
	}
	key, secret, err := tx.db.keyrings.sealing(ctx, op, tx.scope.tenant)
	if err != nil {
		return err
	}
	sealed := make([]reflect.Value, len(st.Rows))
	for i, row := range st.Rows {
		sealed[i] = row
		if !filled(row, columns) {
			continue
		}
		cipher, err := seal.NewRow(secret, key.Version, tx.scope.tenant, st.Model.Table, st.Model.rowKey(row))
		if err != nil {
			return ErrKey.Wrap(op, err, "")
		}
		sealed[i] = reflect.New(row.Type()).Elem()
		sealed[i].Set(row)
		for _, c := range columns {
			if v := sealed[i].FieldByIndex(c.Index); v.Len() > 0 {
				v.SetString(cipher.Seal(c.Name, v.String()))
			}
		}
	}
	st.Rows = sealed
	return nil
}

// filled reports whether a row has a value in any of the columns. What is empty stays empty.
func filled(row reflect.Value, columns []*Column) bool {
	return slices.ContainsFunc(columns, func(c *Column) bool { return row.FieldByIndex(c.Index).Len() > 0 })
}

// unseal turns a row that was read into what was written. A value that does not open fails the read: it was altered, moved
// here from elsewhere, or never sealed.
func (tx *Tx) unseal(ctx context.Context, op string, m *Model, row reflect.Value) error {
	if !filled(row, m.sealed) {
		return nil
	}
	var cipher *seal.Row
	of := int64(0)
	for _, c := range m.sealed {
		v := row.FieldByIndex(c.Index)
		if v.Len() == 0 {
			continue
		}
		version, ok := seal.Version(v.String())
		if !ok {
			return ErrKey.New(op, "a value of %s.%s is not sealed, and should be", m.Name(), c.Name)
		}
		if cipher == nil || version != of {
			_, secret, err := tx.db.keyrings.opening(ctx, op, tx.scope.tenant, version)
			if err != nil {
				return err
			}
			if cipher, err = seal.NewRow(secret, version, tx.scope.tenant, m.Table, m.rowKey(row)); err != nil {
				return ErrKey.Wrap(op, err, "")
			}
			of = version
		}
		text, err := cipher.Open(c.Name, v.String())
		if err != nil {
			return ErrKey.New(op, "a value of %s.%s does not open: it was altered, or belongs to another row, column or tenant", m.Name(), c.Name)
		}
		v.SetString(text)
	}
	return nil
}

// unsealAll is unseal for what a query gave.
func unsealAll[T any](ctx context.Context, tx *Tx, op string, rows []T) error {
	m := tx.db.registry.Of(reflect.TypeFor[T]())
	if len(m.sealed) == 0 {
		return nil
	}
	for i := range rows {
		if err := tx.unseal(ctx, op, m, reflect.ValueOf(&rows[i]).Elem()); err != nil {
			return tx.failed(op, err)
		}
	}
	return nil
}

// rowKey is a row's primary key without the tenant, in a form in which no two are alike.
func (m *Model) rowKey(row reflect.Value) []byte {
	var b []byte
	for _, k := range m.Keys[1:] {
		switch k.Type {
		case UUID:
			b = seal.AppendPart(b, string(field[uuid.UUID](row, k)[:]))
		case Text:
			b = seal.AppendPart(b, row.FieldByIndex(k.Index).String())
		case Decimal:
			b = seal.AppendPart(b, field[decimal.Decimal](row, k).String())
		case BigInt:
			b = seal.AppendPart(b, string(binary.AppendVarint(nil, row.FieldByIndex(k.Index).Int())))
		case Boolean:
			b = seal.AppendPart(b, map[bool]string{true: "t"}[row.FieldByIndex(k.Index).Bool()])
		case Date:
			b = seal.AppendPart(b, field[date.Date](row, k).String())
		case Timestamp:
			b = seal.AppendPart(b, string(binary.AppendVarint(nil, field[time.Time](row, k).UnixMicro())))
		}
	}
	return b
}
