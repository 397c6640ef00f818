package erp_test

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestMain(m *testing.M) { os.Exit(tenancytest.Main(m)) }

func each(t *testing.T, fn func(t *testing.T, env *tenancytest.Env, suite *erp.Suite)) {
	t.Helper()
	tenancytest.Each(t, tenancytest.Options{Modules: erp.Modules()}, func(t *testing.T, env *tenancytest.Env) {
		suite, err := erp.Wire(env.DB, erp.Options{Dir: t.TempDir()})
		require.NoError(t, err)
		fn(t, env, suite)
	})
}

// Every exported method of every service that takes a context is called with zero arguments and each kind of unusable
// context. A new method is covered the day it is written.
func TestEveryMethodRefusesAnUnusableScope(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		suspended := env.TenantWith(t, "accounting.*", "bank.*", "exchange.*", "inventory.*", "purchasing.*", "sales.*", "pos.*", "privacy.*", "register.*") // all but to own it
		_, err := env.DB.Tenants().Suspend(env.Platform(t), tenancy.ScopeOf(suspended).TenantID(), "test")
		require.NoError(t, err)
		scopes := map[string]context.Context{
			"none": context.Background(), "platform": env.Platform(t), "suspended": suspended,
			"zero": tenancy.Scope{}.Attach(context.Background()),
		}
		methods := 0
		for _, service := range []any{suite.Accounting, suite.Bank, suite.Exchange, suite.Inventory, suite.Purchasing, suite.Sales, suite.POS, suite.Privacy, suite.Retention, suite.Requests, suite.Registers, suite.Ending, suite.Audit, suite, env.DB,
			env.DB.Life()} {
			v := reflect.ValueOf(service)
			for i := range v.NumMethod() {
				name := v.Type().Method(i).Name
				fn := v.Method(i)
				if !scoped(fn.Type()) || exempt[name] || exempt[fmt.Sprintf("%T.%s", service, name)] {
					continue
				}
				methods++
				for kind, ctx := range scopes {
					sent := env.Count(t, func() {
						err := callZero(fn, ctx)
						require.Error(t, err, "%T.%s with scope %s", service, name, kind)
						require.Equal(t, fault.Unscoped, fault.KindOf(err), "%T.%s with scope %s: %v", service, name, kind, err)
					})
					require.Zero(t, sent, "%T.%s with scope %s sent SQL", service, name, kind)
				}
			}
		}
		require.Greater(t, methods, 50)
	})
}

// exempt are the makers of scopes, what needs none, and what is the platform's.
var exempt = map[string]bool{"Enter": true, "EnterPlatform": true, "EnterGrant": true, "System": true, "Join": true, "Run": true, "Tick": true, "JobFailures": true, "*privacy.Service.Import": true, "*privacy.Service.Restore": true, "*privacy.Service.PruneBackups": true, "*privacy.Service.DestroyBackup": true,
	"*privacy.Service.BackupsOf": true, "*privacy.Service.LastBackupExpiry": true, "*privacy.Service.BackupsOverdue": true, "*privacy.Service.BackupsStale": true, "*privacy.Service.PostureAtStart": true, "*register.Service.Deliver": true, "*retention.Service.Holds": true,
	// The platform's background work, and what the purge itself calls.
	"*ending.Service.Tell": true, "*ending.Service.Certify": true, "*ending.Service.Complete": true, "*ending.Service.AllowEarlyPurge": true, "*ending.Service.BeforePurge": true, "*ending.Service.AfterPurge": true}

func scoped(t reflect.Type) bool {
	if t.NumIn() == 0 || t.In(0) != reflect.TypeFor[context.Context]() || t.NumOut() == 0 {
		return false
	}
	return t.Out(t.NumOut()-1) == reflect.TypeFor[error]()
}

func callZero(fn reflect.Value, ctx context.Context) error {
	args := []reflect.Value{reflect.ValueOf(ctx)}
	for i := 1; i < fn.Type().NumIn(); i++ {
		if in := fn.Type().In(i); !fn.Type().IsVariadic() || i < fn.Type().NumIn()-1 {
			args = append(args, reflect.Zero(in))
		}
	}
	out := fn.Call(args)
	err, _ := out[len(out)-1].Interface().(error)
	return err
}

// A purge deletes the rows of a table that points at itself while its other rows stand: the reference is looked up by an index, not by reading the table.
func TestATableThatPointsAtItselfHasAnIndex(t *testing.T) {
	env := tenancytest.Open(t, "postgres", tenancytest.Options{Modules: append(erp.Modules(), access.Module())})
	var of int
	require.NoError(t, env.Control(t).QueryRow(`SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = confrelid`).Scan(&of))
	require.Greater(t, of, 3)
	rows, err := env.Control(t).Query(`SELECT k.conrelid::regclass::text FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = k.confrelid AND NOT EXISTS (
		SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND (i.indkey::int2[])[0:1] <@ k.conkey AND i.indnkeyatts > 1)`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var table string
		require.NoError(t, rows.Scan(&table))
		t.Errorf("%s points at itself, and no index begins with the tenant and another column of the reference", table)
	}
	require.NoError(t, rows.Err())
}
