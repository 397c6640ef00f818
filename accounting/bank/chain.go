package bank

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Break is where a statement does not begin with what the one before it ended with: one is missing between them, or the bank erred.
type Break struct {
	BankAccountID     uuid.UUID
	AfterID, BeforeID uuid.UUID // the statements on both sides
	ClosingOn         date.Date // of the first
	OpeningOn         date.Date // of the second
	Closing, Opening  money.Amount
	// Difference is Opening less Closing.
	Difference money.Amount
}

// chain orders the statements of an account, or of several one after another: by the day they close on, then by number and page, then as
// they were imported. Where statements of one day have no numbers, their balances tell which follows which.
func chain(all []Statement) {
	slices.SortFunc(all, func(a, b Statement) int {
		return cmp.Or(slices.Compare(a.BankAccountID[:], b.BankAccountID[:]), a.ClosingOn.Compare(b.ClosingOn), cmp.Compare(a.SequenceNo, b.SequenceNo),
			cmp.Compare(a.Page, b.Page), slices.Compare(a.ID[:], b.ID[:]))
	})
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].BankAccountID == all[from].BankAccountID && all[to].ClosingOn == all[from].ClosingOn {
			to++
		}
		var before *Statement
		if from > 0 && all[from-1].BankAccountID == all[from].BankAccountID {
			before = &all[from-1]
		}
		linkUp(before, all[from:to])
		from = to
	}
}

// linkUp orders statements that close on one day by their balances, as far as these link them: the first one continues the day before, or
// else none of the day. Those with numbers stay in the order of them.
func linkUp(before *Statement, day []Statement) {
	if !slices.ContainsFunc(day, func(s Statement) bool { return s.SequenceNo == 0 }) {
		return
	}
	for i := range day {
		rest := day[i:]
		numbered := slices.IndexFunc(rest, func(s Statement) bool { return s.SequenceNo != 0 })
		next := slices.IndexFunc(rest, func(s Statement) bool {
			if s.SequenceNo != 0 && s.ID != rest[numbered].ID {
				return false
			}
			if before != nil {
				return s.Opening == before.Closing
			}
			return !slices.ContainsFunc(rest, func(o Statement) bool { return o.ID != s.ID && o.Closing == s.Opening })
		})
		if next > 0 {
			first := rest[next]
			copy(rest[1:next+1], rest[:next])
			rest[0] = first
		}
		before = &day[i]
	}
}

// found names the act in the error of a bank account, or a statement, that is not there.
func found[T any](op, what string, row *T, err error) (*T, error) {
	if errors.Is(err, tenancy.ErrNotFound) {
		return nil, tenancy.ErrNotFound.New(op, "there is no such %s", what)
	}
	return row, err
}

// breaks finds them between the ordered statements of one account.
func breaks(ordered []Statement) []Break {
	var out []Break
	for i := 1; i < len(ordered); i++ {
		before, after := &ordered[i-1], &ordered[i]
		if before.Closing != after.Opening {
			out = append(out, Break{BankAccountID: after.BankAccountID, AfterID: before.ID, BeforeID: after.ID, ClosingOn: before.ClosingOn,
				OpeningOn: after.OpeningOn, Closing: before.Closing, Opening: after.Opening,
				Difference: money.Amount{Minor: after.Opening.Minor - before.Closing.Minor, Currency: after.Opening.Currency}})
		}
	}
	return out
}

// Breaks lists where the statements of a bank account do not continue one another, oldest first.
//
// Permission: bank.read. Errors: tenancy.not_found.
func (s *Service) Breaks(ctx context.Context, bankAccountID uuid.UUID) ([]Break, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]Break, error) {
		account, err := tenancy.Get[Account](ctx, tx, bankAccountID)
		if _, err = found("bank.Breaks", "bank account", account, err); err != nil {
			return nil, err
		}
		all, err := tenancy.Find[Statement](ctx, tx, tenancy.Eq("bank_account_id", bankAccountID))
		if err != nil {
			return nil, err
		}
		chain(all)
		return breaks(all), nil
	})
}

// report finds, for the statements of an import, what they do not continue and which of their lines others have as well.
func (w *importing) report(ctx context.Context) error {
	if len(w.statements) == 0 {
		return nil
	}
	at := map[uuid.UUID]*Imported{}
	for i := range w.out {
		if !w.out[i].Replayed {
			at[w.out[i].Statement.ID] = &w.out[i]
		}
	}
	if err := w.reportBreaks(ctx, at); err != nil {
		return err
	}
	return w.reportOverlaps(ctx, at)
}

