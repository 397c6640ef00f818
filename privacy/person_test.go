package privacy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

func copyOf(t *testing.T, s *privacy.Service, ctx context.Context, in privacy.SubjectCopy, opts ...privacy.ExportOption) (map[string][]byte, privacy.Manifest) {
	t.Helper()
	var out bytes.Buffer
	m, err := s.ExportSubject(ctx, &out, in, opts...)
	require.NoError(t, err)
	return files(t, out.Bytes()), m
}

// text is all that a copy says.
func text(there map[string][]byte) string {
	var out strings.Builder
	for name, data := range there {
		out.WriteString(name + "\n" + string(data) + "\n")
	}
	return out.String()
}

// Everything of one person, and nothing of another.
func TestAPersonsOwnCopy(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p, neighbour := openPractice(t, env), openPractice(t, env)
		require.NoError(t, env.DB.Tx(p.ctx, func(ctx context.Context, tx *tenancy.Tx) error { // a text of theirs that names somebody else, and one that names both and is of nobody
			b := tx.Batch()
			later := &Visit{Row: tenancy.Row{ID: tenancy.NewID()}, PatientID: p.ada.ID, Day: p.visits[0].Day, At: p.visits[0].At}
			tenancy.Put(b, []*Visit{later})
			tenancy.Put(b, []*VisitText{{VisitID: later.ID, Payer: "Ada Canary-Byron", Notes: "brought by BOB finch of 1 Elm Street; Bobby stayed"}})
			tenancy.Put(b, []*Notice{{Code: "N-4", Body: "Ada Canary-Byron and Bob Finch share a room"}})
			return b.Run(ctx)
		}))
		there, m := copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID})
		var names []string
		for _, f := range m.Files {
			names = append(names, f.Name)
		}
		require.Equal(t, []string{"clinic.patients.jsonl", "clinic.visit_texts.jsonl", "clinic.visits.jsonl", "subject.mentions.jsonl"}, names)
		require.Equal(t, privacy.OfSubject, m.Kind)
		require.Equal(t, p.ada.ID.String(), m.Subject)
		require.EqualValues(t, 1, of(&m, "clinic.patients").Rows)
		require.EqualValues(t, 3, of(&m, "clinic.visits").Rows)
		require.EqualValues(t, 3, of(&m, "clinic.visit_texts").Rows)
		var written privacy.Manifest
		require.NoError(t, json.Unmarshal(there["manifest.json"], &written))
		require.Equal(t, m, written)
		for _, f := range m.Files {
			again, ok := csvOf(&f, there[f.Name])
			require.True(t, ok)
			require.Equal(t, string(again), string(there[f.CSV.Name]))
		}
		all := text(there)
		for _, theirs := range []string{"Ada Canary-Byron", "ada.canary@example.org", `12 Canary Row\nLondon`, "1815-12-10", "Lloyd's", "Lady Ada Lovelace", p.visits[0].ID.String(), "brought by [another person] of [another person]; Bobby stayed",
			"Ada Canary-Byron and [another person] share a room", "call ada.canary@example.org", "came with ADA canary-byron, of 12 Canary Row"} {
			require.Contains(t, all, theirs)
		}
		for _, others := range []string{"Bob Finch", "BOB finch", "1 Elm Street", p.bob.ID.String(), "the lift is out of order", neighbour.ada.ID.String(), tenancy.ScopeOf(p.ctx).TenantID().String()} {
			require.NotContains(t, all, others)
		}
		require.Contains(t, string(there["clinic.patients.jsonl"]), `"referrer_id":null`, "who sent them is somebody else")
	})
}

