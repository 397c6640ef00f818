package request_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/internal/doomtest"
	"github.com/opsmatiq/erp/internal/killtest"
	"github.com/opsmatiq/erp/privacy"
	"github.com/opsmatiq/erp/privacy/request"
	"github.com/opsmatiq/erp/tenancy"
)

// doomed is what a process is told that is to do an act on a request and to be killed on the way.
type doomed struct {
	doomtest.Database
	Tenant  uuid.UUID
	Act     string
	Request string
	Person  uuid.UUID
	To      uuid.UUID // whom it is forwarded to
}

// run does the act in this process, which was started for that. It returns only if the act comes to its end first.
func (d doomed) run(count func()) error {
	db, err := d.Open(modules(), count)
	if err != nil {
		return err
	}
	s, err := request.New(db, privacy.New(db, privacy.Options{}), request.Options{})
	if err != nil {
		return err
	}
	inside, err := db.Enter(context.Background(), d.Tenant, "tester", tenancy.Permissions{"*"})
	if err != nil {
		return err
	}
	return d.do(inside, s)
}

// do is the act, the same in whichever process.
func (d doomed) do(ctx context.Context, s *request.Service) (err error) {
	switch d.Act {
	case "receive":
		_, err = s.Receive(ctx, request.NewRequest{Reference: d.Request, Kind: request.Access, Channel: request.Email, ReceivedAt: d.Now, Jurisdiction: "DE", From: ada, Person: d.Person, Ask: "Please, says Ada Canary"})
	case "extend":
		_, err = s.Extend(ctx, request.NewExtension{Act: act(d.Request, "e"), Ground: request.Number})
	case "refuse":
		_, err = s.Refuse(ctx, request.NewRefusal{Act: act(d.Request, "x"), Ground: request.Unfounded, Authority: "The authority", JudicialRemedy: true})
	case "forward":
		_, err = s.Forward(ctx, request.NewForward{Act: act(d.Request, "f"), To: d.To})
	default:
		err = fmt.Errorf("%q is no act of these tests", d.Act)
	}
	return err
}

// A process that enters, extends, refuses or forwards a request is killed with kill -9 at points all along the way. What it left is whole or nothing; the same call again, by another process, ends as one that was never cut short: one request, each act once, and a
// forwarded part once in the other's register.
func TestARequestWhoseProcessIsKilled(t *testing.T) {
	for name, steps := range map[string][]request.Verb{
		"receive": {request.Receive}, "extend": {request.Receive, request.Extend}, "refuse": {request.Receive, request.Refuse}, "forward": {request.Receive, request.Forward, request.Forwarded},
	} {
		t.Run(name, func(t *testing.T) {
			eachDesk(t, func(t *testing.T, d *desk) {
				from := d.platform(t)
				killed, half := 0, 0
				for at := int64(1); ; at += killStride {
					to := d.Tenant(t)
					job := doomed{Database: doomtest.Of(d.Env, d.now()), Tenant: tenancy.ScopeOf(from).TenantID(), Act: name, Request: fmt.Sprint("R-", at), To: tenancy.ScopeOf(to).TenantID(), Person: tenancy.NewID()}
					if name != "receive" {
						before := job
						before.Act = "receive"
						require.NoError(t, before.do(from, d.s))
					}
					died := killtest.Start(t, job, killtest.Kill{Before: at})
					left, err := d.s.Open(from, job.Request)
					if name == "receive" && err != nil {
						require.ErrorIs(t, err, request.ErrUnknown, "statement %d", at)
					} else {
						require.NoError(t, err)
						require.EqualValues(t, left.Request.Steps, len(left.Steps), "statement %d: each step is there", at)
					}
					if len(left.Forwards) == 1 && left.Forwards[0].State == request.ForwardPending {
						half++
					}
					require.NoError(t, job.do(from, d.s), "statement %d", at)
					f, err := d.s.Open(from, job.Request)
					require.NoError(t, err)
					var verbs []request.Verb
					for _, s := range f.Steps {
						verbs = append(verbs, s.Act)
					}
					require.Equal(t, steps, verbs, "statement %d", at)
					require.Equal(t, ada, f.From)
					require.Equal(t, job.Person, f.Request.PersonID)
					if name == "forward" {
						require.Len(t, d.forwarded(t, to), 1, "statement %d", at)
						require.Equal(t, request.ForwardReceived, f.Forwards[0].State)
					}
					if !died {
						break
					}
					killed++
				}
				require.Greater(t, killed, 1)
				if name == "forward" {
					require.Positive(t, half, "some died between the decision and its arrival")
				}
			})
		})
	}
}
