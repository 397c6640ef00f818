// Package inventory keeps goods: what there is, where, and what it cost, in step with the ledger.
//
// A tenant chooses how cost is found, once, and describes what it trades in:
//
//	stock := inventory.New(db, books)
//	_, err := stock.Configure(ctx, inventory.NewSettings{Method: inventory.FIFO})
//	products, err := stock.CreateProducts(ctx, []inventory.NewProduct{
//		{SKU: "TEA-EG", Name: "Earl Grey, 100 g"},
//		{SKU: "POST", Name: "Postage", Kind: inventory.Services},
//	})
//
// Goods come in on receipts, which say what they cost and where they came from:
//
//	_, err = stock.Receive(ctx, []inventory.NewDocument{{
//		Reference: "GRN-1",
//		Date:      date.Must("2026-01-05"),
//		Counter:   accounting.ByRole(accounting.RoleOpeningEquity),
//		Lines:     []inventory.NewMove{{ProductID: products[0].ID, Quantity: ten, Cost: inventory.PerUnit(price)}},
//	}})
//
// and leave on issues, which find their cost themselves. Package sales makes issues for what it sells; by hand they serve
// for everything else, such as samples:
//
//	issued, err := stock.Issue(ctx, []inventory.NewDocument{{
//		Reference: "SAMPLES-1",
//		Counter:   accounting.ByRole(accounting.RoleMarketing),
//		Lines:     []inventory.NewMove{{ProductID: products[0].ID, Quantity: two}},
//	}})
//
// What comes back names the line it left on, and comes in at the cost it went out at:
//
//	_, err = stock.Return(ctx, []inventory.NewDocument{{
//		Lines: []inventory.NewMove{{ProductID: products[0].ID, Quantity: one,
//			Origin: inventory.Origin{DocumentID: issued[0].ID, LineNo: 1}}},
//	}})
//
// A till sells what the books may not have, and posts what it sold when its session is closed. The goods leave at once, below
// zero if need be, and one entry follows for all of them:
//
//	_, err = stock.Issue(ctx, []inventory.NewDocument{{
//		Reference: "T-1", Date: day, Group: session.ID, BelowZero: true,
//		Lines: []inventory.NewMove{{ProductID: products[0].ID, Quantity: one}},
//	}})
//	posted, err := stock.PostGroup(ctx, inventory.PostGroup{Group: session.ID, Date: day})
//
// An order keeps goods on hand until it is delivered:
//
//	held, err := stock.Reserve(ctx, []inventory.NewReservation{{ProductID: products[0].ID, Quantity: two, ExpiresAt: friday}})
//	_, err = stock.Issue(ctx, []inventory.NewDocument{{
//		Lines: []inventory.NewMove{{ProductID: products[0].ID, Quantity: two, Reservation: held[0].ID}},
//	}})
//
// A bill that differs from its receipt gives the goods their cost ([Service.Revalue]), and what is not wanted goes back to its
// vendor ([Service.ReturnToVendor]).
//
// Every act takes a batch, books it whole or not at all, and costs the same number of statements whatever its size. A
// reference makes it safe to call twice. [Service.Book] takes documents of all kinds in order, as an import needs.
//
// README.md in this folder states what is owned, what always holds, and how cost is found.
package inventory
