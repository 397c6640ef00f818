package tenancy_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

type named struct {
	tenancy.Row
	Actor   string    `bun:"actor" privacy:"none"`
	MadeBy  string    `bun:"made_by" privacy:"none"`
	Nearby  string    `bun:"nearby" privacy:"none"`
	WhomID  uuid.UUID `bun:"whom_id"`
	Account uuid.UUID `bun:"account_id"`
	Note    string    `bun:"note" privacy:"free-text,delete,apart"`
	Secret  string    `bun:"secret" privacy:"free-text,delete,sealed,apart"`
}

// Who acted is known by a column's name unless the model says otherwise; what leads to people is held to what it is declared as.
func TestColumnsThatLeadToPeople(t *testing.T) {
	m := tenancy.Define[named](tenancy.Spec{Table: "lab.named", Class: tenancy.Log, Subject: "whom_id", Anybody: true})
	require.Equal(t, []string{"actor", "made_by"}, m.Actors)
	require.True(t, m.Column("note").Privacy.Apart)
	require.False(t, m.Column("note").Privacy.Sealed)
	require.Equal(t, tenancy.Privacy{Category: tenancy.FreeText, Erasure: tenancy.EraseDelete, Sealed: true, Apart: true}, m.Column("secret").Privacy)
	m = tenancy.Define[named](tenancy.Spec{Table: "lab.named", Class: tenancy.Log, Actors: []string{"nearby"}, Subject: "nearby"})
	require.Equal(t, []string{"nearby"}, m.Actors)
	tenancy.Define[named](tenancy.Spec{Table: "lab.named", Class: tenancy.Log, Subject: "self", User: "account_id"})
	for name, spec := range map[string]tenancy.Spec{
		"no such actor": {Actors: []string{"who"}}, "a personal actor": {Actors: []string{"note"}}, "an actor that is no text": {Actors: []string{"whom_id"}},
		"no such subject": {Subject: "who"}, "a person by a text": {Subject: "nearby"}, "anybody by who acted": {Subject: "actor", Anybody: true}, "anybody by nothing": {Anybody: true},
		"an account of nobody": {User: "account_id"}, "an account that is a text": {Subject: "self", User: "actor"}, "no such account": {Subject: "self", User: "who"},
	} {
		spec.Table, spec.Class = "lab.named", tenancy.Log
		require.Panics(t, func() { tenancy.Define[named](spec) }, name)
	}
	type both struct {
		tenancy.Row
		Name string `bun:"name" privacy:"identity,keep,apart"`
	}
	type order struct {
		tenancy.Row
		Name string `bun:"name" privacy:"identity,delete,apart,sealed"`
	}
	require.Panics(t, func() { tenancy.Define[both](tenancy.Spec{Table: "lab.named", Class: tenancy.Log}) }, "kept, and asked for by nothing")
	require.Panics(t, func() { tenancy.Define[order](tenancy.Spec{Table: "lab.named", Class: tenancy.Log}) }, "one way to write it")
	require.Equal(t, "user:00000000-0000-0000-0000-000000000000", tenancy.UserActor(uuid.Nil))
}
