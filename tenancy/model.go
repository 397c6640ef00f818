package tenancy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/tenancy/date"
)

// Row is the start of most stored models: whose it is and which it is. The store sets TenantID from the scope, whatever
// the caller put there, and ID to a new UUIDv7 when it is zero.
type Row struct {
	TenantID uuid.UUID `bun:"tenant_id,pk"`
	ID       uuid.UUID `bun:"id,pk"`
}

// Owned is the start of a model whose key is not a single id: the rest of the key is tagged `bun:"...,pk"`.
type Owned struct {
	TenantID uuid.UUID `bun:"tenant_id,pk"`
}

// UserActor is the actor of whoever comes in by an account: an opaque id.
func UserActor(account uuid.UUID) string { return "user:" + account.String() }

// ColumnChecker is a row that can say whether its own service would have written what stands in a column. Whoever writes one past that service asks, as a correction of a person's data does (package privacy).
type ColumnChecker interface {
	// CheckColumn says what is wrong with a column of the row, in words that do not repeat the value; nil: nothing is.
	CheckColumn(name string) error
}

// NewID makes a UUIDv7: unique everywhere, and ordered by the time it was made.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Controller says who answers for a model's personal data (GDPR Art. 4(7)).
type Controller string

// The controllers.
const (
	ByTenant   Controller = "tenant"   // the tenant's business data; the platform is its processor
	ByPlatform Controller = "platform" // the platform's own records
	ByHost     Controller = "host"     // the embedding program's records
)

// Writes says what may happen to a stored row, and the database holds it to that.
type Writes string

// The kinds of writes.
const (
	// Mutable rows may be inserted, updated and deleted.
	Mutable Writes = "mutable"
	// AppendOnly rows are never updated, and deleted only while the tenant is being purged.
	AppendOnly Writes = "append-only"
	// Companion rows hold the personal side of an issued document: replaced only under a registered erasure, deleted
	// only while the tenant is being purged.
	Companion Writes = "companion"
	// Keep rows may be inserted and updated, and deleted only while the tenant is being purged.
	Keep Writes = "keep"
	// ReadOnly rows are written by the platform alone; a tenant's scope can only read them.
	ReadOnly Writes = "read-only"
)

// RecordClass is what retention rules speak of.
type RecordClass string

// The record classes.
const (
	Master   RecordClass = "master"   // parties, products, accounts: for as long as they are used
	Book     RecordClass = "book"     // journals, ledgers, stock ledgers
	Voucher  RecordClass = "voucher"  // invoices, receipts, the grounds of entries
	Letter   RecordClass = "letter"   // business letters: quotations, orders
	Log      RecordClass = "log"      // audit events, access logs
	Settings RecordClass = "settings" // configuration without subjects
)

