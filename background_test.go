package erp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

func TestTheOperatorIsToldOfAJobThatKeepsFailing(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	suite, err := erp.Open(t.Context(), sqlite.Engine{Dir: filepath.Join(dir, "db"), Unsynced: true}, erp.Options{Migrate: true, Dir: dir,
		Clock: func() time.Time { return now }, Operator: "ops@example.org", Ports: erp.Ports{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))},
		Jobs: []tenancy.Job{{Name: "host.broken", About: "fails", Every: time.Minute, Platform: func(context.Context) (bool, error) {
			return false, errors.New("ada@example.org is not here") //nolint:err113 // any error
		}}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })

	for range 4 {
		_, err := suite.Tick(t.Context(), now)
		require.NoError(t, err)
		now = now.Add(time.Hour)
	}
	platform, err := suite.Tenancy.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{"*"})
	require.NoError(t, err)
	failures, err := suite.JobFailures(platform, 10)
	require.NoError(t, err)
	require.Len(t, failures, 1)
	require.Equal(t, int64(4), failures[0].Failures)
	letters, err := filepath.Glob(filepath.Join(dir, "files", "outbox", "*.eml"))
	require.NoError(t, err)
	require.Len(t, letters, 1, "told once, at the third failure")
	text, err := os.ReadFile(letters[0])
	require.NoError(t, err)
	require.Contains(t, string(text), "To: <ops@example.org>")
	require.Contains(t, string(text), "host.broken")
	require.NotContains(t, string(text), "ada@example.org", "an error's text may hold values")
}

func TestTheOperatorIsToldOfAnAlarmAboutATrail(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	suite, err := erp.Open(t.Context(), sqlite.Engine{Dir: filepath.Join(dir, "db"), Unsynced: true}, erp.Options{Migrate: true, Dir: dir,
		Clock: func() time.Time { return now }, Operator: "ops@example.org", Ports: erp.Ports{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })
	platform, err := suite.Tenancy.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{"*"})
	require.NoError(t, err)
	made, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop"})
	require.NoError(t, err)
	_, err = suite.Tenancy.Enter(t.Context(), made.ID, "user:1", tenancy.Permissions{"*"})
	require.NoError(t, err)
	letters := func() []string {
		_, err := suite.Tick(t.Context(), now)
		require.NoError(t, err)
		out, err := filepath.Glob(filepath.Join(dir, "files", "outbox", "*.eml"))
		require.NoError(t, err)
		return out
	}
	require.Empty(t, letters(), "what is sealed in time is nobody's business")
	_, err = suite.Tenancy.Enter(t.Context(), made.ID, "user:2", tenancy.Permissions{"*"})
	require.NoError(t, err)
	now = now.Add(time.Minute)
	told := letters()
	require.Len(t, told, 1)
	text, err := os.ReadFile(told[0])
	require.NoError(t, err)
	require.Contains(t, string(text), "audit.late")
	require.Contains(t, string(text), made.ID.String())
	require.NotContains(t, string(text), "The Shop")
}

func TestJobsAreListed(t *testing.T) {
	suite, err := erp.Open(t.Context(), sqlite.Engine{Dir: t.TempDir(), Unsynced: true}, erp.Options{Migrate: true, Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })
	for _, j := range suite.Jobs() {
		require.NotEmpty(t, j.About, j.Name)
	}
}

// What a suite seals is sealed under the Keys of its ports, and a suite with others does not begin.
func TestASuiteSealsUnderItsPorts(t *testing.T) {
	dir, eng := t.TempDir(), sqlite.Engine{Dir: t.TempDir(), Unsynced: true}
	suite, err := erp.Open(t.Context(), eng, erp.Options{Migrate: true, Dir: dir})
	require.NoError(t, err)
	platform, err := suite.Tenancy.EnterPlatform(t.Context(), "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
	tenant, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "Shop"})
	require.NoError(t, err)
	ctx, err := suite.Tenancy.Enter(t.Context(), tenant.ID, "tester", tenancy.Permissions{"*"})
	require.NoError(t, err)
	_, err = suite.Accounting.OpenBooks(ctx, accounting.NewBooks{Currency: "GBP", Chart: accounting.ChartUKRetail, YearStart: day(1)})
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(dir, "master.key"), "made when something is sealed")
	_, err = suite.Accounting.CreateParties(ctx, []accounting.NewParty{{Name: "Ada Ltd", Customer: true, Email: "ada@example.org"}})
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "master.key"))
	require.NoError(t, suite.Close())

	_, err = erp.Open(t.Context(), eng, erp.Options{Dir: t.TempDir()})
	require.ErrorIs(t, err, tenancy.ErrKey, "a master key that is lost is said at the start, not papered over")
	suite, err = erp.Open(t.Context(), eng, erp.Options{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, suite.Close())
}
