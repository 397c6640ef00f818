// Package fault is the one error vocabulary of erp.
//
// Every error that a caller can act on is an [Error]: an operation, a [Kind] that says what sort of trouble it is (and
// maps to an HTTP status once, in [Kind.HTTPStatus]), and a stable [Code] that says exactly which. Packages declare their
// codes once with [Define]; the definition is itself a sentinel:
//
//	var ErrUnbalanced = fault.Define(fault.Invalid, "accounting.entry_unbalanced", "debits and credits differ")
//
//	return ErrUnbalanced.New("accounting.Post", "entry %d: debits %s, credits %s", i, debit, credit)
//
//	errors.Is(err, ErrUnbalanced)   // this very code
//	errors.Is(err, fault.Invalid)   // any invalid input
package fault

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
)

// Kind is the sort of trouble. Kinds are errors, so errors.Is(err, fault.NotFound) works.
type Kind string

// The closed list of kinds.
const (
	Invalid    Kind = "invalid"    // the input is wrong; it changed nothing
	NotFound   Kind = "not_found"  // no such record in this tenant (another tenant's gives the same answer)
	Conflict   Kind = "conflict"   // the input is fine but the present state contradicts it
	Forbidden  Kind = "forbidden"  // the scope lacks the permission
	Unscoped   Kind = "unscoped"   // no usable scope: none, zero, expired, unknown, suspended or purged tenant
	Locked     Kind = "locked"     // a period or document is closed to this act
	Restricted Kind = "restricted" // the subject's processing is restricted
	Exhausted  Kind = "exhausted"  // a limit was reached; later may work
	Internal   Kind = "internal"   // our mistake or the database's; details are in the wrapped error
)

// Error lets a Kind serve as a sentinel.
func (k Kind) Error() string { return string(k) }

// HTTPStatus is the one mapping of kinds to HTTP.
func (k Kind) HTTPStatus() int {
	switch k {
	case Invalid:
		return 422
	case NotFound:
		return 404
	case Conflict:
		return 409
	case Forbidden:
		return 403
	case Unscoped:
		return 401
	case Locked:
		return 423
	case Restricted:
		return 451
	case Exhausted:
		return 429
	default:
		return 500
	}
}

// Code is a stable, unique name of one error: "package.snake_case".
type Code string

// Error is what every refused act returns.
type Error struct {
	Op     string // the act, such as "accounting.Post"
	Kind   Kind
	Code   Code
	Detail string // one sentence a bookkeeper understands; never another tenant's data
	Err    error  // the cause, if any; not for showing to users
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	if e.Detail != "" {
		b.WriteString(e.Detail)
		b.WriteString(" ")
	}
	b.WriteString("(")
	b.WriteString(string(e.Code))
	b.WriteString(")")
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is this error's kind or its definition.
func (e *Error) Is(target error) bool {
	switch t := target.(type) {
	case Kind:
		return e.Kind == t
	case *Definition:
		return e.Code == t.Code
	}
	return false
}

// Definition declares one code. It is a sentinel for errors.Is.
type Definition struct {
	Kind    Kind
	Code    Code
	Meaning string // one line for the list of codes in the docs
}

// Error lets a Definition serve as a sentinel.
func (d *Definition) Error() string { return string(d.Code) }

var registry struct {
	sync.Mutex
	byCode map[Code]*Definition
}

// Define declares a code once, at package level. A second definition of the same code panics at start-up: two meanings
// under one name would make the code useless.
func Define(kind Kind, code Code, meaning string) *Definition {
	registry.Lock()
	defer registry.Unlock()
	if registry.byCode == nil {
		registry.byCode = map[Code]*Definition{}
	}
	if _, dup := registry.byCode[code]; dup {
		panic("fault: code " + string(code) + " is defined twice")
	}
	d := &Definition{Kind: kind, Code: code, Meaning: meaning}
	registry.byCode[code] = d
	return d
}

// Definitions lists every code linked into this program, sorted, for documentation and tests.
func Definitions() []Definition {
	registry.Lock()
	defer registry.Unlock()
	out := make([]Definition, 0, len(registry.byCode))
	for _, d := range registry.byCode {
		out = append(out, *d)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

// Lookup finds a definition by its code; nil when there is none.
func Lookup(code Code) *Definition {
	registry.Lock()
	defer registry.Unlock()
	return registry.byCode[code]
}

// New makes an error of this definition. format may be empty: then Meaning is the detail.
func (d *Definition) New(op, format string, args ...any) *Error {
	return d.Wrap(op, nil, format, args...)
}

// Wrap is New with a cause.
func (d *Definition) Wrap(op string, cause error, format string, args ...any) *Error {
	detail := fmt.Sprintf(format, args...)
	if detail == "" {
		detail = d.Meaning
	}
	return &Error{Op: op, Kind: d.Kind, Code: d.Code, Detail: detail, Err: cause}
}

// CodeOf is the code of the outermost fault in err's chain, or "" when there is none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// KindOf is the kind of the outermost fault in err's chain; Internal for any other error, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
