// Package purchasing buys: orders to vendors, what came of them, what the vendors billed, what went back.
//
//	buying := purchasing.New(db, books, stock)
//
// An order to a vendor, who is a party with Vendor set:
//
//	orders, err := buying.Order(ctx, []purchasing.NewOrder{{
//		Reference: "REQ-17",
//		PartyID:   vendor.ID,
//		Lines:     []purchasing.NewOrderLine{{ProductID: tea.ID, Quantity: ten, UnitPrice: price}},
//	}})
//
// Six of the ten come. They are in stock at the order's price, and owed on the account of goods received and not yet billed:
//
//	_, err = buying.Receive(ctx, []purchasing.NewReceipt{{
//		Reference: "DELIVERY-4711",
//		OrderID:   orders[0].ID,
//		Lines:     []purchasing.NewNoteLine{{LineNo: 1, Quantity: six}},
//	}})
//
// The bill is matched with what came. Where it is dearer, the tea that is still there becomes dearer, and what was sold
// already is a price variance; the account of goods received is clear of what is billed, to the penny:
//
//	bills, err := buying.Bill(ctx, []purchasing.NewBill{{
//		Reference:    "BILL-9",
//		VendorNumber: "2026/117",
//		Date:         today,
//		Lines:        []purchasing.NewBillLine{{OrderID: orders[0].ID, LineNo: 1, Quantity: six, UnitPrice: dearer}},
//	}})
//	_, err = books.Pay(ctx, []accounting.NewPayment{{ ... Allocate: {InvoiceID: bills[0].ID, ...} }})
//
// [Service.Return] sends goods back, [Service.Credit] records the vendor's credit for what was billed already, and
// [Service.Cancel] notes that the rest will not come. All acts take batches, in order, all or nothing, and are safe to call again with
// the same references.
//
// README.md in this folder states what is owned, what always holds, and how the account becomes clear.
package purchasing