// Spec declares one stored model: where it lives, whose data it is, and what may be done to it.
type Spec struct {
	// Table is "schema.name", such as "erp.parties". On SQLite, which has no schemas, it becomes erp_parties.
	Table string
	// Controller answers for personal data in the rows. Default ByTenant.
	Controller Controller
	// Subject says whose personal data a row holds: "" (nobody's), "self" (the row is the person), [ByParts], or the name of the column that leads there, "party_id" or
	// "invoice_id". An id leads where its foreign key does, or, in a part's key, to the root of it; with Anybody it is the person's own. A text is one of Actors: the row
	// is about who acted. See [Paths].
	Subject string
	// Anybody says that Subject's column holds the id of a person's own row, a row of whichever model whose subject is "self". No foreign key leads
	// there, since that row may be erased before: for records of what was done about a person.
	// Ids are unique over all tables. Whoever writes such a row looks whether there is the person: see [Tx.LockPersons].
	Anybody bool
	// Actors are the text columns that hold who acted: opaque ids such as "user:…", which name nobody without the list of members and stay when somebody is
	// erased. Default: those named actor, or ending in _by.
	Actors []string
	// User is, in rows that are people themselves (Subject "self"), the column with the id of their account. Whoever comes in by it
	// acts as [UserActor] of it.
	User string
	// StillBooks says of a row, a pointer to the struct, that it is written though the person's data are restricted: what comes in, what
	// the law demands, and what ends something. Default: nothing is. [Always] is for models of which all is. See [Tx.Restrict].
	StillBooks func(row any) bool
	// Class is what retention rules speak of. Required.
	Class RecordClass
	// Purpose and Basis say what personal data in the rows are used for, and on what ground. Default: what is usual for the class:
	// books and vouchers are kept because the law says so, logs to ensure security, the rest to provide the service.
	Purpose Purpose
	Basis   Basis
	// RetainFrom is the date or timestamp column from which retention is counted; "" follows the parent or the tenant.
	RetainFrom string
	// Writes is what may happen to a row. Default Mutable.
	Writes Writes
	// PartOf names the table of the aggregate's root, whose audit event speaks for these rows.
	PartOf string
	// System rows are written by tenancy alone, never through the store's verbs.
	System bool
	// Derived rows (balances, layers) are computed from others and leave no audit event of their own.
	Derived bool
	// BySealer rows are written by the sealer's session, and by an import, alone. They are append-only and System.
	BySealer bool
	// Trail rows are audit events, or say what became of them. An archive's root leaves them out, because they grow by
	// looking: entering a tenant is an act.
	Trail bool
	// RecordReads has every read of the rows leave an audit event, with its act and the number of rows: for personal data of
	// which it must be known who saw it. A transaction that only reads is followed by a small one that writes the event,
	// before its result is handed out.
	RecordReads bool
}

// Model is a registered Go struct with its table. Make one with [Define].
type Model struct {
	Spec
	Type    reflect.Type
	Columns []*Column
	Keys    []*Column // the primary key in order; Keys[0] is tenant_id
	byName  map[string]*Column
	sealed  []*Column
	verbs   Verbs
}

// ColumnType is the portable type of a column.
type ColumnType string

// The portable column types, as they are written in migrations.
const (
	UUID      ColumnType = "UUID"
	Text      ColumnType = "TEXT"
	BigInt    ColumnType = "BIGINT"
	Boolean   ColumnType = "BOOLEAN"
	Date      ColumnType = "DATE"
	Timestamp ColumnType = "TIMESTAMPTZ"
	Decimal   ColumnType = "decimal_text"
)

// Column is one stored field of a model.
type Column struct {
	Name     string
	Type     ColumnType
	Index    []int // of the Go field, for reflect.Value.FieldByIndex
	Key      bool
	Nullable bool // `bun:",nullzero"`: the zero value is stored as NULL
	Privacy  Privacy
}

// Define declares T as a stored model. T's fields carry bun tags (`bun:"name,pk,nullzero"`) and, for text, a privacy tag
// (see [Privacy]). Mistakes panic: they are mistakes in the program, found at its start.
func Define[T any](spec Spec) *Model {
	m, err := newModel(reflect.TypeFor[T](), spec)
	if err != nil {
		panic(err)
	}
	m.verbs = verbs[T]{}
	return m
}

