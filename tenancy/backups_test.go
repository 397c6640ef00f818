package tenancy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func controlName(env *tenancytest.Env, table string) string {
	if env.Name == "sqlite" {
		return strings.Replace(table, ".", "_", 1)
	}
	return table
}

// The control database itself keeps the register of backups and the erasure ledger as they are, whoever asks.
func TestTheRegisterOfBackupsIsGuarded(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		id := tenantOf(ctx)
		b, err := env.DB.Backups().Begin(ctx, "safe", "age1x", 90*24*time.Hour)
		require.NoError(t, err)
		require.Equal(t, tenancy.BackupTaking, b.State)
		owner, table := env.Control(t), controlName(env, "erp_control.backups")
		refused := func(code, text string) {
			t.Helper()
			_, err := owner.Exec(strings.ReplaceAll(text, "BACKUPS", table))
			require.ErrorContains(t, err, code, text)
		}
		where := " WHERE id = '" + b.ID.String() + "'"
		for _, set := range []string{"place = 'x'", "recipients = 'x'", "begun_micros = 1", "expires_micros = expires_micros - 1", "begun_by = 'x'"} {
			refused("tenancy.append_only", "UPDATE BACKUPS SET "+set+where)
		}
		refused("tenancy.append_only", "DELETE FROM BACKUPS"+where)
		refused("erp_backups_whole", "UPDATE BACKUPS SET state = 'kept', kept_micros = 1"+where)
		refused("erp_backups_gone", "UPDATE BACKUPS SET state = 'destroyed'"+where)
		sum := strings.Repeat("a", 64)
		b, err = env.DB.Backups().Complete(ctx, b.ID, 7, sum, sum)
		require.NoError(t, err)
		require.Equal(t, tenancy.BackupKept, b.State)
		_, err = env.DB.Backups().Complete(ctx, b.ID, 8, sum, sum)
		require.ErrorIs(t, err, tenancy.ErrTenantConflict)
		_, err = env.DB.Backups().Complete(env.Tenant(t), b.ID, 8, sum, sum)
		require.ErrorIs(t, err, tenancy.ErrTenantConflict, "another tenant's")
		for _, set := range []string{"state = 'taking'", "size_bytes = 8", "root = '" + strings.Repeat("b", 64) + "'", "sha256 = '" + strings.Repeat("b", 64) + "'", "kept_micros = 5"} {
			refused("tenancy.append_only", "UPDATE BACKUPS SET "+set+where)
		}
		platform := env.Platform(t)
		gone, err := env.DB.Backups().Destroyed(platform, b.ID)
		require.NoError(t, err)
		again, err := env.DB.Backups().Destroyed(platform, b.ID)
		require.NoError(t, err)
		require.Equal(t, gone, again)
		for _, set := range []string{"state = 'kept', destroyed_micros = 0, destroyed_by = ''", "destroyed_micros = 1", "destroyed_by = 'x'", "key_destroyed_micros = 1"} {
			refused("tenancy.append_only", "UPDATE BACKUPS SET "+set+where)
		}
		const columns = "INSERT INTO BACKUPS (id, tenant_id, state, place, recipients, begun_by, begun_micros, expires_micros, kept_micros, size_bytes, sha256, root, key_destroyed_micros, destroyed_micros, destroyed_by) VALUES ('"
		row := func(state, expires string) string {
			return columns + tenancy.NewID().String() + "', '" + id.String() + "', '" + state + "', 'x', 'x', 'x', 1, " + expires + ", 0, 0, '', '', 0, 0, '')"
		}
		refused("erp_backups_expiry", row("taking", "7776000000002"))
		refused("erp_backups_expiry", row("taking", "1"))
		refused("tenancy.tenant_state", row("kept", "5"))
		_, err = owner.Exec(strings.ReplaceAll(row("taking", "7776000000001"), "BACKUPS", table))
		require.NoError(t, err, "90 days to the microsecond")
	})
}

