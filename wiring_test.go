package erp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/privacy/ending/certificate"
	"github.com/opsmatiq/erp/privacy/register"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/privacy/retention"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/local"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// What the rooms of privacy ask of each other is said in erp.go, requests.go, ending.go, retention.go and registers.go, line by line. Each of these tests fails when a line is taken out.

// postbox keeps what is sent, and refuses what it is told to.
type postbox struct {
	box
	refuse func(tenancy.Message) bool
	tried  []tenancy.Message
}

// Send implements tenancy.Mailer.
func (b *postbox) Send(ctx context.Context, m tenancy.Message) error {
	b.tried = append(b.tried, m)
	if b.refuse != nil && b.refuse(m) {
		return errors.New("the mailbox is full")
	}
	return b.box.Send(ctx, m)
}

// to are the subjects of what reached an address.
func (b *postbox) to(address string) (subjects []string) {
	for _, m := range b.sent {
		if m.To == address {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

var quiet = slog.New(slog.DiscardHandler)

// A request's search is privacy's own, over the suite's tables, by each thing that a request can say, and never leaves its controller.
func TestARequestsSearchIsTheSuites(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s, next := openShop(t, env, suite, inventory.FIFO), openShop(t, env, suite, inventory.FIFO) // both have a customer with one address
		made, err := suite.Accounting.CreateParties(s.ctx, []accounting.NewParty{{Reference: "C-2", Name: "Bea Ltd", Customer: true, Phone: "+44 20 7946 0111"}, {Reference: "C-3", Name: "Cid Ltd", Customer: true, Phone: "020 7946 0111"}})
		require.NoError(t, err)
		_, err = suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("S-1", 1)})
		require.NoError(t, err)
		find := func(at context.Context, by request.Search) (persons []uuid.UUID, rows []map[string]int64) {
			t.Helper()
			found, err := suite.Requests.Find(at, by)
			require.NoError(t, err)
			for _, m := range found {
				require.Equal(t, "erp.parties", m.Table)
				of := map[string]int64{}
				for _, r := range m.Rows {
					require.Equal(t, tenancy.ByTenant, r.Controller, r.Table)
					of[r.Table] = r.Rows
				}
				persons, rows = append(persons, m.Person), append(rows, of)
			}
			return persons, rows
		}
		for name, by := range map[string]request.Search{"party": {Party: s.customer}, "e-mail": {Email: "ADA@example.org"}} {
			persons, rows := find(s.ctx, by)
			require.Equal(t, []uuid.UUID{s.customer}, persons, name)
			require.EqualValues(t, 1, rows[0]["erp.parties"], name)
			require.EqualValues(t, 1, rows[0]["erp.invoices"], name)
		}
		persons, rows := find(s.ctx, request.Search{Phone: "0044 20 79460111"})
		require.ElementsMatch(t, []uuid.UUID{made[0].ID, made[1].ID}, persons)
		for _, of := range rows {
			require.EqualValues(t, 1, of["erp.parties"], "what is held of one is not told of the other")
			require.Zero(t, of["erp.invoices"])
		}
		persons, _ = find(s.ctx, request.Search{User: "user:nobody"})
		require.Empty(t, persons, "who acted is looked for, and is nobody here")
		persons, _ = find(next.ctx, request.Search{Party: s.customer})
		require.Empty(t, persons, "another controller's customer is nobody")
		persons, _ = find(next.ctx, request.Search{Email: "ada@example.org"})
		require.Equal(t, []uuid.UUID{next.customer}, persons)
	})
}

