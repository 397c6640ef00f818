package killtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/killtest"
)

// job is to leave a file, count so often, and leave another one.
type job struct {
	Dir   string
	Count int
	Waits bool
	Fails bool
}

func TestMain(m *testing.M) {
	killtest.Main(func(j job, count func()) error {
		if j.Fails {
			return errors.New("out of paper")
		}
		if err := os.WriteFile(filepath.Join(j.Dir, "begun"), nil, 0o600); err != nil {
			return err
		}
		for range j.Count {
			count()
		}
		if j.Waits {
			<-time.After(time.Minute)
		}
		return os.WriteFile(filepath.Join(j.Dir, "done"), nil, 0o600)
	})
	os.Exit(m.Run())
}

func TestStart(t *testing.T) {
	for name, c := range map[string]struct {
		job        job
		kill       killtest.Kill
		killed     bool
		begun, end bool
	}{
		"never":               {job{Count: 3}, killtest.Kill{}, false, true, true},
		"before the last":     {job{Count: 3}, killtest.Kill{Before: 3}, true, true, false},
		"after the last":      {job{Count: 3}, killtest.Kill{Before: 4}, false, true, true},
		"by the clock":        {job{Waits: true}, killtest.Kill{After: 100 * time.Millisecond}, true, false, false},
		"before the clock is": {job{}, killtest.Kill{After: time.Minute}, false, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.job.Dir = t.TempDir()
			require.Equal(t, c.killed, killtest.Start(t, c.job, c.kill))
			if c.begun {
				require.FileExists(t, filepath.Join(c.job.Dir, "begun"))
			}
			if c.end {
				require.FileExists(t, filepath.Join(c.job.Dir, "done"))
			} else {
				require.NoFileExists(t, filepath.Join(c.job.Dir, "done"))
			}
		})
	}
}

// failing is a test that notes that it failed.
type failing struct {
	testing.TB
	said []any
}

func (f *failing) Fatalf(_ string, args ...any) { f.said = args }

func TestAnEndOfItsOwnMakingIsAFailure(t *testing.T) {
	f := &failing{TB: t}
	require.False(t, killtest.Start(f, job{Fails: true}, killtest.Kill{Before: 1}))
	require.Len(t, f.said, 2)
	require.Contains(t, string(f.said[1].([]byte)), "out of paper")
}