// What holds the person's id without leading there is theirs as well: that their data are restricted, that they asked for an erasure.
func TestACopyHasWhatHoldsTheId(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		_, err := tenancy.Act(p.ctx, env.DB, "test.restrict", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
			return nil, errors.Join(tx.Restrict(ctx, p.ada.ID, tenancy.AccuracyContested, "R-1"), tx.Restrict(ctx, p.bob.ID, tenancy.UnlawfulUse, "R-2"))
		})
		require.NoError(t, err)
		there, m := copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID})
		require.EqualValues(t, 1, of(&m, "erp.restrictions").Rows)
		require.Contains(t, string(there["erp.restrictions.jsonl"]), "R-1")
		require.NotContains(t, text(there), "R-2")
		_, err = s.Erase(p.ctx, privacy.Erasure{PersonID: p.ada.ID, Reference: "E-1", Reason: "asked"})
		require.NoError(t, err)
		there, m = copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID})
		require.EqualValues(t, 1, of(&m, "erp.erasure_requests").Rows)
		require.Contains(t, string(there["erp.erasure_requests.jsonl"]), `"reference":"E-1"`)
		require.NotContains(t, strings.ToLower(text(there)), "canary", "nothing is left of what was erased")
	})
}

// A person of whom nothing is held but their own row, somebody who is not there, and another tenant's.
func TestACopyOfHardlyAnything(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		ctx := env.Tenant(t)
		eve := &Patient{Name: "Eve"}
		require.NoError(t, env.DB.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, eve) }))
		_, m := copyOf(t, s, ctx, privacy.SubjectCopy{PersonID: eve.ID})
		require.Len(t, m.Files, 1)
		for _, nobody := range []uuid.UUID{tenancy.NewID(), openPractice(t, env).ada.ID} {
			_, err := s.ExportSubject(ctx, io.Discard, privacy.SubjectCopy{PersonID: nobody})
			require.ErrorIs(t, err, tenancy.ErrNotFound)
		}
	})
}

func TestACopyRefuses(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		key, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		good := privacy.SubjectCopy{PersonID: p.ada.ID}
		for name, tc := range map[string]struct {
			in   privacy.SubjectCopy
			opts []privacy.ExportOption
		}{
			"nobody":                      {privacy.SubjectCopy{}, nil},
			"a long source":               {privacy.SubjectCopy{PersonID: p.ada.ID, Source: strings.Repeat("x", 1001)}, nil},
			"sealed":                      {good, []privacy.ExportOption{privacy.Sealed()}},
			"a short passphrase":          {good, []privacy.ExportOption{privacy.WithPassphrase("elevenchars")}},
			"a key that is none":          {good, []privacy.ExportOption{privacy.ForRecipients("age1nothing")}},
			"two keys in one":             {good, []privacy.ExportOption{privacy.ForRecipients(key.Recipient().String() + "\n" + key.Recipient().String())}},
			"a key and a passphrase":      {good, []privacy.ExportOption{privacy.ForRecipients(key.Recipient().String()), privacy.WithPassphrase("correct horse battery")}},
			"more recipients than can be": {good, []privacy.ExportOption{privacy.ForRecipients(strings.Split(strings.Repeat(key.Recipient().String()+" ", 21), " ")[:21]...)}},
		} {
			var out bytes.Buffer
			_, err := s.ExportSubject(p.ctx, &out, tc.in, tc.opts...)
			require.ErrorIs(t, err, privacy.ErrBadInput, name)
			require.Zero(t, out.Len(), name)
		}
		_, err = s.ExportSubject(env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), "privacy.export"), io.Discard, good)
		require.ErrorIs(t, err, tenancy.ErrForbidden)
		var out bytes.Buffer
		_, err = s.ExportSubject(env.Enter(t, tenancy.ScopeOf(p.ctx).TenantID(), privacy.PermExportSubject), &out, good)
		require.NoError(t, err)
		_, _, err = take(t, env, s, out.Bytes(), "")
		require.ErrorIs(t, err, privacy.ErrArchive, "no tenant is made of it")
		archive, _ := export(t, s, p.ctx)
		require.Contains(t, string(files(t, archive)["erp.audit_events.jsonl"]), `"act":"privacy.export_subject"`)
	})
}

