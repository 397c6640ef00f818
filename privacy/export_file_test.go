package privacy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func partial(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

// crowded is a practice whose archive does not fit into a buffer.
func crowded(t *testing.T, env *tenancytest.Env) *practice {
	t.Helper()
	p := openPractice(t, env)
	require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		rows := make([]*Notice, 500)
		for i := range rows {
			rows[i] = &Notice{Code: uuid.NewString(), Body: uuid.NewString() + uuid.NewString()}
		}
		b := tx.Batch()
		tenancy.Put(b, rows)
		return b.Run(ctx)
	}))
	return p
}

// sameButTheTrail holds two archives against each other but for what grows by looking.
func sameButTheTrail(t *testing.T, want, have []byte) {
	t.Helper()
	a, b := files(t, want), files(t, have)
	require.Len(t, b, len(a))
	for name, data := range a {
		if !strings.HasPrefix(name, "erp.audit_") && name != "manifest.json" {
			require.True(t, bytes.Equal(data, b[name]), name)
		}
	}
}

// An export goes on wherever it broke off, and what comes of it is what an export gives.
func TestAnExportGoesOn(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := crowded(t, env)
		path := filepath.Join(t.TempDir(), "tenant.zip")
		f := partial(t, path)
		first, err := s.ExportFile(p.ctx, f)
		require.NoError(t, err)
		require.Zero(t, first.Kept)
		whole := contents(t, path)
		trail := int64(bytes.Index(whole, []byte("erp.audit_")))
		require.Greater(t, trail, int64(40_000))
		for _, cut := range []int64{0, 1, 30, 5000, trail / 2, trail - 1, trail + 100, int64(len(whole)) - 1, int64(len(whole))} {
			require.NoError(t, os.WriteFile(path, whole[:cut], 0o600))
			again, err := s.ExportFile(p.ctx, f)
			require.NoError(t, err)
			require.GreaterOrEqual(t, again.Kept, min(cut, trail-64), "what was written of the records stands")
			require.LessOrEqual(t, again.Kept, cut)
			require.Equal(t, first.Root, again.Root)
			have := contents(t, path)
			sameButTheTrail(t, whole, have)
			_, m, err := take(t, env, s, have, "")
			require.NoError(t, err, "it is whole: %d", cut)
			require.Equal(t, again.Manifest, m)
		}
		for _, damage := range [][]byte{bytes.Repeat([]byte("x"), 2*len(whole)), append(bytes.Clone(whole), whole...)} {
			require.NoError(t, os.WriteFile(path, damage, 0o600))
			_, err := s.ExportFile(p.ctx, f)
			require.NoError(t, err)
			sameButTheTrail(t, whole, contents(t, path))
		}
	})
}

// Where the data changed in between, the file is of the state of the last call, from its first byte to its last.
func TestAnExportGoesOnAfterAChange(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := crowded(t, env)
		path := filepath.Join(t.TempDir(), "tenant.zip")
		f := partial(t, path)
		first, err := s.ExportFile(p.ctx, f)
		require.NoError(t, err)
		require.NoError(t, f.Truncate(int64(len(contents(t, path))-100)))
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			p.bob.Premium++
			return tenancy.Update(ctx, tx, &p.bob, "premium")
		}))
		again, err := s.ExportFile(p.ctx, f)
		require.NoError(t, err)
		require.NotEqual(t, first.Root, again.Root)
		require.Greater(t, again.Kept, int64(30_000), "the notices come before the patients")
		fresh, m := export(t, s, p.ctx)
		require.Equal(t, m.Root, again.Root)
		sameButTheTrail(t, fresh, contents(t, path))
	})
}

