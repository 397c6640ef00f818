package erp_test

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/privacy/usage"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// tradeRegisters leaves rows in the tables of the registers: a customer's consent, what was disclosed of them, a policy, a breach; and, by hand, what the platform tells tenants.
func (s *shop) tradeRegisters(t *testing.T) {
	t.Helper()
	reg, proof := s.suite.Registers, strings.Repeat("0", 64)
	today := date.In(s.suite.Tenancy.Now(), time.UTC)
	_, err := reg.AddPersons(s.ctx, []register.NewPerson{{Reference: "reader-1", Name: "Rita Reader", Contact: "rita@example.org"}})
	require.NoError(t, err)
	parties, err := reg.AddRecipients(s.ctx, []register.NewRecipient{{Reference: "R-1", Name: "Carrier Ltd", Role: register.RoleProcessor, Country: "GB"},
		{Reference: "R-2", Name: "Club", Role: register.RoleThirdParty, Country: "GB"}, {Reference: "R-3", Name: "Heir Ltd", Role: register.RoleAcquirer, Country: "US"}})
	require.NoError(t, err)
	transfers, err := reg.AddTransfers(s.ctx, []register.NewTransfer{{Reference: "T-1", RecipientID: parties[2].ID, Safeguard: register.Agreement, Evidence: "safe", EvidenceHash: proof, From: today}})
	require.NoError(t, err)
	contracts, err := reg.AddProcessors(s.ctx, []register.NewProcessor{{Reference: "K-1", RecipientID: parties[0].ID, Service: "delivery", Contract: "safe", ContractHash: proof, Confidential: true, From: today}})
	require.NoError(t, err)
	_, err = reg.AddPurposes(s.ctx, []register.NewPurpose{{Reference: "P-1", Code: "club", Purpose: tenancy.Communicate, RecipientID: parties[1].ID}})
	require.NoError(t, err)
	_, err = reg.AddWording(s.ctx, register.NewWording{Reference: "W-1", Purpose: "club", Language: "en", Wording: "Tell the club."})
	require.NoError(t, err)
	_, err = reg.RecordConsents(s.ctx, []register.NewConsent{{Reference: "C-1", PersonID: s.customer, Purpose: "club", Version: 1, How: register.ByForm, Evidence: "form 1", EvidenceHash: proof}})
	require.NoError(t, err)
	_, err = reg.Disclose(s.ctx, []register.NewDisclosure{{Reference: "D-1", PersonID: s.customer, RecipientID: parties[0].ID, Ground: register.ServiceProvider, ProcessorID: contracts[0].ID, What: "an address",
		Tables: []string{"erp.parties"}}})
	require.NoError(t, err)
	_, err = reg.End(s.ctx, register.NewEnd{Reference: "E-1", ID: transfers[0].ID})
	require.NoError(t, err)
	policy, err := reg.AddPolicyVersion(s.ctx, register.NewPolicyVersion{Reference: "V-1", Policy: register.LastUpdatedLine(today), UpdatedOn: today})
	require.NoError(t, err)
	_, err = reg.TakeEffect(s.ctx, "V-1", policy.ID)
	require.NoError(t, err)
	told, err := reg.Announce(s.ctx, register.NewAnnouncement{Reference: "A-1", Kind: register.OfTransfer, About: parties[2].ID, Title: "We are sold", Body: "To Heir Ltd."})
	require.NoError(t, err)
	_, err = reg.ConfirmAnnounced(s.ctx, told.ID)
	require.NoError(t, err)
	_, err = reg.Acknowledge(s.ctx, 1, policy.Hash)
	require.NoError(t, err)
	b, err := reg.OpenBreach(s.ctx, register.NewBreach{Reference: "B-1", Facts: "a letter to the wrong address"})
	require.NoError(t, err)
	_, err = reg.AddAffected(s.ctx, b.ID, []uuid.UUID{s.customer})
	require.NoError(t, err)
	notice := s.noticed(t)
	o, err := reg.Object(s.ctx, "O-1", notice, "not them")
	require.NoError(t, err)
	_, err = reg.Settle(s.ctx, "O-1", o.ID, register.TenantExcluded, "without them")
	require.NoError(t, err)
}

