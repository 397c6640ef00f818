package privacy

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/privacy/internal/people"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// Correction puts right what is inaccurate of a person.
type Correction struct {
	// PersonID is the person's own row: a party, or a row of a host's model whose subject is "self".
	PersonID uuid.UUID
	// Reference is the idempotency key; 1 to 200 characters. Required.
	Reference string
	// Changes are what is put right: 1 to 100, each column of a row once.
	Changes []Change
}

// Change is one column of one row, and what it is from now on.
type Change struct {
	Table  string    // such as "erp.parties"
	RowID  uuid.UUID // the row's id; of a companion row, that of the row which it belongs to
	Column string
	// To is the new value: text of at most 10,000 characters, or a day as YYYY-MM-DD. "" is nothing.
	To string
}

// CorrectionRecord is what a correction left of one column.
type CorrectionRecord struct {
	ID          uuid.UUID `json:"id"`
	PersonID    uuid.UUID `json:"person_id"`
	Reference   string    `json:"reference"`
	Table       string    `json:"table"`
	RowID       uuid.UUID `json:"row_id"`
	Column      string    `json:"column"`
	From        string    `json:"from"` // "" once they are erased
	To          string    `json:"to"`
	CorrectedAt time.Time `json:"corrected_at"`
	CorrectedBy string    `json:"corrected_by"` // the opaque id of who did so
}

// correctionRow is a record without the values; they are the person's, and erased with the rest.
type correctionRow struct {
	tenancy.Row
	PersonID    uuid.UUID `bun:"person_id"`
	Reference   string    `bun:"reference" privacy:"none"`
	Seq         int64     `bun:"seq"`
	TableName   string    `bun:"table_name" privacy:"none"`
	RowID       uuid.UUID `bun:"row_id"`
	ColumnName  string    `bun:"column_name" privacy:"none"`
	CorrectedAt time.Time `bun:"corrected_at"`
	CorrectedBy string    `bun:"corrected_by" privacy:"none"`
}

type correctionText struct {
	tenancy.Owned
	CorrectionID uuid.UUID `bun:"correction_id,pk"`
	OldValue     string    `bun:"old_value" privacy:"identity,delete,sealed"`
	NewValue     string    `bun:"new_value" privacy:"identity,delete,sealed"`
}

func (r *correctionRow) record(t correctionText) CorrectionRecord {
	return CorrectionRecord{ID: r.ID, PersonID: r.PersonID, Reference: r.Reference, Table: r.TableName, RowID: r.RowID, Column: r.ColumnName, From: t.OldValue, To: t.NewValue,
		CorrectedAt: r.CorrectedAt.UTC(), CorrectedBy: r.CorrectedBy}
}

// maxChanges bounds one correction.
const maxChanges = 100

func (in Correction) check(op string) error {
	if in.PersonID == uuid.Nil || !between(in.Reference, 1, 200) || len(in.Changes) == 0 || len(in.Changes) > maxChanges {
		return ErrBadInput.New(op, "a correction names a person, a reference of at most 200 characters and 1 to %d changes", maxChanges)
	}
	seen := map[Change]bool{}
	for i, c := range in.Changes {
		key := Change{Table: c.Table, RowID: c.RowID, Column: c.Column}
		if seen[key] || c.RowID == uuid.Nil || !between(c.To, 0, 10_000) {
			return ErrBadInput.New(op, "change %d: each column of a row is named once, with at most 10,000 characters", i+1)
		}
		seen[key] = true
	}
	return nil
}

