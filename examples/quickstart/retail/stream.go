package retail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/opsmatiq/erp/tenancy/date"
)

// stream yields the documents that can be booked. Reading the same file again with the same split numbers yields the
// same ones.
type stream struct {
	groups grouper
	// seen is set in the first pass only: numbers that come again are added to split.
	seen     numberSet
	split    map[string]bool
	refuse   func(Refusal)
	held     *group // waits for the next one, to see whether its date can be right
	last     date.Date
	turnover int64 // minor units, without signs
	rows     int64 // of the documents yielded
	refused  int64 // rows of refused documents; those of no document are the grouper's homeless
}

func newStream(p *pass, seen numberSet, split map[string]bool, refuse func(Refusal)) (*stream, error) {
	s := &stream{seen: seen, split: split, refuse: refuse}
	s.groups = grouper{rows: rowReader{records: recordReader{lines: lineReader{r: p.text}}}, refuse: refuse}
	if err := s.groups.rows.start(); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it is empty: a header is needed")
		}
		return nil, err
	}
	return s, nil
}

// next gives io.EOF after the last document. A document is held back until the next one is seen: when dates go back
// between the two and the later one fits what came before, it is the earlier one that is wrong. Else a single date far in
// the future would refuse the rest of the file.
func (s *stream) next() (*Document, error) {
	for {
		g, err := s.candidate()
		held := s.held
		switch {
		case errors.Is(err, io.EOF) && held != nil:
			s.held = nil
			return s.yield(held), nil
		case err != nil:
			return nil, err
		case g.Date.Before(s.last):
			s.refuseGroup(g, fmt.Sprintf("its date %s is before that of the documents above, %s", g.Date, s.last))
		case held == nil:
			s.held = g
		case g.Date.Before(held.Date):
			s.refuseGroup(held, fmt.Sprintf("its date %s is after that of the document below, %s", held.Date, g.Date))
			s.held = g
		default:
			s.held = g
			return s.yield(held), nil
		}
	}
}

func (s *stream) yield(g *group) *Document {
	s.last = g.Date
	s.rows += g.rows
	return &g.Document
}

// candidate is the next group with nothing against it but, perhaps, its date; io.EOF at the end.
func (s *stream) candidate() (*group, error) {
	for {
		g, err := s.groups.next()
		if err != nil {
			return nil, err
		}
		if s.seen != nil && s.seen.add(g.Number) {
			s.split[g.Number] = true
		}
		if g.refused {
			s.refused += g.rows
			continue
		}
		if reason := s.check(g); reason != "" {
			s.refuseGroup(g, reason)
			continue
		}
		return g, nil
	}
}

// check tells why a group cannot be booked.
func (s *stream) check(g *group) string {
	if s.split[g.Number] {
		return "its rows do not stand together: the number comes in more than one place"
	}
	if g.Total.Minor > maxMinor || g.Total.Minor < -maxMinor {
		return fmt.Sprintf("its total %s is too large", g.Total)
	}
	kind, err := kindOf(&g.Document)
	if err != nil {
		return err.Error()
	}
	g.Kind = kind
	var turnover int64
	for i := range g.Lines {
		turnover += max(g.Lines[i].Amount.Minor, -g.Lines[i].Amount.Minor)
	}
	if s.turnover+turnover > maxMinor {
		return "with it the file's turnover is too large"
	}
	s.turnover += turnover
	return ""
}

func (s *stream) refuseGroup(g *group, reason string) {
	g.refused = true
	s.refused += g.rows
	s.refuse(Refusal{g.Line, fmt.Sprintf("%s (invoice %s is not booked)", reason, g.Number)})
}

// Documents yields the documents that can be booked, in the order of the file; the survey must be of the same file. A
// document may be kept. Iteration ends after the first error.
func (f *File) Documents(ctx context.Context, survey *Survey) iter.Seq2[*Document, error] {
	return func(yield func(*Document, error) bool) {
		if err := f.documents(ctx, survey, yield); err != nil {
			yield(nil, err)
		}
	}
}

func (f *File) documents(ctx context.Context, survey *Survey, yield func(*Document, error) bool) error {
	p, err := f.begin()
	if err != nil {
		return err
	}
	s, err := newStream(p, nil, survey.split, func(Refusal) {}) // the survey has told of them
	if err != nil {
		return f.unreadable(err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		doc, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return f.unchanged(p, survey)
		case err != nil:
			return f.unreadable(err)
		case !yield(doc, nil):
			return nil
		}
	}
}

// unchanged makes sure that what was read is what was surveyed.
func (f *File) unchanged(p *pass, survey *Survey) error {
	sum, err := p.sum()
	if err != nil {
		return f.unreadable(err)
	}
	if sum != survey.Digest {
		return f.unreadable(errors.New("it was changed while it was read"))
	}
	return nil
}