// Whom the register of disclosures knows is to be told of a correction, a restriction and an erasure (GDPR Art. 19).
func TestTheRegistersRecipientsAreToldOfEachAct(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		now := suite.Tenancy.Now()
		_, err := suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "The Shop", Contact: "1 High Street", Jurisdiction: "GB"})
		require.NoError(t, err)
		court, err := suite.Registers.AddRecipients(s.ctx, []register.NewRecipient{{Reference: "R-1", Name: "The Court", Role: register.RoleAuthority, Country: "GB"}})
		require.NoError(t, err)
		_, err = suite.Registers.Disclose(s.ctx, []register.NewDisclosure{{Reference: "D-1", PersonID: s.customer, RecipientID: court[0].ID, Ground: register.LegalRequirement, Order: "an order",
			OrderHash: strings.Repeat("0", 64), What: "a name", Tables: []string{"erp.parties"}}})
		require.NoError(t, err)
		ask := func(reference string, kind request.Kind) request.Act {
			t.Helper()
			_, err := suite.Requests.Receive(s.ctx, request.NewRequest{Reference: reference, Kind: kind, Channel: request.Email, ReceivedAt: now.Add(-time.Hour), From: request.Requester{Name: "Ada"}, Person: s.customer})
			require.NoError(t, err)
			return request.Act{Request: reference, Reference: "act", Channel: request.Email, Note: "asked"}
		}
		_, err = suite.Requests.Correct(s.ctx, request.NewCorrection{Act: ask("R-1", request.Correction), KnownAs: "Ada Ltd", Changes: []privacy.Change{{Table: "erp.parties", RowID: s.customer, Column: "name", To: "Ada & Co"}}})
		require.NoError(t, err)
		_, err = suite.Requests.Restrict(s.ctx, request.NewRestriction{Act: ask("R-2", request.Restriction), Ground: tenancy.UnlawfulUse, KnownAs: "Ada Ltd"})
		require.NoError(t, err)
		_, err = suite.Requests.Erase(s.ctx, request.NewErasure{Act: ask("R-3", request.Deletion), KnownAs: "Ada Ltd"})
		require.NoError(t, err)
		page, err := suite.Requests.Notices(s.ctx, request.NoticeFilter{}, tenancy.PageRequest{})
		require.NoError(t, err)
		acts := map[request.Verb]bool{}
		for _, n := range page.Items {
			require.Equal(t, []string{"The Court", court[0].ID.String()}, []string{n.Recipient, n.RecipientKey})
			acts[n.Act] = true
		}
		require.Equal(t, map[request.Verb]bool{request.Correct: true, request.Restrict: true, request.Erase: true}, acts)
	})
}

// leaver is a shop whose service ends, in a suite with a clock.
type leaver struct {
	*shop
	env  *tenancytest.Env
	now  time.Time
	mail *postbox
	id   uuid.UUID
}

// openLeaver opens a shop under German law in a suite of a platform's, whose owner's address a host's own function knows.
func openLeaver(t *testing.T, engine string, change func(*erp.Options)) *leaver {
	t.Helper()
	l := &leaver{now: time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC), mail: &postbox{}}
	l.env = tenancytest.Open(t, engine, tenancytest.Options{Modules: erp.Modules(), Clock: func() time.Time { return l.now }})
	opt := erp.Options{Dir: t.TempDir(), Platform: "Opsmatiq", Operator: "operator@example.org", Ports: erp.Ports{Mailer: l.mail, Logger: quiet},
		OwnerAddress: func(context.Context, uuid.UUID) (string, error) { return "owner@shop.example", nil }}
	if change != nil {
		change(&opt)
	}
	suite, err := erp.Wire(l.env.DB, opt)
	require.NoError(t, err)
	l.shop = openShop(t, l.env, suite, inventory.FIFO)
	l.id = tenancy.ScopeOf(l.ctx).TenantID()
	_, err = suite.Privacy.SetController(l.ctx, privacy.Controller{Name: "Der Laden", Contact: "Weg 1", Jurisdiction: "DE"})
	require.NoError(t, err)
	return l
}

