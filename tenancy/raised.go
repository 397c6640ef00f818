package tenancy

import (
	"strings"

	"github.com/opsmatiq/erp/tenancy/fault"
)

// RaisedFault reads the refusal of one of our own triggers out of a database's message. Triggers raise
// "erp/KIND/CODE/sentence", where CODE is a defined fault code; nil when the message is of another kind.
func RaisedFault(op, message string, cause error) *fault.Error {
	_, rest, ok := strings.Cut(message, "erp/")
	if !ok {
		return nil
	}
	parts := strings.SplitN(rest, "/", 3)
	if len(parts) != 3 {
		return nil
	}
	d := fault.Lookup(fault.Code(parts[1]))
	if d == nil || string(d.Kind) != parts[0] {
		return nil
	}
	sentence, _, _ := strings.Cut(parts[2], "\n")
	if i := strings.LastIndex(sentence, " ("); i > 0 && strings.HasSuffix(sentence, ")") {
		sentence = sentence[:i] // drivers add the error's number
	}
	return d.Wrap(op, cause, "%s", sentence)
}
