package accounting

import (
	"maps"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
)

// What documents are analysed by. A line has its own dimensions, and the document's where it says nothing of one; it is booked by
// account and combination. Taxes, and the account that a document is settled by at once, are the document's and are not analysed,
// unless their account requires a dimension: then they have the document's own. What follows a tax (its becoming due, a discount) has
// that one's. Tax reports are cut by what the supply is analysed by, which is no line of the journal ([TaxEntry].SupplySetID). The party's side and roundings are never analysed.

// lineDims is what a line of a document is analysed by.
type lineDims struct {
	of     Dimensions
	set    uuid.UUID // its id; zero for none
	booked bool      // as it was booked before, whatever the account requires now
}

// Over is what a line is analysed by that names d on a document that names others for lines which say nothing of them: both, and
// of a dimension that both name, d's value.
func (d Dimensions) Over(document Dimensions) Dimensions {
	switch {
	case len(document) == 0:
		return d
	case len(d) == 0:
		return document
	}
	both := maps.Clone(document)
	maps.Copy(both, d)
	return both
}

// analysed is what a line of the document is analysed by: its own dimensions over the document's; where they are as another document
// stated them, exactly its own.
func (p *paperwork) analysed(line Dimensions) Dimensions {
	if p.asStated {
		return line
	}
	return line.Over(p.dims)
}

// line is what a line that is booked to an account is analysed by. Errors: accounting.dimension_needed,
// accounting.unknown_dimension, accounting.dimension_inactive.
func (d *dimensionBook) line(where string, account *Account, of Dimensions, booked *uuid.UUID) (lineDims, error) {
	if booked != nil {
		return lineDims{set: *booked, booked: true}, nil
	}
	if err := d.needs(where, account, of); err != nil {
		return lineDims{}, err
	}
	if len(of) == 0 {
		return lineDims{booked: d.standing}, nil
	}
	set, err := d.set(where, of)
	return lineDims{of: of, set: set, booked: d.standing}, err
}

// whole is what the document's own lines on an account are analysed by. Errors: as of line.
func (d *dimensionBook) whole(where string, account *Account, document Dimensions) (lineDims, error) {
	if account.RequiredDimensions == "" {
		return lineDims{}, nil
	}
	return d.line(where, account, document, nil)
}

// documentPart is the sum of what a document puts on one account for one combination of dimensions; below zero when deductions
// prevail. Base is its worth where it is in a foreign currency.
type documentPart struct {
	postingPart
	Base       money.Amount
	Dimensions lineDims
}

// lines are the part on the side that it belongs to; where amount and worth stand on different ones, each for itself. A part of nothing has
// none.
func (p *documentPart) lines(sign int64) []NewLine {
	amount, base := p.Amount.Minor, p.Base.Minor
	switch {
	case amount == 0 && base == 0:
		return nil
	case amount == 0 || p.Base.Currency != "" && base != 0 && (amount < 0) != (base < 0):
		l := signedLine(p.Account, money.Zero(p.Amount.Currency), sign)
		l.booked = &bookedAmounts{transaction: money.Zero(p.Amount.Currency), base: sign * base, set: p.Dimensions.set}
		alone := *p
		alone.Base.Minor = 0
		if amount == 0 {
			return []NewLine{l}
		}
		return []NewLine{alone.line(sign), l}
	}
	return []NewLine{p.line(sign)}
}

// line is a part on the side that it belongs to.
func (p *documentPart) line(sign int64) NewLine {
	l := signedLine(p.Account, p.Amount, sign)
	if p.Base.Currency != "" {
		l.Base = money.Amount{Minor: abs(p.Base.Minor), Currency: p.Base.Currency}
	}
	l.Dimensions = p.Dimensions.of
	if p.Dimensions.booked {
		base := p.Amount.Minor
		if p.Base.Currency != "" {
			base = p.Base.Minor
		}
		l.booked = &bookedAmounts{transaction: money.Amount{Minor: sign * p.Amount.Minor, Currency: p.Amount.Currency}, base: sign * base, set: p.Dimensions.set}
	}
	return l
}

// partsOf gives sums their currency and worth, and adds what the conversion left over.
func partsOf(v *valuer, cur money.Currency, conversion *partSum, lists ...[]partSum) []documentPart {
	var parts []documentPart
	for _, sums := range lists {
		for i := range sums {
			p := &sums[i]
			parts = append(parts, documentPart{postingPart{ByID(p.account), money.Amount{Minor: p.minor, Currency: cur}}, v.amount(p.base), p.dims})
		}
	}
	if conversion != nil {
		parts = append(parts, documentPart{postingPart: postingPart{ByID(conversion.account), money.Amount{Minor: conversion.minor, Currency: v.base}}})
	}
	return parts
}
