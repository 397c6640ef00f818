package accounting

import "github.com/google/uuid"

// checkTrade holds parties to what they are for the books: who is sold to is a customer, who is bought from a vendor. Errors:
// accounting.unknown_party, accounting.party_kind.
func checkTrade(op string, wanted []uuid.UUID, found []Party, t Trade) error {
	if err := allFound(op, wanted, found); err != nil {
		return err
	}
	for i := range found {
		p := &found[i]
		name := p.Reference // not the name: errors are logged
		if name == "" {
			name = p.ID.String()
		}
		switch {
		case t == Sale && !p.Customer:
			return ErrPartyKind.New(op, "the party %s is no customer: UpdateParty makes it one", name)
		case t == Purchase && !p.Vendor:
			return ErrPartyKind.New(op, "the party %s is no vendor: UpdateParty makes it one", name)
		}
	}
	return nil
}
