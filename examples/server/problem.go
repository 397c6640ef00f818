package main

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/opsmatiq/erp/tenancy/access"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// problem is an error as the caller sees it (RFC 9457, application/problem+json), in the form that package access gives errors.
type problem struct {
	access.Problem
	// Fields says what of a request's form is wrong.
	Fields []field `json:"fields,omitempty" doc:"what of the request's form is wrong"`
}

type field struct {
	Location string `json:"location" example:"body.lines[0].quantity"`
	Message  string `json:"message"`
}

// Error implements error.
func (p *problem) Error() string { return string(p.Code) }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (*problem) ContentType(string) string { return "application/problem+json" }

// codeForm is this server's own refusal, beside the library's: the request does not have the form that the OpenAPI document asks
// for.
const codeForm fault.Code = "server.form"

// codeRoute is this server's own refusal of a path, or a method there, that it does not have.
const codeRoute fault.Code = "server.no_route"

// noRoute answers what no route does.
func noRoute(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusNotFound)
	_ = json.NewEncoder(w).Encode(access.Problem{Type: "about:blank", Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound, //nolint:errchkjson // strings alone
		Code: codeRoute, Detail: "there is no such path, or not with this method"})
}

// huma's own refusals take the same form.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		if status >= http.StatusInternalServerError {
			return &problem{Problem: access.ProblemOf(errors.Join(errs...))}
		}
		p := &problem{Problem: access.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: codeForm, Detail: msg}}
		for _, err := range errs {
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				p.Fields = append(p.Fields, field{d.ErrorDetail().Location, d.ErrorDetail().Message})
			}
		}
		return p
	}
}
