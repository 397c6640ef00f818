package ending_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/privacy/ending"
	"github.com/opsmatiq/erp/tenancy"
)

// What is on record of an ending stays, whoever asks the database to change it.
func TestTheDatabaseKeepsTheRecord(t *testing.T) {
	eachWorld(t, start, func(w *world, opt *ending.Options) {
		w.backups = &oneBackup{}
		opt.Backups = w.backups
	}, func(t *testing.T, w *world) {
		owner := w.shop(t)
		w.cancel(t, owner)
		terms, err := w.end.Terms(owner)
		require.NoError(t, err)
		_, err = w.end.Waive(owner, terms.Digest)
		require.NoError(t, err)
		_, err = w.end.TakeOut(owner, new(bytes.Buffer))
		require.NoError(t, err)
		w.at(t, day(3, 3))
		w.at(t, day(6, 1))
		db := w.Owner(t, w.own.ID)
		for _, text := range []string{
			"UPDATE erp.ending_notices SET outcome = '', told_at = NULL WHERE day = 1", "UPDATE erp.ending_notices SET told_at = due_at", "UPDATE erp.ending_notices SET day = 2 WHERE day = 1",
			"DELETE FROM erp.ending_notices", "UPDATE erp.ending_deliveries SET root = 'x'", "UPDATE erp.ending_deliveries SET bytes = 1", "DELETE FROM erp.ending_deliveries",
			"UPDATE erp.ending_waivers SET text = ''", "DELETE FROM erp.ending_waivers", "UPDATE erp.deletions SET facts = '{}'", "UPDATE erp.deletions SET certified_at = NULL, look_at = NULL, completed_at = NULL",
			"UPDATE erp.deletions SET completed_at = NULL", "UPDATE erp.deletions SET look_at = begun_at", "DELETE FROM erp.deletions",
			"UPDATE erp.deletion_certificates SET file = ''", "DELETE FROM erp.deletion_certificates", "UPDATE erp.certificate_keys SET public_key = ''", "DELETE FROM erp.certificate_keys",
		} {
			_, err := db.Exec(w.SQL(text))
			require.Error(t, err, text)
			require.Regexp(t, "append_only|FOREIGN KEY|violates foreign key", err.Error(), text)
		}
		if w.Name == "sqlite" { // what is replaced fires no trigger against deletes
			for _, table := range []string{"ending_notices", "ending_deliveries", "ending_waivers", "deletions", "deletion_certificates", "certificate_keys"} {
				_, err := db.Exec("INSERT OR REPLACE INTO erp_" + table + " SELECT * FROM erp_" + table)
				require.Error(t, err, table)
			}
		}
	})
}

// A sealed column that does not open any more costs the certificate its root, and the tenant's data nothing of their deletion.
func TestWhatDoesNotOpenGoesAllTheSame(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		owner := w.shop(t)
		id := tenantOf(owner)
		_, err := w.Owner(t, id).Exec(w.SQL("UPDATE shelf.notes SET phone = 'erp1:1:AAAA' WHERE tenant_id = '" + id.String() + "'"))
		require.NoError(t, err)
		w.cancel(t, owner)
		w.at(t, day(3, 3))
		cert, _ := w.papers(t, id)
		require.Empty(t, cert.Deletion.Erased.Root)
		require.Contains(t, cert.Deletion.Erased.NoRoot, "tenancy.key")
		require.EqualValues(t, 3, rows(cert.Deletion, "shelf.notes"))
		require.Contains(t, cert.Deletion.Text(*cert), "There is no root")
	})
}

// A key that was destroyed before the rows could be reached is no reason to keep them.
func TestAKeyThatIsGoneBeforeTheRows(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		owner := w.shop(t)
		id := tenantOf(owner)
		w.cancel(t, owner)
		w.now = day(3, 3)
		w.DB.WitnessPurges(unreachable{w.end})
		_, err := w.DB.Tenants().Purge(w.Platform(t), id, "its time is over")
		require.ErrorIs(t, err, tenancy.ErrPlacement)
		require.NoError(t, w.DB.Tenants().DestroyKey(w.Platform(t), id, "the place cannot be reached"))
		w.DB.WitnessPurges(w.end)
		w.at(t, day(3, 4))
		cert, _ := w.papers(t, id)
		require.Contains(t, cert.Deletion.Erased.NoRoot, "tenancy.key_destroyed")
		require.Equal(t, day(3, 3), cert.Deletion.Key.DestroyedAt)
		require.Equal(t, day(3, 3), cert.Deletion.Erased.BeganAt)
		require.Equal(t, day(3, 4), cert.Deletion.Erased.EndedAt)
		require.EqualValues(t, 3, rows(cert.Deletion, "shelf.notes"))
	})
}

