package accounting

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Slice cuts a report down to the lines that have one of some values of a dimension. A report with several slices keeps the lines
// that are in all of them.
//
// Entries balance as a whole, not within a slice: so debits and credits of a slice may differ, and a balance sheet of one shows the
// difference in [BalanceSheet.OutOfSlice].
type Slice struct {
	Dimension string
	// Values are the codes that are kept; "" stands for lines without a value of the dimension.
	Values []string
}

// Group is a report of the lines that have one value of a dimension.
type Group[T any] struct {
	// Value and Name are those of the dimension's value; "" for lines without one.
	Value, Name string
	Report      T
}

// cut is what slices and a grouping come to, by id. The nil cut is the whole.
type cut struct {
	parts []cutPart
	by    uuid.UUID // the dimension to group by
}

type cutPart struct {
	dimension uuid.UUID
	values    []uuid.UUID
	unset     bool // lines without a value too
}

// cutOf resolves codes. Errors: accounting.unknown_dimension.
func cutOf(ctx context.Context, tx *tenancy.Tx, op string, slices []Slice) (*cut, error) {
	if len(slices) == 0 {
		return nil, nil //nolint:nilnil // the whole
	}
	out := &cut{}
	for _, s := range slices {
		d, values, err := valuesOf(ctx, tx, op, s.Dimension)
		if err != nil {
			return nil, err
		}
		part := cutPart{dimension: d.ID}
		for _, code := range s.Values {
			if code == "" {
				part.unset = true
				continue
			}
			v, ok := values[code]
			if !ok {
				return nil, ErrUnknownDimension.New(op, "the dimension %s has no value %q", d.Code, code)
			}
			part.values = append(part.values, v.ID)
		}
		if len(s.Values) == 0 {
			return nil, ErrBadInput.New(op, "a slice of the dimension %s names values", d.Code)
		}
		out.parts = append(out.parts, part)
	}
	return out, nil
}

func valuesOf(ctx context.Context, tx *tenancy.Tx, op, code string) (Dimension, map[string]DimensionValue, error) {
	d, err := findDimension(ctx, tx, op, code)
	if err != nil {
		return Dimension{}, nil, err
	}
	rows, err := tenancy.Find[DimensionValue](ctx, tx, tenancy.Eq("dimension_id", d.ID), tenancy.OrderBy("code"))
	out := make(map[string]DimensionValue, len(rows))
	for _, v := range rows {
		out[v.Code] = v
	}
	return d, out, err
}

// where is the condition on a column of sets, to be added to others, with its arguments. column is NULL or the nil UUID where
// there is no set.
func (c *cut) where(column string) (string, []any) {
	if c == nil {
		return "", nil
	}
	var b strings.Builder
	var args []any
	for _, p := range c.parts {
		b.WriteString(" AND (1 = 0")
		if len(p.values) > 0 {
			b.WriteString(" OR " + column + " IN (SELECT set_id FROM {dimension_set_values} AS v WHERE v.value_id IN (?))")
			args = append(args, tenancy.List(p.values))
		}
		if p.unset {
			b.WriteString(" OR " + column + " IS NULL OR " + column + " NOT IN (SELECT set_id FROM {dimension_set_values} AS v WHERE v.dimension_id = ?)")
			args = append(args, p.dimension)
		}
		b.WriteString(")")
	}
	return b.String(), args //tenantlint:allow report made of the literals above and of column names in this package; values are arguments
}

// slicedSum is what was posted to an account with one value of the dimension that is grouped by.
type slicedSum struct {
	accountSum
	Value string `bun:"value"` // the id of the value; "" for none, and where nothing is grouped
}

// grouping is the expression, and the join, for the value that a row belongs to.
func (c *cut) grouping(column string) (value, join string, args []any) {
	if c == nil || c.by == uuid.Nil {
		return "''", "", nil
	}
	return "COALESCE(CAST(g.value_id AS TEXT), '')",
		" LEFT JOIN {dimension_set_values} AS g ON g.set_id = " + column + " AND g.dimension_id = ?", []any{c.by}
}

// keptSums adds up kept balances of whole periods.
func (c *cut) keptSums(ctx context.Context, tx *tenancy.Tx, periods []uuid.UUID) ([]slicedSum, error) {
	value, join, args := c.grouping("b.dimension_set_id")
	where, more := c.where("b.dimension_set_id")
	args = append(append(args, tenancy.List(periods)), more...)
	return tenancy.Report[slicedSum](ctx, tx, `SELECT b.account_id, CAST(SUM(b.debit_minor) AS BIGINT) AS debit_minor,
		CAST(SUM(b.credit_minor) AS BIGINT) AS credit_minor, `+value+` AS value
		FROM {account_balances} AS b`+join+` WHERE b.period_id IN (?)`+where+` GROUP BY b.account_id, 4`, args...)
}

// lineSums adds up lines. The accounts are named so that the index on account and date is used.
func (c *cut) lineSums(ctx context.Context, tx *tenancy.Tx, set *setup, from, to date.Date) ([]slicedSum, error) {
	ids := make([]uuid.UUID, len(set.accounts))
	for i := range set.accounts {
		ids[i] = set.accounts[i].ID
	}
	value, join, args := c.grouping("l.dimension_set_id")
	where, more := c.where("l.dimension_set_id")
	args = append(append(args, tenancy.List(ids), from, to), more...)
	return tenancy.Report[slicedSum](ctx, tx, `SELECT l.account_id,
		CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS debit_minor,
		CAST(SUM(CASE WHEN l.amount_minor < 0 THEN -l.amount_minor ELSE 0 END) AS BIGINT) AS credit_minor, `+value+` AS value
		FROM {journal_lines} AS l`+join+` WHERE l.account_id IN (?) AND l.entry_date >= ? AND l.entry_date <= ?`+where+` GROUP BY l.account_id, 4`, args...)
}
