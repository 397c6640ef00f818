package main

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	pathPreferences = "/v1/preferences"
	pathForget      = "/v1/preferences/forget"
	// preferencesCookie holds what a person chose of the look of pages: theme and language, from closed forms, and nothing that tells one person from
	// another. It is set when somebody chooses and at no other time, which needs no consent: it is what they asked for (Directive 2002/58/EC Art. 5(3);
	// Opinion 04/2012 of the Article 29 Working Party, 3.6). Pages read it, so it is not HttpOnly.
	preferencesCookie = "__Host-erp-preferences"
	preferencesLast   = 180 * 24 * time.Hour
)

type preferences struct {
	Theme    string `json:"theme" enum:"light,dark,system"`
	Language string `json:"language" pattern:"^[a-z]{2,3}(-[A-Z]{2})?$" maxLength:"6" example:"de-AT" doc:"BCP 47: a language, and a region if need be"`
}

func preferenceRoutes(api huma.API) {
	open(api, pathPreferences, "set-preferences", "Choose theme and language; the answer sets the cookie that remembers them for 180 days",
		func(ctx context.Context, in *struct{ Body preferences }) (*body[preferences], error) {
			setPreferences(exchangeOf(ctx).w, in.Body.Theme+"."+in.Body.Language, int(preferencesLast.Seconds()))
			return &body[preferences]{Body: in.Body}, nil
		})
	open(api, pathForget, "forget-preferences", "Forget theme and language; the answer takes the cookie away", func(ctx context.Context, _ *struct{}) (*struct{}, error) {
		setPreferences(exchangeOf(ctx).w, "", -1)
		return nil, nil
	})
}

func setPreferences(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: preferencesCookie, Value: value, Path: "/", Secure: true, SameSite: http.SameSiteStrictMode, MaxAge: age}) //nolint:gosec // pages read it: it is theirs
}
