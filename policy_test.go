package erp_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// promise is a row of docs/policy.md.
type promise struct{ id, sentence, answer, how, test string }

// promises reads docs/policy.md: its rows, and the policy's text as it stands there, headings included.
func promises(t *testing.T) (rows []promise, text string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("docs", "policy.md"))
	require.NoError(t, err)
	var words []string
	body := strings.SplitAfterN(string(page), "## Preamble\n", 2)[1]
	for line := range strings.SplitSeq(body, "\n") {
		cells := strings.Split(line, " | ")
		switch {
		case strings.HasPrefix(line, "#"):
			words = append(words, strings.TrimLeft(line, "# "))
		case strings.HasPrefix(line, "| id ") || strings.HasPrefix(line, "| ---") || line == "":
		default:
			require.Len(t, cells, 5, line)
			p := promise{strings.TrimPrefix(cells[0], "| "), cells[1], cells[2], cells[3], strings.TrimSpace(strings.TrimSuffix(cells[4], "|"))}
			rows, words = append(rows, p), append(words, p.sentence)
		}
	}
	return rows, strings.Join(words, " ")
}

// oneLine takes bullets and line breaks out of a text.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\u2022", " ")), " ")
}

// TestPolicy: every sentence of the published policy stands in docs/policy.md, in its words and in its order, with an answer; and the
// tests that are named there exist.
func TestPolicy(t *testing.T) {
	published, err := os.ReadFile(filepath.Join("..", "shared", "policy.txt"))
	require.NoError(t, err, "the published policy, which docs/policy.md answers, is expected beside the project, in ../shared/policy.txt")
	rows, text := promises(t)
	want, foot, _ := strings.Cut(oneLine(string(published)), " Terms of Service | Back to Login")
	require.Empty(t, foot)
	require.Equal(t, want, oneLine(text), "docs/policy.md is not the policy")

	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			tests[m[1]] = true
		}
		return err
	}))
	seen := map[string]bool{}
	for _, p := range rows {
		require.False(t, seen[p.id], "%s stands twice", p.id)
		seen[p.id] = true
		named := strings.Fields(strings.NewReplacer(",", " ", "`", " ").Replace(p.test))
		for _, name := range named {
			require.True(t, tests[name], "%s names %s, which does not exist", p.id, name)
		}
		switch p.answer {
		case "enforced", "supported":
			require.NotEmpty(t, named, "%s is %s, and names no test", p.id, p.answer)
		case "attested", "defective":
			require.NotEmpty(t, p.how, "%s is %s, and does not say how", p.id, p.answer)
		case "declaratory", "open":
		default:
			require.Fail(t, "no such answer", "%s: %q", p.id, p.answer)
		}
	}
}

// described are the personal columns of the control database's tables, by table.
func described(t *testing.T) map[string][]string {
	t.Helper()
	reg := tenancytest.Open(t, "sqlite", tenancytest.Options{Modules: append(erp.Modules(), access.Module())}).DB.Registry()
	out := map[string][]string{}
	for _, table := range reg.Control {
		columns, err := table.Described()
		require.NoError(t, err)
		for _, c := range columns {
			if c.Privacy.Personal() && c.Privacy.Category != tenancy.FreeText {
				out[table.Table] = append(out[table.Table], c.Name)
			}
		}
	}
	return out
}

// The policy lists what is collected of an organisation, its administrator and its users (2.1, 2.2). The platform's records hold that
// and nothing more: whoever adds a column says so here, and in the policy.
func TestThePlatformKnowsWhatThePolicySays(t *testing.T) {
	require.Equal(t, map[string][]string{
		"erp_control.contracts":      {"organisation", "administrator_name", "administrator_email", "billing_name", "billing_email"},
		"erp_control.users":          {"email", "email_key", "name", "password_hash", "totp_sealed", "totp_pending"},
		"erp_control.user_sessions":  {"token_hash", "device", "last_used_at"},
		"erp_control.api_keys":       {"key_hash"},
		"erp_control.mailed_tokens":  {"token_hash"},
		"erp_control.recovery_codes": {"code_hash"},
	}, described(t))
}

// There is no purpose but the policy's, and no model can name another.
func TestPurposesAreClosed(t *testing.T) {
	require.Equal(t, []tenancy.Purpose{"provide_service", "manage_account", "improve_service", "communicate", "ensure_security", "comply_with_law"}, tenancy.Purposes())
	type lead struct {
		tenancy.Row
		Name string `bun:"name" privacy:"identity,delete"`
	}
	for _, p := range []tenancy.Purpose{"advertising", "sale", "profiling"} {
		require.Panics(t, func() { tenancy.Define[lead](tenancy.Spec{Table: "crm.leads", Class: tenancy.Master, Purpose: p}) }, p)
	}
	require.Panics(t, func() {
		tenancy.Define[lead](tenancy.Spec{Table: "crm.leads", Class: tenancy.Master, Basis: "public_task"})
	})
	for _, mod := range append(erp.Modules(), access.Module()) {
		for _, m := range mod.Models {
			require.Contains(t, tenancy.Purposes(), m.Purpose, m.Table)
			require.Contains(t, tenancy.Bases(), m.Basis, m.Table)
		}
	}
}