// tick does the suite's background work at instants, one after the other; nothing of endings may fail.
func (l *leaver) tick(t *testing.T, at ...time.Time) {
	t.Helper()
	for _, l.now = range at {
		_, err := l.suite.Tick(t.Context(), l.now)
		require.NoError(t, err)
		failures, err := l.suite.JobFailures(l.env.Platform(t), 100)
		require.NoError(t, err)
		for _, f := range failures {
			require.False(t, strings.HasPrefix(f.Job, "ending.") || f.Job == "tenancy.complete_pending", "%s", f)
		}
	}
}

// The instants at which something is due for a service that ends on 31 January 2026: a reminder of each day of the plan, and the purge.
var due = []time.Time{time.Date(2026, 2, 1, 6, 0, 0, 0, time.UTC), time.Date(2026, 2, 15, 6, 0, 0, 0, time.UTC), time.Date(2026, 3, 3, 6, 0, 0, 0, time.UTC)}

// certificate is that of the shop's deletion, verified.
func (l *leaver) certificate(t *testing.T) certificate.Deletion {
	t.Helper()
	own, err := l.env.DB.Tenants().Platform(l.env.Platform(t))
	require.NoError(t, err)
	inside := l.env.Enter(t, own.ID, ending.PermRead)
	papers, err := l.suite.Ending.Certificates(inside, l.id)
	require.NoError(t, err)
	require.NotEmpty(t, papers)
	keys, err := l.suite.Ending.PublicKeys(inside)
	require.NoError(t, err)
	signed, err := certificate.Verify(papers[0].File, keys[0].Key)
	require.NoError(t, err)
	return *signed.Deletion
}

func (l *leaver) cancel(t *testing.T) {
	t.Helper()
	_, err := l.suite.Tenancy.Life().Cancel(l.ctx, "we close")
	require.NoError(t, err)
}

// backedUp has a suite take backups.
func backedUp(t *testing.T) func(*erp.Options) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	require.NoError(t, err)
	dir := t.TempDir()
	return func(o *erp.Options) {
		o.Backups = privacy.BackupOptions{Files: local.Files{Dir: dir}, Recipients: []age.Recipient{identity.Recipient()}}
	}
}

// What a certificate of deletion says is what the suite's rooms know: the duties of the tenant's own country in a waiver, the register of backups, by which duty the platform keeps its own records and until when, and what lies with the anchor.
func TestTheCertificateSaysWhatTheSuiteKnows(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			l := openLeaver(t, engine, backedUp(t))
			l.tick(t, l.now)
			l.cancel(t)
			terms, err := l.suite.Ending.Terms(l.ctx)
			require.NoError(t, err)
			var rules []string
			for _, d := range terms.Duties {
				require.Equal(t, "DE", d.Jurisdiction)
				rules = append(rules, string(d.Class)+": "+d.For)
			}
			require.Contains(t, rules, "voucher: 8 years from the end of the calendar year of drawing up (de.vouchers)")
			require.Len(t, rules, 3, "of books, vouchers and letters")
			_, err = l.suite.Ending.Waive(l.ctx, terms.Digest)
			require.NoError(t, err)
			l.tick(t, due...)
			d := l.certificate(t)
			require.True(t, d.Backups.Registered)
			require.Positive(t, d.Backups.Count)
			require.Equal(t, d.Backups.LastExpiry, d.Backups.PendingUntil)
			kept := map[string]certificate.Kept{}
			for _, k := range d.Kept {
				kept[k.Name] = k
			}
			require.Contains(t, kept, "anchors")
			for _, k := range d.Kept {
				require.NotEmpty(t, k.Law, k.Name)
				require.NotEmpty(t, k.Until, k.Name)
				require.NotEmpty(t, k.Why, k.Name)
			}
			contract := kept["erp_control.contracts"]
			require.Equal(t, "2037-01-30", contract.Until, "ten years from the end of the longest accounting period that the end of service can lie in")
			require.Contains(t, contract.Law, "no law: where no country is stated")
			require.Equal(t, "2029-12-31", kept["erp_control.platform_journal"].Until)
			require.Contains(t, kept["erp.deletion_certificates"].Law, "28(3)")
			require.Contains(t, kept["erp_control.erasure_ledger"].Law+kept["erp_control.backups"].Law, "GDPR Art. 5(")
			require.Contains(t, kept["erp.subject_requests"].Law, "at most: ", "a limit of the register of requests")
			require.Equal(t, kept["erp_control.platform_journal"].Law, kept["anchors"].Law, "and what lies elsewhere")
			require.Contains(t, l.mail.to("owner@shop.example"), "Your data will be deleted for good", "whom the host's own function knows")

			l.tick(t, d.Backups.LastExpiry.Add(time.Hour), d.Backups.LastExpiry.AddDate(0, 0, 2))
			own, err := l.env.DB.Tenants().Platform(l.env.Platform(t))
			require.NoError(t, err)
			papers, err := l.suite.Ending.Certificates(l.env.Enter(t, own.ID, ending.PermRead), l.id)
			require.NoError(t, err)
			require.Len(t, papers, 2, "and when the register has none left, it is completed")
		})
	}
}