// Encrypted, a copy is read by whom it is for, and by nobody else.
func TestACopyForItsReaderAlone(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, s *privacy.Service) {
		p := openPractice(t, env)
		key, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		stranger, err := age.GenerateX25519Identity()
		require.NoError(t, err)
		word, err := age.NewScryptIdentity("correct horse battery")
		require.NoError(t, err)
		wrong, err := age.NewScryptIdentity("correct horse batteries")
		require.NoError(t, err)
		for name, tc := range map[string]struct {
			opt         privacy.ExportOption
			right, open age.Identity
		}{
			"by a key":        {privacy.ForRecipients(key.Recipient().String()), key, stranger},
			"by a passphrase": {privacy.WithPassphrase("correct horse battery"), word, wrong},
		} {
			var out bytes.Buffer
			m, err := s.ExportSubject(p.ctx, &out, privacy.SubjectCopy{PersonID: p.ada.ID}, tc.opt)
			require.NoError(t, err)
			require.NotContains(t, out.String(), "PK\x03\x04", name)
			_, err = age.Decrypt(bytes.NewReader(out.Bytes()), tc.open)
			require.Error(t, err, name)
			plain, err := age.Decrypt(bytes.NewReader(out.Bytes()), tc.right)
			require.NoError(t, err, name)
			archive, err := io.ReadAll(plain)
			require.NoError(t, err, name)
			var written privacy.Manifest
			require.NoError(t, json.Unmarshal(files(t, archive)["manifest.json"], &written))
			require.Equal(t, m, written)
			_, err = s.ExportSubject(p.ctx, &stopped{left: 400}, privacy.SubjectCopy{PersonID: p.ada.ID}, tc.opt)
			require.ErrorIs(t, err, io.ErrShortWrite)
			_, err = s.Export(p.ctx, io.Discard, tc.opt)
			require.NoError(t, err, "a tenant's own download as well")
		}
	})
}

// A person's documents are in their copy, and nobody else's.
func TestACopyHasItsDocuments(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *privacy.Service) {
		p := openPractice(t, env)
		for _, batch := range []int{1, 100} {
			s := privacy.New(env.DB, privacy.Options{Renderers: []privacy.Renderer{letters(env.DB, batch)}})
			there, m := copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID})
			require.Len(t, m.Documents, 1)
			names, _ := untar(t, there["documents/clinic.visits.letter.tar"])
			require.Equal(t, []string{p.visits[0].ID.String() + ".txt", p.visits[1].ID.String() + ".refused.txt"}, names)
			_, m = copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID}, privacy.WithoutDocuments())
			require.Empty(t, m.Documents)
		}
	})
}

var moment = regexp.MustCompile(`\d{4}-\d\d-\d\d(T[0-9:.]+Z)?|[0-9a-f]{8}-[0-9a-f-]{27}`)

// The information that goes with it: what was stated is in it, and what was not is named.
func TestWhatAPersonIsTold(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, bare *privacy.Service) {
		p := openPractice(t, env)
		there, _ := copyOf(t, bare, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID})
		var told privacy.Information
		require.NoError(t, json.Unmarshal(there["information.json"], &told))
		require.Equal(t, []string{"the name and contact details of the controller", "the recipients (c): nobody registers them", "for how long voucher records of clinic are kept (d)",
			"for how long letter records of clinic are kept (d)", "for how long master records of clinic are kept (d)", "the source of what the person did not give (g)"}, told.Missing)

		s := privacy.New(env.DB, privacy.Options{
			Retention: func(jurisdiction string, class tenancy.RecordClass, _ string) string {
				return "as " + jurisdiction + " has it for " + string(class)
			},
			Recipients: func(context.Context) ([]privacy.Recipient, error) {
				return []privacy.Recipient{{Name: "Host Ltd", Role: "processor", Country: "US", Safeguard: "standard contractual clauses"},
					{Name: "Mailer Ltd", Role: "processor", Tables: []string{"clinic.patients"}}, {Name: "Payroll Ltd", Role: "processor", Tables: []string{"erp.members"}},
					{Name: "Archive Ltd", Role: "processor", Flows: []string{"privacy.archive"}}}, nil
			}})
		_, err := s.SetController(p.ctx, clinicLtd)
		require.NoError(t, err)
		there, _ = copyOf(t, s, p.ctx, privacy.SubjectCopy{PersonID: p.ada.ID, Source: "the family doctor | by letter", Authority: "the Information Commissioner, Wilmslow"})
		told = privacy.Information{}
		require.NoError(t, json.Unmarshal(there["information.json"], &told))
		require.Equal(t, p.ada.ID, told.PersonID)
		require.WithinDuration(t, time.Now(), told.MadeAt, time.Hour)
		require.Empty(t, told.Controller.SetBy)
		golden(t, "clinic-information.md", moment.ReplaceAll(there["information.md"], []byte("#")))
		for _, in := range []string{"Payroll Ltd", "Bob Finch", p.bob.ID.String()} {
			require.NotContains(t, text(there), in)
		}
		require.Equal(t, string(told.Markdown()), string(there["information.md"]))
	})
}

