package postgres

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
)

const (
	waitFor = 10 * time.Second
	tick    = 20 * time.Millisecond
)

type extra struct {
	tenancy.Row
	Share string `bun:"share" privacy:"none"`
}

var extras = tenancy.Define[extra](tenancy.Spec{Table: "testmod.extras", Class: tenancy.Master})

// extraModule has a number below the one that is applied already, as a domain's next migration has.
func extraModule(text string) tenancy.Module {
	return tenancy.Module{Name: "extra", Models: []*tenancy.Model{extras}, Migrations: fstest.MapFS{"49999_extra.sql": {Data: []byte("-- +goose Up\n" + text)}}}
}

const createExtras = `CREATE SCHEMA IF NOT EXISTS testmod;
CREATE TABLE testmod.extras (tenant_id UUID NOT NULL, id UUID NOT NULL, share TEXT NOT NULL, PRIMARY KEY (tenant_id, id));`

func TestVersionsAreHeldAgainstTheProgram(t *testing.T) {
	f := newFixture(t)
	ctx := t.Context()
	old := f.reg
	f.open(t, true)
	f.open(t, false)

	f.reg = registry(t, testModule(), extraModule(createExtras))
	_, err := f.eng.Open(ctx, f.reg, tenancy.EngineOptions{})
	require.ErrorIs(t, err, tenancy.ErrSchemaVersion)
	require.ErrorContains(t, err, "49999_extra.sql")
	f.open(t, true)
	f.open(t, false)
	for _, migrate := range []bool{false, true} {
		_, err = f.eng.Open(ctx, old, tenancy.EngineOptions{Migrate: migrate})
		require.ErrorIs(t, err, tenancy.ErrSchemaVersion, "a program that knows less")
		require.ErrorContains(t, err, "49999")
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	f := newFixture(t)
	f.reg = registry(t, testModule(), extraModule(createExtras+" SELECT 1 / 0;"))
	_, err := f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{Migrate: true})
	require.ErrorIs(t, err, ErrMigration)
	f.reg = registry(t, testModule())
	f.open(t, false)
	f.reg = registry(t, testModule(), extraModule(createExtras))
	f.open(t, true)
}

// A process killed between the migrations and the walls leaves tables without walls; the next one builds them.
func TestWallsAreCompletedAfterAKill(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "INSERT INTO erp_migrations.versions (version_id, is_applied) VALUES (49999, true)", createExtras)
	f.reg = registry(t, testModule(), extraModule(createExtras))
	_, err := f.eng.Open(t.Context(), f.reg, tenancy.EngineOptions{})
	require.ErrorIs(t, err, tenancy.ErrCatalogue)
	require.ErrorContains(t, err, "table testmod.extras has no policy")
	f.open(t, true)
}

func TestOpenBeforeInstallSaysSo(t *testing.T) {
	f := &fixture{reg: registry(t, testModule()), sent: &sentLog{}}
	f.newDatabase(t)
	e := Engine{DSN: f.url, ControlDSN: f.url, SealDSN: f.url, MigrateDSN: f.url, AllowPrivilegedLogin: true}
	_, err := e.Open(t.Context(), f.reg, tenancy.EngineOptions{})
	require.ErrorIs(t, err, tenancy.ErrSchemaVersion)
	require.ErrorContains(t, err, "00001_control.sql")
	e.MigrateDSN = ""
	_, err = e.Open(t.Context(), f.reg, tenancy.EngineOptions{Migrate: true})
	require.ErrorIs(t, err, ErrConfiguration)
}

func TestDecimalsAreOfOurDomain(t *testing.T) {
	f := newFixture(t)
	for text, ok := range map[string]bool{"1.5": true, "-0.000000000000000001": true, "NaN": false, "Infinity": false, "-Infinity": false} {
		_, err := f.admin(t).ExecContext(t.Context(), "INSERT INTO testmod.rates VALUES (gen_random_uuid(), gen_random_uuid(), '"+text+"')")
		if ok {
			require.NoError(t, err, text)
		} else {
			require.ErrorIs(t, asFault("test", err), tenancy.ErrRefusedValue, text)
		}
	}
}