// By whose law the platform keeps its own records it has said itself, in its own tenant: the certificate goes by that country's rules, as they were when the service ended.
func TestACertificateGoesByThePlatformsOwnLaw(t *testing.T) {
	for country, want := range map[string][2]string{"DE": {"2034-12-31", "§ 147 (1) no. 4"}, "FR": {"2037-01-30", "L123-22"}, "GB": {"2033-01-31", "Taxes Management Act 1970"}, "ES": {"2037-01-30", "no law: where no country is stated"}} {
		l := openLeaver(t, "sqlite", nil)
		own, err := l.env.DB.Tenants().Platform(l.env.Platform(t))
		require.NoError(t, err)
		_, err = l.suite.Privacy.SetController(l.env.Enter(t, own.ID, "privacy.*"), privacy.Controller{Name: "Opsmatiq", Contact: "1 Road", Jurisdiction: country})
		require.NoError(t, err)
		l.cancel(t)
		l.tick(t, due...)
		for _, k := range l.certificate(t).Kept {
			require.NotEmpty(t, k.Law, "%s %s", country, k.Name)
			require.NotEmpty(t, k.Until, "%s %s", country, k.Name)
			if k.Name == "erp_control.contracts" {
				require.Equal(t, want[0], k.Until, country)
				require.Contains(t, k.Law, want[1], country)
			}
		}
	}
}

// A host's own answers stand in place of the suite's; and without backups of the suite's no certificate speaks of a register.
func TestAHostsEndingStands(t *testing.T) {
	l := openLeaver(t, "sqlite", func(o *erp.Options) {
		o.Ending = ending.Options{Duties: func(_ context.Context, in string) ([]ending.Duty, error) {
			return []ending.Duty{{Class: tenancy.Letter, Jurisdiction: in, Rule: "house rule"}}, nil
		},
			Jurisdictions: func(context.Context) ([]string, error) { return []string{"XX"}, nil },
			Rule: func(context.Context, ending.Keeping) (string, date.Date, error) {
				return "house law", date.Of(2099, 1, 1), nil
			},
			Keeps: []certificate.Kept{{Name: "safe", About: "a safe", Why: "it is ours"}}}
	})
	l.cancel(t)
	terms, err := l.suite.Ending.Terms(l.ctx)
	require.NoError(t, err)
	require.Equal(t, []ending.Duty{{Class: tenancy.Letter, Jurisdiction: "XX", Rule: "house rule"}}, terms.Duties)
	l.tick(t, due...)
	d := l.certificate(t)
	require.False(t, d.Backups.Registered)
	var names []string
	for _, k := range d.Kept {
		names = append(names, k.Name)
		if strings.HasPrefix(k.Name, "erp") {
			require.Equal(t, []string{"house law", "2099-01-01"}, []string{k.Law, k.Until}, k.Name)
		}
	}
	require.Contains(t, names, "safe")
	require.Contains(t, names, "anchors")
}

