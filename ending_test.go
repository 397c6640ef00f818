package erp_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// box keeps what is sent.
type box struct{ sent []tenancy.Message }

// Send implements tenancy.Mailer.
func (b *box) Send(_ context.Context, m tenancy.Message) error {
	b.sent = append(b.sent, m)
	return nil
}

// A shop with a year's trade leaves and does nothing about it. The suite's own background work reminds whom the contract names, purges on the 31st day, and mails a certificate that verifies with what the
// platform publishes, and has every table of every domain.
func TestASuiteCertifiesADeletion(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC)
			env := tenancytest.Open(t, engine, tenancytest.Options{Modules: erp.Modules(), Clock: func() time.Time { return now }})
			mail := &box{}
			suite, err := erp.Wire(env.DB, erp.Options{Dir: t.TempDir(), Operator: "operator@example.org", Ending: ending.Options{Days: []int64{2, 30}}, Ports: erp.Ports{Mailer: mail, Logger: slog.New(slog.DiscardHandler)}})
			require.NoError(t, err)
			own, err := env.DB.Tenants().Create(env.Platform(t), tenancy.NewTenant{Name: "Opsmatiq", Platform: true})
			require.NoError(t, err)
			s := openShop(t, env, suite, inventory.FIFO)
			s.trade(t)
			id := tenancy.ScopeOf(s.ctx).TenantID()
			contract, err := env.DB.Tenants().Contract(env.Platform(t), id)
			require.NoError(t, err)
			contract.Billing.Email = "bills@shop.example"
			_, err = env.DB.Tenants().SetContract(env.Platform(t), id, contract.Terms, "they told us")
			require.NoError(t, err)
			_, err = suite.Tenancy.Life().Cancel(s.ctx, "we close")
			require.NoError(t, err)
			var want privacy.Manifest
			for end := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC); now.Before(end); now = now.Add(12 * time.Hour) {
				if now.Day() == 2 { // the law's jobs have gone on until now
					want, err = suite.Privacy.Digest(s.ctx)
					require.NoError(t, err)
				}
				_, err := suite.Tick(t.Context(), now)
				require.NoError(t, err)
			}
			require.NotEmpty(t, want.Files)
			failures, err := suite.JobFailures(env.Platform(t), 10)
			require.NoError(t, err)
			for _, f := range failures {
				require.NotContains(t, f.Job, "ending.")
			}
			var subjects []string
			for _, m := range mail.sent {
				if m.To == "bills@shop.example" {
					subjects = append(subjects, m.Subject)
				}
			}
			require.Equal(t, append(slicesOf("Your data will be deleted for good", 2), "Your data are deleted: the certificate"), subjects)
			inside := env.Enter(t, own.ID, ending.PermRead)
			published, err := suite.Ending.PublicKeys(inside)
			require.NoError(t, err)
			text := mail.sent[len(mail.sent)-1].Text
			signed, err := certificate.Verify([]byte(text[strings.Index(text, `{"document"`):]), published[0].Key)
			require.NoError(t, err)
			d := signed.Deletion
			counted := map[string]int64{}
			for _, table := range d.Erased.Tables {
				counted[table.Name] = table.Rows
			}
			for _, f := range want.Files {
				if !f.Trail {
					require.Equal(t, f.Rows, counted[f.Table], f.Table)
				}
			}
			for _, m := range env.DB.Registry().Models {
				if m.Table != "erp.tenant_gates" {
					require.Contains(t, counted, m.Table)
				}
			}
			require.Equal(t, certificate.Neither, d.TakenOut.How)
			require.Len(t, d.Notices, 2)
		})
	}
}

func slicesOf(text string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = text
	}
	return out
}