func TestAnExportToAFileRefuses(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		f := partial(t, filepath.Join(t.TempDir(), "tenant.zip"))
		for name, opt := range map[string]privacy.ExportOption{"sealed": privacy.Sealed(), "under a passphrase": privacy.WithPassphrase("correct horse battery")} {
			_, err := s.ExportFile(p.ctx, f, opt)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
		}
		_, err := s.ExportFile(p.ctx, nil)
		require.ErrorIs(t, err, privacy.ErrBadInput)
		_, err = s.ExportFile(env.TenantWith(t, "privacy.digest"), f)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		require.NoError(t, f.Close())
		_, err = s.ExportFile(p.ctx, f)
		require.ErrorIs(t, err, os.ErrClosed)
	})
}

// memory is a file in memory.
type memory struct {
	data []byte
	at   int64
}

func (m *memory) Read(p []byte) (int, error) {
	if m.at >= int64(len(m.data)) {
		return 0, io.EOF
	}
	n := copy(p, m.data[m.at:])
	m.at += int64(n)
	return n, nil
}

func (m *memory) Write(p []byte) (int, error) {
	if m.at > int64(len(m.data)) {
		return 0, errors.New("a hole")
	}
	m.data = append(m.data[:m.at], append(bytes.Clone(p), m.data[min(int(m.at)+len(p), len(m.data)):]...)...)
	m.at += int64(len(p))
	return len(p), nil
}

func (m *memory) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, errors.New("from the start alone")
	}
	m.at = offset
	return offset, nil
}

func (m *memory) Truncate(size int64) error { m.data = m.data[:size]; return nil }
func (*memory) Sync() error                 { return nil }

// Whatever stands in a file and however it is written over, it holds what was written at the end, and what both have in common was left alone.
func TestAFileIsWrittenOver(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		part := rapid.SliceOfN(rapid.SampledFrom([]byte("ab")), 0, 40)
		before := part.Draw(r, "before")
		parts := rapid.SliceOfN(part, 0, 5).Draw(r, "parts")
		want := bytes.Join(parts, nil)
		f := &memory{data: bytes.Clone(before)}
		kept, err := privacy.GoOn(f, parts)
		require.NoError(r, err)
		require.Equal(r, string(want), string(f.data))
		common := 0
		for common < min(len(before), len(want)) && before[common] == want[common] {
			common++
		}
		require.EqualValues(r, common, kept)
	})
}

// doomedExport is an export into a file.
type doomedExport struct {
	doomtest.Database
	Tenant uuid.UUID
	File   string
}

func doomedExportOf(env *tenancytest.Env, tenant uuid.UUID) doomedExport {
	return doomedExport{Database: doomtest.Of(env, time.Time{}), Tenant: tenant}
}

// run does it in this process, which has been started for that.
func (d doomedExport) run(count func()) error {
	db, err := d.Open(modules(), count)
	if err != nil {
		return err
	}
	ctx, err := db.Enter(context.Background(), d.Tenant, "doomed", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(d.File, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = privacy.New(db, privacy.Options{}).ExportFile(ctx, f)
	return errors.Join(err, f.Close())
}

// An export is killed with kill -9 before one statement after the other. Another process goes on in the file that it left, and comes to the archive of one that was left alone.
func TestAnExportSurvivesKills(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := crowded(t, env)
		want, m := export(t, s, p.ctx)
		d := doomedExportOf(env, tenancy.ScopeOf(p.ctx).TenantID())
		halves := map[bool]int{}
		for at := int64(1); ; at += exportStride {
			d.File = filepath.Join(t.TempDir(), "tenant.zip")
			killed := startDoomed(t, "export", d, killtest.Kill{Before: at})
			f := partial(t, d.File)
			again, err := s.ExportFile(p.ctx, f)
			require.NoError(t, err)
			require.Equal(t, m.Root, again.Root)
			have := contents(t, d.File)
			sameButTheTrail(t, want, have)
			_, _, err = take(t, env, s, have, "")
			require.NoError(t, err)
			if !killed {
				break
			}
			halves[again.Kept > 30_000]++
		}
		require.NotZero(t, halves[false], "killed before there was much")
		require.NotZero(t, halves[true], "and when there was")
	})
}