// Of an owner who cannot be told the operator hears.
func TestTheOperatorHearsOfAnOwnerWhoWasNotTold(t *testing.T) {
	l := openLeaver(t, "sqlite", nil)
	l.mail.refuse = func(m tenancy.Message) bool { return m.To == "owner@shop.example" }
	l.cancel(t)
	for range 6 {
		l.tick(t, l.now.Add(9*time.Hour))
	}
	require.Contains(t, l.mail.to("operator@example.org"), "The owner of a tenant that ends was not told")
	require.True(t, slices.ContainsFunc(l.mail.tried, func(m tenancy.Message) bool { return m.To == "owner@shop.example" }))
}

// Retention asks the suite by whose law, in which fiscal years, and whether the platform holds the tenant; and erasure asks retention what is held.
func TestRetentionAsksTheSuite(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, suite *erp.Suite) {
		s := openShop(t, env, suite, inventory.FIFO)
		enable := func(rule, reference string) error {
			_, err := suite.Retention.Enable(s.ctx, rule, reference)
			return err
		}
		require.ErrorIs(t, enable("de.vouchers", "E-1"), retention.ErrUnknownRule, "no country is stated")
		_, err := suite.Privacy.SetController(s.ctx, privacy.Controller{Name: "Der Laden", Contact: "Weg 1", Jurisdiction: "DE"})
		require.NoError(t, err)
		require.NoError(t, enable("de.vouchers", "E-2"))

		m, err := suite.Privacy.DataMap(s.ctx)
		require.NoError(t, err)
		i := slices.IndexFunc(m.Tables, func(x privacy.MappedTable) bool { return x.Table == "erp.invoices" })
		require.Contains(t, m.Tables[i].Retention, "(de.vouchers)", "the data map says for how long")

		entries, err := suite.Accounting.Post(s.ctx, []accounting.NewEntry{s.entry("E-1", 700)})
		require.NoError(t, err)
		until, err := suite.Retention.Releases(s.ctx, "erp.journal_entries", entries[0].ID)
		require.NoError(t, err)
		last := date.In(suite.Tenancy.Now(), time.UTC).Year()
		require.Equal(t, "de.books", until[0].Hold.Rule)
		require.Equal(t, date.Of(last+11, 1, 1), until[0].Hold.Until, "ten years from the end of the year in which the last entry of the fiscal year was made")

		sold, err := suite.Sales.Sell(s.ctx, []sales.NewSale{s.sale("S-1", 1)})
		require.NoError(t, err)
		report, err := suite.Privacy.PreviewErasure(s.ctx, s.customer)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(report.Lines, func(l privacy.ErasureLine) bool {
			return l.Table == "erp.invoice_texts" && l.Treatment == privacy.Held && l.Rule == "de.vouchers"
		}), "what the law keeps of %s is held: %+v", sold[0].InvoiceID, report.Lines)

		sweeper := env.Enter(t, tenancy.ScopeOf(s.ctx).TenantID(), retention.PermSweep, retention.PermRead)
		_, err = suite.Tenancy.Tenants().Hold(env.Platform(t), tenancy.ScopeOf(s.ctx).TenantID(), "a court asks", "H-1")
		require.NoError(t, err)
		swept, err := suite.Retention.Sweep(sweeper, 10_000)
		require.NoError(t, err)
		require.Empty(t, swept.Lines, "the platform holds the tenant")
		_, err = suite.Retention.LastSweep(sweeper)
		require.ErrorIs(t, err, tenancy.ErrNotFound)
	})
}

// The last entry of a fiscal year counts by the day on which it was made, which may be in the next one.
func TestTheLastEntryOfAYearIsTheSuites(t *testing.T) {
	l := openLeaver(t, "sqlite", nil)
	l.now = time.Date(2027, 5, 5, 12, 0, 0, 0, time.UTC)
	entries, err := l.suite.Accounting.Post(l.ctx, []accounting.NewEntry{l.entry("E-1", 700)})
	require.NoError(t, err)
	until, err := l.suite.Retention.Releases(l.ctx, "erp.journal_entries", entries[0].ID)
	require.NoError(t, err)
	require.Equal(t, "2038-01-01", until[0].Hold.Until.String(), "an entry of 2026 that was made in 2027 keeps the book of 2026")
}