// unreachable is a witness that cannot reach the tenant's place.
type unreachable struct{ *ending.Service }

// BeforePurge implements tenancy.PurgeWitness.
func (unreachable) BeforePurge(context.Context, *tenancy.Leaving) error {
	return tenancy.ErrPlacement.New("test", "")
}

// The room's acts are the owner's, or those of the platform's own tenant; nobody else reads what is about a tenant.
func TestWhoMay(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		owner, neighbour := w.shop(t), w.shop(t)
		w.cancel(t, owner)
		in := ending.NewDelivery{TenantID: tenantOf(owner), Reference: "r", Root: strings.Repeat("a", 64), Bytes: 1, DeliveredTo: "u"}
		for name, ctx := range map[string]context.Context{"the neighbour": neighbour, "the owner": owner} {
			for act, err := range map[string]error{
				"Certificates": second(w.end.Certificates(ctx, tenantOf(owner))), "Deletions": second(w.end.Deletions(ctx, tenancy.PageRequest{})), "PublicKeys": second(w.end.PublicKeys(ctx)),
				"Untold": second(w.end.Untold(ctx, tenancy.PageRequest{})), "Deliveries": second(w.end.Deliveries(ctx, tenantOf(owner))), "Waivers": second(w.end.Waivers(ctx, tenantOf(owner))),
				"RecordDelivery": second(w.end.RecordDelivery(ctx, in)),
			} {
				require.ErrorIs(t, err, ending.ErrNotPlatform, "%s %s", name, act)
			}
		}
		clerk := w.Enter(t, w.own.ID, "sales.*")
		require.ErrorIs(t, second(w.end.Certificates(clerk, tenantOf(owner))), tenancy.ErrForbidden)
		require.ErrorIs(t, second(w.end.RecordDelivery(clerk, in)), tenancy.ErrForbidden)
		require.ErrorIs(t, second(w.end.Outlook(neighbour)), ending.ErrNotEnded)
		for name, change := range map[string]func(in *ending.NewDelivery){
			"no reference": func(in *ending.NewDelivery) { in.Reference = "" }, "words": func(in *ending.NewDelivery) { in.Reference = "given to Ada" }, "no root": func(in *ending.NewDelivery) { in.Root = "aa" },
			"nothing": func(in *ending.NewDelivery) { in.Bytes = 0 }, "a name": func(in *ending.NewDelivery) { in.DeliveredTo = "Ada L." },
		} {
			bad := in
			change(&bad)
			require.ErrorIs(t, second(w.end.RecordDelivery(w.inside(t), bad)), ending.ErrBadInput, name)
		}
		in.TenantID = tenantOf(neighbour)
		require.ErrorIs(t, second(w.end.RecordDelivery(w.inside(t), in)), ending.ErrNotEnded)
		in.TenantID = tenancy.NewID()
		require.ErrorIs(t, second(w.end.RecordDelivery(w.inside(t), in)), tenancy.ErrNotFound)
		_, err := w.end.TakeOut(owner, nil)
		require.ErrorIs(t, err, ending.ErrBadInput)
		few, err := w.DB.EnterPlatform(context.Background(), "staff", tenancy.Permissions{"tenancy.*"})
		require.NoError(t, err)
		for _, act := range []func(context.Context, int) (int, error){w.end.Tell, w.end.Certify, w.end.Complete} {
			require.ErrorIs(t, second(act(few, 10)), tenancy.ErrForbidden)
			require.ErrorIs(t, second(act(owner, 10)), tenancy.ErrNotPlatform)
			require.ErrorIs(t, second(act(w.Platform(t), 0)), ending.ErrBadInput)
			require.ErrorIs(t, second(act(w.Platform(t), 1001)), ending.ErrBadInput)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// An archive that was begun and not finished is not on record as delivered.
func TestAnArchiveThatBreaksOff(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		owner := w.shop(t)
		w.cancel(t, owner)
		_, err := w.end.TakeOut(owner, new(broken))
		require.Error(t, err)
		outlook, err := w.end.Outlook(owner)
		require.NoError(t, err)
		require.Equal(t, "neither", outlook.TakenOut.How)
	})
}

