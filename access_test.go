package erp_test

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/audit"
	"github.com/opsmatiq/erp/tenancy/fault"
	"github.com/opsmatiq/erp/tenancy/sqlite"
)

// permissions are all that the library's sources define, and by which folder.
func permissions(t *testing.T) map[tenancy.Permission]string {
	t.Helper()
	out := map[tenancy.Permission]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "examples") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Perm") {
				return true
			}
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				if name, err := strconv.Unquote(lit.Value); err == nil {
					out[tenancy.Permission(name)] = filepath.Dir(path)
				}
			}
			return true
		})
		return nil
	}))
	return out
}

// The built-in roles are names in a package that knows no domain: each names what a domain really has, and what an auditor may do
// changes nothing.
func TestBuiltinRolesNameWhatThereIs(t *testing.T) {
	all := permissions(t)
	require.Equal(t, "sales", all["sales.sell"])
	require.Greater(t, len(all), 60)
	for _, r := range access.BuiltinRoles() {
		for _, p := range r.Permissions {
			known := p == tenancy.AllPermissions || all[p] != ""
			for name := range all {
				known = known || tenancy.Permissions{p}.Allow(name)
			}
			require.True(t, known, "role %s: nothing is called %s", r.Name, p)
		}
		if r.Name == "auditor" {
			for name := range all {
				_, act, _ := strings.Cut(string(name), ".")
				if r.Permissions.Allow(name) {
					require.Contains(t, []string{"read", "verify", "digest", "export"}, act, name)
				} else if act == "read" && all[name] != "tenancy" {
					require.Fail(t, "an auditor reads everything", "but not %s", name)
				}
			}
		}
	}
}

// A host that wants access says so, and gets the service, its jobs and its tables; one that does not gets none of it.
func TestSuiteWithAccess(t *testing.T) {
	open := func(dir string, opt erp.Options) (*erp.Suite, error) {
		opt.Migrate, opt.Dir = true, dir
		return erp.Open(t.Context(), sqlite.Engine{Dir: dir, Unsynced: true}, opt)
	}
	plain, err := open(t.TempDir(), erp.Options{})
	require.NoError(t, err)
	defer func() { _ = plain.Close() }()
	require.Nil(t, plain.Access)
	require.Nil(t, plain.Tenancy.Registry().Table("erp.members"))

	suite, err := open(t.TempDir(), erp.Options{Access: &access.Options{}})
	require.NoError(t, err)
	defer func() { _ = suite.Close() }()
	require.NotNil(t, suite.Tenancy.Registry().Table("erp.members"))
	names := map[string]bool{}
	for _, j := range suite.Jobs() {
		names[j.Name] = true
	}
	require.True(t, names["access.sweep"])
	_, err = erp.Wire(plain.Tenancy, erp.Options{Access: &access.Options{}, Dir: t.TempDir()})
	require.Equal(t, access.ErrBadInput.Code, fault.CodeOf(err), "a database without the tables")
}