// What the platform announces reaches the owner's address, and what a tenant objects to the operator's.
func TestAnnouncementsAndObjectionsGoByMail(t *testing.T) {
	l := openLeaver(t, "sqlite", nil)
	own, err := l.env.DB.Tenants().Platform(l.env.Platform(t))
	require.NoError(t, err)
	inside := l.env.Enter(t, own.ID, "register.*", "privacy.*")
	_, err = l.suite.Privacy.SetController(inside, privacy.Controller{Name: "Opsmatiq", Contact: "1 Road", Jurisdiction: "DE"})
	require.NoError(t, err)
	mailer, err := l.suite.Registers.AddRecipients(inside, []register.NewRecipient{{Reference: "R-1", Name: "Mailer", Role: register.RoleProcessor, Country: "FR"}})
	require.NoError(t, err)
	contract, err := l.suite.Registers.AddProcessors(inside, []register.NewProcessor{{Reference: "K-1", RecipientID: mailer[0].ID, Service: "mail", Contract: "safe", ContractHash: strings.Repeat("0", 64), Confidential: true,
		From: date.In(l.now, time.UTC)}})
	require.NoError(t, err)
	_, err = l.suite.Registers.Announce(inside, register.NewAnnouncement{Reference: "A-1", Kind: register.OfProcessor, About: contract[0].ID, Title: "A new mailer", Body: "Mailer sends mail from March on."})
	require.NoError(t, err)
	l.tick(t, l.now.AddDate(0, 0, 1))
	require.Contains(t, l.mail.to("owner@shop.example"), "A new mailer")
	notices, err := l.suite.Registers.Notices(l.ctx, tenancy.PageRequest{})
	require.NoError(t, err)
	_, err = l.suite.Registers.Object(l.ctx, "O-1", notices.Items[0].ID, "not them")
	require.NoError(t, err)
	l.tick(t, l.now.AddDate(0, 0, 1))
	require.Contains(t, l.mail.to("operator@example.org"), "A tenant objects to what was announced to it")
}

// Who asked, and what, goes three years after the end of the year in which it was answered, when the tenant has it so; an open request stays, however old.
func TestRequestersHaveTheirTime(t *testing.T) {
	for _, engine := range tenancytest.Engines {
		t.Run(engine, func(t *testing.T) {
			l := openLeaver(t, engine, nil)
			l.now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
			ask := func(reference string) {
				_, err := l.suite.Requests.Receive(l.ctx, request.NewRequest{Reference: reference, Kind: request.Access, Channel: request.Letter, ReceivedAt: l.now, From: request.Requester{Name: "Rita Canary", Email: "rita@example.org"}, Ask: "What of " + reference + "?"})
				require.NoError(t, err)
			}
			ask("closed")
			ask("open")
			l.now = l.now.AddDate(0, 0, 7)
			_, err := l.suite.Requests.Answer(l.ctx, request.NewAnswer{Act: request.Act{Request: "closed", Reference: "a", Channel: request.Letter, Note: "Nothing is held of Rita Canary."}, Outcome: request.NothingHeld})
			require.NoError(t, err)
			sweep := func() map[string]int64 {
				t.Helper()
				counts := map[string]int64{}
				for {
					out, err := l.suite.Retention.Sweep(l.ctx, 10_000)
					require.NoError(t, err)
					if !out.Done {
						continue
					}
					for _, line := range out.Lines {
						counts[line.Table+" "+string(line.Outcome)+" "+line.Rule] += line.Rows
					}
					return counts
				}
			}
			stands := func(reference string) (name, ask, note string) {
				t.Helper()
				f, err := l.suite.Requests.Open(l.ctx, reference)
				require.NoError(t, err)
				return f.From.Name, f.Ask, f.Steps[len(f.Steps)-1].Note
			}
			l.now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
			got := sweep()
			require.EqualValues(t, 1, got["erp.subject_requests off general.requests"])
			name, _, _ := stands("closed")
			require.Equal(t, "Rita Canary", name, "nothing goes that is not switched on")
			for _, rule := range []string{"general.requests", "general.requesters"} {
				_, err := l.suite.Retention.Enable(l.ctx, rule, "E-"+rule)
				require.NoError(t, err)
			}
			l.now = time.Date(2029, 12, 31, 12, 0, 0, 0, time.UTC)
			sweep()
			name, _, _ = stands("closed")
			require.Equal(t, "Rita Canary", name)
			l.now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
			got = sweep()
			require.EqualValues(t, 1, got["erp.requesters erased general.requesters"])
			require.EqualValues(t, 1, got["erp.requesters kept general.master"], "who waits for an answer")
			require.EqualValues(t, 1, got["erp.subject_requests erased general.requests"])
			name, asked, note := stands("closed")
			require.NotContains(t, name, "Canary")
			require.Empty(t, asked+note)
			name, asked, _ = stands("open")
			require.Equal(t, []string{"Rita Canary", "What of open?"}, []string{name, asked})
			page, err := l.suite.Requests.List(l.ctx, request.Filter{}, tenancy.PageRequest{})
			require.NoError(t, err)
			require.Len(t, page.Items, 2, "the register itself stays")
		})
	}
}

