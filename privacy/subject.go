package privacy

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
)

// pathsOf are the paths on which everybody's rows are found. A model whose subject leads nowhere is refused: nobody could say that everything was found.
func pathsOf(ctx context.Context, tx *tenancy.Tx) (*tenancy.Paths, error) {
	p, err := tx.Paths(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range p.Registry.Models {
		if p.Of(m).How == tenancy.LeadsNowhere {
			return nil, ErrNoPath.New("privacy", "%s.%s, by which a row's person is found, leads nowhere: it needs a foreign key", m.Table, m.Subject)
		}
	}
	return p, nil
}

// CheckPaths reports models whose subject leads nowhere, for a test of a program's own models. It reads the catalogue and
// nothing else.
//
// Permission: privacy.digest. Errors: privacy.no_path.
func (s *Service) CheckPaths(ctx context.Context) error {
	_, err := tenancy.View(ctx, s.db, PermDigest, func(ctx context.Context, tx *tenancy.Tx) (*tenancy.Paths, error) { return pathsOf(ctx, tx) })
	return err
}

// finder finds the rows about one person: an erasure, a copy, a search and a correction alike.
type finder = people.Finder

// finderOf finds the rows about the person whose own row it is.
func (s *Service) finderOf(ctx context.Context, tx *tenancy.Tx, paths *tenancy.Paths, who tenancy.Person) (finder, error) {
	f := people.NewFinder(tx, paths, who.Model, who.ID)
	return f, s.addActors(ctx, &f, accountOf(who))
}

// addActors adds those under which an account acts.
func (s *Service) addActors(ctx context.Context, f *finder, account uuid.UUID) error {
	if account == uuid.Nil {
		return nil
	}
	f.Actors = append(f.Actors, tenancy.UserActor(account))
	if s.opt.Accounts == nil {
		return nil
	}
	more, err := s.opt.Accounts.Actors(ctx, account)
	f.Actors = append(f.Actors, more...)
	return err
}

// accountOf is the account of whoever a row is; zero when there is none.
func accountOf(who tenancy.Person) uuid.UUID {
	if who.Model == nil || who.Model.User == "" {
		return uuid.Nil
	}
	return field[uuid.UUID](who.Row, who.Model.Column(who.Model.User))
}

// personOf finds a person's own row; its model is nil when nobody has the id. lock has it locked until the transaction ends: nobody begins to refer to
// the person meanwhile.
func personOf(ctx context.Context, tx *tenancy.Tx, id uuid.UUID, lock bool) (tenancy.Person, error) {
	found, err := tx.Persons(ctx, lock, id)
	who := found[id]
	who.ID = id
	return who, err
}

// chunk is how many rows are treated at once.
const chunk = 500
