package privacy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/opsmatiq/erp/tenancy"
)

// State says how a promise stands.
type State string

// The states of a promise.
const (
	Enforced State = "enforced" // it was looked at, and is so
	Attested State = "attested" // somebody vouches for it, and that has not expired
	Absent   State = "absent"   // neither, or it was looked at and is not so
)

// Look looks whether a promise is kept, now: [Enforced] or [Absent], with what was found in a sentence; "" where it cannot tell, so that an attestation is
// asked for. What is seen outweighs what is attested.
type Look func(ctx context.Context, now time.Time) (State, string, error)

// Standing is how one promise stands.
type Standing struct {
	Promise
	State State `json:"state"`
	// Why says what was found, or what is missing.
	Why string `json:"why"`
	// By is the attestation that counts, expired and withdrawn ones included; nil when there is none.
	By *Attestation `json:"by,omitempty"`
}

// Posture is how the promises stand at an instant.
type Posture struct {
	At       time.Time  `json:"at"`
	Promises []Standing `json:"promises"`
}

// Of finds a promise. The zero Standing when there is none of the id.
func (p Posture) Of(id PromiseID) Standing {
	for _, s := range p.Promises {
		if s.ID == id {
			return s
		}
	}
	return Standing{}
}

// Absent are the promises that are absent.
func (p Posture) Absent() []Standing {
	var out []Standing
	for _, s := range p.Promises {
		if s.State == Absent {
			out = append(out, s)
		}
	}
	return out
}

// Check refuses a posture in which a promise is absent, and names each with the reason. Errors: privacy.promise_absent.
func (p Posture) Check() error {
	var names []string
	for _, s := range p.Absent() {
		names = append(names, fmt.Sprintf("%s (policy %s): %s", s.ID, strings.Join(s.Sentences, ", "), s.Why))
	}
	if len(names) == 0 {
		return nil
	}
	return ErrPromiseAbsent.New("privacy.Posture", "%s", strings.Join(names, "; "))
}

// Posture says of each of [Promises] whether it is enforced, attested until when, by whom and on what evidence, or absent. Connections to databases are looked at now. It is an act in the
// platform's own tenant (NewTenant.Platform), where attestations are.
//
// Permission: privacy.posture. It writes nothing. Errors: privacy.not_platform, and those of [Options].Looks.
func (s *Service) Posture(ctx context.Context) (Posture, error) {
	var at time.Time
	all, err := tenancy.View(ctx, s.db, PermPosture, func(ctx context.Context, tx *tenancy.Tx) ([]Attestation, error) {
		if !tx.Scope().OfPlatform() {
			return nil, ErrNotPlatform.New("privacy.Posture", "")
		}
		at = tx.Now()
		return attested(ctx, tx)
	})
	if err != nil {
		return Posture{}, err
	}
	return s.stand(ctx, at, latest(all))
}

// PostureAtStart is Posture for the program itself, which has no scope yet. Where the platform has no tenant of its own, nothing is attested. Where it has, the
// look is in its trail, as system:privacy.posture. Errors: those of [Service.Posture].
func (s *Service) PostureAtStart(ctx context.Context) (Posture, error) {
	outside := tenancy.Scope{}.Attach(ctx) // whoever asks for it, this is the program's own look
	platform, err := s.platform(outside)
	if err != nil {
		return Posture{}, err
	}
	own, err := s.db.Tenants().Platform(platform)
	if errors.Is(err, tenancy.ErrNotFound) {
		return s.stand(outside, s.db.Now(), nil)
	}
	if err != nil {
		return Posture{}, err
	}
	inside, err := s.db.System(outside, own.ID, "privacy.posture")
	if err != nil {
		return Posture{}, err
	}
	return s.Posture(inside)
}

// platform is a context for looking at what is the platform's: its connections and whether it has a tenant.
func (s *Service) platform(ctx context.Context) (context.Context, error) {
	return s.db.EnterPlatform(ctx, "system:privacy", tenancy.Permissions{tenancy.PermReadTenants})
}

// stand holds each promise against what can be seen, and where nothing can, against what is attested.
func (s *Service) stand(ctx context.Context, at time.Time, vouched map[PromiseID]Attestation) (Posture, error) {
	out := Posture{At: at}
	looks := map[PromiseID]Look{PromiseDatabaseTLS: s.lookAtLinks, PromiseListenerTLS: s.lookAtListener, PromiseAtRest: s.lookAtColumns, PromisePlatform: s.lookAtPlatform}
	if s.opt.Backups.on() {
		looks[PromiseBackups], looks[PromiseRotation] = s.lookAtBackups, s.lookAtRotation
	}
	for id, look := range s.opt.Looks {
		if looks[id] == nil { // what is built in is not looked away from
			looks[id] = look
		}
	}
	for _, p := range Promises() {
		st := Standing{Promise: p}
		if look := looks[p.ID]; look != nil {
			var err error
			if st.State, st.Why, err = look(ctx, out.At); err != nil {
				return Posture{}, err
			}
		}
		if a, ok := vouched[p.ID]; ok {
			st.By = &a
		}
		if st.State == "" {
			st.byWord(out.At)
		}
		out.Promises = append(out.Promises, st)
	}
	return out, nil
}

