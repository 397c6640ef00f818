package main

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy"
)

type newErasure struct {
	Body struct {
		PartyID   uuid.UUID `json:"party_id"`
		Reference string    `json:"reference" minLength:"1" maxLength:"200" doc:"the request's number: sent again, it is done once"`
		Reason    string    `json:"reason" minLength:"1" maxLength:"500"`
		Confirmed bool      `json:"confirmed,omitempty" doc:"a name of one word is taken out of others' texts wherever it stands, as the preview shows"`
	}
}

type erased struct {
	ID       uuid.UUID      `json:"id"`
	ErasedAt time.Time      `json:"erased_at"`
	Removed  bool           `json:"removed" doc:"nothing referred to the person's own row, so that it is gone"`
	Columns  []erasedColumn `json:"columns"`
}

type erasedColumn struct {
	Table     string            `json:"table"`
	Column    string            `json:"column"`
	Treatment privacy.Treatment `json:"treatment" doc:"deleted, pseudonymised, redacted or held"`
	Rule      string            `json:"rule,omitempty" doc:"what holds it"`
	Until     string            `json:"until,omitempty" doc:"the first day on which it is held no more, where that is known"`
}

func privacyRoutes(api huma.API, s *privacy.Service) {
	get(api, "/v1/privacy/digest", "digest", "Hashes over everything that is stored of the tenant (privacy.digest)",
		func(ctx context.Context, _ *struct{}) (*body[privacy.Manifest], error) {
			m, err := s.Digest(ctx)
			if err != nil {
				return nil, err
			}
			return &body[privacy.Manifest]{Body: m}, nil
		})
	post(api, "/v1/privacy/erasures", "erase", "Make a person unknown (privacy.erase)",
		func(ctx context.Context, in *newErasure) (*body[erased], error) {
			r, err := s.Erase(ctx, privacy.Erasure{PersonID: in.Body.PartyID, Reference: in.Body.Reference, Reason: in.Body.Reason, Confirmed: in.Body.Confirmed})
			if err != nil {
				return nil, err
			}
			out := &body[erased]{Body: erased{ID: r.ID, ErasedAt: r.ErasedAt, Removed: r.Removed, Columns: []erasedColumn{}}}
			for _, l := range r.Lines {
				c := erasedColumn{Table: l.Table, Column: l.Column, Treatment: l.Treatment, Rule: l.Rule}
				if !l.Until.IsZero() {
					c.Until = l.Until.String()
				}
				out.Body.Columns = append(out.Body.Columns, c)
			}
			return out, nil
		})
}