// What others are known by is left out as whole words, whatever the case, and what is one's own stays.
func TestOthersAreLeftOut(t *testing.T) {
	const x = "[another person]"
	for _, tc := range []struct {
		text        string
		own, theirs []string
		want        string
	}{
		{"Bob came", nil, []string{"Bob"}, x + " came"},
		{"with bob.", nil, []string{"Bob"}, "with " + x + "."},
		{"Bobby came", nil, []string{"Bob"}, "Bobby came"},
		{"Bob Finch and Bob", nil, []string{"Bob", "Bob Finch"}, x + " and " + x},
		{"Bob Finchley", nil, []string{"Bob Finch"}, "Bob Finchley"},
		{"Ada Byron came", []string{"Ada Byron"}, []string{"Ada"}, "Ada Byron came"},
		{"Ada Byron and Ada", []string{"Ada Byron"}, []string{"Ada"}, "Ada Byron and " + x},
		{"at 1 High Street", []string{"1 High Street"}, []string{"1 High Street"}, "at 1 High Street"},
		{"call +44 20 7946", nil, []string{"+44 20 7946"}, "call " + x},
		{"call 0044 20 7946", nil, []string{"+44 20 7946"}, "call 0044 20 7946"},
		{"ÜNAL, ünal", nil, []string{"Ünal"}, x + ", " + x},
		{"İstanbul Ltd", nil, []string{"İstanbul Ltd"}, x},
		{"(Bob)(Bob)", nil, []string{"(Bob)"}, x + x},
		{"", []string{""}, []string{"", "  ", "--"}, ""},
		{"a\nBob\nb", nil, []string{"Bob"}, "a\n" + x + "\nb"},
		{"Bob", nil, []string{"Bob", "bob", "BOB"}, x},
	} {
		require.Equal(t, tc.want, privacy.LeaveOut(tc.text, tc.own, tc.theirs), tc.text)
	}
	rapid.Check(t, func(r *rapid.T) { // against the search that an erasure does, for one who is unknown
		word := rapid.StringMatching(`[a-c]{1,2}( [a-c]{1,2}){0,2}`)
		values := rapid.SliceOfN(word, 1, 3).Draw(r, "values")
		parts := rapid.SliceOfN(rapid.OneOf(word, rapid.SampledFrom(values), rapid.SampledFrom([]string{", ", "-", "d", "\n"})), 0, 8).Draw(r, "parts")
		whole := strings.Join(parts, " ")
		left := privacy.LeaveOut(whole, nil, values)
		for _, v := range values {
			for _, piece := range strings.Split(left, x) {
				require.NotRegexp(r, "(^|[^a-d])"+regexp.QuoteMeta(v)+"($|[^a-d])", piece)
			}
		}
		require.Equal(r, whole, privacy.LeaveOut(whole, values, values), "one's own")
	})
}

// Nothing on the closed lists is without words.
func TestAPersonIsToldInWords(t *testing.T) {
	for _, purpose := range tenancy.Purposes() {
		for _, basis := range tenancy.Bases() {
			for _, category := range []tenancy.Category{tenancy.Identity, tenancy.Contact, tenancy.Financial, tenancy.FreeText, tenancy.Credential, tenancy.Behaviour} {
				text := string(privacy.Information{Activities: []privacy.Activity{{Module: "m", Purpose: purpose, Basis: basis, Categories: []tenancy.Category{category}, Limits: []string{"l"}}}}.Markdown())
				require.Regexp(t, `\| m \| to [^|]{5,} \| [^|]{5,} \| [^|]{5,} \| l \|`, text)
			}
		}
	}
}
