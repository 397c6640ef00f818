package request_test

import (
	"archive/zip"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

// A mother asks for her child, and a lawyer for a client: the request is found by whom it is about, who did not ask, in a search, in their own copy and by an erasure. Of who asked the copy says nothing.
func TestARequestIsFoundByWhomItIsAbout(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		child, _ := d.admit(t, "Ida Finch")
		other, _ := d.admit(t, "Otto Hawk")
		in := d.ask("R-1", request.Restriction)
		in.Ask = "My daughter Ida Finch does not want it. Ada Canary"
		r := d.receive(t, in)
		of := func(table string) func(privacy.Findings) int64 {
			return func(f privacy.Findings) int64 {
				for _, row := range f.Tables {
					if row.Table == table {
						return row.About
					}
				}
				return 0
			}
		}
		find := func(person *Patient) privacy.Findings {
			t.Helper()
			found, err := d.data.Find(d.ctx, privacy.Query{PersonID: person.ID})
			require.NoError(t, err)
			return found
		}
		requests := of("erp.request_persons")
		require.Zero(t, requests(find(child)), "nobody has said yet whom it is about")
		_, err := d.s.Identify(d.ctx, request.NewIdentification{Act: act("R-1", "i"), Person: child.ID})
		require.NoError(t, err)
		require.EqualValues(t, 1, requests(find(child)))
		require.Zero(t, requests(find(other)))
		require.Zero(t, of("erp.subject_requests")(find(child)), "who asked is another person")
		page, err := d.s.List(d.ctx, request.Filter{Person: child.ID}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		require.Equal(t, child.ID, page.Items[0].PersonID)
		page, err = d.s.List(d.ctx, request.Filter{Person: other.ID}, tenancy.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, page.Items)

		var out bytes.Buffer
		_, err = d.data.ExportSubject(d.ctx, &out, privacy.SubjectCopy{PersonID: child.ID})
		require.NoError(t, err)
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		require.NoError(t, err)
		copied := map[string]string{}
		for _, f := range z.File {
			file, err := f.Open()
			require.NoError(t, err)
			text, err := io.ReadAll(file)
			require.NoError(t, err)
			copied[f.Name] = string(text)
		}
		require.Contains(t, copied["erp.request_persons.jsonl"], r.ID.String())
		require.Contains(t, copied["erp.request_persons.jsonl"], `"kind":"restriction"`)
		require.Contains(t, copied["subject.mentions.jsonl"], "My daughter Ida Finch", "the words name the child")
		for name, text := range copied {
			require.NotContains(t, text, "Canary", name)
		}

		_, err = d.data.Erase(d.ctx, privacy.Erasure{PersonID: child.ID, Reference: "E-1", Reason: "asked"})
		require.NoError(t, err)
		f, err := d.s.Open(d.ctx, "R-1")
		require.NoError(t, err)
		require.NotContains(t, f.Ask, "Ida Finch")
		require.Equal(t, child.ID, f.Request.PersonID, "an opaque id stays: that it was asked, and of whom it was, is to be shown (GDPR Art. 5(2))")
		require.Equal(t, ada, f.From)
	})
}
