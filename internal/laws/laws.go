// Package laws says how many histories a law is tried on. One is dozens of transactions on a real database, often of a tenant of its
// own: a hundred, as rapid has them, are for `make soak`.
package laws

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Check is rapid.Check with n histories, ten times as many in a soak, or as many as -rapid.checks asks for.
func Check(t *testing.T, n int, law func(rt *rapid.T)) {
	t.Helper()
	if !asked() {
		f := flag.Lookup("rapid.checks")
		before := f.Value.String()
		set(n * factor)
		defer func() { _ = f.Value.Set(before) }()
	}
	rapid.Check(t, law)
}

// Default is for a TestMain: what a plain rapid.Check of the package does, unless -rapid.checks asks for something else. A soak is the
// package's to say.
func Default(n int) {
	if !asked() {
		set(n)
	}
}

func set(n int) {
	if err := flag.Lookup("rapid.checks").Value.Set(strconv.Itoa(n)); err != nil {
		panic(err) // a whole number
	}
}

// asked looks at the command line itself: which flags a program has set cannot be told from those that it was given.
func asked() bool {
	for _, arg := range os.Args[1:] {
		if name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "="); name == "rapid.checks" {
			return true
		}
	}
	return false
}
