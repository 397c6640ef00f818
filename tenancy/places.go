package tenancy

// place is an opened engine, under the name by which tenants' placements call it.
type place struct {
	name  string
	store Store
}

// at is the place of a tenant. A placement that is missing or that the program did not open is an error, never a default.
func (db *DB) at(op, placement string) (*place, error) {
	p := db.places[placement]
	if p == nil {
		return nil, ErrPlacement.New(op, "the program has no placement %q", placement)
	}
	return p, nil
}
