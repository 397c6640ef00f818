package accounting

import (
	"strings"

	"github.com/google/uuid"
)

// AccountRef names an account: by its role, by its code or by its id. The zero AccountRef names none; where a default is
// documented it stands for that.
type AccountRef struct {
	// text is "role:sales", "code:4000" or "id:018f..."; one comparable string keeps the reference cheap to copy,
	// to look up and to put into a fingerprint.
	text string
}

// ByRole names the account that plays a role.
func ByRole(role Role) AccountRef { return AccountRef{"role:" + string(role)} }

// ByCode names an account by its code in the chart.
func ByCode(code string) AccountRef { return AccountRef{"code:" + code} }

// ByID names an account by its id.
func ByID(id uuid.UUID) AccountRef { return AccountRef{"id:" + id.String()} }

// IsZero reports whether no account is named.
func (r AccountRef) IsZero() bool { return r.text == "" }

// String is "role:sales", "code:4000" or "id:...".
func (r AccountRef) String() string { return r.text }

// MarshalText is String, for JSON and configuration.
func (r AccountRef) MarshalText() ([]byte, error) { return []byte(r.text), nil }

// UnmarshalText reads what String gives; empty text names no account. Whether there is such an account is seen when it
// is used. Errors: accounting.bad_input.
func (r *AccountRef) UnmarshalText(text []byte) error {
	kind, name, ok := strings.Cut(string(text), ":")
	if len(text) > 0 && (!ok || name == "" || len(name) > 64 || kind != "role" && kind != "code" && kind != "id") {
		return ErrBadInput.New("accounting.AccountRef", "an account is named as role:sales, code:4000 or id:...")
	}
	r.text = string(text)
	return nil
}

// orDefault is r, or the account with the role when r names none.
func (r AccountRef) orDefault(role Role) AccountRef {
	if r.IsZero() {
		return ByRole(role)
	}
	return r
}

// orDefaultTo is r, or other when r names none.
func (r AccountRef) orDefaultTo(other AccountRef) AccountRef {
	if r.IsZero() {
		return other
	}
	return r
}

// describe is how an error message speaks of it.
func (r AccountRef) describe() string {
	kind, name, _ := strings.Cut(r.text, ":")
	switch kind {
	case "role":
		return "an account with the role " + name
	case "code":
		return "account " + name
	}
	return "the account"
}
