package accounting

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// GeneralLedger is a page of the lines of one account over a span of days, in the order of entry date and then of posting.
type GeneralLedger struct {
	Account  Account
	From, To date.Date
	// Opening is the balance before the first line of this page, Closing the one after the last; debits are positive.
	Opening, Closing money.Amount
	Lines            []LedgerLine
	Next             string // hand to the next page request; "" when this is the last page
}

// LedgerLine is one line of the general ledger.
type LedgerLine struct {
	EntryID   uuid.UUID
	LineNo    int64
	EntryDate date.Date
	// DocumentDate and Late are the entry's.
	DocumentDate date.Date
	Late         bool
	Journal      JournalCode
	Kind         EntryKind
	Reference    string
	Memo         string
	PartyID      uuid.UUID
	Debit        money.Amount
	Credit       money.Amount
	Balance      money.Amount // after this line
	// Transaction is the amount in the currency of the transaction, debits positive; equal to Debit less Credit in base.
	Transaction money.Amount
	Dimensions  Dimensions // nil for none
}

// ledgerRow is a line as it is read.
type ledgerRow struct {
	EntryID   uuid.UUID `bun:"entry_id"`
	LineNo    int64     `bun:"line_no"`
	EntryDate date.Date `bun:"entry_date"`
	Document  date.Date `bun:"document_date"`
	Late      bool      `bun:"late"`
	JournalID uuid.UUID `bun:"journal_id"`
	Kind      EntryKind `bun:"kind"`
	Reference string    `bun:"reference"`
	Memo      string    `bun:"memo"`
	PartyID   string    `bun:"party_id"`
	Minor     int64     `bun:"amount_minor"`

	Transaction int64          `bun:"transaction_minor"`
	Currency    money.Currency `bun:"transaction_currency"`
	SetID       string         `bun:"set_id"`
}

// ledgerCursor is the last line of a page.
type ledgerCursor struct {
	Date  date.Date
	Entry uuid.UUID
	Line  int64
}

func (c ledgerCursor) token() string { return fmt.Sprintf("%s.%s.%d", c.Date, c.Entry, c.Line) }

// GeneralLedger gives a page of an account's lines from one day to another, both included, by entry date, with the running
// balance; of slices where some are given. The page's Sort is not used. Lines posted between two pages shift neither: the cursor is
// a line.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.unknown_account, accounting.unknown_dimension,
// accounting.books_not_open.
func (s *Service) GeneralLedger(ctx context.Context, account AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...Slice) (GeneralLedger, error) {
	return Statements{s, time.Time{}}.GeneralLedger(ctx, account, from, to, page, slices...)
}

// GeneralLedger is [Service.GeneralLedger] as the books said then.
func (v Statements) GeneralLedger(ctx context.Context, account AccountRef, from, to date.Date, page tenancy.PageRequest, slices ...Slice) (GeneralLedger, error) {
	return tenancy.View(ctx, v.books.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (GeneralLedger, error) {
		const op = "accounting.GeneralLedger"
		if from.IsZero() || to.Before(from) {
			return GeneralLedger{}, ErrBadInput.New(op, "From and To are needed, the first and the last day of the span, and To is not before From")
		}
		set, err := v.setup(ctx, tx, op)
		if err != nil {
			return GeneralLedger{}, err
		}
		a, err := set.account(op, "", account)
		if err != nil {
			return GeneralLedger{}, err
		}
		after := ledgerCursor{Date: from} // before every line of the first day
		if page.After != "" {
			if after, err = parseLedgerCursor(op, page.After); err != nil {
				return GeneralLedger{}, err
			}
		}
		in, err := cutOf(ctx, tx, op, slices)
		if err != nil {
			return GeneralLedger{}, err
		}
		opening, err := ledgerOpening(ctx, tx, set, a, from, after, in)
		if err != nil {
			return GeneralLedger{}, err
		}
		limit := min(max(page.Limit, 0), 1000)
		if limit == 0 {
			limit = 50
		}
		where, more := in.where("l.dimension_set_id")
		args := append([]any{a.ID, to, after.Date, after.Date, after.Entry, after.Entry, after.Line, set.knownUntil()}, more...)
		rows, err := tenancy.Report[ledgerRow](ctx, tx, ledgerSQL+where+ledgerOrder, append(args, limit+1)...)
		if err != nil {
			return GeneralLedger{}, err
		}
		gl := ledgerPage(set, a, from, to, opening, rows, limit)
		return gl, ledgerDimensions(ctx, tx, &gl, rows)
	})
}

