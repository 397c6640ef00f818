package privacy

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Query says whom to look for. At least one field is set; whoever meets any of them is found.
type Query struct {
	// PersonID is the id of a person's own row: a party, a member, a row of a host's model whose subject is "self".
	PersonID uuid.UUID
	// UserID is the account that a member comes in by; Actor is under which opaque id somebody acted, as the trail has it.
	UserID uuid.UUID
	Actor  string
	// Email is compared without case, Phone by its digits (in the forms +49 30…, 0049 30…, +49 (0)30… and 030…; 6 digits at least), Name without case as whole
	// words, of 3 characters at least.
	Email, Phone, Name string
}

// Findings are what a tenant holds of somebody. They show columns and how many rows, and of a value no more than its first letters.
type Findings struct {
	// Persons are the people whose own rows meet the query, in the order of tables and ids.
	Persons []FoundPerson `json:"persons"`
	// Tables are those with rows about these people, that name whom was asked for, or that they wrote; sorted.
	Tables []FoundTable `json:"tables"`
	// Searched are the tables that were read from end to end, for their contents cannot be searched for in SQL.
	Searched []SearchedTable `json:"searched"`
}

// FoundPerson is a person's own row.
type FoundPerson struct {
	Table string    `json:"table"`
	ID    uuid.UUID `json:"id"`
	// By says what of the query the row meets: "person_id", "user_id", "actor", "email", "phone", "name".
	By []string `json:"by"`
}

// FoundTable is what one table holds.
type FoundTable struct {
	Table      string              `json:"table"`
	Controller tenancy.Controller  `json:"controller"`
	Class      tenancy.RecordClass `json:"class"`
	// About is how many rows are about the people found; Named how many others name whom was asked for; Acted in how many of all they are who acted.
	About int64 `json:"about"`
	Named int64 `json:"named"`
	Acted int64 `json:"acted"`
	// Columns are the personal columns that hold something in the rows about the people, or name whom was asked for.
	Columns []FoundColumn `json:"columns"`
}

// FoundColumn is a personal column with something in it.
type FoundColumn struct {
	Name     string           `json:"name"`
	Category tenancy.Category `json:"category"`
	Rows     int64            `json:"rows"`
	// Sample is the beginning of a word or two of the first value, enough to know it again for who knows it: "A… B…".
	Sample string `json:"sample"`
}

