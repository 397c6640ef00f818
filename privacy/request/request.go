package request

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Request is a line of the register of requests. It names nobody: who asked and what was said is beside it ([Service.Open]), and can be erased without it.
type Request struct {
	tenancy.Row
	// Reference is the register's number, and the idempotency key of the receipt.
	Reference string `bun:"reference" privacy:"none"`
	// RequesterID is who asked; PersonID whose data it is about, by the id of their own row, once that is known: see [Service.Identify].
	RequesterID uuid.UUID `bun:"requester_id"`
	// It stands in a row of its own, by which the person finds it, whoever asked.
	PersonID uuid.UUID `bun:"-"`
	Kind     Kind      `bun:"kind" privacy:"none"`
	Channel  Channel   `bun:"channel" privacy:"none"`
	// Jurisdiction is whose rules count: see [Rule].Region and [General].
	Jurisdiction string `bun:"jurisdiction" privacy:"none"`
	// ReceivedAt is when it reached the controller, as it was stated; the clocks start there. EnteredAt is when we learnt of it, from EnteredBy.
	ReceivedAt time.Time `bun:"received_at"`
	EnteredAt  time.Time `bun:"entered_at"`
	EnteredBy  string    `bun:"entered_by" privacy:"none"`
	State      State     `bun:"state" privacy:"none"`
	// Outcome is what the answer says, "" without one.
	Outcome Outcome `bun:"outcome" privacy:"none"`
	// Handler is the opaque id of who deals with it, "" while nobody does.
	Handler string `bun:"handler" privacy:"none"`
	// LawFrom is the day from which the law's period runs, PausedDays are those that do not count, and the extras what it was extended by.
	LawFrom     date.Date `bun:"law_from"`
	PausedDays  int64     `bun:"paused_days"`
	ExtraMonths int64     `bun:"extra_months"`
	ExtraDays   int64     `bun:"extra_days"`
	// LawDueOn is the last day by which the law wants an answer: none while its clock stands still, or where it sets no period. PolicyDueOn is the last day of the
	// policy's promise, AcknowledgeDueOn the last day for confirming the receipt, if any. DueOn is the first of them that still runs: what must be kept.
	LawDueOn         date.Date `bun:"law_due_on,nullzero"`
	PolicyDueOn      date.Date `bun:"policy_due_on"`
	AcknowledgeDueOn date.Date `bun:"acknowledge_due_on,nullzero"`
	DueOn            date.Date `bun:"due_on"`
	AcknowledgedAt   time.Time `bun:"acknowledged_at,nullzero"`
	ExtendedAt       time.Time `bun:"extended_at,nullzero"`
	// WaitingSince is since when it waits for the person, and WaitingFor what for.
	WaitingSince time.Time `bun:"waiting_since,nullzero"`
	WaitingFor   Cause     `bun:"waiting_for" privacy:"none"`
	// ClosedAt is when the person was told, or withdrew.
	ClosedAt time.Time `bun:"closed_at,nullzero"`
	// Fulfilled counts acts that gave the person what the kind of the request asks for. Steps counts all acts.
	Fulfilled int64 `bun:"fulfilled"`
	Steps     int64 `bun:"steps"`
	// ReportedOn is the last day on which it was reported as due; the day before the receipt was entered when it was not.
	ReportedOn date.Date `bun:"reported_on"`
	// FromTenant is the controller that forwarded it, and ForwardID that one's record of it.
	FromTenant uuid.UUID `bun:"from_tenant,nullzero"`
	ForwardID  uuid.UUID `bun:"forward_id,nullzero"`

	// Replayed says that the reference had been used before for the same, and nothing was done now.
	Replayed bool `bun:"-"`
}

// Requester is who asked.
type Requester struct {
	Name    string // required, at most 200 characters
	Email   string // at most 254; as are the two that follow, what the request came with
	Phone   string // at most 40
	Address string // at most 500, lines separated by a newline
}

// subject is whom a request is about, once that is known. The request itself leads to who asked, who may be somebody else: a parent, a lawyer. ID is the request's.
type subject struct {
	tenancy.Row
	PersonID   uuid.UUID `bun:"person_id"`
	Kind       Kind      `bun:"kind" privacy:"none"`
	ReceivedAt time.Time `bun:"received_at"`
}

