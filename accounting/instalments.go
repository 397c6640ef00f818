package accounting

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// document reports whether an entry of the kind books a document, whose items have ids that follow from its own.
func (k EntryKind) document() bool {
	switch k { //nolint:exhaustive // the others book none that has instalments
	case KindInvoice, KindCreditNote, KindDebitNote, KindBill, KindVendorCredit, KindVendorDebit, KindPrepayment, KindVendorPrepayment:
		return true
	}
	return false
}

// instalmentsFrom are the items of a document from one on, as far as the act has locked them, in the order in which they fall due. Only that of the first
// has ids of others that follow from it.
func (s *settlement) instalmentsFrom(item *OpenItem) []*OpenItem {
	items := []*OpenItem{item}
	if !item.Kind.document() {
		return items
	}
	for n := 2; n <= MaxInstalments; n++ {
		o := s.items[InstalmentID(item.ID, n)]
		if o == nil {
			break
		}
		items = append(items, o)
	}
	return items
}

// payInOrder settles items of one document with own, each as far as it is open before the next, and gives the one that is to take what is left
// to be written off. Errors: accounting.over_allocated, and those of pair.
func (s *settlement) payInOrder(where string, items []*OpenItem, own *OpenItem, amount int64, on date.Date) (last *OpenItem, err error) {
	var open int64
	for _, o := range items {
		open += abs(o.OpenMinor) // of one document: within what the books hold
	}
	if len(items) > 1 && amount > open {
		return nil, ErrOverAllocated.New(s.op, "%s%s would be allocated, and of %s is open: %s", where, money.Amount{Minor: amount, Currency: own.Original.Currency},
			strings.Replace(items[0].named(), " over ", fmt.Sprintf(" in %d instalments, the first over ", len(items)), 1), openParts(items))
	}
	for i, o := range items {
		part := amount
		if i < len(items)-1 {
			part = min(amount, abs(o.OpenMinor))
		}
		if last == nil || part > 0 || last.OpenMinor == 0 {
			last = o
		}
		if part == 0 {
			continue
		}
		debit, credit := o, own
		if own.Original.Minor > 0 {
			debit, credit = own, o
		}
		if err := s.pair(where, debit, credit, part, on); err != nil {
			return nil, err
		}
		amount -= part
	}
	return last, nil
}

// openParts says what is open of items, and which they are.
func openParts(items []*OpenItem) string {
	var parts []string
	for i, o := range items {
		if o.OpenMinor != 0 {
			parts = append(parts, fmt.Sprintf("%s due %s (instalment %d, item %s)", money.Amount{Minor: abs(o.OpenMinor), Currency: o.Original.Currency}.Format(), o.DueDate, i+1, o.ID))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// tellInstalments adds to a refusal of an act that names items what is open of the others of a document in instalments.
func (s *settlement) tellInstalments(ctx context.Context, err error) error {
	var refused *fault.Error
	if s.over == nil || !s.over.Kind.document() || !errors.Is(err, ErrOverAllocated) || !errors.As(err, &refused) {
		return err
	}
	var found []OpenItem
	b := s.tx.Batch()
	tenancy.Load(b, &found, tenancy.Eq("entry_id", s.over.EntryID), tenancy.OrderBy("line_no"))
	if err := b.Run(ctx); err != nil {
		return err
	}
	items := make([]*OpenItem, len(found))
	for i := range found {
		if items[i] = s.items[found[i].ID]; items[i] == nil {
			items[i] = &found[i]
		}
	}
	if len(items) < 2 {
		return err
	}
	return ErrOverAllocated.New(s.op, "%s. The document is paid in instalments, each an item of its own; open is: %s", refused.Detail, openParts(items))
}
