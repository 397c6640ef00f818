package main

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/audit"
)

type trailPage struct {
	After string    `query:"after" doc:"the next of the page before"` // huma does not look into an embedded page
	Limit int       `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	Actor string    `query:"actor" maxLength:"64" doc:"who did it, by id"`
	Act   string    `query:"act" maxLength:"200" doc:"how the act begins: sales.sell"`
	Table string    `query:"table" maxLength:"100" doc:"of which records, as schema.name"`
	RowID uuid.UUID `query:"row_id" doc:"of which record"`
	From  time.Time `query:"from" doc:"from this instant on"`
	To    time.Time `query:"to" doc:"before this instant"`
}

type auditEvent struct {
	ID         uuid.UUID `json:"id"`
	Seq        int64     `json:"seq,omitempty" doc:"its number in the chain; missing while it waits for its seal, some seconds"`
	OccurredAt time.Time `json:"occurred_at"`
	Actor      string    `json:"actor"`
	Name       string    `json:"name,omitempty" doc:"what the actor is called now; no part of the trail"`
	Act        string    `json:"act" doc:"outermost first: sales.sell/accounting.issue"`
	Verb       string    `json:"verb,omitempty"`
	Table      string    `json:"table,omitempty"`
	RowID      uuid.UUID `json:"row_id,omitzero"`
	Columns    string    `json:"columns,omitempty" doc:"the names of what was changed; values are no part of the trail"`
	Rows       int64     `json:"rows,omitempty"`
}

func eventOf(e audit.Entry) auditEvent {
	return auditEvent{e.ID, e.Seq, e.OccurredAt, e.Actor, e.Name, e.Act, e.Verb, e.Model, e.RowID, e.Columns, e.Rows}
}

type newCancellation struct {
	Body struct {
		Reason string    `json:"reason" minLength:"1" maxLength:"1000"`
		EndsAt time.Time `json:"ends_at,omitzero" doc:"when service ends; none is now"`
	}
}

type service struct {
	State      tenancy.State `json:"state"`
	EndsAt     time.Time     `json:"ends_at" doc:"when service ends, or ended"`
	PurgeAfter time.Time     `json:"purge_after" doc:"until then the data can be read and taken out, and the cancellation undone"`
}

func tenancyRoutes(api huma.API, suite *erp.Suite) {
	get(api, "/v1/audit/events", "list-events", "Who did what, the newest first (audit.read)",
		func(ctx context.Context, in *trailPage) (*body[listOf[auditEvent]], error) {
			found, err := suite.Audit.List(ctx, audit.Filter{Row: in.RowID, Table: in.Table, Actor: in.Actor, Act: in.Act, From: in.From, To: in.To}, page{in.After, in.Limit}.request())
			if err != nil {
				return nil, err
			}
			return list(found, eventOf), nil
		})
	post(api, "/v1/tenancy/cancellation", "cancel-service", "Leave: end the tenant's service (tenancy.cancel)",
		func(ctx context.Context, in *newCancellation) (*body[service], error) {
			var s tenancy.Standing
			var err error
			if in.Body.EndsAt.IsZero() {
				s, err = suite.Tenancy.Life().Cancel(ctx, in.Body.Reason)
			} else {
				s, err = suite.Tenancy.Life().CancelAt(ctx, in.Body.EndsAt, in.Body.Reason)
			}
			if err != nil {
				return nil, err
			}
			return &body[service]{Body: service{s.State, s.EndsAt, s.PurgeAfter}}, nil
		})
}
