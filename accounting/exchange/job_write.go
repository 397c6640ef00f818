package exchange

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// write books what was found sound, through accounting's acts.
func (j *job) write(ctx context.Context, tx *tenancy.Tx) (Outcome, error) {
	var out Outcome
	j.entryIDs = make(map[string]uuid.UUID, len(j.entries)+len(j.items)+len(j.known))
	for reference, e := range j.known {
		j.entryIDs[reference] = e.ID
	}
	closing, err := j.writeChart(ctx, &out)
	if err != nil {
		return Outcome{}, err
	}
	inactive, err := j.writeDimensions(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if err := j.writeParties(ctx, &out); err != nil {
		return Outcome{}, err
	}
	if err := j.writeOpening(ctx, &out); err != nil {
		return Outcome{}, err
	}
	if err := j.writeEntries(ctx, &out); err != nil {
		return Outcome{}, err
	}
	if err := j.writeAllocations(ctx, tx, &out); err != nil {
		return Outcome{}, err
	}
	for _, a := range closing {
		if _, err := j.books.UpdateAccount(ctx, accounting.AccountChange{ID: a.ID, Name: a.Name}); err != nil {
			return Outcome{}, err
		}
	}
	if err := j.requireDimensions(ctx); err != nil {
		return Outcome{}, err
	}
	if err := j.closeDimensions(ctx, inactive); err != nil {
		return Outcome{}, err
	}
	out.TrialBalance, err = j.books.TrialBalance(ctx, j.periods[len(j.periods)-1].EndsOn)
	return out, err
}

// writeChart adds the accounts that are not there, and gives those that are to be closed when everything is booked.
func (j *job) writeChart(ctx context.Context, out *Outcome) (closing []accounting.Account, err error) {
	var fresh []chartRow
	for _, a := range j.chart {
		if j.accounts[a.Code].ID == uuid.Nil {
			fresh = append(fresh, a)
		}
		if len(a.dimensions) > 0 && j.accounts[a.Code].RequiredDimensions == "" {
			j.requiring = append(j.requiring, a)
		}
	}
	out.Accounts = Tally{New: len(fresh), There: len(j.chart) - len(fresh)}
	for part := range slices.Chunk(fresh, accounting.MaxBatch) {
		in := make([]accounting.NewAccount, len(part))
		for i := range part {
			in[i] = part[i].NewAccount
		}
		made, err := j.books.CreateAccounts(ctx, in)
		if err != nil {
			return nil, located(j.op, chartFile, err, func(i int) int { return part[i].line })
		}
		for i := range made {
			if !part[i].active {
				closing = append(closing, made[i])
			}
		}
	}
	return closing, nil
}

func (j *job) writeParties(ctx context.Context, out *Outcome) error {
	for part := range slices.Chunk(j.files.parties, accounting.MaxBatch) {
		in := make([]accounting.NewParty, len(part))
		for i := range part {
			in[i] = part[i].NewParty
		}
		made, err := j.books.CreateParties(ctx, in)
		if err != nil {
			return located(j.op, partiesFile, err, func(i int) int { return part[i].line })
		}
		for i := range made {
			if _, there := j.parties[made[i].Reference]; there {
				out.Parties.There++
				continue
			}
			out.Parties.New++
			j.parties[made[i].Reference] = made[i]
		}
	}
	return nil
}

// posting is an entry with the row that it came from, and what else it is called.
type posting struct {
	entry accounting.NewEntry
	line  int
	name  string
}

// post books entries in batches that one act takes.
func (j *job) post(ctx context.Context, file string, all []posting, out *Outcome) error {
	for len(all) > 0 {
		n, lines := 0, 0
		for n < len(all) && n < accounting.MaxBatch && (n == 0 || lines+len(all[n].entry.Lines) <= accounting.MaxBatchLines) {
			lines += len(all[n].entry.Lines)
			n++
		}
		part := all[:n]
		all = all[n:]
		in := make([]accounting.NewEntry, n)
		for i := range part {
			in[i] = part[i].entry
		}
		made, err := j.books.Post(ctx, in)
		if err != nil {
			return located(j.op, file, err, func(i int) int { return part[i].line })
		}
		for i := range made {
			if made[i].Replayed {
				out.Entries.There++
			} else {
				out.Entries.New++
			}
			j.entryIDs[made[i].Reference], j.entryIDs[part[i].name] = made[i].ID, made[i].ID
		}
	}
	return nil
}

// writeOpening books the balances of ordinary accounts in one entry, and the items one by one.
func (j *job) writeOpening(ctx context.Context, out *Outcome) error {
	out.OpeningEquity = money.Zero(j.base)
	if !j.hasBalances {
		return nil
	}
	fact := openingFact{Reference: j.reference, Date: j.opening, Currency: j.base}
	var sum int64
	for _, b := range j.balances {
		a := j.accounts[b.account]
		sum += b.minor
		if a.Role == accounting.RoleOpeningEquity {
			out.OpeningEquity.Minor += b.minor
		}
		if !b.empty() && a.Control == accounting.NoControl {
			fact.Lines = append(fact.Lines, postedLine{Account: b.account, Minor: b.minor, Transaction: b.transaction})
		}
	}
	out.OpeningEquity.Minor -= sum
	for i := range j.items {
		fact.Items = append(fact.Items, j.items[i].Line)
	}
	if len(fact.Lines) > 0 {
		if err := j.post(ctx, balancesFile, []posting{{openingEntry(&fact), 0, j.reference}}, out); err != nil {
			return err
		}
	}
	all := make([]posting, len(j.items))
	for i := range j.items {
		o := &j.items[i]
		o.Line.PartyID = j.parties[o.party].ID
		all[i] = posting{itemEntry(&o.itemFact), o.line, o.Reference}
	}
	return j.post(ctx, openItemsFile, all, out)
}

func (j *job) writeEntries(ctx context.Context, out *Outcome) error {
	all := make([]posting, 0, len(j.entries))
	for i := range j.entries {
		e := &j.entries[i]
		if j.realised(e) {
			continue // its allocation books it
		}
		for n, reference := range e.parties {
			if reference != "" {
				e.Lines[n].PartyID = j.parties[reference].ID
			}
		}
		all = append(all, posting{importedEntry(&e.entryFact), e.lines[0], e.name})
	}
	return j.post(ctx, entriesFile, all, out)
}

// itemKey is the line that an item keeps.
type itemKey struct {
	entry uuid.UUID
	line  int64
}

// writeAllocations sets items off and undoes that, in the order of the file, but for what is done alike already: an allocation of a file
// has no reference, so it is known by what it sets off against what, when and how much, and whether it undoes another.
func (j *job) writeAllocations(ctx context.Context, tx *tenancy.Tx, out *Outcome) error {
	items, err := j.itemsOf(ctx, tx)
	if err != nil {
		return err
	}
	there, err := allocated(ctx, tx, items)
	if err != nil {
		return err
	}
	var fresh []allocationKey
	var lines []int
	for _, a := range j.allocations {
		debit, ok1 := items[itemKey{j.entryIDs[a.debit], int64(a.debitLine)}]
		credit, ok2 := items[itemKey{j.entryIDs[a.credit], int64(a.creditLine)}]
		if !ok1 {
			j.found.add(allocationsFile, a.line, "debit_line", ErrUnknownEntry, "line %d of %.60q opened no item", a.debitLine, a.debit)
		}
		if !ok2 {
			j.found.add(allocationsFile, a.line, "credit_line", ErrUnknownEntry, "line %d of %.60q opened no item", a.creditLine, a.credit)
		}
		n := allocationKey{debit, credit, a.on, a.amount, a.undoes}
		if rows := there[n]; len(rows) > 0 {
			there[n] = rows[1:]
			out.Allocations.There++
			continue
		}
		fresh, lines = append(fresh, n), append(lines, a.line)
	}
	if err := j.found.rejected(j.op); err != nil {
		return err
	}
	out.Allocations.New = len(fresh)
	return j.settleAll(ctx, tx, items, fresh, lines)
}

// settleAll makes and undoes allocations, as many at once as stand side by side.
func (j *job) settleAll(ctx context.Context, tx *tenancy.Tx, items map[itemKey]uuid.UUID, fresh []allocationKey, lines []int) error {
	for len(fresh) > 0 {
		n, undoing := 1, !fresh[0].undoes.IsZero()
		for n < len(fresh) && n < accounting.MaxBatch && undoing != fresh[n].undoes.IsZero() {
			n++
		}
		act := j.allocateAll
		if undoing {
			act = j.unallocateAll
		}
		if err := act(ctx, tx, items, fresh[:n], lines); err != nil {
			return located(j.op, allocationsFile, err, func(i int) int { return lines[i] })
		}
		fresh, lines = fresh[n:], lines[n:]
	}
	return nil
}

func (j *job) allocateAll(ctx context.Context, _ *tenancy.Tx, _ map[itemKey]uuid.UUID, part []allocationKey, _ []int) error {
	in := make([]accounting.NewAllocation, len(part))
	for i, n := range part {
		in[i] = accounting.NewAllocation{DebitID: n.debit, CreditID: n.credit, Date: n.on, Amount: n.amount}
	}
	_, err := j.books.Allocate(ctx, in)
	return err
}

// unallocateAll undoes allocations that stand, each the first that is as the row says.
func (j *job) unallocateAll(ctx context.Context, tx *tenancy.Tx, items map[itemKey]uuid.UUID, part []allocationKey, lines []int) error {
	there, err := allocated(ctx, tx, items)
	if err != nil {
		return err
	}
	in := make([]accounting.Unallocation, len(part))
	for i, n := range part {
		made := allocationKey{n.debit, n.credit, n.undoes, n.amount, date.Date{}}
		if rows := there[made]; len(rows) == 0 {
			j.found.add(allocationsFile, lines[i], "undoes", ErrUnknownEntry, "no allocation of %s stands that is undone", n.undoes)
		} else {
			in[i] = accounting.Unallocation{AllocationID: rows[0], Date: n.on, Reason: "undone where it was made"}
			there[made] = rows[1:]
		}
	}
	if err := j.found.rejected(j.op); err != nil {
		return err
	}
	_, err = j.books.Unallocate(ctx, in)
	return err
}

// allocationKey is what allocations of files are known by.
type allocationKey struct {
	debit, credit uuid.UUID
	on            date.Date
	amount        money.Amount
	undoes        date.Date
}

// itemsOf finds the items that allocations name.
func (j *job) itemsOf(ctx context.Context, tx *tenancy.Tx) (map[itemKey]uuid.UUID, error) {
	wanted := map[uuid.UUID]bool{}
	for _, a := range j.allocations {
		wanted[j.entryIDs[a.debit]], wanted[j.entryIDs[a.credit]] = true, true
	}
	delete(wanted, uuid.Nil)
	out := make(map[itemKey]uuid.UUID, len(wanted))
	for part := range slices.Chunk(slices.Collect(maps.Keys(wanted)), accounting.MaxBatch) {
		rows, err := tenancy.Find[accounting.OpenItem](ctx, tx, tenancy.In("entry_id", part))
		if err != nil {
			return nil, err
		}
		for i := range rows {
			out[itemKey{rows[i].EntryID, rows[i].LineNo}] = rows[i].ID
		}
	}
	return out, nil
}

// allocated finds what is set off already among the items, those that stand first, and what undid the others.
func allocated(ctx context.Context, tx *tenancy.Tx, items map[itemKey]uuid.UUID) (map[allocationKey][]uuid.UUID, error) {
	out := map[allocationKey][]uuid.UUID{}
	for part := range slices.Chunk(slices.Collect(maps.Values(items)), accounting.MaxBatch) {
		rows, err := tenancy.Find[accounting.Allocation](ctx, tx, tenancy.In("debit_id", part))
		if err != nil {
			return nil, err
		}
		undone, made := map[uuid.UUID]bool{}, make(map[uuid.UUID]date.Date, len(rows))
		for i := range rows {
			undone[rows[i].UndoesID] = true
			made[rows[i].ID] = rows[i].AllocatedOn
		}
		for _, standing := range []bool{true, false} {
			for i := range rows {
				if a := &rows[i]; undone[a.ID] != standing {
					n := allocationKey{a.DebitID, a.CreditID, a.AllocatedOn, a.Amount, made[a.UndoesID]}
					if a.UndoesID != uuid.Nil {
						n.amount.Minor = -n.amount.Minor
					}
					out[n] = append(out[n], a.ID)
				}
			}
		}
	}
	return out, nil
}