// Correct puts right what is inaccurate of a person (GDPR Art. 16), in one transaction, and keeps what it was and what it became. It goes by the registry: a column can be corrected when it is personal, holds text or a day and no secret,
// and its rows can change; figures, numbers and dates of the books never are, and nor is what a document says as it was issued: that is put right by another document, such as a credit note and a new invoice. Nothing under a
// legal hold is touched. Only rows that lead to the person are. A new value is held to what the service that writes such rows holds it to, where the row says so ([tenancy.ColumnChecker]), and to its class everywhere. What follows from a column (a key for searching) is made anew by [Options].Follows.
//
// The history is the person's own data: it is found and erased with them, and held for as long as the row is that it tells of ([Options].Holds). Nothing is put right of somebody who was erased: it would make them known again.
// The same reference again gives the same records. Permission: privacy.correct; while the person is restricted, tenancy.despite_restriction as well. Errors: privacy.bad_input, privacy.not_correctable, privacy.bad_value (it names table and column), privacy.held (a legal hold
// is on the row), privacy.erased, privacy.correction_taken (the reference belongs to another correction), privacy.no_path, privacy.holds, tenancy.not_found (no such person, or no such row of theirs), tenancy.forbidden,
// and what the database refuses.
func (s *Service) Correct(ctx context.Context, in Correction) ([]CorrectionRecord, error) {
	return tenancy.Act(ctx, s.db, PermCorrect, func(ctx context.Context, tx *tenancy.Tx) ([]CorrectionRecord, error) {
		const op = "privacy.Correct"
		if err := in.check(op); err != nil {
			return nil, err
		}
		paths, err := pathsOf(ctx, tx)
		if err != nil {
			return nil, err
		}
		if done, err := in.replay(ctx, tx); done != nil || err != nil {
			return done, err
		}
		who, err := personOf(ctx, tx, in.PersonID, true)
		if err == nil && who.Model == nil {
			err = tenancy.ErrNotFound.New(op, "nobody has this id")
		}
		if err != nil {
			return nil, err
		}
		c := &corrector{in: in, s: s, row: who.Row}
		if c.finder, err = s.finderOf(ctx, tx, paths, who); err != nil {
			return nil, err
		}
		if done, err := in.replay(ctx, tx); done != nil || err != nil { // a rival was faster, and we waited for it
			return done, err
		}
		if err := c.mayChange(ctx); err != nil {
			return nil, err
		}
		for i := range in.Changes {
			if err := c.allow(i); err != nil {
				return nil, err
			}
		}
		for _, m := range c.models {
			if err := c.correct(ctx, m); err != nil {
				return nil, err
			}
		}
		return c.keep(ctx)
	})
}

// replay gives what was done under the reference before; nil when nothing was.
func (in Correction) replay(ctx context.Context, tx *tenancy.Tx) ([]CorrectionRecord, error) {
	done, err := corrections(ctx, tx, tenancy.Eq("reference", in.Reference))
	if err != nil || len(done) == 0 {
		return nil, err
	}
	to := map[Change]string{}
	for _, c := range in.Changes {
		to[Change{Table: c.Table, RowID: c.RowID, Column: c.Column}] = c.To
	}
	for _, r := range done {
		// Where the values are erased, the columns alone say that it is the same.
		want, ok := to[Change{Table: r.Table, RowID: r.RowID, Column: r.Column}]
		if !ok || r.PersonID != in.PersonID || r.To != want && (r.From != "" || r.To != "") {
			return nil, ErrCorrectionTaken.New("privacy.Correct", "%q", in.Reference)
		}
	}
	return done, nil
}

// corrector is one correction under way.
type corrector struct {
	finder
	in      Correction
	s       *Service
	row     any              // the person's own
	models  []*tenancy.Model // in the order of their first change
	changes map[*tenancy.Model][]Change
	rows    []*correctionRow
	texts   []*correctionText
}

// mayChange refuses to change anything of who was erased, and asks for what a restriction asks for. The person's row is locked, and so it is by an erasure.
func (c *corrector) mayChange(ctx context.Context) error {
	const op = "privacy.Correct"
	of := tenancy.Eq("subject_id", c.ID)
	pending, err := tenancy.Exists[request](ctx, c.Tx, of, tenancy.NotNull("due_on"))
	if err != nil {
		return err
	}
	over, err := tenancy.Exists[request](ctx, c.Tx, of)
	if err != nil {
		return err
	}
	restricted, err := c.Tx.Restricted(ctx, c.ID)
	if err != nil {
		return err
	}
	if pending || over && unknown(c.Self, c.row, c.ID) || len(restricted) > 0 && restricted[0].Ground == tenancy.ErasureHeld {
		return ErrErased.New(op, "nothing is put right of who is to be unknown")
	}
	if len(restricted) > 0 {
		return c.Tx.DespiteRestriction(tenancy.ToPutRight)
	}
	return nil
}

// unknown reports whether a person's own row stands as an erasure leaves it. Whoever came back under the same id, as a member does who is asked in again, is known again.
func unknown(self *tenancy.Model, row any, id uuid.UUID) bool {
	pseudonym := people.Pseudonym(id)
	return !slices.ContainsFunc(self.Columns, func(c *tenancy.Column) bool {
		if !c.Privacy.Personal() || value(row, c).IsZero() {
			return false
		}
		to, _ := people.Replacement(c, value(row, c), pseudonym)
		return !reflect.DeepEqual(value(row, c).Interface(), to.Interface())
	})
}

