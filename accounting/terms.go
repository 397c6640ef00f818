package accounting

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// MaxInstalments is how many instalments a document is paid in at most.
const MaxInstalments = 24

// Terms say when a document is to be paid. The zero Terms are one payment on Due without discount.
type Terms struct {
	// Instalments are parts of the amount to be paid, each an open item of its own, in the order of their due dates; together
	// 100 per cent. None is one payment on Due.
	Instalments []Instalment
	// Discount may be taken by whoever pays early (see [Service.TakeDiscount]).
	Discount EarlyDiscount
}

// Instalment is a part of what is to be paid. The parts are split by largest remainder, so they sum to the whole.
type Instalment struct {
	Due     date.Date
	Percent decimal.Decimal
}

// EarlyDiscount is a discount, in percent of the amount to be paid, for payment up to and including a day.
type EarlyDiscount struct {
	Percent decimal.Decimal
	Until   date.Date
}

// InstalmentID is the id of the open item of instalment n (1, 2, 3 ...) of a document: that of the first is the document's.
func InstalmentID(document uuid.UUID, n int) uuid.UUID {
	if n <= 1 {
		return document
	}
	return uuid.NewSHA1(document, fmt.Appendf(nil, "instalment %d", n))
}

func (t *Terms) none() bool {
	return len(t.Instalments) == 0 && t.Discount.Percent.IsZero() && t.Discount.Until.IsZero()
}

// check holds terms to what they can be for a document of a day.
func (t *Terms) check(on date.Date) string {
	if d := t.Discount; !d.Percent.IsZero() || !d.Until.IsZero() {
		switch {
		case !validPercent(d.Percent.String()) || d.Percent.IsZero() || d.Percent.GreaterThanOrEqual(hundred):
			return "an early-payment discount is above 0 and below 100 per cent, with at most four decimals"
		case d.Until.Before(on):
			return "an early-payment discount has a day until when it is given, not before Date"
		}
	}
	if len(t.Instalments) > MaxInstalments {
		return fmt.Sprintf("a document is paid in at most %d instalments", MaxInstalments)
	}
	sum, last := decimal.Zero, on
	for i, part := range t.Instalments {
		if !reasonable(part.Percent) || !validPercent(part.Percent.String()) || part.Percent.IsZero() || part.Due.Before(last) {
			return fmt.Sprintf("instalment %d: it is a percentage above 0 with at most four decimals, due on or after Date and the instalment before", i+1)
		}
		sum, last = sum.Add(part.Percent), part.Due
	}
	if len(t.Instalments) > 0 && !sum.Equal(hundred) {
		return fmt.Sprintf("the instalments are %s per cent together, not 100", sum)
	}
	return ""
}

func (t *Terms) fingerprint(f *fingerprint) {
	f.number(int64(len(t.Instalments)))
	for _, part := range t.Instalments {
		f.day(part.Due)
		f.text(part.Percent.String())
	}
	f.text(t.Discount.Percent.String())
	f.day(t.Discount.Until)
}

// duePart is a part of what is to be paid, with its day.
type duePart struct {
	Due    date.Date
	Amount money.Amount
	Base   money.Amount // what it is worth, where it is in a foreign currency
}

// split divides what is to be paid.
func (t *Terms) split(due date.Date, payable money.Amount) ([]duePart, error) {
	if len(t.Instalments) == 0 {
		return []duePart{{Due: due, Amount: payable}}, nil
	}
	weights := make([]int64, len(t.Instalments))
	for i, part := range t.Instalments {
		weights[i] = part.Percent.Shift(4).IntPart()
	}
	amounts, err := money.Allocate(payable, weights)
	if err != nil {
		return nil, err
	}
	parts := make([]duePart, len(amounts))
	for i, a := range amounts {
		parts[i] = duePart{Due: t.Instalments[i].Due, Amount: a}
	}
	return parts, nil
}

// due is the last day on which the document is to be paid.
func (t *Terms) due(stated date.Date) date.Date {
	if n := len(t.Instalments); n > 0 {
		return t.Instalments[n-1].Due
	}
	return stated
}

// PaymentTerms are terms as they are agreed, before there is a document. On gives the dates of a document of a day.
type PaymentTerms struct {
	// Days is after how many days the whole is due. With EndOfMonth they are counted from the end of the document's month.
	Days       int
	EndOfMonth bool
	// Instalments are parts with days of their own, instead of Days.
	Instalments []InstalmentTerm
	// DiscountPercent may be taken within DiscountDays of the document's date.
	DiscountPercent decimal.Decimal
	DiscountDays    int
}

// InstalmentTerm is a part that is due after some days.
type InstalmentTerm struct {
	Days    int
	Percent decimal.Decimal
}

// On gives the due date and the terms of a document of a day.
func (p PaymentTerms) On(on date.Date) (due date.Date, t Terms) {
	from := on
	if p.EndOfMonth {
		from = date.Of(on.Year(), on.Month(), 1).AddMonths(1).AddDays(-1)
	}
	due = from.AddDays(p.Days)
	for _, part := range p.Instalments {
		t.Instalments = append(t.Instalments, Instalment{from.AddDays(part.Days), part.Percent})
	}
	if !p.DiscountPercent.IsZero() {
		t.Discount = EarlyDiscount{p.DiscountPercent, on.AddDays(p.DiscountDays)}
	}
	return t.due(due), t
}
