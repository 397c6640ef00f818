package bookstest

import (
	"strings"

	"github.com/google/uuid"
)

// OtherValue is an SQL expression that differs from what a column of a declared type holds, whatever it holds.
func OtherValue(column, declared string) string {
	switch t := strings.ToUpper(declared); {
	case strings.Contains(t, "UUID"):
		return "'" + uuid.NewString() + "'"
	case strings.Contains(t, "BOOL"):
		return "NOT " + column
	case strings.Contains(t, "TIMESTAMP"):
		return "'2031-05-05T00:00:00.000000Z'"
	case strings.Contains(t, "DATE"):
		return "'2031-05-05'"
	case strings.Contains(t, "INT"):
		return "coalesce(" + column + ", 0) + 1"
	case strings.Contains(t, "NUMERIC"), strings.Contains(t, "DECIMAL"):
		return "'77.5'"
	}
	return "coalesce(" + column + ", '') || 'x'"
}
