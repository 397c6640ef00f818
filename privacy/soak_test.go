//go:build soak

package privacy_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// A process is killed before every statement; a restore, which takes a thousand, before every third.
const exportStride, erasureStride, backupStride, restoreStride, eraseStride = 1, 1, 1, 3, 1

// gauge looks now and then at how much memory is in use.
type gauge struct {
	calls int
	peak  uint64
}

func (g *gauge) look() {
	if g.calls++; g.calls%200 != 1 {
		return
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	g.peak = max(g.peak, m.HeapAlloc)
}

// Write makes it a place that keeps nothing.
func (g *gauge) Write(p []byte) (int, error) { g.look(); return len(p), nil }

type gaugedFiles struct {
	tenancy.Files
	g *gauge
}

func (f gaugedFiles) Put(ctx context.Context, name string, r io.Reader) error {
	return f.Files.Put(ctx, name, io.TeeReader(r, f.g))
}

// A tenant of a million rows is taken out, backed up, lost, restored and purged, and memory does not grow with it: what is in use at any time is no more than for a
// tenant of ten thousand, but for a bound that does not depend on rows.
func TestAMillionRowsAtFlatMemory(t *testing.T) {
	const bound = 64 << 20
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			var small, large uint64
			for _, rows := range []int{10_000, 1_000_000} {
				v := newVault(t, engine)
				p := openPractice(t, v.env)
				id := tenancy.ScopeOf(p.ctx).TenantID()
				began := time.Now()
				fill(t, v, p, rows)
				g := &gauge{}
				v.opt.Files = gaugedFiles{v.opt.Files, g}
				v.env.Observe(t, func(tenancy.Sent) { g.look() })
				step := func(name string) {
					t.Logf("%d rows: %s after %s, %d MiB in use at most", rows, name, time.Since(began).Round(time.Millisecond), g.peak>>20)
				}
				step("filled")
				v.s = privacy.New(v.db, privacy.Options{Holds: nothingHolds, Backups: v.opt})
				m, err := v.s.Export(p.ctx, g)
				require.NoError(t, err)
				require.Greater(t, total(m), int64(rows))
				step("exported")
				b := v.backup(t, p.ctx)
				step("backed up")
				v.lose(t, id)
				v.restore(t, b)
				step("restored")
				d, err := v.s.Digest(v.enter(t, id))
				require.NoError(t, err)
				require.Equal(t, b.Root, d.Root)
				_, err = v.db.Tenants().Cancel(v.platform(t), id, "they left")
				require.NoError(t, err)
				_, err = v.db.Tenants().PurgeNow(v.platform(t), id, "they left", "letter 1")
				require.NoError(t, err)
				step("purged")
				if small, large = large, g.peak; rows == 1_000_000 {
					require.Less(t, large, small+bound)
				}
			}
		})
	}
}

func total(m privacy.Manifest) (n int64) {
	for _, f := range m.Files {
		n += f.Rows
	}
	return n
}

// fill adds rows: visits with texts that are sealed, and notices.
func fill(t *testing.T, v *vault, p *practice, rows int) {
	t.Helper()
	for done := 0; done < rows; {
		require.NoError(t, v.db.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			var visits []*Visit
			var texts []*VisitText
			var notices []*Notice
			for range min(1_000, (rows-done+2)/3) {
				visit := &Visit{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: p.bob.ID, Day: p.visits[0].Day, At: p.visits[0].At}
				visits, texts = append(visits, visit), append(texts, &VisitText{VisitID: visit.ID, Payer: "Bob Finch", Notes: "as last time"})
				notices = append(notices, &Notice{Code: fmt.Sprint(done), Body: "the lift is out of order"})
			}
			done += 3 * len(visits)
			b := tx.Batch()
			tenancy.Put(b, visits)
			tenancy.Put(b, texts)
			tenancy.Put(b, notices)
			return b.Run(ctx)
		}))
	}
}

// A backup that was cut off, wherever, is none.
func TestABackupThatWasCutOffAnywhere(t *testing.T) {
	v := newVault(t, "sqlite")
	p := openPractice(t, v.env)
	fill(t, v, p, 30_000)
	whole := v.backup(t, p.ctx)
	text, err := os.ReadFile(v.file(whole, ".zip"))
	require.NoError(t, err)
	for cut := int64(0); cut < int64(len(text)); cut += 64 << 10 {
		_, err := v.s.Restore(v.platform(t), privacy.Restoration{Archive: bytes.NewReader(text[:cut]), Size: cut, Identities: []age.Identity{v.identity}, Reason: "x"})
		require.Error(t, err, "%d of %d bytes of %s", cut, len(text), filepath.Base(v.file(whole, ".zip")))
	}
}