// ledgerSQL pages by (entry_date, entry_id, line_no). Ids are made in the order of posting.
const ledgerSQL = `SELECT l.entry_id, l.line_no, l.entry_date, e.document_date, e.late, e.journal_id, e.kind, COALESCE(e.reference, '') AS reference,
	COALESCE(t.memo, '') AS memo, COALESCE(CAST(l.party_id AS TEXT), '') AS party_id, l.amount_minor,
	l.transaction_minor, l.transaction_currency, COALESCE(CAST(l.dimension_set_id AS TEXT), '') AS set_id
	FROM {journal_lines} AS l
	JOIN {journal_entries} AS e ON e.id = l.entry_id
	LEFT JOIN {entry_texts} AS t ON t.entry_id = l.entry_id
	WHERE l.account_id = ? AND l.entry_date <= ? AND l.entry_date >= ?
	AND (l.entry_date > ? OR l.entry_id > ? OR (l.entry_id = ? AND l.line_no > ?)) AND e.posted_at <= ?`

const ledgerOrder = ` ORDER BY l.entry_date, l.entry_id, l.line_no LIMIT ?`

// ledgerDimensions spells out what the lines of a page are analysed by.
func ledgerDimensions(ctx context.Context, tx *tenancy.Tx, gl *GeneralLedger, rows []ledgerRow) error {
	sets := make([]uuid.UUID, len(gl.Lines))
	for i := range gl.Lines {
		sets[i], _ = uuid.Parse(rows[i].SetID) // "" is none
	}
	named, err := spellOut(ctx, tx, slices.Clone(sets))
	for i := range gl.Lines {
		gl.Lines[i].Dimensions = named[sets[i]]
	}
	return err
}

// ledgerOpening is the balance before the first line of a page.
func ledgerOpening(ctx context.Context, tx *tenancy.Tx, set *setup, a *Account, from date.Date, after ledgerCursor, in *cut) (int64, error) {
	posted, err := sumsOf(ctx, tx, set, date.Date{}, from.AddDays(-1), in)
	if err != nil || after.Entry == uuid.Nil {
		return posted[a.ID].net(), err
	}
	where, more := in.where("l.dimension_set_id")
	args := append([]any{a.ID, from, after.Date, after.Date, after.Entry, after.Entry, after.Line}, more...)
	known, instant := set.entryKnown("l.entry_id") // the entries are looked at only where it matters
	rows, err := tenancy.Report[int64](ctx, tx, `SELECT COALESCE(CAST(SUM(amount_minor) AS BIGINT), 0) AS minor FROM {journal_lines} AS l
		WHERE account_id = ? AND entry_date >= ? AND entry_date <= ?
		AND (entry_date < ? OR entry_id < ? OR (entry_id = ? AND line_no <= ?))`+where+known, append(args, instant...)...)
	if err != nil {
		return 0, err
	}
	return posted[a.ID].net() + rows[0], nil
}

func ledgerPage(set *setup, a *Account, from, to date.Date, opening int64, rows []ledgerRow, limit int) GeneralLedger {
	base := set.books.Currency
	of := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: base} }
	gl := GeneralLedger{Account: *a, From: from, To: to, Opening: of(opening)}
	if len(rows) > limit {
		rows = rows[:limit]
		last := &rows[limit-1]
		gl.Next = ledgerCursor{last.EntryDate, last.EntryID, last.LineNo}.token()
	}
	balance := opening
	gl.Lines = make([]LedgerLine, len(rows))
	for i := range rows {
		r := &rows[i]
		balance += r.Minor
		party, _ := uuid.Parse(r.PartyID) // "" is nobody
		gl.Lines[i] = LedgerLine{EntryID: r.EntryID, LineNo: r.LineNo, EntryDate: r.EntryDate, DocumentDate: r.Document, Late: r.Late, Journal: set.journalCode(r.JournalID), Kind: r.Kind,
			Reference: r.Reference, Memo: r.Memo, PartyID: party, Debit: of(max(r.Minor, 0)), Credit: of(max(-r.Minor, 0)), Balance: of(balance),
			Transaction: money.Amount{Minor: r.Transaction, Currency: r.Currency}}
	}
	gl.Closing = of(balance)
	return gl
}

func parseLedgerCursor(op, token string) (ledgerCursor, error) {
	bad := ErrBadInput.New(op, "the page cursor is not one of this ledger's")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ledgerCursor{}, bad
	}
	on, err1 := date.Parse(parts[0])
	entry, err2 := uuid.Parse(parts[1])
	line, err3 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || entry == uuid.Nil {
		return ledgerCursor{}, bad
	}
	return ledgerCursor{on, entry, line}, nil
}