// reportBreaks looks at the statements from the last one that closed before the earliest of the import.
func (w *importing) reportBreaks(ctx context.Context, at map[uuid.UUID]*Imported) error {
	first := w.statements[0].ClosingOn
	var accounts []uuid.UUID
	for _, st := range w.statements {
		accounts = append(accounts, st.BankAccountID)
		if st.ClosingOn.Before(first) {
			first = st.ClosingOn
		}
	}
	ids, err := tenancy.Report[uuid.UUID](ctx, w.tx, `SELECT s.id FROM {bank_statements} AS s
		WHERE s.bank_account_id IN (?) AND s.closing_on >= COALESCE((SELECT MAX(p.closing_on) FROM {bank_statements} AS p
			WHERE p.bank_account_id = s.bank_account_id AND p.closing_on < ?), ?)`, tenancy.List(uniqueIDs(accounts)), first, first)
	if err != nil {
		return err
	}
	var near []Statement
	b := w.tx.Batch()
	tenancy.Load(b, &near, tenancy.In("id", ids))
	if err := b.Run(ctx); err != nil {
		return err
	}
	chain(near)
	byAccount := map[uuid.UUID][]Statement{}
	for i := range near {
		byAccount[near[i].BankAccountID] = append(byAccount[near[i].BankAccountID], near[i])
	}
	for _, ordered := range byAccount {
		for _, br := range breaks(ordered) {
			if i := at[br.BeforeID]; i != nil {
				i.Breaks = append(i.Breaks, br)
			} else if i := at[br.AfterID]; i != nil {
				i.Breaks = append(i.Breaks, br)
			}
		}
	}
	return nil
}

// maxCompared is how many lines of other statements an import is compared with at most: the latest within its span of days.
const maxCompared = 200_000

// figure is what two lines have in common that may be one.
type figure struct {
	account uuid.UUID
	on      date.Date
	minor   int64
	code    string
}

// reportOverlaps compares the new lines with those of other statements of the same days, and with one another. Lines of equal figures are
// found in memory, in one pass: a bank may book the same fee a thousand times a day, and a join would pair each with each.
func (w *importing) reportOverlaps(ctx context.Context, at map[uuid.UUID]*Imported) error {
	others, err := w.otherLines(ctx)
	if err != nil {
		return err
	}
	of := map[figure][]*Line{}
	for i := range others {
		l := &others[i]
		key := figure{l.BankAccountID, l.BookedOn, l.Amount.Minor, l.Code}
		of[key] = append(of[key], l)
	}
	type pair struct{ line, other *Line }
	var pairs []pair
	var ids []uuid.UUID
	for _, l := range w.lines {
		key := figure{l.BankAccountID, l.BookedOn, l.Amount.Minor, l.Code}
		for _, o := range of[key] {
			if o.StatementID != l.StatementID && len(pairs) < 4*MaxOverlaps {
				pairs, ids = append(pairs, pair{l, o}), append(ids, l.ID, o.ID)
			}
		}
		of[key] = append(of[key], l)
	}
	if len(pairs) == 0 {
		return nil
	}
	var texts []LineText
	b := w.tx.Batch()
	tenancy.Load(b, &texts, tenancy.In("line_id", uniqueIDs(ids)))
	if err := b.Run(ctx); err != nil {
		return err
	}
	text := byID(texts, func(t *LineText) uuid.UUID { return t.LineID })
	found := 0
	for _, p := range pairs {
		if found < MaxOverlaps && text[p.line.ID].same(text[p.other.ID]) {
			i := at[p.line.StatementID]
			i.Overlaps = append(i.Overlaps, Overlap{LineID: p.line.ID, OtherLineID: p.other.ID, OtherStatementID: p.other.StatementID})
			found++
		}
	}
	return nil
}

// otherLines reads what other statements of the accounts say of the days that the new lines span.
func (w *importing) otherLines(ctx context.Context) ([]Line, error) {
	if len(w.lines) == 0 {
		return nil, nil
	}
	first, last := w.lines[0].BookedOn, w.lines[0].BookedOn
	var accounts, fresh []uuid.UUID
	for _, l := range w.lines {
		if l.BookedOn.Before(first) {
			first = l.BookedOn
		} else if l.BookedOn.After(last) {
			last = l.BookedOn
		}
	}
	for _, st := range w.statements {
		accounts, fresh = append(accounts, st.BankAccountID), append(fresh, st.ID)
	}
	type row struct {
		ID          uuid.UUID `bun:"id"`
		StatementID uuid.UUID `bun:"statement_id"`
		AccountID   uuid.UUID `bun:"bank_account_id"`
		BookedOn    date.Date `bun:"booked_on"`
		Minor       int64     `bun:"amount_minor"`
		Code        string    `bun:"code"`
	}
	rows, err := tenancy.Report[row](ctx, w.tx, `SELECT o.id, o.statement_id, o.bank_account_id, o.booked_on, o.amount_minor, o.code FROM {bank_lines} AS o
		WHERE o.bank_account_id IN (?) AND o.booked_on >= ? AND o.booked_on <= ? AND o.line_no >= 1 AND o.statement_id NOT IN (?)
		ORDER BY o.booked_on DESC, o.id DESC LIMIT ?`, tenancy.List(uniqueIDs(accounts)), first, last, tenancy.List(fresh), maxCompared)
	out := make([]Line, len(rows))
	for i, r := range rows {
		out[i] = Line{Row: tenancy.Row{ID: r.ID}, StatementID: r.StatementID, BankAccountID: r.AccountID, BookedOn: r.BookedOn, Amount: money.Amount{Minor: r.Minor}, Code: r.Code}
	}
	return out, err
}
