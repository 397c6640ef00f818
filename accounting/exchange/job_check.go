package exchange

import (
	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// check looks at every row beside the books. A row that could not be read is not judged by what it would have said.
func (j *job) check() {
	unread := make(map[Problem]bool, len(j.found.Problems))
	for _, p := range j.found.Problems {
		unread[Problem{File: p.File, Line: p.Line}] = true
	}
	sound := func(file string, line int) bool { return !unread[Problem{File: file, Line: line}] }
	j.checkChart(sound)
	j.checkOpening(sound)
	for i := range j.entries {
		if j.found.full() {
			return
		}
		j.checkEntry(&j.entries[i], sound)
	}
	j.checkAllocations(sound)
}

// checkChart holds the file against the accounts that are there, and adds those that are not.
func (j *job) checkChart(sound func(string, int) bool) {
	for _, a := range j.chart {
		if !sound(chartFile, a.line) {
			continue
		}
		control := a.Control
		switch a.Role { //nolint:exhaustive // these two roles bring their control
		case accounting.RoleReceivable:
			control = accounting.ControlReceivable
		case accounting.RolePayable:
			control = accounting.ControlPayable
		}
		there, ok := j.accounts[a.Code]
		switch {
		case !ok && !a.active && a.Role != "":
			j.found.add(chartFile, a.line, "active", ErrBadValue, "an account with a role takes postings")
		case !ok:
			j.join(accounting.Account{Code: a.Code, Type: a.Type, Role: a.Role, Control: control, Active: true})
		case there.Type != a.Type:
			j.found.add(chartFile, a.line, "type", ErrAccountDiffers, "account %s is of type %s in the books", a.Code, there.Type)
		case a.Role != "" && there.Role != a.Role:
			j.found.add(chartFile, a.line, "role", ErrAccountDiffers, "account %s has the role %q in the books", a.Code, there.Role)
		case control != accounting.NoControl && there.Control != control:
			j.found.add(chartFile, a.line, "control", ErrAccountDiffers, "account %s has the control %q in the books", a.Code, there.Control)
		}
	}
}

// join adds a new account; a role goes over to it.
func (j *job) join(a accounting.Account) {
	for code, old := range j.accounts {
		if a.Role != "" && old.Role == a.Role {
			old.Role = ""
			j.accounts[code] = old
		}
	}
	j.accounts[a.Code] = a
}

// account finds an account by its code in the books or the chart file.
func (j *job) account(file string, line int, code string) (accounting.Account, bool) {
	a, ok := j.accounts[code]
	switch {
	case !ok:
		j.found.add(file, line, "account", accounting.ErrUnknownAccount, "the chart has no account %.40q", code)
	case !a.Active:
		j.found.add(file, line, "account", accounting.ErrAccountInactive, "account %s takes no postings", code)
	}
	return a, ok && a.Active
}

// party finds out whether a line may name this party, and must.
func (j *job) party(file string, line int, a accounting.Account, reference string) {
	_, there := j.parties[reference]
	switch {
	case reference == "" && a.Control != accounting.NoControl:
		j.found.add(file, line, "party", accounting.ErrUnknownParty, "a line on the control account %s names a party", a.Code)
	case reference != "" && !there && !j.arrivals[reference]:
		j.found.add(file, line, "party", accounting.ErrUnknownParty, "there is no party with the reference %.60q", reference)
	}
}

// day finds out whether a day takes entries.
func (j *job) day(file string, line int, column string, on date.Date) {
	p := j.period(on)
	switch {
	case p == nil:
		j.found.add(file, line, column, accounting.ErrNoPeriod, "%s lies in no period of the books: add its fiscal year first", on)
	case p.State == accounting.PeriodLocked:
		j.found.add(file, line, column, accounting.ErrPeriodLocked, "period %s is locked", p.Name)
	case p.State == accounting.PeriodSoftLocked:
		j.found.add(file, line, column, accounting.ErrPeriodSoftLocked, "period %s is soft-locked: an import gives no reasons", p.Name)
	}
}

// taken reports whether the opening is in the books already: its entry, or where it has no ordinary accounts its items.
func (j *job) taken() bool {
	for _, b := range j.balances {
		if a, ok := j.accounts[b.account]; ok && !b.empty() && a.Control == accounting.NoControl {
			_, done := j.known[j.reference]
			return done
		}
	}
	if len(j.items) == 0 {
		return false
	}
	_, done := j.known[j.items[0].Reference]
	return done
}

// checkOpening holds each control account's balance against its items. An opening is one with its items: they are in the books all
// together, or not at all.
func (j *job) checkOpening(sound func(string, int) bool) {
	if !j.hasBalances {
		return
	}
	done := j.taken()
	if !done {
		j.day(balancesFile, 0, "", j.opening)
	}
	stated, stands := map[string]int64{}, map[string]int{}
	whole := true
	var total int64
	for _, b := range j.balances {
		if !sound(balancesFile, b.line) {
			whole = false
			continue
		}
		a, ok := j.accounts[b.account]
		if !b.empty() && (!done || !ok) {
			a, ok = j.account(balancesFile, b.line, b.account)
		}
		if ok && a.Control != accounting.NoControl {
			stated[b.account] += b.minor
			stands[b.account] = b.line
		}
		if total += b.minor; beyond(total) {
			j.found.add(balancesFile, b.line, "", accounting.ErrAmountLimit, "")
			return
		}
	}
	items := map[string]int64{}
	for i := range j.items {
		o := &j.items[i]
		if !sound(openItemsFile, o.line) {
			whole = false
			continue
		}
		if code := j.checkItem(o, done); code != "" {
			items[code] += o.Line.Minor
		}
		if beyond(items[o.Line.Account]) {
			j.found.add(openItemsFile, o.line, "", accounting.ErrAmountLimit, "")
			return
		}
	}
	if whole {
		j.compareControls(stated, items, stands)
	}
}

// checkItem judges an open item and gives its control account, "" where it has none.
func (j *job) checkItem(o *itemRow, done bool) string {
	a, ok := j.accounts[o.Line.Account]
	if !done || !ok {
		a, ok = j.account(openItemsFile, o.line, o.Line.Account)
	}
	if !ok {
		return ""
	}
	if a.Control == accounting.NoControl {
		j.found.add(openItemsFile, o.line, "account", accounting.ErrControlAccount, "account %s is no control account: it has no items", a.Code)
		return ""
	}
	j.party(openItemsFile, o.line, a, o.party)
	if !done {
		j.checkDimensions(openItemsFile, o.line, o.Line.Dimensions)
	}
	switch _, there := j.known[o.Reference]; {
	case done && !there:
		j.found.add(openItemsFile, o.line, "reference", accounting.ErrReferenceTaken, "the opening is in the books already, without this item")
	case there && !done:
		j.found.add(openItemsFile, o.line, "reference", accounting.ErrReferenceTaken, "%.60q is in the books already, without this opening", o.Reference)
	}
	return a.Code
}

// beyond reports that a sum has left what the books hold; sums are looked at as they grow, so that none wraps.
func beyond(sum int64) bool { return sum > maxEntry || sum < -maxEntry }

// compareControls notes every control account whose balance is not its items.
func (j *job) compareControls(stated, items map[string]int64, stands map[string]int) {
	for code, a := range j.accounts {
		if a.Control == accounting.NoControl || stated[code] == items[code] {
			continue
		}
		say := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: j.base} }
		j.found.add(balancesFile, stands[code], "account", ErrControlDiffers, "account %s begins with %s, and its open items come to %s: %s more or less",
			code, say(stated[code]), say(items[code]), say(stated[code]-items[code]))
	}
}

