package retail

import (
	"errors"
	"fmt"
	"io"

	"github.com/opsmatiq/erp/accounting/money"
)

// Refusal is a row of the file that is not booked, and why.
type Refusal struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
}

// group is consecutive rows with one number: a document, if nothing speaks against it.
type group struct {
	Document
	rows    int64 // also those that are not in Lines
	refused bool
}

// grouper gathers rows into groups.
type grouper struct {
	rows   rowReader
	ahead  *row          // the first row of the next group
	refuse func(Refusal) // told of each refused row
	// strays are rows in a row whose document is not known: how many, and the number on the last that seems to have one.
	strays      int64
	strayNumber string
	homeless    int64 // strays that turned out to belong to no group
}

// next gives io.EOF after the last group.
func (g *grouper) next() (*group, error) {
	var cur *group
	for {
		r, err := g.take()
		if errors.Is(err, io.EOF) {
			g.leave()
			if cur == nil {
				return nil, io.EOF
			}
			return cur, nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case !g.belongs(cur, r):
			g.stray(r)
		case cur == nil:
			cur = g.open(r)
		case cur.Number == r.number:
			cur.rows += g.strays
			cur.refused = cur.refused || g.strays > 0
			g.strays = 0
			g.add(cur, r)
		default:
			g.ahead = r
			return cur, nil
		}
	}
}

// take is the next row, the one read ahead first.
func (g *grouper) take() (*row, error) {
	if r := g.ahead; r != nil {
		g.ahead = nil
		return r, nil
	}
	r, err := g.rows.next()
	return &r, err
}

// belongs reports whether a row says credibly which document it is of. A row with columns missing is believed only when
// it has the number of the rows above: else what stands in the place of the number may be anything.
func (g *grouper) belongs(cur *group, r *row) bool {
	return r.number != "" && (r.whole || cur != nil && cur.Number == r.number)
}

func (g *grouper) stray(r *row) {
	g.refuseRow(r, r.number)
	g.strays++
	if r.number != "" {
		g.strayNumber = r.number
	}
}

// leave gives up on finding the strays' document.
func (g *grouper) leave() {
	g.homeless += g.strays
	g.strays, g.strayNumber = 0, ""
}

// open begins a group. Strays just above it that seem to have its number are its own.
func (g *grouper) open(r *row) *group {
	cur := &group{Document: Document{Number: r.number, Line: r.line, Date: r.date, Customer: r.customer, Country: r.country, Total: money.Zero(Currency)}}
	if g.strays > 0 && g.strayNumber == r.number {
		cur.rows, cur.refused = g.strays, true
		g.strays = 0
	}
	g.leave()
	g.add(cur, r)
	return cur
}

// add takes a row into a group. A refused one refuses the whole.
func (g *grouper) add(cur *group, r *row) {
	cur.rows++
	if r.fault == "" && !cur.refused {
		r.fault = cur.contradicts(r)
	}
	if r.fault != "" {
		g.refuseRow(r, cur.Number)
		cur.refused = true
	}
	if cur.refused {
		cur.Lines = nil // only the number and the count matter from here on
		return
	}
	cur.Lines = append(cur.Lines, r.item)
	cur.Total.Minor += r.item.Amount.Minor // maxLines of at most maxMinor fit
}

// contradicts tells what sets a row at odds with the first one.
func (g *group) contradicts(r *row) string {
	switch {
	case r.date != g.Date:
		return fmt.Sprintf("the day %s differs from the %s above", r.date, g.Date)
	case r.customer != g.Customer:
		return fmt.Sprintf("customer_id %s differs from the %s above", quote(r.customer), quote(g.Customer))
	case len(g.Lines) == maxLines:
		return fmt.Sprintf("the document has more than %d lines", maxLines)
	}
	return ""
}

func (g *grouper) refuseRow(r *row, number string) {
	reason := r.fault
	if number != "" {
		reason += fmt.Sprintf(" (invoice %s is not booked)", number)
	}
	g.refuse(Refusal{r.line, reason})
}
