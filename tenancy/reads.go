package tenancy

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/google/uuid"
)

// VerbRead is the verb of the audit event that a read of a model with [Spec.RecordReads] leaves.
const VerbRead Verb = "read"

// maxRowReads bounds how many rows that were read one by one have an event each in one transaction; what is beyond is told
// by one event with a count.
const maxRowReads = 100

// readKey is what one event of reading tells of.
type readKey struct {
	act, table string
	row        uuid.UUID
}

// noteRead keeps in mind that n rows of a model were read, for the events that say so. row is which it was, where it was one.
// That nothing was found is told as well: to look for somebody is a look.
func (tx *Tx) noteRead(m *Model, n int64, row uuid.UUID) {
	if !m.RecordReads || tx.importing || tx.scope.grant != nil { // under a grant every look is on record already
		return
	}
	key := readKey{strings.Join(tx.acts, "/"), m.Table, row}
	if n != 1 {
		key.row = uuid.Nil
	}
	if key.row != uuid.Nil {
		switch {
		case tx.readOf(key) != nil:
			return
		case len(tx.reads) < maxRowReads:
			tx.addRead(key, 1)
			return
		}
		key.row = uuid.Nil
	}
	if e := tx.readOf(key); e != nil {
		e.Rows += n
		return
	}
	tx.addRead(key, n)
}

// readOf is the event of reading that tells of a key already; nil when none does.
func (tx *Tx) readOf(key readKey) *Event {
	for _, e := range tx.reads {
		if key == (readKey{e.Act, e.Model, e.RowID}) {
			return e
		}
	}
	return nil
}

func (tx *Tx) addRead(key readKey, n int64) {
	e := tx.newEvent(key.act, VerbRead, key.table, key.row, "")
	e.Rows = n
	tx.reads = append(tx.reads, e)
}

// noteRows is noteRead for rows at hand.
func noteRows[T any](tx *Tx, m *Model, rows []T) {
	if !m.RecordReads {
		return
	}
	id := uuid.Nil
	if len(rows) == 1 {
		id = rowID(m, reflect.ValueOf(&rows[0]).Elem())
	}
	tx.noteRead(m, int64(len(rows)), id)
}

// pinned is the id that conditions ask for, if they ask for one.
func pinned(conds []Cond) uuid.UUID {
	for _, c := range conds {
		if id, ok := c.Value.(uuid.UUID); ok && c.Op == OpEq && c.Column == "id" {
			return id
		}
	}
	return uuid.Nil
}

// recordReads writes the events of a transaction that could not write them itself: because it only read, or was undone. It is
// a transaction of its own, after the other has given its connection back, so no two are ever held at once. It is at the place that
// was read, so moved is how often the tenant had moved then: what has gone elsewhere meanwhile is not handed out.
func (db *DB) recordReads(ctx context.Context, op string, s *scope, at *place, owner, moved int64, reads []*Event, err error) error {
	if len(reads) == 0 {
		return err
	}
	// Whatever becomes of the caller, who has seen what he has seen.
	recording := db.attempt(context.WithoutCancel(ctx), op, s, at, owner, txMode{moved: moved}, func(_ context.Context, tx *Tx) error {
		for _, e := range reads {
			tx.keepEvent(e)
		}
		return nil
	})
	if err == nil {
		return recording
	}
	if recording == nil {
		return err
	}
	return errors.Join(err, recording)
}