func (r *Request) subject() *subject {
	return &subject{Row: tenancy.Row{ID: r.ID}, PersonID: r.PersonID, Kind: r.Kind, ReceivedAt: r.ReceivedAt}
}

// know fills in whom requests are about.
func know(ctx context.Context, tx *tenancy.Tx, requests ...*Request) error {
	if len(requests) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(requests))
	for i, r := range requests {
		ids[i] = r.ID
	}
	rows, err := tenancy.Find[subject](ctx, tx, tenancy.In("id", ids))
	by := map[uuid.UUID]uuid.UUID{}
	for _, s := range rows {
		by[s.ID] = s.PersonID
	}
	for _, r := range requests {
		r.PersonID = by[r.ID]
	}
	return err
}

// requester is a Requester as it is stored: a person of its own, found and erased as any other.
type requester struct {
	tenancy.Row
	Name    string `bun:"name" privacy:"identity,pseudonymise,sealed"`
	Email   string `bun:"email" privacy:"contact,delete,sealed"`
	Phone   string `bun:"phone" privacy:"contact,delete,sealed"`
	Address string `bun:"address" privacy:"contact,delete,sealed"`
}

var _ tenancy.ColumnChecker = (*requester)(nil)

// CheckColumn implements [tenancy.ColumnChecker]: what [Service.Receive] would say of who asked.
func (r *requester) CheckColumn(string) error {
	return Requester{Name: r.Name, Email: r.Email, Phone: r.Phone, Address: r.Address}.check("request.Requester")
}

// requestText is what was asked, in the person's words.
type requestText struct {
	tenancy.Owned
	RequestID uuid.UUID `bun:"request_id,pk"`
	Ask       string    `bun:"ask" privacy:"free-text,delete,sealed"`
	// Fingerprint is of the input, so that the same receipt again is told from another. Sealed, and erased with the rest.
	Fingerprint string `bun:"fingerprint" privacy:"identity,delete,sealed"`
}

// Step is what was done to a request.
type Step struct {
	tenancy.Owned
	RequestID uuid.UUID `bun:"request_id,pk"`
	Seq       int64     `bun:"seq,pk"`
	// Reference is the act's idempotency key, among those of the request.
	Reference string `bun:"reference" privacy:"none"`
	Act       Verb   `bun:"act" privacy:"none"`
	// Code says more by a closed list: the cause of waiting, the ground of an extension or a refusal, the outcome, the purpose that was decided about.
	Code    string  `bun:"code" privacy:"none"`
	Channel Channel `bun:"channel" privacy:"none"`
	// State, LawDueOn and DueOn are those of the request afterwards.
	State    State     `bun:"state" privacy:"none"`
	LawDueOn date.Date `bun:"law_due_on,nullzero"`
	DueOn    date.Date `bun:"due_on"`
	// OccurredAt is when it was done, as it was stated; EnteredAt when we learnt of it, from EnteredBy.
	OccurredAt time.Time `bun:"occurred_at"`
	EnteredAt  time.Time `bun:"entered_at"`
	EnteredBy  string    `bun:"entered_by" privacy:"none"`
	// FeeMinor and FeeCurrency are what was asked for, and Ground why.
	FeeMinor    int64         `bun:"fee_minor"`
	FeeCurrency string        `bun:"fee_currency" privacy:"none"`
	Ground      RefusalGround `bun:"ground" privacy:"none"`
	// SHA256 and SizeBytes are of what was delivered.
	SHA256    string `bun:"sha256" privacy:"none"`
	SizeBytes int64  `bun:"size_bytes"`

	// Note and Remedies are the words of it, "" once they are erased.
	Note     string `bun:"-"`
	Remedies string `bun:"-"`
}

// stepText is what a step says in words.
type stepText struct {
	tenancy.Owned
	RequestID   uuid.UUID `bun:"request_id,pk"`
	Seq         int64     `bun:"seq,pk"`
	Note        string    `bun:"note" privacy:"free-text,delete,sealed"`
	Remedies    string    `bun:"remedies" privacy:"free-text,delete,sealed"`
	Fingerprint string    `bun:"fingerprint" privacy:"identity,delete,sealed"`
}
