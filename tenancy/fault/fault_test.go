package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/tenancy/fault"
)

var errLate = fault.Define(fault.Conflict, "fault.test_late", "it is too late")

func TestErrorsAreFoundByKindAndCode(t *testing.T) {
	err := fmt.Errorf("outside: %w", errLate.Wrap("library.Return", io.EOF, "%d days late", 3))
	require.ErrorIs(t, err, errLate)
	require.ErrorIs(t, err, fault.Conflict)
	require.ErrorIs(t, err, io.EOF)
	require.NotErrorIs(t, err, fault.Invalid)
	require.Equal(t, fault.Code("fault.test_late"), fault.CodeOf(err))
	require.Equal(t, fault.Conflict, fault.KindOf(err))
	require.Equal(t, "outside: library.Return: 3 days late (fault.test_late)", err.Error())
	require.Equal(t, "it is too late (fault.test_late)", errLate.New("", "").Error())
	require.Equal(t, "it is too late (fault.test_late)", errLate.Wrap("", nil, "%s", "").Error())
}

func TestKindsOfOthers(t *testing.T) {
	require.Equal(t, fault.Internal, fault.KindOf(errors.New("other")))
	require.Equal(t, fault.Kind(""), fault.KindOf(nil))
	require.Equal(t, fault.Code(""), fault.CodeOf(io.EOF))
}

func TestACodeHasOneMeaning(t *testing.T) {
	require.Panics(t, func() { fault.Define(fault.Invalid, "fault.test_late", "something else") })
	require.Same(t, errLate, fault.Lookup("fault.test_late"))
	require.Nil(t, fault.Lookup("fault.nowhere"))
	require.Contains(t, fault.Definitions(), *errLate)
}

func TestEveryKindHasItsStatus(t *testing.T) {
	seen := map[int]bool{}
	for _, k := range []fault.Kind{fault.Invalid, fault.NotFound, fault.Conflict, fault.Forbidden, fault.Unscoped, fault.Locked, fault.Restricted, fault.Exhausted, fault.Internal} {
		require.False(t, seen[k.HTTPStatus()], "%s shares its status", k)
		seen[k.HTTPStatus()] = true
	}
}
