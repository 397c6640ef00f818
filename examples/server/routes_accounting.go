package main

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

type trialBalance struct {
	AsOf     date.Date  `json:"as_of"`
	Currency string     `json:"currency"`
	Debit    string     `json:"debit" example:"1234.50"`
	Credit   string     `json:"credit" example:"1234.50"`
	Accounts []standing `json:"accounts"`
}

type standing struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Debit  string `json:"debit"`
	Credit string `json:"credit"`
}

type entryLine struct {
	Account accounting.AccountRef `json:"account" example:"code:4000" doc:"code:..., role:... or id:..."`
	Debit   string                `json:"debit,omitempty" example:"12.34" doc:"in the base currency; debit or credit, the other left out"`
	Credit  string                `json:"credit,omitempty"`
}

type newEntry struct {
	Body struct {
		Reference string      `json:"reference" minLength:"1" doc:"the caller's own number: sent again, it is booked once"`
		Date      date.Date   `json:"date"`
		Memo      string      `json:"memo,omitempty" maxLength:"500"`
		Lines     []entryLine `json:"lines" minItems:"2"`
	}
}

type entry struct {
	ID        uuid.UUID `json:"id"`
	Reference string    `json:"reference"`
	Date      date.Date `json:"date"`
	Replayed  bool      `json:"replayed" doc:"it had been booked before, and nothing was written now"`
}

func accountingRoutes(api huma.API, s *accounting.Service) {
	get(api, "/v1/accounting/trial-balance", "trial-balance", "Every account's balance at the end of a day (accounting.read)",
		func(ctx context.Context, in *struct {
			AsOf date.Date `query:"as_of" required:"true"`
		}) (*body[trialBalance], error) {
			tb, err := s.TrialBalance(ctx, in.AsOf)
			if err != nil {
				return nil, err
			}
			out := &body[trialBalance]{Body: trialBalance{AsOf: tb.AsOf, Currency: string(tb.Currency), Debit: tb.Debit.String(), Credit: tb.Credit.String(), Accounts: []standing{}}}
			for _, l := range tb.Lines {
				out.Body.Accounts = append(out.Body.Accounts, standing{l.Code, l.Name, l.Debit.String(), l.Credit.String()})
			}
			return out, nil
		})
	post(api, "/v1/accounting/entries", "post-entry", "Book a journal entry (accounting.post)",
		func(ctx context.Context, in *newEntry) (*body[entry], error) {
			books, err := s.GetBooks(ctx)
			if err != nil {
				return nil, err
			}
			e := accounting.NewEntry{Reference: in.Body.Reference, Date: in.Body.Date, Memo: in.Body.Memo}
			for _, l := range in.Body.Lines {
				line := accounting.NewLine{Account: l.Account}
				if line.Debit, err = amount(l.Debit, books.Currency); err != nil {
					return nil, err
				}
				if line.Credit, err = amount(l.Credit, books.Currency); err != nil {
					return nil, err
				}
				e.Lines = append(e.Lines, line)
			}
			booked, err := s.Post(ctx, []accounting.NewEntry{e})
			if err != nil {
				return nil, err
			}
			return &body[entry]{Body: entry{booked[0].ID, booked[0].Reference, booked[0].EntryDate, booked[0].Replayed}}, nil
		})
}

// amount reads a sum of money; "" is none.
func amount(text string, currency money.Currency) (money.Amount, error) {
	if text == "" {
		return money.Amount{}, nil
	}
	return money.Parse(text, currency)
}
