package tenantlint

import (
	"context"
	"database/sql"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// The functions that the analyser knows by name, as they really are. The stand-ins under testdata are made after these.
var (
	_ func(context.Context, *tenancy.Tx, string, ...any) ([]int, error)                                                    = tenancy.Report[int]
	_ func(tenancy.Spec) *tenancy.Model                                                                                    = tenancy.Define[int]
	_ func(context.Context, *tenancy.DB, tenancy.Permission, func(context.Context, *tenancy.Tx) (int, error)) (int, error) = tenancy.Act[int]
	_ func(context.Context, *tenancy.DB, tenancy.Permission, func(context.Context, *tenancy.Tx) (int, error)) (int, error) = tenancy.View[int]
	_ func(context.Context) tenancy.Scope                                                                                  = tenancy.ScopeOf
	_ func(tenancy.Scope, context.Context) context.Context                                                                 = tenancy.Scope.Attach
	_ func(*tenancy.DB, context.Context, func(context.Context, *tenancy.Tx) error) error                                   = (*tenancy.DB).Tx
	_ func(*tenancy.DB, context.Context, func(context.Context, *tenancy.Tx) error) error                                   = (*tenancy.DB).Read
	_ func(*tenancy.DB, context.Context, func(context.Context, *tenancy.Tx) error) (*tenancy.Changes, error)               = (*tenancy.DB).DryRun
	_ func(*tenancy.DB, context.Context, *sql.Tx, func(context.Context, *tenancy.Tx) error) error                          = (*tenancy.DB).Join
	_ func(*tenancy.DB, context.Context, uuid.UUID, string, tenancy.Permissions) (context.Context, error)                  = (*tenancy.DB).Enter
	_ func(*tenancy.DB, context.Context, uuid.UUID, string) (context.Context, error)                                       = (*tenancy.DB).System
	_ func(*tenancy.Tx, context.Context, func(*sql.Tx) error) error                                                        = (*tenancy.Tx).Host
	_ func(*tenancy.Tx, func(context.Context))                                                                             = (*tenancy.Tx).AfterCommit
	_ func(context.Context, string, postgres.InstallOptions) (postgres.Engine, error)                                      = postgres.Install
	_ func(postgres.Engine, context.Context, *tenancy.Registry, tenancy.EngineOptions) (tenancy.Store, error)              = postgres.Engine.Open
	_ func(sqlite.Engine, context.Context, *tenancy.Registry, tenancy.EngineOptions) (tenancy.Store, error)                = sqlite.Engine.Open
	_ func(tenancy.Engine, context.Context, *tenancy.Registry, tenancy.EngineOptions) (tenancy.Store, error)               = tenancy.Engine.Open
	_                                                                                                                      = tenancy.Spec{Table: ""}
	_                                                                                                                      = postgres.Engine{DSN: "", ControlDSN: "", MigrateDSN: ""}
	_                                                                                                                      = sqlite.Engine{Dir: ""}
)

// The names by which the analyser knows erp are the real ones.
func TestNames(t *testing.T) {
	for of, want := range map[reflect.Type][2]string{
		reflect.TypeFor[tenancy.Tx]():      {tenancyPath, "Tx"},
		reflect.TypeFor[tenancy.DB]():      {tenancyPath, "DB"},
		reflect.TypeFor[tenancy.Scope]():   {tenancyPath, "Scope"},
		reflect.TypeFor[tenancy.Row]():     {tenancyPath, "Row"},
		reflect.TypeFor[tenancy.Owned]():   {tenancyPath, "Owned"},
		reflect.TypeFor[tenancy.Store]():   {tenancyPath, "Store"},
		reflect.TypeFor[tenancy.Session](): {tenancyPath, "Session"},
		reflect.TypeFor[tenancy.Engine]():  {tenancyPath, "Engine"},
		reflect.TypeFor[postgres.Engine](): {postgresPath, "Engine"},
		reflect.TypeFor[sqlite.Engine]():   {sqlitePath, "Engine"},
	} {
		require.Equal(t, want, [2]string{of.PkgPath(), of.Name()})
	}
	var models []*tenancy.Model
	for _, mod := range erp.Modules() {
		models = append(models, mod.Models...)
	}
	require.NotEmpty(t, models)
	for _, m := range models {
		require.NotNil(t, tables{}.mentioned("SELECT * FROM "+m.Table, false), "%s is not in a schema that is known without its package", m.Table)
		require.True(t, tables{m.Table: true}.Named(m.Name()), m.Table)
	}
}
