package request

import (
	"context"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// File is a request with all that is known of it.
type File struct {
	Request Request
	// From is who asked, and Ask what: empty, or a pseudonym, once they are erased.
	From Requester
	Ask  string
	// Steps are what was done, in order.
	Steps []Step
	// Forwards, Restrictions and Objections are what the request left.
	Forwards     []ForwardedPart
	Restrictions []RestrictionRecord
	Objections   []ObjectionRecord
}

// Open gives a request with who asked, the words and its history. That somebody looked is on record.
//
// Permission: request.open. Errors: request.unknown.
func (s *Service) Open(ctx context.Context, reference string) (File, error) {
	return tenancy.View(ctx, s.db, PermOpen, func(ctx context.Context, tx *tenancy.Tx) (File, error) {
		r, err := tenancy.First[Request](ctx, tx, tenancy.Eq("reference", reference))
		if tenancy.IsNotFound(err) {
			return File{}, ErrUnknown.New("request.Open", "%q", reference)
		}
		if err != nil {
			return File{}, err
		}
		if err := know(ctx, tx, r); err != nil {
			return File{}, err
		}
		out := File{Request: *r}
		var who []requester
		var asked []requestText
		var words []stepText
		of := tenancy.Eq("request_id", r.ID)
		b := tx.Batch()
		tenancy.Load(b, &who, tenancy.Eq("id", r.RequesterID))
		tenancy.Load(b, &asked, of)
		tenancy.Load(b, &out.Steps, of, tenancy.OrderBy("seq"))
		tenancy.Load(b, &words, of, tenancy.OrderBy("seq"))
		tenancy.Load(b, &out.Forwards, of, tenancy.OrderBy("id"))
		tenancy.Load(b, &out.Restrictions, of, tenancy.OrderBy("id"))
		tenancy.Load(b, &out.Objections, of, tenancy.OrderBy("id"))
		if err := b.Run(ctx); err != nil {
			return File{}, err
		}
		for _, w := range who {
			out.From = Requester{Name: w.Name, Email: w.Email, Phone: w.Phone, Address: w.Address}
		}
		for _, a := range asked {
			out.Ask = a.Ask
		}
		for i := range words { // one for each step, in the same order
			out.Steps[i].Note, out.Steps[i].Remedies = words[i].Note, words[i].Remedies
		}
		return out, nil
	})
}

// Filter says which requests [Service.List] gives. The zero value of each means all.
type Filter struct {
	Kind  Kind
	State State
	// Person is whose data they are about.
	Person uuid.UUID
	// Handler is who deals with them.
	Handler string
}

// List gives lines of the register, without names: the oldest receipt first unless page.Sort says otherwise.
//
// Permission: request.read. Errors: tenancy.bad_input (the cursor or the sort order).
func (s *Service) List(ctx context.Context, f Filter, page tenancy.PageRequest) (tenancy.PageOf[Request], error) {
	if page.Sort == "" {
		page.Sort = "received_at"
	}
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (tenancy.PageOf[Request], error) {
		var by []tenancy.Option
		for column, v := range map[string]string{"kind": string(f.Kind), "state": string(f.State), "handler": f.Handler} {
			if v != "" {
				by = append(by, tenancy.Eq(column, v))
			}
		}
		if f.Person != uuid.Nil {
			of, err := tenancy.Find[subject](ctx, tx, tenancy.Eq("person_id", f.Person), tenancy.OrderBy("id")) // of one person there are few
			if err != nil || len(of) == 0 {
				return tenancy.PageOf[Request]{}, err
			}
			ids := make([]uuid.UUID, len(of))
			for i := range of {
				ids[i] = of[i].ID
			}
			by = append(by, tenancy.In("id", ids))
		}
		out, err := tenancy.Page[Request](ctx, tx, page, by...)
		if err != nil {
			return out, err
		}
		all := make([]*Request, len(out.Items))
		for i := range out.Items {
			all[i] = &out.Items[i]
		}
		return out, know(ctx, tx, all...)
	})
}
