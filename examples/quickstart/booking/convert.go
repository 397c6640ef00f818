package booking

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/sales"
)

// party is the document's customer, and how a document without one is settled: in cash, at once.
func (im *importer) party(doc *retail.Document) (uuid.UUID, accounting.AccountRef) {
	if doc.Customer == "" {
		return uuid.Nil, accounting.ByRole(accounting.RoleCash)
	}
	return im.parties[doc.Customer], accounting.AccountRef{}
}

func (im *importer) sale(doc *retail.Document) (sales.NewSale, error) {
	out := sales.NewSale{Reference: doc.Number, Date: doc.Date}
	out.PartyID, out.SettledBy = im.party(doc)
	for i := range doc.Lines {
		l := &doc.Lines[i]
		quantity, price, err := upright(l.Quantity, l.Price)
		if err != nil {
			return out, err
		}
		out.Lines = append(out.Lines, sales.NewLine{
			ProductID: im.products[l.Code].id, Description: retail.OneLine(l.Description), Quantity: quantity, UnitPrice: price,
			Giveaway: l.Goods && l.GivenAway(),
		})
	}
	return out, nil
}

func (im *importer) credit(doc *retail.Document) (sales.NewCredit, error) {
	out := sales.NewCredit{Reference: doc.Number, Date: doc.Date}
	out.PartyID, out.RefundedBy = im.party(doc)
	for i := range doc.Lines {
		l := &doc.Lines[i]
		quantity, price, err := upright(-l.Quantity, l.Price) // a credit note states what is given back
		if err != nil {
			return out, err
		}
		line := sales.NewCreditLine{ProductID: im.products[l.Code].id, Description: retail.OneLine(l.Description), Quantity: quantity, UnitPrice: price}
		if l.Goods {
			line.Restock, line.ReturnCost = true, im.products[l.Code].returnCost
		}
		if retail.IsFee(l.Code) {
			line.Account = accounting.ByRole(accounting.RoleFees)
		}
		out.Lines = append(out.Lines, line)
	}
	return out, nil
}

// upright states a negative quantity, such as a discount's, as a negative price: -1 x 5.00 is 1 x -5.00.
func upright(quantity int64, price decimal.Decimal) (money.Quantity, decimal.Decimal, error) {
	if quantity < 0 {
		quantity, price = -quantity, price.Neg()
	}
	q, err := money.Units(quantity)
	return q, price, err
}

// stock is the document of goods given away or written off. It has no lines when none of the document's are goods.
func (im *importer) stock(doc *retail.Document) (inventory.NewDocument, error) {
	out := inventory.NewDocument{Kind: inventory.Issue, Reference: doc.Number, Date: doc.Date, Counter: accounting.ByRole(accounting.RoleMarketing)}
	if doc.Kind == retail.Adjustment {
		out.Kind, out.Counter = inventory.Adjustment, accounting.ByRole(accounting.RoleStockLoss)
	}
	for i := range doc.Lines {
		l := &doc.Lines[i]
		if !l.Goods {
			continue
		}
		quantity, err := money.Units(l.Quantity)
		if err != nil {
			return out, err
		}
		out.Lines = append(out.Lines, inventory.NewMove{LineNo: int64(i) + 1, ProductID: im.products[l.Code].id, Quantity: quantity})
	}
	return out, nil
}

// badDebt is an entry: a negative amount is an expense, a positive one takes some of it back.
func badDebt(doc *retail.Document) (accounting.NewEntry, error) {
	amount, err := doc.Total.Abs()
	if err != nil {
		return accounting.NewEntry{}, err
	}
	debit, credit := accounting.RoleBadDebt, accounting.RoleBadDebtAllowance
	if doc.Total.Sign() > 0 {
		debit, credit = credit, debit
	}
	return accounting.NewEntry{
		Reference: doc.Number, Date: doc.Date, Memo: fmt.Sprintf("Bad debt, adjustment %s", doc.Number),
		Lines: []accounting.NewLine{
			accounting.DebitLine(accounting.ByRole(debit), amount), accounting.CreditLine(accounting.ByRole(credit), amount),
		},
	}, nil
}
