// Package bank holds what banks say beside the books: it imports statements, proposes what their lines are, and reconciles them.
//
//	at := bank.New(db, books)
//
// An account at a bank is tied to an account of the chart, once:
//
//	_, err := at.CreateAccount(ctx, bank.NewAccount{IBAN: "GB82 WEST 1234 5698 7654 32", Name: "Current account", Currency: "GBP",
//		Ledger: accounting.ByRole(accounting.RoleBank)})
//
// A file is read by package statement and imported whole or not at all. Given again it changes nothing; with other content under the
// same name it is refused; and so it is when its lines do not lead from the opening to the closing balance:
//
//	read, err := statement.ReadMT940(file)
//	done, err := at.Import(ctx, bank.NewImport{Statements: read})
//
// Proposals say what the lines may be, and why. They book nothing; what is taken of them is handed on:
//
//	proposals, err := at.Propose(ctx, bank.ProposalRequest{BankAccountID: account.ID})
//	_, err = at.Reconcile(ctx, []bank.NewReconciliation{proposals[0].Reconciliation()})
//
// A line can be made of several parts: invoices paid together, a credit note set off, the bank's fee.
//
//	_, err = at.Reconcile(ctx, []bank.NewReconciliation{{LineID: line.ID, Parts: []bank.Part{
//		{ItemID: invoice.ID, Amount: hundred},
//		{Account: accounting.ByRole(accounting.RoleFees), Amount: minusTwo},
//	}}})
//
// [Service.Unreconcile] takes that back and says what it leaves. [Service.Report] holds the bank's balance against the ledger's, with what
// waits on both sides.
//
// README.md in this folder states what is owned, what always holds, and what each date means.
package bank