// broken takes a little, and then nothing more.
type broken struct{ took int }

// Write implements io.Writer.
func (b *broken) Write(p []byte) (int, error) {
	n := min(len(p), 64-b.took)
	if b.took += n; n < len(p) {
		return n, errors.New("the line is down")
	}
	return n, nil
}

// Notices say each instant in UTC and in the owner's zone; who is told is the owner, or else whom the contract names.
func TestNotices(t *testing.T) {
	eachWorld(t, start, nil, func(t *testing.T, w *world) {
		made, err := w.DB.Tenants().Create(w.Platform(t), tenancy.NewTenant{Name: "Kade Tea", TimeZone: "Asia/Colombo", Administrator: tenancy.ContactPerson{Name: "Nimal", Email: "nimal@tea.example"}})
		require.NoError(t, err)
		box := &mailbox{}
		owner := "owner@tea.example"
		w.end = w.service(t, w.DB, func(_ *world, opt *ending.Options) {
			opt.Notify = ending.ByMail(w.DB, box, func(context.Context, uuid.UUID) (string, error) { return owner, nil })
		})
		in := w.Enter(t, made.ID, "*")
		w.cancel(t, in)
		w.at(t, day(2, 1))
		m := box.last(t)
		require.Equal(t, "owner@tea.example", m.To)
		require.Contains(t, m.Text, "ended on 31 January 2026, 18:00 UTC (31 January 2026, 23:30 in Asia/Colombo)")
		require.Contains(t, m.Text, "until 3 March 2026, 00:00 UTC (3 March 2026, 05:30 in Asia/Colombo)")
		require.Contains(t, m.Text, "You have not taken them out yet.")
		owner = ""
		terms, err := w.end.Terms(in)
		require.NoError(t, err)
		_, err = w.end.Waive(in, terms.Digest)
		require.NoError(t, err)
		w.at(t, day(2, 15))
		m = box.last(t)
		require.Equal(t, "nimal@tea.example", m.To, "no owner is known")
		require.Contains(t, m.Text, "On 1 February 2026, 00:00 UTC (1 February 2026, 05:30 in Asia/Colombo) you said that you want no archive")
		owner = "owner@tea.example"
		w.at(t, day(3, 3))
		m = box.last(t)
		require.Equal(t, "nimal@tea.example", m.To, "the tenant is gone, and its people with it")
		file := must(w.end.Certificates(w.inside(t), made.ID))[0].File
		require.Contains(t, m.Text, string(file))

		nobody := w.shop(t)
		w.cancel(t, nobody)
		owner = ""
		w.at(t, w.now.Add(time.Hour))
		untold, err := w.end.Untold(w.inside(t), tenancy.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, "ending.untold", string(untold.Items[len(untold.Items)-1].Failure))
	})
}

// mailbox keeps what was sent.
type mailbox struct{ sent []tenancy.Message }

// Send implements tenancy.Mailer.
func (b *mailbox) Send(_ context.Context, m tenancy.Message) error {
	b.sent = append(b.sent, m)
	return nil
}

// last gives what was sent since it was asked last, which is one.
func (b *mailbox) last(t *testing.T) tenancy.Message {
	t.Helper()
	require.Len(t, b.sent, 1)
	m := b.sent[0]
	b.sent = nil
	return m
}

// Options that cannot be meant are refused.
func TestBadOptions(t *testing.T) {
	w := newBare(t, "sqlite", start)
	for name, opt := range map[string]ending.Options{"none": {}, "no signer": {Privacy: w.options(w.DB).Privacy}} {
		_, err := ending.New(w.DB, opt)
		require.ErrorIs(t, err, ending.ErrBadInput, name)
	}
	for _, days := range [][]int64{{0}, {31}, {2, 1}, {1, 1}} {
		opt := w.options(w.DB)
		opt.Days = days
		_, err := ending.New(w.DB, opt)
		require.ErrorIs(t, err, ending.ErrBadInput, days)
	}
	opt := w.options(w.DB)
	opt.Days = []int64{1, 30}
	_, err := ending.New(w.DB, opt)
	require.NoError(t, err)
}
