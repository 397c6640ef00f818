package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// problem is an error as the caller sees it (RFC 9457, application/problem+json): erp's stable code says which error it is,
// the detail is for people. What went wrong inside never leaves the server.
type problem struct {
	Type   string `json:"type" doc:"a reference to what the code means" example:"urn:erp:error:sales.reference_taken"`
	Title  string `json:"title" doc:"the kind of error" example:"conflict"`
	Status int    `json:"status" doc:"the HTTP status"`
	Code   string `json:"code" doc:"the stable code, listed in docs/errors.md" example:"sales.reference_taken"`
	Detail string `json:"detail,omitempty" doc:"one sentence for people"`
	// Fields says what of a request's form is wrong.
	Fields []field `json:"fields,omitempty" doc:"what of the request's form is wrong"`
}

type field struct {
	Location string `json:"location" example:"body.lines[0].quantity"`
	Message  string `json:"message"`
}

// Error implements error.
func (p *problem) Error() string { return p.Code }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (*problem) ContentType(string) string { return "application/problem+json" }

// The codes of this server's own refusals, beside the library's.
const (
	codeForm     = "server.form"     // the request does not have the form that the OpenAPI document asks for
	codeInternal = "server.internal" // an error that says nothing to the caller
)

// problemOf tells a caller of an error: a fault by its code, kind and detail; of anything else, and of what is internal, only that
// it happened.
func problemOf(err error) *problem {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.Internal {
		if errors.Is(err, context.Canceled) {
			return newProblem(499, "cancelled", codeInternal, "")
		}
		return newProblem(http.StatusInternalServerError, string(fault.Internal), codeInternal, "something went wrong on our side")
	}
	return newProblem(f.Kind.HTTPStatus(), string(f.Kind), string(f.Code), f.Detail)
}

func newProblem(status int, title, code, detail string) *problem {
	return &problem{Type: "urn:erp:error:" + code, Title: title, Status: status, Code: code, Detail: detail}
}

// huma's own refusals take the same form.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := newProblem(status, http.StatusText(status), codeForm, msg)
		if status >= http.StatusInternalServerError {
			return newProblem(status, string(fault.Internal), codeInternal, "")
		}
		for _, err := range errs {
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				p.Fields = append(p.Fields, field{d.ErrorDetail().Location, d.ErrorDetail().Message})
			}
		}
		return p
	}
}
