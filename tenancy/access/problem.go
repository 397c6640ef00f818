package access

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// Problem is an error as HTTP tells it (RFC 9457), with our code.
type Problem struct {
	Type   string     `json:"type"`
	Title  string     `json:"title"`
	Status int        `json:"status"`
	Detail string     `json:"detail,omitempty"`
	Code   fault.Code `json:"code"`
}

// ProblemOf turns an error into a problem. The kind gives the status, once for all; what is our own mistake or the
// database's says nothing of itself.
func ProblemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: http.StatusInternalServerError, Code: "access.internal"}
	var f *fault.Error
	if errors.As(err, &f) {
		p.Status, p.Code = f.Kind.HTTPStatus(), f.Code
		if f.Kind != fault.Internal {
			p.Detail = f.Detail
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// WriteProblem answers with an error as application/problem+json.
func WriteProblem(w http.ResponseWriter, err error) {
	p := ProblemOf(err)
	body, marshal := json.Marshal(p)
	if marshal != nil { // plain fields cannot fail
		body = nil
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="erp"`)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the client has gone
}