// allow holds a change against the classes.
func (c *corrector) allow(i int) error {
	const op = "privacy.Correct"
	change := c.in.Changes[i]
	m := c.Registry.Table(change.Table)
	if m == nil || m.Column(change.Column) == nil {
		return ErrNotCorrectable.New(op, "change %d: there is no column %s of %s", i+1, change.Column, change.Table)
	}
	if why := uncorrectable(m, m.Column(change.Column)); why != "" {
		return ErrNotCorrectable.New(op, "change %d: %s.%s %s", i+1, change.Table, change.Column, why)
	}
	if c.changes == nil {
		c.changes = map[*tenancy.Model][]Change{}
	}
	if c.changes[m] == nil {
		c.models = append(c.models, m)
	}
	c.changes[m] = append(c.changes[m], change)
	return nil
}

// issued are the classes of documents, whose companion rows say what the document says.
var issued = []tenancy.RecordClass{tenancy.Book, tenancy.Voucher, tenancy.Letter}

// uncorrectable says why a column is not corrected; "" when it can be.
func uncorrectable(m *tenancy.Model, col *tenancy.Column) string {
	switch {
	case !col.Privacy.Personal():
		return "holds no personal data"
	case col.Privacy.Category == tenancy.Credential:
		return "holds a secret"
	case col.Key || col.Type != tenancy.Text && col.Type != tenancy.Date:
		return "is neither text nor a day"
	case len(m.Keys) != 2 || m.Keys[1].Type != tenancy.UUID:
		return "is in rows that one id does not name"
	case m.Writes == tenancy.Companion && slices.Contains(issued, m.Class):
		return "is what a document says as it was issued: another document puts it right, such as a credit note and a new invoice"
	case m.Table == correctionTextTable:
		return "is what was corrected before"
	case m.System || m.Derived || m.Writes == tenancy.AppendOnly || m.Writes == tenancy.ReadOnly || m.Writes == tenancy.Companion && !m.Erasable(col):
		return "is in rows that never change"
	}
	return ""
}

// correct writes the changes of one model's rows.
func (c *corrector) correct(ctx context.Context, m *tenancy.Model) error {
	mine, err := c.IDs(ctx, m)
	if err != nil {
		return err
	}
	of := map[uuid.UUID][]Change{}
	var ids []uuid.UUID
	for _, change := range c.changes[m] {
		if !slices.Contains(mine, change.RowID) {
			return tenancy.ErrNotFound.New("privacy.Correct", "no such row of %s leads to the person", m.Table)
		}
		if of[change.RowID] == nil {
			ids = append(ids, change.RowID)
		}
		of[change.RowID] = append(of[change.RowID], change)
	}
	key := m.Keys[1]
	rows, err := m.Verbs().Find(ctx, c.Tx, tenancy.In(key.Name, ids), tenancy.ForUpdate())
	if err != nil {
		return err
	}
	if len(rows) != len(ids) {
		return tenancy.ErrNotFound.New("privacy.Correct", "no such row of %s leads to the person", m.Table)
	}
	if err := c.unheld(ctx, m, rows); err != nil {
		return err
	}
	var columns []string
	for _, row := range rows {
		changed, err := c.apply(m, row, of[field[uuid.UUID](row, key)])
		if err != nil {
			return err
		}
		columns = append(columns, changed...)
	}
	slices.Sort(columns)
	columns = slices.Compact(columns)
	if m.Writes == tenancy.Companion {
		return c.Tx.Erase(ctx, m, rows, columns...)
	}
	if len(columns) == 0 {
		return nil
	}
	b := c.Tx.Batch()
	m.Verbs().Set(b, rows, columns...)
	return b.Run(ctx)
}

// unheld refuses to change what a legal hold is on, which is about the row as it is, and companion rows that anything holds. The rows are locked: who is placing a hold waits, or was there first.
func (c *corrector) unheld(ctx context.Context, m *tenancy.Model, rows []any) error {
	held, err := c.s.holds(ctx, c.Tx, m, rows)
	if err != nil {
		return err
	}
	for _, h := range held {
		if h != (Hold{}) && (h.Until.IsZero() || m.Writes == tenancy.Companion) {
			return ErrHeld.New("privacy.Correct", "a row of %s is held as it is, by %s %s", m.Table, h.Rule, h.Source)
		}
	}
	return nil
}

