// Package pos keeps tills: registers, sessions with cash, tickets with legal numbers, and a closing that books the day.
//
//	tills := pos.New(db, books, stock, pos.Options{})
//
// A register is opened with the cash counted in its drawer:
//
//	registers, err := tills.CreateRegisters(ctx, []pos.NewRegister{{Code: "T1", Name: "Front till"}})
//	session, err := tills.OpenSession(ctx, pos.NewSession{RegisterID: registers[0].ID, Float: hundred, Reference: "DAY-1"})
//
// A customer pays in cash and gets change; part of it comes back:
//
//	sold, err := tills.Sell(ctx, []pos.NewTicket{{
//		SessionID: session.ID, Reference: "T-1", TaxIncluded: true,
//		Lines:    []pos.NewLine{{ProductID: tea.ID, Quantity: two, UnitPrice: price, TaxCode: "S20"}},
//		Payments: []pos.NewPayment{{Method: pos.Cash, Amount: twenty}},
//	}})
//	fmt.Println(sold[0].Number, sold[0].Change())
//
//	_, err = tills.Refund(ctx, []pos.NewRefund{{
//		SessionID: session.ID, Reference: "T-2", TicketID: sold[0].ID,
//		Lines: []pos.NewRefundLine{{TicketLine: 1, Quantity: one, Restock: true}},
//	}})
//
// In the evening the drawer is counted. What differs from what should be there is booked as over/short:
//
//	closing, err := tills.CloseSession(ctx, pos.Close{SessionID: session.ID, Counted: counted})
//	fmt.Println(closing.Expected, closing.OverShort)
//
// Tickets take batches, in order, all or nothing, and are safe to send again with the same references: a till that got no
// answer asks until it gets one.
//
// README.md in this folder states what is owned, what always holds, how amounts are rounded, and where the float comes from.
package pos
