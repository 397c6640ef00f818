package main

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/access"
)

const (
	pathSession    = "/v1/session"
	pathAcceptance = "/v1/invitations/accept"
)

type signIn struct {
	Body struct {
		Email    string    `json:"email" maxLength:"254"`
		Password string    `json:"password" maxLength:"1024"`
		Code     string    `json:"code,omitempty" maxLength:"32" doc:"of the second factor, where there is one"`
		TenantID uuid.UUID `json:"tenant_id,omitzero" doc:"where to; none is the person's only tenant"`
	}
}

type session struct {
	TenantID  uuid.UUID `json:"tenant_id"`
	ExpiresAt time.Time `json:"expires_at"`
}

type acceptance struct {
	Body struct {
		Token    string `json:"token" maxLength:"200"`
		Password string `json:"password,omitempty" maxLength:"1024"`
	}
}

type newKey struct {
	Body struct {
		Name        string   `json:"name" minLength:"1" maxLength:"200"`
		Permissions []string `json:"permissions" minItems:"1" maxItems:"200" example:"[\"sales.sell\"]" doc:"no more than the maker may"`
	}
}

type apiKey struct {
	ID          uuid.UUID           `json:"id"`
	Secret      string              `json:"secret,omitempty" doc:"known once, in the answer that makes it"`
	Name        string              `json:"name"`
	Hint        string              `json:"hint" doc:"how the secret ends"`
	Permissions tenancy.Permissions `json:"permissions"`
	ExpiresAt   time.Time           `json:"expires_at"`
}

func keyOf(k access.Key) apiKey {
	return apiKey{k.ID, k.Secret, k.Name, k.Hint, k.Permissions, k.ExpiresAt}
}

func accessRoutes(api huma.API, auth *access.Service, web *access.HTTP) {
	open(api, pathSession, "sign-in", "Sign in; the answer sets the session's cookie",
		func(ctx context.Context, in *signIn) (*body[session], error) {
			x := exchangeOf(ctx)
			login := web.Login(x.r, in.Body.Email, in.Body.Password, in.Body.Code)
			login.Tenant = in.Body.TenantID
			s, err := auth.Login(ctx, login)
			if err != nil {
				return nil, err
			}
			web.SetSession(x.w, s)
			return &body[session]{Body: session{s.TenantID, s.ExpiresAt}}, nil
		})
	register(api, http.MethodDelete, pathSession, "sign-out", "Sign out", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		if err := auth.Logout(ctx); err != nil {
			return nil, err
		}
		web.ClearSession(exchangeOf(ctx).w)
		return nil, nil
	})
	open(api, pathAcceptance, "accept-invitation", "Accept an invitation with the token from the e-mail",
		func(ctx context.Context, in *acceptance) (*struct{}, error) {
			_, err := auth.Accept(ctx, access.Acceptance{Token: in.Body.Token, Password: in.Body.Password})
			return nil, err
		})
	get(api, "/v1/keys", "list-keys", "The tenant's API keys, without their secrets (access.read)",
		func(ctx context.Context, _ *struct{}) (*body[[]apiKey], error) {
			keys, err := auth.Keys(ctx)
			if err != nil {
				return nil, err
			}
			out := &body[[]apiKey]{Body: make([]apiKey, len(keys))}
			for i, k := range keys {
				out.Body[i] = keyOf(k)
			}
			return out, nil
		})
	post(api, "/v1/keys", "create-key", "Make an API key (access.keys, in a session)",
		func(ctx context.Context, in *newKey) (*body[apiKey], error) {
			n := access.NewKey{Name: in.Body.Name}
			for _, p := range in.Body.Permissions {
				n.Permissions = append(n.Permissions, tenancy.Permission(p))
			}
			k, err := auth.CreateKey(ctx, n)
			if err != nil {
				return nil, err
			}
			return &body[apiKey]{Body: keyOf(k)}, nil
		})
}

// open registers an act that needs no credential.
func open[I, O any](api huma.API, path, id, about string, act func(ctx context.Context, in *I) (*O, error)) {
	huma.Register(api, huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: about, Errors: []int{401, 403, 422, 429}}, tell(act))
}

// exchange is the request with its answer, which cookies are read from and written to.
type exchange struct {
	r *http.Request
	w http.ResponseWriter
}

type exchangeKey struct{}

func keepExchange(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	next(huma.WithValue(ctx, exchangeKey{}, exchange{r, w}))
}

func exchangeOf(ctx context.Context) exchange {
	x, _ := ctx.Value(exchangeKey{}).(exchange)
	return x
}