// apply changes a row in memory, notes what it was, and gives the columns that differ.
func (c *corrector) apply(m *tenancy.Model, row any, changes []Change) ([]string, error) {
	var columns []string
	for _, change := range changes {
		col := m.Column(change.Column)
		v := reflect.ValueOf(row).Elem().FieldByIndex(col.Index)
		old := textOf(v)
		if err := setText(col, v, change.To); err != nil {
			return nil, ErrBadValue.Wrap("privacy.Correct", err, "%s.%s: %v", m.Table, col.Name, err)
		}
		if textOf(v) == old {
			continue
		}
		if err := checkValue(row, col); err != nil {
			return nil, ErrBadValue.Wrap("privacy.Correct", err, "%s.%s: %v", m.Table, col.Name, err)
		}
		columns = append(columns, col.Name)
		r := &correctionRow{Row: tenancy.Row{ID: tenancy.NewID()}, PersonID: c.ID, Reference: c.in.Reference, Seq: int64(len(c.rows) + 1), TableName: m.Table, RowID: change.RowID, ColumnName: col.Name,
			CorrectedAt: c.Tx.Now(), CorrectedBy: c.Tx.Scope().Actor()}
		c.rows = append(c.rows, r)
		c.texts = append(c.texts, &correctionText{CorrectionID: r.ID, OldValue: old, NewValue: textOf(v)})
	}
	if follow := c.s.opt.Follows[m.Table]; follow != nil && len(columns) > 0 {
		more, err := follow(row)
		if err != nil {
			return nil, err
		}
		columns = append(columns, more...)
	}
	return columns, nil
}

func textOf(v reflect.Value) string {
	if d, ok := v.Interface().(date.Date); ok {
		return d.String()
	}
	return v.String()
}

func setText(col *tenancy.Column, v reflect.Value, to string) error {
	if col.Type == tenancy.Text {
		v.SetString(to)
		return nil
	}
	var d date.Date
	if err := d.UnmarshalText([]byte(to)); err != nil {
		return err
	}
	if d.IsZero() && !col.Nullable {
		return fmt.Errorf("a day is needed")
	}
	v.Set(reflect.ValueOf(d))
	return nil
}

// keep writes the history.
func (c *corrector) keep(ctx context.Context) ([]CorrectionRecord, error) {
	if len(c.rows) == 0 {
		return nil, ErrBadInput.New("privacy.Correct", "everything is already as it is to be")
	}
	b := c.Tx.Batch()
	tenancy.Put(b, c.rows)
	tenancy.Put(b, c.texts)
	out := make([]CorrectionRecord, len(c.rows))
	for i, r := range c.rows {
		out[i] = r.record(*c.texts[i])
	}
	slices.SortFunc(out, func(a, b CorrectionRecord) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	return out, b.Run(ctx)
}

// Corrections lists what was corrected of a person, the oldest first. Permission: privacy.correct. Errors: privacy.bad_input.
func (s *Service) Corrections(ctx context.Context, person uuid.UUID) ([]CorrectionRecord, error) {
	return tenancy.View(ctx, s.db, PermCorrect, func(ctx context.Context, tx *tenancy.Tx) ([]CorrectionRecord, error) {
		if person == uuid.Nil {
			return nil, ErrBadInput.New("privacy.Corrections", "a person is named")
		}
		return corrections(ctx, tx, tenancy.Eq("person_id", person))
	})
}

func corrections(ctx context.Context, tx *tenancy.Tx, by tenancy.Option) ([]CorrectionRecord, error) {
	rows, err := tenancy.Find[correctionRow](ctx, tx, by, tenancy.OrderBy("id"))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]uuid.UUID, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	texts, err := tenancy.Find[correctionText](ctx, tx, tenancy.In("correction_id", ids))
	if err != nil {
		return nil, err
	}
	values := map[uuid.UUID]correctionText{}
	for _, t := range texts {
		values[t.CorrectionID] = t
	}
	out := make([]CorrectionRecord, len(rows))
	for i := range rows {
		out[i] = rows[i].record(values[rows[i].ID])
	}
	return out, nil
}