// Break-glass grants go by the suite's own job when their rule has ended, and not a day sooner.
func TestTheSuiteSweepsGrants(t *testing.T) {
	l := openLeaver(t, "sqlite", nil)
	staff, err := l.env.DB.EnterPlatform(t.Context(), "staff:1", tenancy.Permissions{"grant.*"})
	require.NoError(t, err)
	ask := func() {
		_, err := l.env.DB.Grants().Ask(staff, tenancy.NewGrant{Tenant: l.id, Person: "staff:1", Reason: "Ticket 1", Permissions: tenancy.Permissions{"sales.read"}, For: time.Hour})
		require.NoError(t, err)
	}
	ask()
	l.now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	ask() // of the next year
	left := func(at time.Time) int {
		t.Helper()
		l.now = at
		_, err := l.suite.Tick(t.Context(), l.now)
		require.NoError(t, err)
		list, err := l.env.DB.Grants().List(staff, uuid.Nil, 10)
		require.NoError(t, err)
		return len(list)
	}
	require.Equal(t, 2, left(time.Date(2029, 12, 31, 23, 0, 0, 0, time.UTC)))
	require.Equal(t, 1, left(time.Date(2030, 1, 2, 1, 0, 0, 0, time.UTC)))
	sweeps, err := l.env.DB.Grants().Sweeps(staff, 10)
	require.NoError(t, err)
	require.Equal(t, "general.grants", sweeps[0].Rule)
}

// The platform's own tenant is made at the first start, once, whoever starts first and under whatever name later.
func TestThePlatformsTenantIsMadeAtTheStart(t *testing.T) {
	each(t, func(t *testing.T, env *tenancytest.Env, _ *erp.Suite) {
		platform := env.Platform(t)
		_, err := env.DB.Tenants().Platform(platform)
		require.True(t, tenancy.IsNotFound(err), "without a name none is made")
		var first tenancy.Tenant
		for i, name := range []string{"Opsmatiq", "Opsmatiq", "Another name"} {
			_, err := erp.Wire(env.DB, erp.Options{Dir: t.TempDir(), Platform: name, Ports: erp.Ports{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}})
			require.NoError(t, err)
			own, err := env.DB.Tenants().Platform(platform)
			require.NoError(t, err)
			require.Equal(t, "Opsmatiq", own.Name)
			if i == 0 {
				first = own
			}
			require.Equal(t, first.ID, own.ID)
		}
	})
}
