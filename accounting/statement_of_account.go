package accounting

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// StatementQuery is the input of [Service.StatementOfAccount].
type StatementQuery struct {
	PartyID uuid.UUID `validate:"required"`
	// Control is receivable or payable.
	Control  Control   `validate:"oneof=receivable payable"`
	From, To date.Date `validate:"day"`
	// Slices cut the statement down, by what the lines were analysed by that opened the items.
	Slices []Slice
}

// StatementOfAccount is what went on between the tenant and a party over a span of days, by entry date, with one account for each
// currency.
type StatementOfAccount struct {
	PartyID  uuid.UUID
	From, To date.Date
	// Accounts are by currency; none when there was never anything.
	Accounts []StatementAccount
}

// StatementAccount is one currency of a statement of account. Debits are positive: what a customer owes.
type StatementAccount struct {
	Opening, Closing money.Amount
	Entries          []StatementEntry // by date, and then in the order of posting
}

// StatementEntry is one open item, settled or not. What an allocation sets off moves no balance and is no entry: it shows in Open.
type StatementEntry struct {
	ItemID    uuid.UUID // the document's id, for documents
	EntryID   uuid.UUID
	Date      date.Date
	Due       date.Date
	Kind      EntryKind
	Reference string // the outside number of the document or entry; "" for none
	Number    string // the legal number of our document, or the vendor's of his; "" where there is none
	// Instalment is which one of a document's instalments the item is, from 1; 0 where it is paid in one.
	Instalment int
	Amount     money.Amount // debits positive
	Open       money.Amount // what was left of it at the end of the last day
	Balance    money.Amount // after this entry
}

// statementRow is an item as it is read.
type statementRow struct {
	ID        uuid.UUID      `bun:"id"`
	EntryID   uuid.UUID      `bun:"entry_id"`
	Date      date.Date      `bun:"item_date"`
	Due       date.Date      `bun:"due_date"`
	Kind      EntryKind      `bun:"kind"`
	Reference string         `bun:"reference"`
	Number    string         `bun:"number"`
	Parts     int64          `bun:"instalments"`
	Document  uuid.UUID      `bun:"document_id,nullzero"`
	Minor     int64          `bun:"original_minor"`
	Currency  money.Currency `bun:"currency"`
	Open      int64          `bun:"open_minor"`
}

// StatementOfAccount draws up what went on with a party, by entry date, from one day to another, both included.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_dimension, tenancy.not_found (of the party), accounting.books_not_open.
func (s *Service) StatementOfAccount(ctx context.Context, q StatementQuery) (StatementOfAccount, error) {
	return Statements{s, time.Time{}}.StatementOfAccount(ctx, q)
}

// StatementOfAccount is [Service.StatementOfAccount] as the books said then: the items that there were, and what was left of each.
func (v Statements) StatementOfAccount(ctx context.Context, q StatementQuery) (StatementOfAccount, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (StatementOfAccount, error) {
		const op = "accounting.StatementOfAccount"
		if err := checkInput(op, "", &q); err != nil {
			return StatementOfAccount{}, err
		}
		if q.To.Before(q.From) {
			return StatementOfAccount{}, ErrBadInput.New(op, "To is before From")
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return StatementOfAccount{}, err
		}
		if there, err := tenancy.Exists[Party](ctx, tx, tenancy.Eq("id", q.PartyID)); err != nil || !there {
			if err == nil {
				err = tenancy.ErrNotFound.New(op, "there is no such party")
			}
			return StatementOfAccount{}, err
		}
		var controls []uuid.UUID
		for i := range set.accounts {
			if set.accounts[i].Control == q.Control {
				controls = append(controls, set.accounts[i].ID)
			}
		}
		in, err := cutOf(ctx, tx, op, q.Slices)
		if err != nil {
			return StatementOfAccount{}, err
		}
		accounts, err := statementOpenings(ctx, tx, set, &q, controls, in)
		if err != nil {
			return StatementOfAccount{}, err
		}
		if err := statementEntries(ctx, tx, set, &q, controls, in, accounts); err != nil {
			return StatementOfAccount{}, err
		}
		out := StatementOfAccount{PartyID: q.PartyID, From: q.From, To: q.To}
		for _, a := range accounts {
			out.Accounts = append(out.Accounts, *a)
		}
		slices.SortFunc(out.Accounts, func(a, b StatementAccount) int {
			return strings.Compare(string(a.Opening.Currency), string(b.Opening.Currency))
		})
		return out, nil
	})
}

