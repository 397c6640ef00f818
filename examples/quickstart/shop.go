package main

import (
	"context"
	_ "embed"
	"strings"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// harbourLane is the invented month of an invented shop, in the Online Retail form.
//
//go:embed harbour-lane.csv
var harbourLane string

var shopTenant = tenancy.NewTenant{Name: "Harbour Lane", TimeZone: "Europe/London", Reference: "quickstart: harbour lane"}

// shopCustomers are who the numbers in the file stand for. Nobody is called so.
var shopCustomers = map[string]string{
	"101": "The Galley Kitchen", "102": "Lamp & Anchor", "103": "Quay Interiors", "104": "Saltmarsh Gifts",
	"105": "De Vuurtoren", "106": "Pier Six Cafe", "107": "Maison Bruyère",
}

// shopPayments came in by bank. An amount that is left out is the whole invoice.
var shopPayments = []struct{ reference, day, invoice, amount string }{
	{"BANK-0311", "2026-03-11", "2601", ""},
	{"BANK-0318", "2026-03-18", "2606", ""},
	{"BANK-0320", "2026-03-20", "2611", ""}, // and then some goods came back: a customer in credit
	{"BANK-0327", "2026-03-27", "2604", "390.00"},
	{"BANK-0331", "2026-03-31", "2614", "200.00"},
}

// shop is the sample's first tenant.
type shop struct {
	*booking.Outcome
	invoice  accounting.Invoice // one of its invoices
	payments int
	paid     money.Amount
}

// openShop imports the month and books what customers paid.
func openShop(ctx context.Context, suite *erp.Suite, method inventory.Method) (*shop, error) {
	file := retail.New(strings.NewReader(harbourLane), "harbour-lane.csv")
	outcome, err := booking.Import(ctx, suite, file, booking.Options{Tenant: shopTenant, Names: shopCustomers, Method: method})
	if err != nil {
		return nil, err
	}
	var references []string
	for _, p := range shopPayments {
		references = append(references, p.invoice)
	}
	invoices, err := suite.Accounting.InvoicesByReference(outcome.Context, references)
	if err != nil {
		return nil, err
	}
	s := &shop{Outcome: outcome, invoice: invoices[references[0]], paid: money.Zero(retail.Currency)}
	var in []accounting.NewPayment
	for _, p := range shopPayments {
		invoice := invoices[p.invoice]
		amount := invoice.Gross
		if p.amount != "" {
			if amount, err = money.Parse(p.amount, retail.Currency); err != nil {
				return nil, err
			}
		}
		in = append(in, accounting.NewPayment{
			Reference: p.reference, PartyID: invoice.PartyID, Direction: accounting.MoneyIn, Date: date.Must(p.day), Amount: amount,
			Allocate: []accounting.PaymentAllocation{{InvoiceID: invoice.ID, Amount: amount}},
		})
		if s.paid, err = s.paid.Add(amount); err != nil {
			return nil, err
		}
	}
	s.payments = len(in)
	_, err = suite.Accounting.Pay(outcome.Context, in)
	return s, err
}