func newModel(t reflect.Type, spec Spec) (*Model, error) {
	if spec.Controller == "" {
		spec.Controller = ByTenant
	}
	if spec.Writes == "" {
		spec.Writes = Mutable
	}
	m := &Model{Spec: spec, Type: t, byName: map[string]*Column{}}
	if schema, name, ok := strings.Cut(spec.Table, "."); !ok || !plainName(schema) || !plainName(name) {
		return nil, fmt.Errorf("tenancy: model %s: table %q is not of the form schema.name", t, spec.Table)
	}
	if spec.Class == "" {
		return nil, fmt.Errorf("tenancy: model %s has no record class", t)
	}
	var err error
	if m.Purpose, m.Basis, err = use(spec.Class, spec.Purpose, spec.Basis); err != nil {
		return nil, fmt.Errorf("tenancy: model %s: %w", t, err)
	}
	if err := m.addFields(t, nil, ""); err != nil {
		return nil, fmt.Errorf("tenancy: model %s: %w", t, err)
	}
	if len(m.Keys) < 1 || m.Keys[0].Name != "tenant_id" || m.Keys[0].Type != UUID {
		return nil, fmt.Errorf("tenancy: model %s: its primary key does not start with tenant_id", t)
	}
	if err := m.checkPeople(); err != nil {
		return nil, fmt.Errorf("tenancy: model %s: %w", t, err)
	}
	if m.PartOf != "" && m.Derived {
		return nil, fmt.Errorf("tenancy: model %s is both derived and part of %s: say which event speaks for it", t, m.PartOf)
	}
	if m.BySealer && (m.Writes != AppendOnly || !m.System) {
		return nil, fmt.Errorf("tenancy: model %s: what the sealer writes is append-only and System", t)
	}
	if m.Purpose == ImproveService {
		if err := nobodys(m.Subject, m.Columns, func(c *Column) (string, Privacy) { return c.Name, c.Privacy }); err != nil {
			return nil, fmt.Errorf("tenancy: model %s: %w", t, err)
		}
	}
	for _, c := range m.Columns {
		if c.Privacy.Personal() && c.Privacy.Erasure != EraseKeep && !m.Erasable(c) {
			return nil, fmt.Errorf("tenancy: model %s: column %s is to be erased, but rows of %s never change: put it into a companion row", t, c.Name, spec.Table)
		}
	}
	if len(m.sealed) > 0 && (m.Writes == ReadOnly || m.System) {
		return nil, fmt.Errorf("tenancy: model %s: column %s is sealed, but rows of %s are not written through the store", t, m.sealed[0].Name, spec.Table)
	}
	if spec.RetainFrom != "" && m.byName[spec.RetainFrom] == nil {
		return nil, fmt.Errorf("tenancy: model %s has no column %s", t, spec.RetainFrom)
	}
	return m, nil
}

// checkPeople holds the columns that lead to people to what they are declared as.
func (m *Model) checkPeople() error {
	if m.Actors == nil {
		for _, c := range m.Columns {
			if c.Type == Text && !c.Privacy.Personal() && (c.Name == "actor" || strings.HasSuffix(c.Name, "_by")) {
				m.Actors = append(m.Actors, c.Name)
			}
		}
	}
	for _, name := range m.Actors {
		if c := m.byName[name]; c == nil || c.Type != Text || c.Privacy.Personal() {
			return fmt.Errorf("%q is no column of class none that holds who acted", name)
		}
	}
	if err := m.checkSubject(); err != nil {
		return err
	}
	if m.User != "" {
		if c := m.byName[m.User]; m.Subject != "self" || c == nil || c.Type != UUID {
			return fmt.Errorf("%q is no column with the account of a person whose own row it is", m.User)
		}
	}
	return nil
}

// checkSubject holds what leads to the person to what it can be.
func (m *Model) checkSubject() error {
	c := m.byName[m.Subject]
	switch {
	case m.Anybody && (c == nil || c.Type != UUID):
		return fmt.Errorf("it is about anybody, and %q is no column with a person's id", m.Subject)
	case m.Subject == "self" && (m.RowKey() == nil || m.RowKey().Name != "id"):
		return fmt.Errorf("its rows are people, and have no id")
	case m.Subject == "" || m.Subject == "self" || m.Subject == ByParts:
		return nil
	case c == nil:
		return fmt.Errorf("it has no column %s", m.Subject)
	case c.Type != UUID && !slices.Contains(m.Actors, m.Subject):
		return fmt.Errorf("%q holds neither an id nor who acted", m.Subject)
	}
	return nil
}