// A tenant that was imported has its members by name, and lets none of them in: the platform adds an owner, as in a new one.
func TestMembersTravelAndOpenNothing(t *testing.T) {
	dir := t.TempDir()
	var last tenancy.Message
	opt := erp.Options{Migrate: true, Dir: dir, Access: &access.Options{Mailer: mailer(func(m tenancy.Message) { last = m })}}
	suite, err := erp.Open(t.Context(), sqlite.Engine{Dir: dir, Unsynced: true}, opt)
	require.NoError(t, err)
	defer func() { _ = suite.Close() }()
	platform, err := suite.Tenancy.EnterPlatform(t.Context(), "ops:1", tenancy.Permissions{"*"})
	require.NoError(t, err)
	shop, err := suite.Tenancy.Tenants().Create(platform, tenancy.NewTenant{Name: "The Shop"})
	require.NoError(t, err)
	ada := access.NewMember{Email: "ada@example.com", Name: "Ada Byron"}
	_, err = suite.Access.AddOwner(platform, shop.ID, ada)
	require.NoError(t, err)
	accept := func() {
		_, err := suite.Access.Accept(t.Context(), access.Acceptance{Token: tokenIn(last), Password: "a long and winding road"})
		require.NoError(t, err)
	}
	accept()
	login := func(tenant tenancy.Tenant) error {
		s, err := suite.Access.Login(t.Context(), access.Login{Email: ada.Email, Password: "a long and winding road", Tenant: tenant.ID})
		if err == nil {
			_, err = suite.Access.Authenticate(t.Context(), access.Credential{Secret: s.Token})
		}
		return err
	}
	require.NoError(t, login(shop))
	var archive bytes.Buffer
	inside, err := suite.Tenancy.Enter(t.Context(), shop.ID, "test", tenancy.Permissions{"privacy.*"})
	require.NoError(t, err)
	_, err = suite.Privacy.Export(inside, &archive)
	require.NoError(t, err)
	moved, _, err := suite.Privacy.Import(platform, tenancy.NewTenant{Name: "The Shop, moved", Reference: "MOVE-1"}, bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	require.NoError(t, err)
	require.ErrorIs(t, login(moved), access.ErrNotMember)
	_, err = suite.Access.AddOwner(platform, moved.ID, ada)
	require.NoError(t, err)
	require.ErrorIs(t, login(moved), access.ErrNotMember)
	accept()
	require.NoError(t, login(moved))
	require.NoError(t, login(shop), "and the other is as it was")

	// Who leaves and asks to be forgotten is no name in the tenant's records any more.
	s, err := suite.Access.Login(t.Context(), access.Login{Email: ada.Email, Password: "a long and winding road", Tenant: shop.ID})
	require.NoError(t, err)
	owner, err := suite.Access.Authenticate(t.Context(), access.Credential{Secret: s.Token})
	require.NoError(t, err)
	entries, err := suite.Audit.List(owner, audit.Filter{}, tenancy.PageRequest{Limit: 100})
	require.NoError(t, err)
	named := map[string]bool{}
	for _, e := range entries.Items {
		named[e.Name] = true
	}
	require.True(t, named["Ada Byron"], "the trail's actors have names")
	sam, err := suite.Access.Invite(owner, access.NewMember{Email: "sam@example.com", Name: "Sam Clerk", Roles: []string{"sales"}})
	require.NoError(t, err)
	for column, to := range map[string]string{"name": "Sam\nClerk", "email": "no address", "email_key": "sam@example.com\n"} {
		_, err = suite.Privacy.Correct(owner, privacy.Correction{PersonID: sam.ID, Reference: "C-" + column, Changes: []privacy.Change{{Table: "erp.members", RowID: sam.ID, Column: column, To: to}}})
		require.ErrorIs(t, err, privacy.ErrBadValue, column)
		require.ErrorContains(t, err, "erp.members."+column)
	}
	forget := privacy.Erasure{PersonID: sam.ID, Reference: "FORGET-2", Reason: "asked, Art. 17(1)(b)"}
	_, err = suite.Privacy.Erase(owner, forget)
	require.ErrorIs(t, err, access.ErrHasMemberships, "whoever is to be forgotten leaves first")
	require.NoError(t, suite.Access.RemoveMember(owner, sam.ID))
	found, err := suite.Privacy.Find(owner, privacy.Query{Email: "SAM@example.com"})
	require.NoError(t, err)
	require.Equal(t, []privacy.FoundPerson{{Table: "erp.members", ID: sam.ID, By: []string{"email"}}}, found.Persons)
	_, err = suite.Privacy.Erase(owner, forget)
	require.NoError(t, err)
	_, err = suite.Tick(t.Context(), time.Now().Add(2*time.Hour))
	require.NoError(t, err)
	pending, err := suite.Privacy.PendingErasures(owner, 10)
	require.NoError(t, err)
	require.Empty(t, pending, "the job has finished it")
	members, err := suite.Access.Members(owner)
	require.NoError(t, err)
	require.Len(t, members, 2)
	require.Contains(t, members[1].Name, "erased ")
	require.Empty(t, members[1].Email)
}

type mailer func(m tenancy.Message)

func (f mailer) Send(_ context.Context, m tenancy.Message) error { f(m); return nil }

func tokenIn(m tenancy.Message) string {
	for _, word := range strings.Fields(m.Text) {
		if strings.HasPrefix(word, "erp_") {
			return word
		}
	}
	return ""
}