// itemSet is what the line was analysed by that opened an item.
const itemSet = "(SELECT l.dimension_set_id FROM {journal_lines} AS l WHERE l.entry_id = o.entry_id AND l.line_no = o.line_no)"

// statementOpenings are the balances before the first day.
func statementOpenings(ctx context.Context, tx *tenancy.Tx, set *setup, q *StatementQuery, controls []uuid.UUID, in *cut) (map[money.Currency]*StatementAccount, error) {
	type row struct {
		Currency money.Currency `bun:"currency"`
		Minor    int64          `bun:"minor"`
	}
	where, more := in.where(itemSet)
	known, instant := set.entryKnown("o.entry_id")
	args := append(append([]any{q.PartyID, tenancy.List(controls), q.From}, more...), instant...)
	rows, err := tenancy.Report[row](ctx, tx, `SELECT original_currency AS currency, CAST(SUM(original_minor) AS BIGINT) AS minor FROM {open_items} AS o
		WHERE party_id = ? AND account_id IN (?) AND item_date < ? AND original_minor <> 0`+where+known+` GROUP BY original_currency`, args...)
	out := make(map[money.Currency]*StatementAccount, len(rows))
	for _, r := range rows {
		a := money.Amount{Minor: r.Minor, Currency: r.Currency}
		out[r.Currency] = &StatementAccount{Opening: a, Closing: a}
	}
	return out, err
}

// statementEntries adds the items of the days. What was allocated later, or was not known yet, is open.
func statementEntries(ctx context.Context, tx *tenancy.Tx, set *setup, q *StatementQuery, controls []uuid.UUID, in *cut, accounts map[money.Currency]*StatementAccount) error {
	where, more := in.where(itemSet)
	until := set.knownUntil()
	args := append([]any{q.To, until, q.To, until, q.PartyID, tenancy.List(controls), q.From, q.To, until}, more...)
	rows, err := tenancy.Report[statementRow](ctx, tx, `SELECT o.id, o.entry_id, o.item_date, o.due_date, o.kind, o.original_minor, o.original_currency AS currency,
		COALESCE(i.reference, b.reference, p.reference, e.reference, '') AS reference,
		COALESCE(i.number, b.vendor_number, '') AS number, COALESCE(i.instalments, b.instalments, 0) AS instalments, COALESCE(i.id, b.id) AS document_id,
		CAST(o.open_minor + COALESCE((SELECT SUM(a.amount_minor) FROM {allocations} AS a WHERE a.debit_id = o.id AND (a.allocated_on > ? OR a.recorded_at > ?)), 0)
			- COALESCE((SELECT SUM(c.amount_minor) FROM {allocations} AS c WHERE c.credit_id = o.id AND (c.allocated_on > ? OR c.recorded_at > ?)), 0) AS BIGINT) AS open_minor
		FROM {open_items} AS o JOIN {journal_entries} AS e ON e.id = o.entry_id
		LEFT JOIN {invoices} AS i ON i.entry_id = o.entry_id LEFT JOIN {bills} AS b ON b.entry_id = o.entry_id LEFT JOIN {payments} AS p ON p.id = o.id
		WHERE o.party_id = ? AND o.account_id IN (?) AND o.item_date >= ? AND o.item_date <= ? AND o.original_minor <> 0 AND e.posted_at <= ?`+where+`
		ORDER BY o.item_date, o.entry_id, o.line_no`, args...)
	if err != nil {
		return err
	}
	for _, r := range rows {
		a := accounts[r.Currency]
		if a == nil {
			a = &StatementAccount{Opening: money.Zero(r.Currency), Closing: money.Zero(r.Currency)}
			accounts[r.Currency] = a
		}
		a.Closing.Minor += r.Minor
		of := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: r.Currency} }
		a.Entries = append(a.Entries, StatementEntry{ItemID: r.ID, EntryID: r.EntryID, Date: r.Date, Due: r.Due, Kind: r.Kind, Reference: r.Reference,
			Number: r.Number, Instalment: r.instalment(),
			Amount: of(r.Minor), Open: of(r.Open), Balance: a.Closing})
	}
	return nil
}

// instalment is which of its document's instalments an item is: the ids of the further ones follow from the document's.
func (r *statementRow) instalment() int {
	for n := 1; r.Parts > 1 && int64(n) <= r.Parts; n++ {
		if r.ID == InstalmentID(r.Document, n) {
			return n
		}
	}
	return 0
}
