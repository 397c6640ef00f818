package purchasing

import (
	"errors"

	"github.com/opsmatiq/erp/tenancy"
)

// head is what every input of a batch has in common.
type head struct {
	reference   string
	what        string // for messages: "document 3 (R-17)"
	fingerprint string
}

// replays tells what is new in a batch from what was done before: by an earlier act, or further up in the batch.
type replays[T any] struct {
	op    string
	known map[string]answer[T]
}

type answer[T any] struct {
	row         *T
	fingerprint string
}

// newReplays begins with what is stored under the references.
func newReplays[T any](op string, stored []T, of func(*T) (reference, fingerprint string)) *replays[T] {
	r := &replays[T]{op: op, known: make(map[string]answer[T], len(stored))}
	for i := range stored {
		reference, fingerprint := of(&stored[i])
		r.known[reference] = answer[T]{&stored[i], fingerprint}
	}
	return r
}

// find gives what was done under an input's reference; nil when it is new.
func (r *replays[T]) find(h head) (*T, error) {
	a, ok := r.known[h.reference]
	if ok && a.fingerprint != h.fingerprint {
		return nil, ErrReferenceTaken.New(r.op, "%s: the reference was used before with other content", h.what)
	}
	return a.row, nil
}

func (r *replays[T]) add(h head, row *T) { r.known[h.reference] = answer[T]{row, h.fingerprint} }

// againstRivals runs an act once more when a rival has just taken the same reference: now the act finds what the rival made,
// and gives it back or says that it differs. Within a transaction of the caller's there is no second try, for the first
// has undone it.
func againstRivals[T any](act func() (T, error)) (T, error) {
	out, err := act()
	if !errors.Is(err, tenancy.ErrDuplicate) {
		return out, err
	}
	again, secondErr := act()
	if errors.Is(secondErr, tenancy.ErrTxDoomed) {
		return out, err
	}
	return again, secondErr
}
