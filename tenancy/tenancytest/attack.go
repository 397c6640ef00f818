package tenancytest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// An Assault is one way of reaching another tenant's data. It is made twice: on a store without walls, written as such stores
// usually are, where it must succeed, or it would prove nothing; and on the real one, where the intruder must see nothing of
// the victim's and change nothing.
//
// What counts is measured alike on both: everything the intruder was given, error texts included, is searched for the
// victim's secrets, and the victim's rows are compared before and after.
type Assault struct {
	// Name is stable, in the words of a report: "page cursor", "upsert on another's key".
	Name string
	// Engines are those that it can be made on. None is all.
	Engines []string
	// Unwalled is made on the store without walls, as the tenant Intruder, and gives what the intruder got to see.
	Unwalled func(n *Naive) (seen any)
	// Walled is made on the real store, and gives what the intruder got to see and the refusal, if any.
	Walled func(w *Walled) (seen any, err error)
	// Refused are the definitions of which the refusal must be one. None: it must be answered as for a record that nobody has.
	Refused []*fault.Definition
	// Database says that the database alone stops it: it comes past the code.
	Database bool
	// Own is part of what the intruder must see: an attack that gives nothing at all may have been no attack.
	Own bool

	needs   func(s Surface) bool // nil: nothing but the store
	prepare func(w *Walled)      // what has to be there before; nil: nothing
}

// Assaults are all that the suite knows, in the order in which it makes them.
func Assaults() []Assault {
	return slices.Concat(scopeAssaults, readAssaults, sqlAssaults, writeAssaults, txAssaults, settingAssaults, houseAssaults, grantAssaults, floodAssaults, surfaceAssaults)
}

// Attack makes every assault on a database of each engine that holds the modules of opt beside the suite's own; those on what
// stands above the store where opt has a [Surface].
func Attack(t *testing.T, opt Options) {
	t.Helper()
	opt.Modules = append(slices.Clone(opt.Modules), attacked)
	Each(t, opt, func(t *testing.T, env *Env) {
		attackOn(t, env, opt, func(Assault) bool { return true })
	})
	// Two walls that stand one behind the other hide each other's holes. So the attacks are made once more where the
	// database holds nothing back: what is still refused is refused by the code.
	t.Run("postgres without policies", func(t *testing.T) {
		attackOn(t, openWithoutPolicies(t, opt), opt, func(a Assault) bool { return !a.Database })
	})
}

// attackOn makes those of the assaults that can be made on the database.
func attackOn(t *testing.T, env *Env, opt Options, made func(a Assault) bool) {
	t.Helper()
	var surface Surface
	if opt.Surface != nil {
		surface = opt.Surface(t, env)
	}
	for _, a := range Assaults() {
		if made(a) && (len(a.Engines) == 0 || slices.Contains(a.Engines, env.Name)) && (a.needs == nil || a.needs(surface)) {
			t.Run(a.Name, func(t *testing.T) { a.run(t, env, surface) })
		}
	}
}

// openWithoutPolicies makes a database of its own whose policies its owner has turned off after the program had looked at them.
func openWithoutPolicies(t *testing.T, opt Options) *Env {
	t.Helper()
	env := open(t, "postgres", opt)
	t.Cleanup(func() { _ = env.DB.Close() })
	owner := env.Owner(t, uuid.Nil)
	for _, m := range env.DB.Registry().Models {
		_, err := owner.Exec("ALTER TABLE " + m.Table + " DISABLE ROW LEVEL SECURITY")
		require.NoError(t, err)
	}
	return env
}

func (a Assault) run(t *testing.T, env *Env, surface Surface) {
	t.Helper()
	n := newNaive(t, env)
	before := n.digest()
	seen := show(a.Unwalled(n))
	require.True(t, strings.Contains(seen, n.Secret) || n.digest() != before,
		"the attack does no harm where there are no walls, so it proves nothing; it saw %s", seen)

	w := newWalled(t, env)
	w.Surface = surface
	if a.prepare != nil {
		a.prepare(w)
	}
	was := w.digest()
	got, err := a.Walled(w)
	seen = show(got)
	require.NotContains(t, seen, w.Secret, "the intruder saw what is the victim's")
	require.NotContains(t, show(err), w.Secret, "a refusal tells what is the victim's")
	require.Equal(t, was, w.digest(), "the victim's rows are not as they were")
	switch {
	case len(a.Refused) == 0:
		require.True(t, err == nil || fault.KindOf(err) == fault.NotFound, "answered as for a record that nobody has, not: %v", err)
	default:
		require.True(t, slices.ContainsFunc(a.Refused, func(d *fault.Definition) bool { return fault.CodeOf(err) == d.Code }), "refused with %v", err)
	}
	if a.Own {
		require.Contains(t, seen, w.OwnSecret, "the intruder does not even see its own rows: this was no attack")
	}
}

// show is everything in a value, as text.
func show(v any) string {
	if err, ok := v.(error); ok {
		return fmt.Sprintf("%v %+v", err, err)
	}
	return fmt.Sprintf("%+v", v)
}
