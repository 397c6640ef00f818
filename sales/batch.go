package sales

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
)

// head is what every input of a batch has: its reference, by which a repetition is told from a new one.
type head struct {
	reference   string
	what        string // for messages: "order 3 (R-17)"
	fingerprint string
	first       int // the first of the batch with this reference: its own index where it is new
}

// heads checks a batch as far as its references and sizes go: inputs with one reference have one content, and together they
// have no more lines than one act takes.
type heads struct {
	op, noun string
	all      []head
	first    map[string]int
	lines    int
}

func newHeads(op, noun string, n int) (*heads, error) {
	if n > MaxBatch {
		return nil, ErrTooMany.New(op, "%d %ss are more than the %d that one act takes", n, noun, MaxBatch)
	}
	return &heads{op: op, noun: noun, all: make([]head, 0, n), first: make(map[string]int, n)}, nil
}

// add checks the next input: its tags, then what check says, and puts content, which is the input without its free text,
// into its fingerprint.
func (h *heads) add(reference string, input any, lines int, content any, check func(what string) error) error {
	i := len(h.all)
	what := fmt.Sprintf("%s %d (%q)", h.noun, i+1, reference)
	if h.lines += lines; h.lines > MaxBatchLines {
		return ErrTooMany.New(h.op, "the %ss have more than the %d lines that one act takes", h.noun, MaxBatchLines)
	}
	if err := checkTags(h.op, what, input); err != nil {
		return err
	}
	if err := check(what); err != nil {
		return err
	}
	b, err := json.Marshal(content)
	if err != nil {
		return ErrBadInput.Wrap(h.op, err, "%s cannot be written down", what)
	}
	first, again := h.first[reference]
	if !again {
		first = i
		h.first[reference] = i
	}
	h.all = append(h.all, head{reference, what, shortHash(b), first})
	if h.all[first].fingerprint != h.all[i].fingerprint {
		return ErrReferenceTaken.New(h.op, "%s stands twice in the batch, with different content", what)
	}
	return nil
}

// references are those of the batch, each once.
func (h *heads) references() []string {
	var out []string
	for i, e := range h.all {
		if e.first == i {
			out = append(out, e.reference)
		}
	}
	return out
}

// known holds a reference that was used before to the same content.
func (e *head) known(op, fingerprint string) error {
	if e.fingerprint != fingerprint {
		return ErrReferenceTaken.New(op, "%s: the reference was used before with other content", e.what)
	}
	return nil
}

// lineContent is a [NewLine] without its free text, for fingerprints.
type lineContent struct {
	ProductID  uuid.UUID
	Quantity   money.Quantity
	UnitPrice  decimal.Decimal
	TaxCode    string
	Account    string
	Giveaway   bool
	Dimensions accounting.Dimensions `json:",omitempty"`
}

func contentOf(lines []NewLine) []lineContent {
	out := make([]lineContent, len(lines))
	for i, l := range lines {
		out[i] = lineContent{l.ProductID, l.Quantity, l.UnitPrice, l.TaxCode, l.Account.String(), l.Giveaway, l.Dimensions}
	}
	return out
}

// checkLines refuses a line that cannot be sold.
func checkLines(op, what string, lines []NewLine) error {
	for i, l := range lines {
		if why := wrongLine(l, false); why != "" {
			return ErrBadInput.New(op, "%s, line %d: %s", what, i+1, why)
		}
	}
	return nil
}
