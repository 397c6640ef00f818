package retail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Survey is what the first reading of a file tells.
type Survey struct {
	Digest      string // SHA-256 of the file as it lies on disk, in hexadecimal
	Rows        int64  // all of them: Lines and RefusedRows
	Lines       int64  // rows of the documents that can be booked
	RefusedRows int64  // rows of refused documents, and rows of no known document
	Refused     []Refusal
	First, Last date.Date // the days of the first and the last document; zero when there is none

	Documents  map[Kind]int64
	Amounts    map[Kind]money.Amount // the totals of the documents of a kind; those of credit notes are below zero
	GivenAway  int64                 // lines, in sales as well
	WrittenOff int64                 // lines of stock adjustments
	Products   []Product             // goods and services, in order of their first row
	Customers  []Customer            // in order of their first document

	split    map[string]bool // numbers whose rows do not stand together
	products map[string]int  // places in Products
}

// Product is a stock code that documents name.
type Product struct {
	Code  string
	Name  string // the first description that is not empty; else the code
	Goods bool
	// FirstPrice is the first price that is not zero, of sales and credit notes alike; zero when there is none.
	FirstPrice decimal.Decimal
	Leaving    int64 // units of goods that leave with the documents
}

// Customer is a customer that documents name.
type Customer struct {
	ID      string
	Country string // of the first document
}

// Survey reads the file from its first byte to its last and books nothing. When numbers come in more than one place it reads
// a second time, as all their rows are refused.
func (f *File) Survey(ctx context.Context) (*Survey, error) {
	s, again, err := f.survey(ctx, numberSet{}, map[string]bool{})
	if err != nil || !again {
		return s, err
	}
	s, _, err = f.survey(ctx, nil, s.split)
	return s, err
}

// survey reads once; again reports that split has grown meanwhile, so that the survey is not right yet.
func (f *File) survey(ctx context.Context, seen numberSet, split map[string]bool) (_ *Survey, again bool, err error) {
	p, err := f.begin()
	if err != nil {
		return nil, false, err
	}
	s := &Survey{Documents: map[Kind]int64{}, Amounts: map[Kind]money.Amount{}, Refused: []Refusal{}, split: split, products: map[string]int{}}
	for _, k := range []Kind{Sale, CreditNote, Giveaway, Adjustment, BadDebt} {
		s.Amounts[k] = money.Zero(Currency)
	}
	documents, err := newStream(p, seen, split, func(r Refusal) { s.Refused = append(s.Refused, r) })
	if err != nil {
		return nil, false, f.unreadable(err)
	}
	before := len(split)
	if err := s.addAll(ctx, documents); err != nil {
		return nil, false, f.unreadable(err)
	}
	if s.Digest, err = p.sum(); err != nil {
		return nil, false, f.unreadable(err)
	}
	s.Lines, s.RefusedRows = documents.rows, documents.refused+documents.groups.homeless
	s.Rows = s.Lines + s.RefusedRows
	slices.SortStableFunc(s.Refused, func(a, b Refusal) int { return int(a.Line - b.Line) })
	return s, len(split) > before, nil
}

func (s *Survey) addAll(ctx context.Context, documents *stream) error {
	customers := map[string]bool{}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		doc, err := documents.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.add(doc)
		if doc.Customer != "" && !customers[doc.Customer] {
			customers[doc.Customer] = true
			s.Customers = append(s.Customers, Customer{doc.Customer, doc.Country})
		}
	}
}

func (s *Survey) add(doc *Document) {
	if s.First.IsZero() {
		s.First = doc.Date
	}
	s.Last = doc.Date
	s.Documents[doc.Kind]++
	total := s.Amounts[doc.Kind]
	total.Minor += doc.Total.Minor // bounded by the turnover limit
	s.Amounts[doc.Kind] = total
	if doc.Kind == BadDebt {
		return // its lines are a reason, not products
	}
	for i := range doc.Lines {
		l := &doc.Lines[i]
		p := s.product(l)
		if doc.Kind == CreditNote {
			continue
		}
		if l.GivenAway() {
			s.GivenAway++
		}
		if l.WrittenOff() {
			s.WrittenOff++
		}
		if l.Goods {
			p.Leaving += max(l.Quantity, -l.Quantity)
		}
	}
}

// product is the line's, with what the line adds to its description and price.
func (s *Survey) product(l *Line) *Product {
	at, known := s.products[l.Code]
	if !known {
		at = len(s.Products)
		s.products[l.Code] = at
		s.Products = append(s.Products, Product{Code: l.Code, Name: l.Code, Goods: l.Goods})
	}
	p := &s.Products[at]
	if name := nameOf(l.Description); p.Name == p.Code && name != "" {
		p.Name = name
	}
	if p.FirstPrice.IsZero() {
		p.FirstPrice = l.Price
	}
	return p
}

// nameOf is a description on one line, without blanks around it, at most 200 bytes.
func nameOf(description string) string {
	name := strings.TrimSpace(OneLine(description))
	const limit = 200
	for len(name) > limit {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return name
}

// OneLine is a text with its line breaks and tabs turned into blanks.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, text)
}

// TotalDocuments is how many documents can be booked.
func (s *Survey) TotalDocuments() int64 {
	var n int64
	for _, count := range s.Documents {
		n += count
	}
	return n
}

// errOpening is for a file that claims goods worth more than books can hold.
var errOpening = fmt.Errorf("the goods that leave are worth more than can be booked")
