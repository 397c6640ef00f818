package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// copyName is what the tea house is called where it moves to.
const copyName = "Kade Tea, moved"

// duties are what a tenant can ask of whoever keeps its data: all of it out, in elsewhere, a person forgotten, all gone.
type duties struct {
	files         int
	records       int64 // without the trail, which grows by looking
	root          bool  // the copy's hashes are the original's
	figures       bool  // and so are its statements
	customer      [2]string
	invoice       [2]accounting.InvoiceDetail // of that customer, before and after
	treated       map[privacy.Treatment]int64
	heldUntil     date.Date
	unchanged     bool // the statements, by the erasure
	goneRefusal   error
	neighbourSame bool
}

func (d duties) ok() bool {
	return d.root && d.figures && d.unchanged && d.neighbourSame && errors.Is(d.goneRefusal, tenancy.ErrUnknownTenant) &&
		d.customer[0] != d.customer[1] && d.invoice[0].Gross == d.invoice[1].Gross && d.invoice[0].Text.PartyName == d.invoice[1].Text.PartyName && !d.heldUntil.IsZero()
}

// doDuties exports the tea house, imports the archive under another name, forgets one customer there, and purges the copy: so
// that a second run finds what the first one found.
func doDuties(ctx context.Context, suite *erp.Suite, tea *teaHouse, figures *booking.Figures) (d duties, err error) {
	archive, err := os.CreateTemp("", "quickstart-*.zip")
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, archive.Close(), os.Remove(archive.Name())) }()
	manifest, err := suite.Privacy.Export(tea.ctx, archive)
	if err != nil {
		return d, err
	}
	d.files = len(manifest.Files)
	for _, f := range manifest.Files {
		if !f.Trail {
			d.records += f.Rows
		}
	}
	platform, err := suite.Tenancy.EnterPlatform(ctx, booking.Actor, tenancy.Permissions{"*"})
	if err != nil {
		return d, err
	}
	size, err := archive.Seek(0, io.SeekEnd)
	if err != nil {
		return d, err
	}
	tenant, _, err := suite.Privacy.Import(platform, tenancy.NewTenant{Name: copyName, TimeZone: teaTenant.TimeZone}, archive, size)
	if err != nil {
		return d, err
	}
	inside, err := suite.Tenancy.Enter(ctx, tenant.ID, booking.Actor, tenancy.Permissions{tenancy.AllPermissions})
	if err != nil {
		return d, err
	}
	if err := d.compare(inside, suite, manifest, figures); err != nil {
		return d, err
	}
	if err := d.forget(inside, suite, tea, figures); err != nil {
		return d, err
	}
	if err := d.purge(ctx, platform, suite, tenant.ID); err != nil {
		return d, err
	}
	after, err := booking.Draw(tea.ctx, suite, teaFirst, teaLast)
	d.neighbourSame = err == nil && sameFigures(figures, after)
	return d, err
}

// compare holds the copy against the original.
func (d *duties) compare(inside context.Context, suite *erp.Suite, manifest privacy.Manifest, figures *booking.Figures) error {
	moved, err := suite.Privacy.Digest(inside)
	if err != nil {
		return err
	}
	d.root = moved.Root == manifest.Root
	drawn, err := booking.Draw(inside, suite, teaFirst, teaLast)
	d.figures = err == nil && sameFigures(figures, drawn)
	return err
}

// sameFigures reports whether two tenants' statements say the same, and all checks hold in both.
func sameFigures(a, b *booking.Figures) bool {
	return a.AllOK() && b.AllOK() && reflect.DeepEqual(a.TrialBalance, b.TrialBalance) && reflect.DeepEqual(a.ProfitAndLoss, b.ProfitAndLoss) &&
		reflect.DeepEqual(a.BalanceSheet, b.BalanceSheet) && reflect.DeepEqual(a.Stock, b.Stock) && a.Receivables == b.Receivables && a.Entries == b.Entries
}

