package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting/money"
)

func sum(t *testing.T, texts ...string) string {
	t.Helper()
	amounts := make([]money.Amount, len(texts))
	for i, text := range texts {
		var err error
		amounts[i], err = money.Parse(text, "GBP")
		require.NoError(t, err)
	}
	total, err := money.Sum(amounts...)
	require.NoError(t, err)
	return total.String()
}

func TestFiguresForPeople(t *testing.T) {
	for in, want := range map[string]string{
		"0.00": "0.00", "999.99": "999.99", "1000.00": "1,000.00", "-1234567.89": "-1,234,567.89", "-999": "-999", "24.375": "24.375",
	} {
		require.Equal(t, want, groupDigits(in))
	}
	require.Equal(t, []string{"one two", "three"}, wrap("one two three", 8))
	require.Equal(t, []string{"12345", "678"}, wrap("12345678", 5))
	require.Equal(t, []string{""}, wrap("", 5))
}
