package main

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

// get and post register an act under a path. Whoever calls it has been let in by the middleware, so ctx carries a scope; the
// service checks the permission.
func get[I, O any](api huma.API, path, id, about string, act func(ctx context.Context, in *I) (*O, error)) {
	register(api, http.MethodGet, path, id, about, act)
}

func post[I, O any](api huma.API, path, id, about string, act func(ctx context.Context, in *I) (*O, error)) {
	register(api, http.MethodPost, path, id, about, act)
}

func register[I, O any](api huma.API, method, path, id, about string, act func(ctx context.Context, in *I) (*O, error)) {
	huma.Register(api, huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: about,
		Security: []map[string][]string{{"session": {}}, {"key": {}}},
		Errors:   []int{401, 403, 404, 409, 422, 423, 429},
	}, tell(act))
}

// tell turns an act's error into a problem.
func tell[I, O any](act func(ctx context.Context, in *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := act(ctx, in)
		if err != nil {
			return nil, &problem{Problem: access.ProblemOf(err)}
		}
		return out, nil
	}
}

// body is an answer with a JSON body.
type body[T any] struct{ Body T }

// page is what lists are asked with.
type page struct {
	After string `query:"after" doc:"the next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
}

func (p page) request() tenancy.PageRequest {
	return tenancy.PageRequest{After: p.After, Limit: p.Limit}
}

// listOf is a page of an answer.
type listOf[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"hand to after for the next page; missing on the last"`
}

func list[T, U any](p tenancy.PageOf[T], of func(T) U) *body[listOf[U]] {
	out := &body[listOf[U]]{Body: listOf[U]{Items: make([]U, len(p.Items)), Next: p.Next}}
	for i, item := range p.Items {
		out.Body.Items[i] = of(item)
	}
	return out
}

// routes are one read and one write of each domain, who did what, and leaving.
func routes(api huma.API, suite *erp.Suite) {
	accountingRoutes(api, suite.Accounting)
	inventoryRoutes(api, suite.Inventory)
	purchasingRoutes(api, suite.Purchasing)
	salesRoutes(api, suite.Sales)
	posRoutes(api, suite.POS)
	privacyRoutes(api, suite.Privacy)
	requestRoutes(api, suite.Requests)
	tenancyRoutes(api, suite)
}
