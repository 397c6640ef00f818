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
// Both take batches, in order, all or nothing, and are safe to call again with the same references. [Service.Book] takes
// sales and credits mixed, as an import needs.
//
// README.md in this folder states what is owned, what always holds, and what each kind of line does.
package sales
