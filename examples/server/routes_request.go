package main

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/opsmatiq/erp/privacy/request"
)

type newRequest struct {
	Body struct {
		Reference    string    `json:"reference" minLength:"1" maxLength:"200" doc:"the register's number: sent again, it is entered once"`
		Kind         string    `json:"kind" enum:"access,correction,deletion,export,restriction,objection,complaint"`
		Channel      string    `json:"channel" enum:"email,letter,telephone,form,in_person,other" doc:"how it came"`
		ReceivedAt   time.Time `json:"received_at" doc:"when it came in, not when it is entered: the clocks start then"`
		Jurisdiction string    `json:"jurisdiction,omitempty" doc:"whose rules count; the controller's own, when it is missing"`
		Name         string    `json:"name" minLength:"1" maxLength:"200"`
		Email        string    `json:"email,omitempty" maxLength:"254"`
		Ask          string    `json:"ask,omitempty" maxLength:"10000"`
	}
}

type aRequest struct {
	Reference string          `json:"reference"`
	Kind      request.Kind    `json:"kind"`
	State     request.State   `json:"state"`
	DueOn     string          `json:"due_on" doc:"the last day of the first clock"`
	LawDueOn  string          `json:"law_due_on,omitempty"`
	PolicyDue string          `json:"policy_due_on"`
	Late      bool            `json:"late"`
	Clocks    []request.Clock `json:"late_clocks,omitempty" doc:"those that have run out"`
}

func shownRequest(r request.Request) aRequest {
	return aRequest{Reference: r.Reference, Kind: r.Kind, State: r.State, DueOn: r.DueOn.String(), LawDueOn: r.LawDueOn.String(), PolicyDue: r.PolicyDueOn.String()}
}

type dueWithin struct {
	Days  int `query:"days" minimum:"0" maximum:"90" default:"7"`
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func requestRoutes(api huma.API, s *request.Service) {
	post(api, "/v1/privacy/requests", "receive-request", "Enter what a person asks about their data (request.receive)",
		func(ctx context.Context, in *newRequest) (*body[aRequest], error) {
			b := in.Body
			r, err := s.Receive(ctx, request.NewRequest{Reference: b.Reference, Kind: request.Kind(b.Kind), Channel: request.Channel(b.Channel), ReceivedAt: b.ReceivedAt, Jurisdiction: b.Jurisdiction,
				From: request.Requester{Name: b.Name, Email: b.Email}, Ask: b.Ask})
			if err != nil {
				return nil, err
			}
			return &body[aRequest]{Body: shownRequest(r)}, nil
		})
	get(api, "/v1/privacy/requests/due", "list-due-requests", "What is overdue or due soon, the most urgent first (request.read)",
		func(ctx context.Context, in *dueWithin) (*body[listOf[aRequest]], error) {
			due, err := s.Due(ctx, in.Days, in.Limit)
			if err != nil {
				return nil, err
			}
			out := &body[listOf[aRequest]]{Body: listOf[aRequest]{Items: []aRequest{}}}
			for _, d := range due {
				r := shownRequest(d.Request)
				r.Late = d.Late
				for _, c := range d.Clocks {
					if c.Late {
						r.Clocks = append(r.Clocks, c.Clock)
					}
				}
				out.Body.Items = append(out.Body.Items, r)
			}
			return out, nil
		})
}