func TestBackupsAreBegunByWhoMay(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		backups := env.DB.Backups()
		for name, in := range map[string]func() error{
			"no place":      func() error { _, err := backups.Begin(ctx, " ", "x", time.Hour); return err },
			"no recipients": func() error { _, err := backups.Begin(ctx, "x", "", time.Hour); return err },
			"no time":       func() error { _, err := backups.Begin(ctx, "x", "x", 0); return err },
			"too long": func() error {
				_, err := backups.Begin(ctx, "x", "x", tenancy.LongestBackup+time.Microsecond)
				return err
			},
			"nothing": func() error { _, err := backups.Complete(ctx, tenancy.NewID(), 0, "", ""); return err },
			"nobody":  func() error { return backups.CopyKey(ctx, nil) },
		} {
			require.ErrorIs(t, in(), tenancy.ErrBadInput, name)
		}
		for _, scope := range []context.Context{context.Background(), env.Platform(t)} {
			_, err := backups.Begin(scope, "x", "x", time.Hour)
			require.ErrorIs(t, err, tenancy.ErrNoScope)
			_, _, err = backups.Latest(scope)
			require.ErrorIs(t, err, tenancy.ErrNoScope)
			_, _, err = env.DB.Ledger().Missing(scope, tenancy.NewID(), 1)
			require.ErrorIs(t, err, tenancy.ErrNoScope)
		}
		_, err := backups.Begin(env.TenantWith(t, "privacy.*"), "x", "x", time.Hour)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = env.DB.Ledger().Settle(env.TenantWith(t, "privacy.*"), time.Now(), 1)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = backups.Of(ctx, tenantOf(ctx), time.Time{}, 1)
		require.ErrorIs(t, err, tenancy.ErrNotPlatform)
		_, err = backups.Get(env.Platform(t), tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
		_, err = backups.Destroyed(env.Platform(t), tenancy.NewID())
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}

// No backup of a tenant is begun once its purge has: the register's answer to when the last one is gone does not change behind a certificate.
func TestNoBackupOfWhoIsGoing(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		platform, id := env.Platform(t), tenantOf(ctx)
		_, err := env.DB.Tenants().Cancel(platform, id, "they left")
		require.NoError(t, err)
		_, err = env.DB.Backups().Begin(ctx, "x", "x", time.Hour)
		require.NoError(t, err, "a cancelled one is there")
		_, err = env.DB.Tenants().PurgeNow(platform, id, "they left", "letter 1")
		require.NoError(t, err)
		_, err = env.DB.Backups().Begin(ctx, "x", "x", time.Hour)
		require.ErrorIs(t, err, tenancy.ErrUnknownTenant)
		_, err = env.Control(t).Exec("INSERT INTO " + controlName(env, "erp_control.backups") + ` (id, tenant_id, state, place, recipients, begun_by, begun_micros, expires_micros, kept_micros, size_bytes,
			sha256, root, key_destroyed_micros, destroyed_micros, destroyed_by) VALUES ('` + tenancy.NewID().String() + "', '" + id.String() + "', 'taking', 'x', 'x', 'x', 1, 2, 0, 0, '', '', 0, 0, '')")
		require.ErrorContains(t, err, "tenancy.tenant_state")
	})
}

// An entry of the ledger is settled once, never changed and never deleted.
func TestTheErasureLedgerIsGuarded(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env) {
		ctx := env.Tenant(t)
		owner, table := env.Control(t), controlName(env, "erp_control.erasure_ledger")
		id := tenancy.NewID().String()
		_, err := owner.Exec("INSERT INTO " + table + " (id, tenant_id, kind, table_name, row_id, ground, state, entered_micros, settled_micros) VALUES ('" + id + "', '" + tenantOf(ctx).String() + "', 'erased', 'x', '" + id + "', '', 'intended', 1, 0)")
		require.NoError(t, err)
		refused := func(text string) {
			t.Helper()
			_, err := owner.Exec(text + " WHERE id = '" + id + "'")
			require.ErrorContains(t, err, "tenancy.append_only", text)
		}
		for _, set := range []string{"row_id = '" + tenancy.NewID().String() + "'", "table_name = 'y'", "kind = 'released'", "ground = 'y'", "entered_micros = 2", "from_day = '2026-01-01'", "to_day = '2026-01-01'"} {
			refused("UPDATE " + table + " SET state = 'done', settled_micros = 2, " + set)
			refused("UPDATE " + table + " SET " + set)
		}
		refused("DELETE FROM " + table)
		n, err := env.DB.Ledger().Settle(ctx, time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		for _, state := range []string{"done", "intended", "void"} {
			refused("UPDATE " + table + " SET state = '" + state + "'")
		}
		refused("DELETE FROM " + table)
	})
}