// checkEntry judges an entry. One that is in the books already is judged by what is there, when it is booked.
func (j *job) checkEntry(e *entryRow, sound func(string, int) bool) {
	if id, err := uuid.Parse(e.name); err == nil && j.own[id] {
		j.found.add(entriesFile, e.lines[0], "entry", ErrOwnExport, "%s stands in these books already", e.name)
		return
	}
	if _, done := j.known[e.Reference]; done {
		return
	}
	if j.realised(e) {
		if !j.hasAllocations {
			j.found.add(entriesFile, e.lines[0], "kind", ErrAllocationsNeeded, "entry %.60q is what an allocation realised", e.name)
		}
		return
	}
	if sound(entriesFile, e.lines[0]) {
		j.day(entriesFile, e.lines[0], "date", e.Date)
		if !j.journals[e.Journal] {
			j.found.add(entriesFile, e.lines[0], "journal", accounting.ErrUnknownJournal, "there is no journal %.20q", e.Journal)
		}
	}
	whole := true
	var debits, credits int64
	for i := range e.Lines {
		if !sound(entriesFile, e.lines[i]) {
			whole = false
			continue
		}
		l := &e.Lines[i]
		if a, ok := j.account(entriesFile, e.lines[i], l.Account); ok {
			j.party(entriesFile, e.lines[i], a, e.parties[i])
			j.checkWorth(e, i, a)
		}
		j.checkDimensions(entriesFile, e.lines[i], l.Dimensions)
		if l.Minor > 0 {
			debits += l.Minor
		} else {
			credits -= l.Minor
		}
		if beyond(debits) || beyond(credits) {
			j.found.add(entriesFile, e.lines[i], "", accounting.ErrAmountLimit, "")
			return
		}
	}
	last := e.lines[len(e.lines)-1]
	switch {
	case !whole:
	case len(e.Lines) < 2:
		j.found.add(entriesFile, last, "", accounting.ErrBadInput, "entry %.60q has one line: an entry has at least two", e.name)
	case len(e.Lines) > accounting.MaxLines:
		j.found.add(entriesFile, last, "", accounting.ErrTooMany, "entry %.60q has %d lines, at most %d", e.name, len(e.Lines), accounting.MaxLines)
	case debits != credits:
		j.found.add(entriesFile, last, "", accounting.ErrUnbalanced, "entry %.60q: debits are %s and credits %s", e.name,
			money.Amount{Minor: debits, Currency: j.base}, money.Amount{Minor: credits, Currency: j.base})
	}
}

