package people

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Whose gives, for each of some rows of a model, the people whom it is about, by the ids of their own rows. Who acted is not among them: that is no id of a person's.
func Whose(ctx context.Context, tx *tenancy.Tx, paths *tenancy.Paths, m *tenancy.Model, rows []any) ([][]uuid.UUID, error) {
	out := make([][]uuid.UUID, len(rows))
	path := paths.Of(m)
	if len(rows) == 0 || path.How == tenancy.LeadsNowhere || path.How == tenancy.NamesActor {
		return out, nil
	}
	if path.How == tenancy.AboutNobody {
		return out, loose(ctx, tx, path, rows, out)
	}
	at := map[uuid.UUID][]int{}
	for i, row := range rows {
		if one := id(row, path.Column); one != uuid.Nil {
			at[one] = append(at[one], i)
		}
	}
	switch {
	case path.How == tenancy.ByItsParts:
		for _, part := range path.Parts {
			if err := over(ctx, tx, paths, part, at, out); err != nil {
				return nil, err
			}
		}
	case path.How == tenancy.LeadsOn && paths.Of(path.To).How != tenancy.IsPerson:
		return out, over(ctx, tx, paths, path.To, at, out)
	default:
		for one, of := range at {
			for _, i := range of {
				out[i] = []uuid.UUID{one}
			}
		}
	}
	return out, nil
}

// over adds to each row the people of the rows of m whose key has its value.
func over(ctx context.Context, tx *tenancy.Tx, paths *tenancy.Paths, m *tenancy.Model, at map[uuid.UUID][]int, out [][]uuid.UUID) error {
	key := m.RowKey()
	for some := range slices.Chunk(keys(at), chunk) {
		next, err := m.Verbs().Find(ctx, tx, tenancy.In(key.Name, some))
		if err != nil {
			return err
		}
		people, err := Whose(ctx, tx, paths, m, next)
		if err != nil {
			return err
		}
		for j, row := range next {
			for _, i := range at[id(row, key)] {
				out[i] = append(out[i], people[j]...)
			}
		}
	}
	return nil
}

// loose adds to each row the people whose ids lie loose in it.
func loose(ctx context.Context, tx *tenancy.Tx, path tenancy.Path, rows []any, out [][]uuid.UUID) error {
	at := map[uuid.UUID][]int{}
	for _, c := range path.Loose {
		for i, row := range rows {
			if one := id(row, c); one != uuid.Nil {
				at[one] = append(at[one], i)
			}
		}
	}
	there, err := tx.Persons(ctx, false, keys(at)...)
	for _, one := range keys(there) {
		for _, i := range at[one] {
			if !slices.Contains(out[i], one) {
				out[i] = append(out[i], one)
			}
		}
	}
	return err
}

// WhoseKeys gives the people whom rows of a model are about, by their keys ([tenancy.Model.RowKey]), sorted. Where the key itself is a person's id, the row may be gone.
func WhoseKeys(ctx context.Context, tx *tenancy.Tx, paths *tenancy.Paths, m *tenancy.Model, ids []uuid.UUID) ([]uuid.UUID, error) {
	path, key := paths.Of(m), m.RowKey()
	if len(ids) == 0 || key == nil {
		return nil, nil
	}
	switch {
	case path.How == tenancy.IsPerson, path.How == tenancy.NamesPerson && path.Column == key:
		return sorted(slices.Clone(ids)), nil
	case path.How == tenancy.LeadsOn && path.Column == key:
		return WhoseKeys(ctx, tx, paths, path.To, ids)
	case path.How == tenancy.AboutNobody && len(path.Loose) == 0:
		return nil, nil
	}
	at := map[uuid.UUID][]int{}
	for _, one := range ids {
		at[one] = []int{0}
	}
	out := make([][]uuid.UUID, 1)
	through := []*tenancy.Model{m}
	if path.How == tenancy.ByItsParts {
		through = path.Parts
	}
	for _, m := range through {
		if err := over(ctx, tx, paths, m, at, out); err != nil {
			return nil, err
		}
	}
	return sorted(out[0]), nil
}

// Nobodys says of rows of a model whether they lead to nobody at all.
func Nobodys(ctx context.Context, tx *tenancy.Tx, paths *tenancy.Paths, m *tenancy.Model, rows []any) ([]bool, error) {
	out := make([]bool, len(rows))
	if paths.Of(m).How == tenancy.NamesActor {
		return out, nil
	}
	people, err := Whose(ctx, tx, paths, m, rows)
	for i := range people {
		out[i] = len(people[i]) == 0
	}
	return out, err
}
