package privacy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func TestExport(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		archive, m := export(t, s, p.ctx)
		there := files(t, archive)
		require.Equal(t, int64(50100), m.HostSchema)
		var written privacy.Manifest
		require.NoError(t, json.Unmarshal(there["manifest.json"], &written))
		require.Equal(t, m, written)
		require.Len(t, there, 2*len(m.Files)+1)
		for _, f := range m.Files {
			sum := sha256.Sum256(there[f.Name])
			require.Equal(t, hex.EncodeToString(sum[:]), f.SHA256, f.Name)
			require.Equal(t, int64(bytes.Count(there[f.Name], []byte("\n"))), f.Rows, f.Name)
			sum = sha256.Sum256(there[f.CSV.Name])
			require.Equal(t, privacy.Content{Name: f.Table + ".csv", Bytes: int64(len(there[f.CSV.Name])), SHA256: hex.EncodeToString(sum[:])}, *f.CSV)
			for _, c := range f.Columns {
				require.NotEqual(t, "tenant_id", c.Name)
			}
		}
		require.NotContains(t, there, "erp.tenant_gates.jsonl")
		require.NotContains(t, string(archive), tenancy.ScopeOf(p.ctx).TenantID().String())
		for name, data := range there {
			require.NotContains(t, string(data), tenancy.ScopeOf(p.ctx).TenantID().String(), name)
		}
		require.Equal(t, `{"year":2025,"seq":2,"beds":1,"total":0}`+"\n"+`{"year":2025,"seq":10,"beds":4,"total":1}`+"\n"+
			`{"year":2026,"seq":1,"beds":0,"total":0}`+"\n", string(there["clinic.wards.jsonl"]))
		first := strings.SplitAfter(string(there["clinic.visits.jsonl"]), "\n")[0]
		require.Equal(t, `{"id":"`+p.visits[0].ID.String()+`","patient_id":"`+p.ada.ID.String()+`","fee":"1.1","paid":true,"day":"2026-03-04",`+
			`"at":"2026-03-04T05:06:07.000008Z","seen_at":null,"units":null,"follows_id":"`+p.visits[3].ID.String()+`"}`+"\n", first)
		require.Equal(t, "year,seq,beds,total\r\n2025,2,1,0\r\n2025,10,4,1\r\n2026,1,0,0\r\n", string(there["clinic.wards.csv"]))
		require.Equal(t, p.visits[0].ID.String()+","+p.ada.ID.String()+",1.1,true,2026-03-04,2026-03-04T05:06:07.000008Z,,,"+p.visits[3].ID.String()+"\r\n",
			strings.SplitAfter(string(there["clinic.visits.csv"]), "\r\n")[1])
		var text struct{ Notes string }
		require.NoError(t, json.Unmarshal([]byte(strings.SplitAfter(string(there["clinic.visit_texts.jsonl"]), "\n")[0]), &text))
		require.Equal(t, awkward, text.Notes, "other programs read it as it was")

		again, m2 := export(t, s, p.ctx)
		require.Equal(t, m.Root, m2.Root)
		require.NotEqual(t, archive, again, "the first export stands in the trail now")
		require.Contains(t, string(files(t, again)["erp.audit_events.jsonl"]), `"act":"privacy.export"`)
		d, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.Equal(t, m.Root, d.Root)
	})
}

func TestTheRootTellsStatesApart(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		before, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error {
			p.bob.Premium++
			return tenancy.Update(ctx, tx, &p.bob, "premium")
		}))
		after, err := s.Digest(p.ctx)
		require.NoError(t, err)
		require.NotEqual(t, before.Root, after.Root)
	})
}

func TestExportNeedsItsPermission(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		ctx := env.TenantWith(t, "privacy.digest")
		_, err := s.Export(ctx, io.Discard)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		_, err = s.Digest(ctx)
		require.NoError(t, err)
		_, err = s.Export(env.Platform(t), io.Discard)
		require.ErrorIs(t, err, tenancy.ErrNoScope)
	})
}

// stopped is a place that takes only so much.
type stopped struct{ left int }

func (w *stopped) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// All but the last byte is as good as all of it.
func TestAnExportThatFailsIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		_, err := s.Export(p.ctx, &stopped{left: 200})
		require.ErrorIs(t, err, io.ErrShortWrite)
		archive, _ := export(t, s, p.ctx)
		require.Equal(t, 2, bytes.Count(files(t, archive)["erp.audit_events.jsonl"], []byte(`"act":"privacy.export","verb":""`)), "the one that failed, and this one")
	})
}

// The manifest has the schema in it: columns with type and class, keys, and what leads where. Counts and hashes are another matter in each archive, and left out here.
func TestTheManifestHasTheSchema(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		_, m := export(t, s, openPractice(t, env).ctx)
		var shown []privacy.File
		for _, f := range m.Files {
			if strings.HasPrefix(f.Table, "clinic.") {
				f.Bytes, f.SHA256, f.CSV = 0, "", &privacy.Content{Name: f.CSV.Name}
				shown = append(shown, f)
			}
		}
		m.Files, m.Root, m.Schema = shown, "", 0
		text, err := json.MarshalIndent(m, "", "  ")
		require.NoError(t, err)
		golden(t, "clinic-manifest.json", append(text, '\n'))
	})
}
