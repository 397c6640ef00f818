package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// lastEvening is when the sample is booked, whatever day it is: the evening of its month's last day.
func lastEvening() time.Time { return time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC) }

// showSample books the sample's two tenants and shows the books of both, and that neither sees the other's.
func (c *config) showSample(ctx context.Context, suite *erp.Suite, db *database, began time.Time, stdout io.Writer) (int, error) {
	method := inventory.Method(c.cost)
	shop, err := openShop(ctx, suite, method)
	if err != nil {
		return exitFailed, err
	}
	tea, err := openTeaHouse(ctx, suite, method)
	if err != nil {
		return exitFailed, err
	}
	shopFigures, err := drawOutcome(shop.Outcome, suite)
	if err != nil {
		return exitFailed, err
	}
	teaFigures, err := booking.Draw(tea.ctx, suite, teaFirst, teaLast)
	if err != nil {
		return exitFailed, err
	}
	wall, err := tryTheWall(suite, shop, tea)
	if err != nil {
		return exitFailed, err
	}
	done, err := doDuties(ctx, suite, tea, teaFigures)
	if err != nil {
		return exitFailed, err
	}

	p := &page{}
	p.title(shopTenant.Name + ", " + days(shopFigures.From, shopFigures.To) + ", in pounds")
	p.booked(shop.Outcome, shopFigures)
	p.row("Payments by customers", grouped(int64(shop.payments)), pounds(shop.paid))
	p.entries(shopFigures)
	p.statements(shopFigures)
	p.stock(shopFigures)
	p.title(teaTenant.Name + ", " + days(teaFirst, teaLast) + ", in euros, with tax")
	p.teaBought(tea.bought)
	p.teaBooked(tea, teaFigures)
	p.teaOrder(tea.order)
	p.teaTill(tea.till)
	p.statements(teaFigures)
	p.stock(teaFigures)
	p.title("Two tenants, one database")
	p.comparedChecks([]string{shopTenant.Name, teaTenant.Name}, shopFigures.Checks, teaFigures.Checks)
	p.wall(wall)
	p.duties(done)
	p.line("")
	p.line(fmt.Sprintf("%s. %s seconds.", db.where, seconds(time.Since(began))))
	if err := p.writeTo(stdout); err != nil {
		return exitFailed, err
	}
	if !shopFigures.AllOK() || !teaFigures.AllOK() || !wall.held || !done.ok() || len(shop.Survey.Refused) > 0 {
		return exitFailed, nil
	}
	return exitOK, nil
}

// attempt is one tenant asking for another's invoice.
type attempt struct {
	number, own string // the invoice's number, and how its owner sees it
	refusal     error
	held        bool
}

// tryTheWall has the tea house ask for an invoice of the shop, by its id. The shop itself gets it.
func tryTheWall(suite *erp.Suite, shop *shop, tea *teaHouse) (attempt, error) {
	own, err := suite.Accounting.GetInvoice(shop.Context, shop.invoice.ID)
	if err != nil {
		return attempt{}, err
	}
	a := attempt{number: own.Number, own: fmt.Sprintf("%s, %s, to %s", day(own.InvoiceDate), own.Gross.Format(), own.Text.PartyName)}
	_, a.refusal = suite.Accounting.GetInvoice(tea.ctx, shop.invoice.ID)
	a.held = errors.Is(a.refusal, tenancy.ErrNotFound)
	return a, nil
}

func (p *page) wall(a attempt) {
	p.heading("The wall between them")
	p.line(fmt.Sprintf("  %s asks for its invoice %s by its id and gets it:", shopTenant.Name, a.number))
	p.line("      " + a.own)
	p.line(fmt.Sprintf("  %s asks for the same id:", teaTenant.Name))
	switch {
	case a.held:
		p.line(fmt.Sprintf("      refused, %s: for this tenant there is no such invoice", fault.CodeOf(a.refusal)))
	case a.refusal == nil:
		p.line("      ✗ FAILED: it was handed out")
	default:
		p.line("      ✗ FAILED: not the refusal that was expected: " + a.refusal.Error())
	}
}

// comparedChecks shows the checks of both tenants side by side, and the details of those that fail.
func (p *page) comparedChecks(names []string, first, second []tenancy.Check) {
	p.heading("Checks", names...)
	mark := func(checks []tenancy.Check, name string) string {
		for _, c := range checks {
			switch {
			case c.Name == name && c.OK:
				return "✓"
			case c.Name == name:
				return "✗ FAILED"
			}
		}
		return "" // a check of imports alone
	}
	for _, c := range first {
		p.row(c.Name, mark(first, c.Name), mark(second, c.Name))
	}
	for i, checks := range [][]tenancy.Check{first, second} {
		for _, c := range checks {
			if !c.OK {
				p.wrapped(names[i]+": "+c.Name+": "+c.Detail, "  ")
			}
		}
	}
}