// realised reports that an entry is the exchange difference that an allocation realised: the allocation books it again.
func (j *job) realised(e *entryRow) bool {
	if e.Kind != accounting.KindRealised {
		return false
	}
	for i := range e.Lines {
		if j.accounts[e.Lines[i].Account].Control != accounting.NoControl {
			return true
		}
	}
	return false
}

// checkWorth notes a line of a control account that has no amount: it would be an item that nothing settles.
func (j *job) checkWorth(e *entryRow, i int, a accounting.Account) {
	if l := &e.Lines[i]; a.Control != accounting.NoControl && l.Transaction.Minor == 0 {
		j.found.add(entriesFile, e.lines[i], "amount", accounting.ErrBadInput, "a line on the control account %s has an amount", a.Code)
	}
}

// empty reports that a balance is nothing, in base and in its currency.
func (b *balanceRow) empty() bool { return b.minor == 0 && b.transaction.Minor == 0 }

// checkAllocations finds out whether the lines that allocations name are those of control accounts, as far as the files tell.
func (j *job) checkAllocations(sound func(string, int) bool) {
	at := make(map[string]*entryRow, len(j.entries))
	for i := range j.entries {
		at[j.entries[i].Reference] = &j.entries[i]
	}
	for i := range j.entries {
		at[j.entries[i].name] = &j.entries[i] // a name goes before a reference
	}
	items := make(map[string]bool, len(j.items))
	for i := range j.items {
		items[j.items[i].Reference] = true
	}
	look := func(line int, side, name string, no int) {
		e, here := at[name]
		_, known := j.known[name]
		switch {
		case here && no > len(e.Lines):
			j.found.add(allocationsFile, line, side+"_line", ErrUnknownEntry, "entry %.60q has no line %d", name, no)
		case !here && !items[name] && !known:
			j.found.add(allocationsFile, line, side+"_entry", ErrUnknownEntry, "there is no entry %.60q", name)
		}
	}
	for _, a := range j.allocations {
		if j.found.full() {
			return
		}
		if sound(allocationsFile, a.line) {
			look(a.line, "debit", a.debit, a.debitLine)
			look(a.line, "credit", a.credit, a.creditLine)
		}
	}
}