// byWord decides by the attestation alone.
func (st *Standing) byWord(now time.Time) {
	seen := st.Why
	if seen != "" {
		seen = "; " + seen
	}
	switch a := st.By; {
	case a == nil:
		st.State, st.Why = Absent, "nobody has attested it"+seen
	case a.Withdrawn:
		st.State, st.Why = Absent, "what was attested was withdrawn on "+a.MadeAt.Format(time.DateOnly)+seen
	case !a.stands(now):
		st.State, st.Why = Absent, "the attestation of "+a.MadeAt.Format(time.DateOnly)+" expired on "+a.ExpiresAt.Format(time.DateOnly)+seen
	default:
		st.State, st.Why = Attested, "attested until "+a.ExpiresAt.Format(time.DateOnly)+seen
	}
}

// lookAtLinks looks at a connection of each login to each database.
func (s *Service) lookAtLinks(ctx context.Context, _ time.Time) (State, string, error) {
	platform, err := s.platform(ctx)
	if err != nil {
		return "", "", err
	}
	links, err := s.db.Tenants().Links(platform)
	if err != nil {
		return "", "", err
	}
	state, why := judge(links)
	return state, why, nil
}

// lookAtPlatform looks whether the platform has a tenant of its own.
func (s *Service) lookAtPlatform(ctx context.Context, _ time.Time) (State, string, error) {
	platform, err := s.platform(ctx)
	if err != nil {
		return "", "", err
	}
	own, err := s.db.Tenants().Platform(platform)
	switch {
	case tenancy.IsNotFound(err):
		return Absent, "the platform has no tenant of its own: tenants are deleted without a certificate, and it has no registers", nil
	case err != nil:
		return "", "", err
	}
	return Enforced, "the platform's own tenant is " + own.ID.String(), nil
}

// judge says whether all links are safe, and how each is.
func judge(links []tenancy.Link) (State, string) {
	found := make([]string, 0, len(links))
	state := Enforced
	for _, l := range links {
		if !l.Safe() {
			state = Absent
		}
		found = append(found, l.Placement+", "+l.Login+": "+how(l))
	}
	return state, strings.Join(found, "; ")
}

// how says in words how a link is.
func how(l tenancy.Link) string {
	var text string
	switch {
	case l.TLS != "":
		text = l.TLS
		if !l.Always && !l.Local {
			text += ", but its configuration allows a connection without (sslmode)"
		}
		if !l.Verified {
			text += ", the server's name not checked"
		}
	case l.Local:
		text = "on this machine"
	default:
		text = "a network without TLS"
	}
	if l.Server == "none" {
		text += ", and the server sees a network without TLS"
	}
	return text
}

// lookAtListener looks at what the host says it listens with.
func (s *Service) lookAtListener(context.Context, time.Time) (State, string, error) {
	switch c := s.opt.Listener; {
	case c == nil:
		return "", "", nil
	case c.MinVersion < tls.VersionTLS12: // 0 leaves it to the version of Go and its environment
		return Absent, "the listener's MinVersion allows less than TLS 1.2", nil
	default:
		return Enforced, "the listener takes " + tls.VersionName(c.MinVersion) + " or higher", nil
	}
}

// lookAtColumns counts what is sealed whatever the disk is. Only if nothing personal is left beside it does nobody have to vouch for the disk.
func (s *Service) lookAtColumns(context.Context, time.Time) (State, string, error) {
	sealed, personal := 0, 0
	count := func(p tenancy.Privacy) {
		if p.Personal() {
			personal++
			if p.Sealed {
				sealed++
			}
		}
	}
	reg := s.db.Registry()
	for _, m := range reg.Models {
		for _, c := range m.Columns {
			count(c.Privacy)
		}
	}
	for i := range reg.Control {
		columns, err := reg.Control[i].Described()
		if err != nil {
			return "", "", err
		}
		for _, c := range columns {
			count(c.Privacy)
		}
	}
	text := fmt.Sprintf("%d of %d personal columns are sealed with AES-256-GCM", sealed, personal)
	if sealed == personal {
		return Enforced, text, nil
	}
	return "", text + ", and the others rest on the encryption of the disk", nil
}

// TLSConfig is a server's configuration that takes TLS 1.2 or higher, and nothing else: add certificates, listen with it, and name it as [Options].Listener.
func TLSConfig() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }
