package exchange

import (
	"context"
	"io"
	"slices"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// DefaultOpeningReference is the reference of the opening entry unless another is given.
const DefaultOpeningReference = "opening-balances"

// Import is what comes in: CSV files with the columns that README.md declares, each optional. They are one whole: what one of them
// names may stand in another.
type Import struct {
	// Chart adds accounts; those that are there stay as they are, and must be of the same type and, where stated, role and control. Books open with a
	// chart first: see [ReadChart] for a host's own.
	Chart io.Reader
	// Dimensions adds dimensions and values, as [Service.WriteDimensions] writes them; those that are there stay as they are.
	Dimensions io.Reader
	// Parties adds customers and vendors.
	Parties io.Reader
	// Balances are what accounts begin with, as [Service.WriteTrialBalance] writes them.
	Balances io.Reader
	// OpenItems are what the control accounts among Balances consist of, as [Service.WriteOpenItems] writes them.
	OpenItems io.Reader
	// OpeningOn is the date of the opening, needed with Balances and OpenItems.
	OpeningOn date.Date
	// OpeningReference is the opening entry's. Default [DefaultOpeningReference].
	OpeningReference string
	// Entries are a journal, as [Service.WriteEntries] writes it.
	Entries io.Reader
	// Allocations set items of Entries (or of earlier imports) off, as [Service.WriteAllocations] writes them.
	Allocations io.Reader
}

func (in *Import) readers() map[string]io.Reader {
	return map[string]io.Reader{chartFile: in.Chart, dimensionsFile: in.Dimensions, partiesFile: in.Parties, balancesFile: in.Balances, openItemsFile: in.OpenItems, entriesFile: in.Entries,
		allocationsFile: in.Allocations}
}

// Tally counts rows of a kind.
type Tally struct {
	New   int // written, or by a dry run to be written
	There int // as the file has them already: an earlier import's
}

// Outcome is what an import did, or a dry run would do.
type Outcome struct {
	Accounts, Parties, Entries, Allocations Tally
	// OpeningEquity is what the opening left on the account with the role opening_equity, debits positive: zero when the balances
	// balance and say nothing of that account.
	OpeningEquity money.Amount
	// TrialBalance is that of the last day of the books, with the import in it.
	TrialBalance accounting.TrialBalance
	// Changes are the rows that a dry run would have written; nil from Import.
	Changes *tenancy.Changes
}

// Import writes what the files hold, all of it or nothing, in one transaction. Every row is looked at first; all problems are
// listed with file, line, column and code, up to [MaxProblems].
//
// References make it safe to repeat: what stands in the books under the same reference with the same content is passed over, other
// content is refused. Entries, open items and parties are written by accounting's own acts, in batches whose number of statements does
// not depend on their size; only an account that the chart file closes costs one more. A file is at most [MaxRows] and [MaxBytes].
//
// The opening is one entry of kind opening for the ordinary accounts, and one for each open item, all against the account with the
// role opening_equity; it is refused when a control account's balance is not the sum of its items.
//
// Permission: exchange.import, which vouches for accounts, parties, entries and allocations. Errors: exchange.bad_input,
// exchange.rejected (its cause is a [*FilesError]), exchange.too_large, accounting.books_not_open; tenancy.duplicate when another
// transaction has just used a reference (a retry finds it).
func (s *Service) Import(ctx context.Context, in Import) (Outcome, error) {
	const op = "exchange.Import"
	f, found, err := s.prepare(ctx, op, in)
	if err != nil {
		return Outcome{}, err
	}
	return s.take(ctx, op, f, found)
}

// DryRun does what Import does, tells what came of it, and rolls back. It makes every check of the code and the database but
// those that the database defers to the commit. It cannot run inside another transaction.
//
// Permission and errors: those of Import, and tenancy.dry_run_within.
func (s *Service) DryRun(ctx context.Context, in Import) (Outcome, error) {
	const op = "exchange.DryRun"
	f, found, err := s.prepare(ctx, op, in)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	changes, err := s.db.DryRun(ctx, func(ctx context.Context, _ *tenancy.Tx) error {
		var err error
		out, err = s.take(ctx, op, f, found)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	out.Changes = changes
	return out, nil
}

// prepare reads the files before the transaction that writes begins: it may run more than once, a reader may not.
func (s *Service) prepare(ctx context.Context, op string, in Import) (*files, *FilesError, error) {
	books, err := tenancy.View(ctx, s.db, PermImport, func(ctx context.Context, _ *tenancy.Tx) (accounting.Books, error) { return s.books.GetBooks(ctx) })
	if err != nil {
		return nil, nil, err
	}
	switch {
	case in.OpeningOn.IsZero() && (in.Balances != nil || in.OpenItems != nil):
		return nil, nil, ErrBadInput.New(op, "OpeningOn is needed with Balances and OpenItems")
	case in.OpenItems != nil && in.Balances == nil:
		return nil, nil, ErrBadInput.New(op, "Balances are needed with OpenItems: the one proves the other")
	}
	found := &FilesError{}
	f, err := readFiles(in, books.Currency, found)
	return f, found, err
}

// take is an import once its files are read.
func (s *Service) take(ctx context.Context, op string, f *files, read *FilesError) (Outcome, error) {
	return tenancy.Act(ctx, s.db, PermImport, func(ctx context.Context, tx *tenancy.Tx) (Outcome, error) {
		j := &job{Service: s, op: op, files: f, found: &FilesError{Problems: slices.Clone(read.Problems), More: read.More}}
		if err := j.look(ctx, tx); err != nil {
			return Outcome{}, err
		}
		j.check()
		if err := j.found.rejected(op); err != nil {
			return Outcome{}, err
		}
		return j.write(ctx, tx)
	})
}