// forget erases the café in the copy.
func (d *duties) forget(inside context.Context, suite *erp.Suite, tea *teaHouse, figures *booking.Figures) (err error) {
	party, invoice := tea.parties["cafe"], tea.sold[2].InvoiceID
	look := func(i int) error {
		p, err := suite.Accounting.GetParty(inside, party)
		if err != nil {
			return err
		}
		d.customer[i] = p.Name
		d.invoice[i], err = suite.Accounting.GetInvoice(inside, invoice)
		return err
	}
	if err := look(0); err != nil {
		return err
	}
	report, err := suite.Privacy.Erase(inside, privacy.Erasure{PersonID: party, Reference: "ERASE-1", Reason: "Asked to be forgotten"})
	if err != nil {
		return err
	}
	d.treated = map[privacy.Treatment]int64{}
	for _, l := range report.Lines {
		d.treated[l.Treatment] += l.Rows
	}
	d.heldUntil = report.DueOn
	drawn, err := booking.Draw(inside, suite, teaFirst, teaLast)
	if err != nil {
		return err
	}
	d.unchanged = sameFigures(figures, drawn)
	return look(1)
}

// purge ends the copy. A tenant waives the thirty days that it could otherwise come back in.
func (d *duties) purge(ctx, platform context.Context, suite *erp.Suite, tenant uuid.UUID) error {
	tenants := suite.Tenancy.Tenants()
	if _, err := tenants.Cancel(platform, tenant, "The sample is over"); err != nil {
		return err
	}
	inside, err := suite.Tenancy.Enter(ctx, tenant, booking.Actor, tenancy.Permissions{tenancy.AllPermissions})
	if err != nil {
		return err
	}
	if _, err := suite.Ending.TakeOut(inside, io.Discard); err != nil { // the owner's archive: without one, or a waiver, there is no early end
		return err
	}
	if _, err := tenants.PurgeNow(platform, tenant, "The sample is over", "the sample's own word"); err != nil {
		return err
	}
	_, d.goneRefusal = suite.Tenancy.Enter(ctx, tenant, booking.Actor, tenancy.Permissions{tenancy.AllPermissions})
	return nil
}

// pseudonym shows a name without the part that differs from run to run.
func pseudonym(name string) string {
	if len(name) > 7 && name[:7] == "erased " {
		return "\"erased …\""
	}
	return name
}

// duties tells what was done.
func (p *page) duties(d duties) {
	mark := func(ok bool) string {
		if ok {
			return "✓"
		}
		return "✗ FAILED"
	}
	p.heading("Out, in, and gone: " + teaTenant.Name)
	p.row(fmt.Sprintf("Exported: %d files, %s records", d.files, grouped(d.records)), "")
	p.row("Imported as \""+copyName+"\", with the same hashes", mark(d.root))
	p.row("Trial balance, profit and loss, balance sheet, stock: equal", mark(d.figures))
	p.row("One customer erased there: "+d.customer[0]+" is now "+pseudonym(d.customer[1]), mark(d.customer[0] != d.customer[1]))
	p.row(fmt.Sprintf("%s of %s names %s: the law holds it until %s", d.invoice[1].Number, d.invoice[1].Gross.Format(), d.invoice[1].Text.PartyName, d.heldUntil),
		mark(d.invoice[0].Gross == d.invoice[1].Gross && d.invoice[0].Text.PartyName == d.invoice[1].Text.PartyName && !d.heldUntil.IsZero()))
	p.row(fmt.Sprintf("Fields deleted %d, pseudonymised %d, redacted %d, held %d", d.treated[privacy.Deleted], d.treated[privacy.Pseudonymised],
		d.treated[privacy.Redacted], d.treated[privacy.Held]), "")
	p.row("The figures are what they were", mark(d.unchanged))
	p.row("Purged; entering it is refused, "+string(fault.CodeOf(d.goneRefusal)), mark(errors.Is(d.goneRefusal, tenancy.ErrUnknownTenant)))
	p.row(teaTenant.Name+" has all that it had", mark(d.neighbourSame))
}