// addFields walks the struct as bun does: anonymous structs are flattened, `embed:prefix_` prefixes, "-" is left out.
func (m *Model) addFields(t reflect.Type, index []int, prefix string) error {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int{}, index...), i)
		tag := f.Tag.Get("bun")
		if tag == "-" {
			continue
		}
		if !f.IsExported() {
			return fmt.Errorf("field %s is unexported: bun would leave it out in silence", f.Name)
		}
		name, opts, _ := strings.Cut(tag, ",")
		if f.Anonymous {
			if err := m.addFields(f.Type, at, prefix); err != nil {
				return err
			}
			continue
		}
		if p, ok := strings.CutPrefix(name, "embed:"); ok {
			if err := m.addFields(f.Type, at, prefix+p); err != nil {
				return err
			}
			continue
		}
		if err := m.addColumn(f, at, prefix+name, strings.Split(opts, ",")); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) addColumn(f reflect.StructField, index []int, name string, opts []string) error {
	if !plainName(name) {
		return fmt.Errorf("field %s has no column name in its bun tag", f.Name)
	}
	typ, ok := columnType(f.Type)
	if !ok {
		return fmt.Errorf("field %s: a %s cannot be stored", f.Name, f.Type)
	}
	c := &Column{Name: name, Type: typ, Index: index}
	for _, o := range opts {
		switch o {
		case "pk":
			c.Key = true
		case "nullzero":
			c.Nullable = true
		case "", "notnull":
		default:
			return fmt.Errorf("field %s: bun option %q is not used here", f.Name, o)
		}
	}
	if c.Nullable && typ == Decimal {
		return fmt.Errorf("field %s: a decimal that may be missing cannot be read back; state zero, or keep it in a row of its own", f.Name)
	}
	var err error
	if c.Privacy, err = parsePrivacy(f.Tag.Get("privacy"), typ); err != nil {
		return fmt.Errorf("column %s: %w", name, err)
	}
	if m.byName[name] != nil {
		return fmt.Errorf("column %s appears twice", name)
	}
	if c.Privacy.Sealed {
		if c.Key {
			return fmt.Errorf("column %s: a key cannot be sealed, for rows are found by it", name)
		}
		m.sealed = append(m.sealed, c)
	}
	m.byName[name] = c
	m.Columns = append(m.Columns, c)
	if c.Key {
		m.Keys = append(m.Keys, c)
	}
	return nil
}

// Column finds a column by its name; nil when there is none.
func (m *Model) Column(name string) *Column { return m.byName[name] }

// NamedColumns finds several columns by name.
func (m *Model) NamedColumns(names ...string) ([]*Column, error) {
	out := make([]*Column, len(names))
	for i, n := range names {
		if out[i] = m.byName[n]; out[i] == nil {
			return nil, fmt.Errorf("table %s has no column %q", m.Table, n)
		}
	}
	return out, nil
}

// Name is the table's name without its schema.
func (m *Model) Name() string { return m.Table[strings.IndexByte(m.Table, '.')+1:] }

var (
	typeUUID    = reflect.TypeFor[uuid.UUID]()
	typeDate    = reflect.TypeFor[date.Date]()
	typeTime    = reflect.TypeFor[time.Time]()
	typeDecimal = reflect.TypeFor[decimal.Decimal]()
)

func columnType(t reflect.Type) (ColumnType, bool) {
	switch t {
	case typeUUID:
		return UUID, true
	case typeDate:
		return Date, true
	case typeTime:
		return Timestamp, true
	case typeDecimal:
		return Decimal, true
	}
	switch t.Kind() { //nolint:exhaustive // the other kinds cannot be stored
	case reflect.String:
		return Text, true
	case reflect.Int64: // smaller ones would be cut in silence
		return BigInt, true
	case reflect.Bool:
		return Boolean, true
	}
	return "", false
}

// valueType is the column type that a value can be compared with: whole numbers of any size are numbers.
func valueType(t reflect.Type) (ColumnType, bool) {
	if k := t.Kind(); k == reflect.Int || k == reflect.Int32 {
		return BigInt, true
	}
	return columnType(t)
}

// plainName reports whether s is a lower-case SQL name that needs no quoting tricks.
func plainName(s string) bool {
	if s == "" || len(s) > 63 || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for _, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}
