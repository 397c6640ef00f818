// Package sales sells, and takes sales back: one act issues the invoice, moves the goods and books revenue and cost.
//
//	shop := sales.New(db, books, stock)
//
// A sale on a customer's account, with carriage, and with something given away:
//
//	sold, err := shop.Sell(ctx, []sales.NewSale{{
//		Reference: "ORDER-1001",
//		PartyID:   customer.ID,
//		Lines: []sales.NewLine{
//			{ProductID: tea.ID, Quantity: three, UnitPrice: price},
//			{ProductID: postage.ID, Quantity: one, UnitPrice: carriage},
//			{ProductID: sample.ID, Quantity: one, Giveaway: true},
//		},
//	}})
//	fmt.Println(sold[0].Invoice.Number)
//
// A walk-in pays at once:
//
//	_, err = shop.Sell(ctx, []sales.NewSale{{
//		Reference: "TILL-77",
//		SettledBy: accounting.ByRole(accounting.RoleCash),
//		Lines:     []sales.NewLine{{ProductID: tea.ID, Quantity: one, UnitPrice: price}},
//	}})
//
// A customer sends one back. The line names the line it takes back, so that the goods come in at the cost they went out at,
// and never more of them than were sold:
//
//	_, err = shop.Credit(ctx, []sales.NewCredit{{
//		Reference: "RMA-5",
//		Sale:      "ORDER-1001",
//		Lines:     []sales.NewCreditLine{{SaleLine: 1, Quantity: one, UnitPrice: price, Restock: true}},
//	}})
//
// The long way begins with an offer, and goes on in parts:
//
//	quoted, err := shop.Quote(ctx, []sales.NewQuotation{{Reference: "Q-7", PartyID: customer.ID, ValidUntil: endOfMonth, Lines: lines}})
//	order, err := shop.Accept(ctx, []sales.Acceptance{{Quotation: "Q-7", Reference: "O-7", ReserveUntil: nextWeek}})
//	_, err = shop.Deliver(ctx, []sales.NewDelivery{{Reference: "O-7/1", Order: "O-7", Lines: []sales.OrderPart{{Line: 1, Quantity: two}}}})
//	_, err = shop.Invoice(ctx, []sales.NewOrderInvoice{{Reference: "O-7/2", Order: "O-7"}}) // all that can be charged
//	_, err = shop.Cancel(ctx, []sales.NewCancellation{{Reference: "O-7/3", Order: "O-7"}})  // the rest
//
// All take batches, in order, all or nothing, and are safe to call again with the same references. [Service.Book] takes
// sales and credits mixed, as an import needs.
//
// README.md in this folder states what is owned, what always holds, and what each kind of line does.
package sales