// SearchedTable is a table that was read from end to end.
type SearchedTable struct {
	Table   string   `json:"table"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
}

// maxPersons bounds how many people one search is about.
const maxPersons = 20

// Find looks through every table of the tenant for a person, and shows where what is held of them. It never leaves the tenant, which is one controller
// (docs/decisions/017-controllers.md); rows that the platform answers for say so. Contact data lie sealed, so tables are read from end to end, at flat memory but for the ids of the people's rows.
//
// It is on record that somebody looked, and not for whom. Permission: privacy.find. Errors: privacy.bad_input, privacy.no_path, privacy.too_many_persons.
func (s *Service) Find(ctx context.Context, q Query) (Findings, error) {
	// On record before anything is found. What follows reads one state of the database.
	_, err := tenancy.Act(ctx, s.db, PermFind, func(_ context.Context, tx *tenancy.Tx) (any, error) {
		if err := q.check(); err != nil {
			return nil, err
		}
		return nil, tx.RecordAct()
	})
	if err != nil {
		return Findings{}, err
	}
	return tenancy.View(ctx, s.db, PermFind, func(ctx context.Context, tx *tenancy.Tx) (Findings, error) {
		paths, err := pathsOf(ctx, tx)
		if err != nil {
			return Findings{}, err
		}
		f := &search{service: s, tx: tx, paths: paths, q: q, email: folded(q.Email), phone: newPhone(q.Phone), name: folded(q.Name), tables: map[string]*FoundTable{}}
		for _, step := range []func(context.Context) error{f.persons, f.about, f.named, f.acted} {
			if err := step(ctx); err != nil {
				return Findings{}, err
			}
		}
		return f.findings(), nil
	})
}

func (q Query) check() error {
	const op = "privacy.Find"
	switch {
	case q == (Query{}):
		return ErrBadInput.New(op, "a search is for somebody")
	case len(q.Actor)+len(q.Email)+len(q.Phone)+len(q.Name) > 1000:
		return ErrBadInput.New(op, "a search has at most 1,000 characters")
	case q.Email != "" && !strings.Contains(strings.TrimSpace(q.Email), "@"):
		return ErrBadInput.New(op, "email: an e-mail address has an @")
	case q.Phone != "" && newPhone(q.Phone).digits == "":
		return ErrBadInput.New(op, "phone: a telephone number has %d to %d digits", phoneLeast, phoneMost)
	case q.Name != "" && utf8.RuneCountInString(folded(q.Name)) < 3:
		return ErrBadInput.New(op, "name: a name to be searched for has at least 3 characters")
	}
	return nil
}

// search is one search under way.
type search struct {
	service *Service
	tx      *tenancy.Tx
	paths   *tenancy.Paths
	q       Query
	email   string
	phone   phone
	name    string

	finders []*finder
	out     Findings
	tables  map[string]*FoundTable
}

// meets says which of the query's texts a text meets.
func (f *search) meets(text string) (by []string) {
	if text == "" {
		return nil
	}
	if f.email != "" || f.name != "" {
		plain := folded(text)
		if f.email != "" && holdsWords(plain, f.email) {
			by = append(by, "email")
		}
		if f.name != "" && holdsWords(plain, f.name) {
			by = append(by, "name")
		}
	}
	if f.phone.digits != "" && slices.ContainsFunc(phonesIn(text), f.phone.same) {
		by = append(by, "phone")
	}
	return by
}

// texts are the columns of a model that the query's texts are compared with.
func (f *search) texts(m *tenancy.Model) []*tenancy.Column {
	if f.email == "" && f.phone.digits == "" && f.name == "" || m.Table == wordsTable {
		return nil
	}
	var out []*tenancy.Column
	for _, c := range m.Columns {
		if c.Type == tenancy.Text && c.Privacy.Personal() && c.Privacy.Category != tenancy.Credential {
			out = append(out, c)
		}
	}
	return out
}

// persons finds people's own rows.
func (f *search) persons(ctx context.Context) error {
	for _, m := range f.paths.Registry.People() {
		texts := f.texts(m)
		account := m.Column(m.User)
		if len(texts) == 0 && account == nil && f.q.PersonID == uuid.Nil {
			continue
		}
		var rows []any
		err := m.Verbs().Stream(ctx, f.tx, func(row any) error {
			if by := f.is(m, row, account, texts); len(by) > 0 {
				if len(f.out.Persons) == maxPersons {
					return ErrTooManyPersons.New("privacy.Find", "more than %d people meet the search", maxPersons)
				}
				f.out.Persons = append(f.out.Persons, FoundPerson{Table: m.Table, ID: field[uuid.UUID](row, m.Column("id")), By: by})
				kept := reflect.New(m.Type)
				kept.Elem().Set(reflect.ValueOf(row).Elem())
				rows = append(rows, kept.Interface())
			}
			return nil
		}, tenancy.OrderBy("id"))
		if err != nil {
			return err
		}
		for _, row := range rows {
			one, err := f.service.finderOf(ctx, f.tx, f.paths, tenancy.Person{Model: m, ID: field[uuid.UUID](row, m.RowKey()), Row: row})
			if err != nil {
				return err
			}
			f.finders = append(f.finders, &one)
		}
	}
	if len(f.finders) == 0 && len(f.actors()) > 0 { // nobody's own row, but somebody acted
		one, err := f.service.finderOf(ctx, f.tx, f.paths, tenancy.Person{})
		if err != nil {
			return err
		}
		if one.Actors = f.actors(); f.q.UserID != uuid.Nil {
			if err := f.service.addActors(ctx, &one, f.q.UserID); err != nil {
				return err
			}
		}
		f.finders = append(f.finders, &one)
	}
	return nil
}

// is says what of the query a person's own row meets.
func (f *search) is(m *tenancy.Model, row any, account *tenancy.Column, texts []*tenancy.Column) (by []string) {
	if f.q.PersonID != uuid.Nil && field[uuid.UUID](row, m.Column("id")) == f.q.PersonID {
		by = append(by, "person_id")
	}
	if account != nil {
		id := field[uuid.UUID](row, account)
		if f.q.UserID != uuid.Nil && id == f.q.UserID {
			by = append(by, "user_id")
		}
		if f.q.Actor != "" && f.q.Actor == tenancy.UserActor(id) {
			by = append(by, "actor")
		}
	}
	for _, c := range texts {
		for _, how := range f.meets(field[string](row, c)) {
			if !slices.Contains(by, how) {
				by = append(by, how)
			}
		}
	}
	return by
}

// actors are the opaque ids under which whom was asked for acted.
func (f *search) actors() []string {
	var out []string
	if f.q.Actor != "" {
		out = append(out, f.q.Actor)
	}
	if f.q.UserID != uuid.Nil {
		out = append(out, tenancy.UserActor(f.q.UserID))
	}
	for _, one := range f.finders {
		out = append(out, one.Actors...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// about shows what the rows about the people hold.
func (f *search) about(ctx context.Context) error {
	for _, one := range f.finders {
		for _, m := range one.Registry.Models {
			err := one.Batches(ctx, m, func(rows []any) error {
				for _, row := range rows {
					f.table(m).About++
					for _, c := range m.Columns {
						if v := value(row, c); c.Privacy.Personal() && !v.IsZero() {
							f.column(m, c, v)
						}
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// named reads what is not about the people, and may name whom was asked for.
func (f *search) named(ctx context.Context) error {
	for _, m := range f.service.db.Registry().Models {
		texts := f.texts(m)
		if len(texts) == 0 {
			continue
		}
		var theirs []func(row any) bool
		for _, one := range f.finders {
			is, err := one.Theirs(ctx, m)
			if err != nil {
				return err
			}
			theirs = append(theirs, is)
		}
		seen := SearchedTable{Table: m.Table}
		for _, c := range texts {
			seen.Columns = append(seen.Columns, c.Name)
		}
		err := m.Verbs().Stream(ctx, f.tx, func(row any) error {
			seen.Rows++
			if slices.ContainsFunc(theirs, func(is func(any) bool) bool { return is(row) }) {
				return nil
			}
			hit := false
			for _, c := range texts {
				if len(f.meets(field[string](row, c))) > 0 {
					f.column(m, c, value(row, c))
					hit = true
				}
			}
			if hit {
				f.table(m).Named++
			}
			return nil
		})
		if err != nil {
			return err
		}
		f.out.Searched = append(f.out.Searched, seen)
	}
	return nil
}

// acted counts the rows in which the people are who acted.
func (f *search) acted(ctx context.Context) error {
	actors := f.actors()
	if len(actors) == 0 {
		return nil
	}
	for _, m := range f.service.db.Registry().Models {
		for _, name := range m.Actors {
			n, err := m.Verbs().Count(ctx, f.tx, tenancy.In(name, actors))
			if err != nil {
				return err
			}
			if n > 0 {
				f.table(m).Acted += n
			}
		}
	}
	return nil
}

func (f *search) table(m *tenancy.Model) *FoundTable {
	t := f.tables[m.Table]
	if t == nil {
		t = &FoundTable{Table: m.Table, Controller: m.Controller, Class: m.Class}
		f.tables[m.Table] = t
	}
	return t
}

func (f *search) column(m *tenancy.Model, c *tenancy.Column, v reflect.Value) {
	t := f.table(m)
	i := slices.IndexFunc(t.Columns, func(o FoundColumn) bool { return o.Name == c.Name })
	if i < 0 {
		i = len(t.Columns)
		t.Columns = append(t.Columns, FoundColumn{Name: c.Name, Category: c.Privacy.Category, Sample: sample(c, v)})
	}
	t.Columns[i].Rows++
}

func (f *search) findings() Findings {
	out := f.out
	for _, t := range f.tables {
		slices.SortFunc(t.Columns, func(a, b FoundColumn) int { return strings.Compare(a.Name, b.Name) })
		out.Tables = append(out.Tables, *t)
	}
	slices.SortFunc(out.Tables, func(a, b FoundTable) int { return strings.Compare(a.Table, b.Table) })
	return out
}

// sample is the first letter of each of the first two words.
func sample(c *tenancy.Column, v reflect.Value) string {
	if c.Type != tenancy.Text || c.Privacy.Category == tenancy.Credential {
		return "…"
	}
	words := strings.FieldsFunc(v.String(), func(r rune) bool { return unicode.IsSpace(r) || r == '@' })
	var out []string
	for _, w := range words[:min(len(words), 2)] {
		r, _ := utf8.DecodeRuneInString(w)
		out = append(out, string(r)+"…")
	}
	return strings.Join(out, " ")
}