// noticed leaves what the platform told the tenant, past the service: the job that does so has a platform.
func (s *shop) noticed(t *testing.T) uuid.UUID {
	t.Helper()
	id := tenancy.NewID()
	_, err := tenancy.Act(s.ctx, s.suite.Tenancy, "test.notice", func(ctx context.Context, tx *tenancy.Tx) (any, error) {
		b := tx.Batch()
		for _, of := range []struct {
			table  string
			values map[string]any
		}{
			{"erp.register_entries", map[string]any{"id": id, "kind": "notice", "reference": "N-1", "entered_at": tx.Now(), "entered_by": "tester"}},
			{"erp.notices", map[string]any{"entry_id": id, "announcement_id": tenancy.NewID(), "kind": "processor", "about_id": tenancy.NewID(), "days": int64(30), "country": "FR", "announced_at": tx.Now()}},
			{"erp.register_texts", map[string]any{"entry_id": id, "name": "Mailer", "body": "a new mailer"}},
			{"erp.announced_to", map[string]any{"announcement_id": id, "controller_id": tenancy.NewID()}},
		} {
			m := s.suite.Tenancy.Registry().Table(of.table)
			row := m.Verbs().New()
			for name, v := range of.values {
				reflect.ValueOf(row).Elem().FieldByIndex(m.Column(name).Index).Set(reflect.ValueOf(v))
			}
			m.Verbs().Put(b, []any{row})
		}
		return nil, b.Run(ctx)
	})
	require.NoError(t, err)
	return id
}

// What the registers ask others for, the suite answers: the controller's country, the access log; and what they know is in the data map.
func TestTheSuiteAnswersTheRegisters(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		abroad, err := suite.Registers.AddRecipients(s.ctx, []register.NewRecipient{{Reference: "R-1", Name: "Far Inc", Role: register.RoleAuthority, Country: "US"}})
		require.NoError(t, err)
		disclose := func() error {
			_, err := suite.Registers.Disclose(s.ctx, []register.NewDisclosure{{Reference: "D-1", PersonID: s.customer, RecipientID: abroad[0].ID, Ground: register.LegalRequirement, Order: "an order",
				OrderHash: strings.Repeat("0", 64), What: "a name", Tables: []string{"erp.parties"}}})
			return err
		}
		require.ErrorIs(t, disclose(), register.ErrJurisdiction, "nobody stated a country")
		_, err = suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "The Shop", Contact: "1 High Street", Jurisdiction: "GB"})
		require.NoError(t, err)
		require.ErrorIs(t, disclose(), register.ErrNoSafeguard)
		today := date.In(s.suite.Tenancy.Now(), time.UTC)
		_, err = suite.Registers.AddTransfers(s.ctx, []register.NewTransfer{{Reference: "T-1", RecipientID: abroad[0].ID, Safeguard: register.Agreement, Evidence: "safe", EvidenceHash: strings.Repeat("0", 64),
			From: today.AddDays(-1)}})
		require.NoError(t, err)
		require.NoError(t, disclose())
		m, err := suite.Privacy.DataMap(s.ctx)
		require.NoError(t, err)
		require.Equal(t, []privacy.Recipient{{Name: "Far Inc", Role: "authority", Country: "US", Safeguard: "idta: Data Protection Act 2018, section 119A: International Data Transfer Agreement",
			Tables: []string{"erp.parties"}}}, m.Recipients)

		before := time.Now().Add(-time.Minute)
		require.NoError(t, suite.Usage.Log(s.ctx, usage.Hit{Page: "/customers"}))
		trace, err := suite.Registers.Trace(s.ctx, register.TraceQuery{From: before, To: time.Now().Add(time.Minute), Actor: "tester"})
		require.NoError(t, err)
		require.Len(t, trace.Visits, 1)
		require.Equal(t, "/customers", trace.Visits[0].Page)
		require.Contains(t, trace.Persons, s.customer, "whose party was made, and of whom something went out")
		require.Equal(t, 1, trace.Of("erp.register_entries").Persons)
	})
}
