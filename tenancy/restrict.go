package tenancy

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Ground is why a person's data are restricted (GDPR Art. 18(1)), or kept in the place of being erased.
type Ground string

// The grounds, by the letters of Art. 18(1).
const (
	AccuracyContested Ground = "accuracy"  // (a): the person contests that they are accurate, and it is being looked into
	UnlawfulUse       Ground = "unlawful"  // (b): the processing is unlawful, and the person will not have them erased
	NeededForClaims   Ground = "claims"    // (c): not needed any more, but the person needs them for legal claims
	ObjectionPending  Ground = "objection" // (d): the person objected, and it is not decided yet

	// ErasureHeld: the person is erased but for what the law demands to be kept, and that is for nothing else (GDPR Art. 17(3)(b) and (e), 5(1)(b); so says
	// BDSG section 35(3)).
	ErasureHeld Ground = "erasure"
)

// Restriction says that a person's data are kept and not processed any further.
type Restriction struct {
	Row              // the id is that of the person's own row
	Ground    Ground `bun:"ground" privacy:"none"`
	Reference string `bun:"reference" privacy:"none"`
	// RestrictedAt is since when.
	RestrictedAt time.Time `bun:"restricted_at"`
}

// PermDespite allows [Tx.DespiteRestriction].
const PermDespite Permission = "tenancy.despite_restriction"

// Restrict has every service refuse new processing of a person's data (tenancy.restricted), from the end of the transaction on: rows that
// lead to the person by [Spec].Subject are not inserted, nor is the person's own row changed, unless the model says that it
// [Spec].StillBooks them. What was begun before is waited for. person is the id of the person's own row, a row of a model whose subject
// is "self". Restricting again changes ground and reference. It stands in the [Ledger], so that a restored tenant knows of it.
//
// It is for an act of [package privacy]; who may is for that to say. Errors: tenancy.not_found, tenancy.unrecorded_write, tenancy.bad_input.
//
// [package privacy]: https://pkg.go.dev/github.com/opsmatiq/erp/privacy
func (tx *Tx) Restrict(ctx context.Context, person uuid.UUID, ground Ground, reference string) error {
	const op = "tenancy.Tx.Restrict"
	switch ground {
	case AccuracyContested, UnlawfulUse, NeededForClaims, ObjectionPending, ErasureHeld:
	default:
		return tx.failed(op, ErrBadInput.New(op, "a restriction has one of the grounds of GDPR Art. 18(1), or stands for an erasure"))
	}
	if strings.TrimSpace(reference) == "" || len(reference) > 200 {
		return tx.failed(op, ErrBadInput.New(op, "a restriction has a reference of at most 200 characters"))
	}
	// Locked: who is about to refer to the person has done so before we go on, or sees the restriction afterwards.
	if err := tx.lockPersons(ctx, op, person); err != nil {
		return err
	}
	row := &Restriction{Row: Row{ID: person}, Ground: ground, Reference: reference, RestrictedAt: tx.now}
	before, err := First[Restriction](ctx, tx, Eq("id", person))
	fresh := IsNotFound(err)
	switch {
	case err != nil && !fresh:
		return err
	case !fresh && before.Ground == ground && before.Reference == reference:
		return nil
	}
	entry := &ledgerRow{ID: NewID(), Kind: ledgerRestricted, TableName: restrictionTable, RowID: person, Ground: ground}
	if err := tx.db.Ledger().enter(ctx, op, tx, entry); err != nil {
		return err
	}
	if fresh {
		return Insert(ctx, tx, row)
	}
	return Update(ctx, tx, row, "ground", "reference")
}

// Unrestrict ends a restriction. One that is not there is none. Errors: tenancy.unrecorded_write.
func (tx *Tx) Unrestrict(ctx context.Context, person uuid.UUID) error {
	row, err := First[Restriction](ctx, tx, Eq("id", person))
	if IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	entry := &ledgerRow{ID: NewID(), Kind: ledgerReleased, TableName: restrictionTable, RowID: person}
	if err := tx.db.Ledger().enter(ctx, "tenancy.Tx.Unrestrict", tx, entry); err != nil {
		return err
	}
	return Delete(ctx, tx, row)
}

// Restricted gives the restrictions of these persons; without any, all that there are.
func (tx *Tx) Restricted(ctx context.Context, persons ...uuid.UUID) ([]Restriction, error) {
	by := []Option{OrderBy("id")}
	if len(persons) > 0 {
		by = append(by, In("id", persons))
	}
	return Find[Restriction](ctx, tx, by...)
}

// DespiteRestriction lets the rest of the transaction process restricted data, which the law allows for the reasons that it lists (GDPR
// Art. 18(2)): with the person's consent, for legal claims, to protect somebody else, for important public interests; and to put
// right what was contested. The reason is on record in the tenant's trail.
//
// Permission: tenancy.despite_restriction, in an act. Errors: tenancy.forbidden, tenancy.unrecorded_write, tenancy.bad_input.
func (tx *Tx) DespiteRestriction(why Despite) error {
	const op = "tenancy.Tx.DespiteRestriction"
	if err := tx.writable(op); err != nil {
		return err
	}
	if !tx.scope.perms.Allow(PermDespite) { // an outer act does not vouch for this
		return tx.failed(op, ErrForbidden.New(op, "the scope lacks the permission %s", PermDespite))
	}
	if len(tx.acts) == 0 {
		return tx.failed(op, ErrUnrecorded.New(op, "no act is running"))
	}
	switch why {
	case WithConsent, ForClaims, ToProtectOthers, PublicInterest, ToPutRight:
	default:
		return tx.failed(op, ErrBadInput.New(op, "%q is none of the reasons of GDPR Art. 18(2)", why))
	}
	tx.despite = true
	tx.record("", "", restrictionTable, uuid.Nil, "despite:"+string(why))
	return nil
}

// Despite is why restricted data are processed all the same.
type Despite string

// The reasons.
const (
	WithConsent     Despite = "consent"
	ForClaims       Despite = "claims"
	ToProtectOthers Despite = "protection"
	PublicInterest  Despite = "public_interest"
	ToPutRight      Despite = "correction"
)

const restrictionTable = "erp.restrictions"

// When makes a [Spec].StillBooks of a question about rows of the model.
func When[T any](is func(row *T) bool) func(row any) bool {
	return func(row any) bool {
		r, ok := row.(*T)
		return ok && is(r)
	}
}

// Always is a [Spec].StillBooks of all rows.
func Always(any) bool { return true }

// Hop is a step on the way from a row to the person whom it is about: the rows of Model that have the ids that are at hand, and of
// these the Column.
type Hop struct {
	Model  *Model
	Column string
}

// guard adds to statements that insert rows about persons, or change persons' own rows, one that refuses them when somebody is
// restricted. It comes last: by then the rows refer to the person, and a restriction that is just being made waits or is seen.
func (tx *Tx) guard(ctx context.Context, op string, statements []*Statement) ([]*Statement, error) {
	if tx.despite || tx.importing {
		return statements, nil
	}
	out := statements
	for _, st := range statements {
		m := st.Model
		column := m.Column(m.Subject)
		switch {
		case m.Subject == "self" && st.Verb == VerbUpdate:
			column = m.Column("id")
		case column == nil || column.Type == Text || m.PartOf != "" || st.Verb != VerbInsert: // what somebody did is noted; parts come with their root
			continue
		}
		var ids []uuid.UUID
		seen := map[uuid.UUID]bool{uuid.Nil: true}
		for _, row := range st.Rows {
			id := *field[uuid.UUID](row, column)
			if seen[id] || m.StillBooks != nil && m.StillBooks(row.Addr().Interface()) {
				continue
			}
			seen[id] = true
			ids = append(ids, id)
		}
		if len(ids) == 0 {
			continue
		}
		hops, leads, err := tx.hops(ctx, op, m)
		if err != nil {
			return nil, err
		}
		if !leads {
			continue
		}
		out = append(out[:len(out):len(out)], &Statement{Verb: VerbForbid, Model: tx.db.registry.Of(reflect.TypeFor[Restriction]()), Tenant: tx.scope.tenant,
			Conds: []Cond{{"id", OpIn, ids}}, Via: hops})
	}
	return out, nil
}

// hops is the way from a model's subject column to persons' own rows, empty when it leads there at once; false where it leads to who acted, whom no restriction
// keeps from that.
func (tx *Tx) hops(ctx context.Context, op string, m *Model) ([]Hop, bool, error) {
	paths, err := tx.Paths(ctx)
	if err != nil {
		return nil, false, tx.failed(op, err)
	}
	var way []Hop
	path := paths.Of(m)
	for path.How == LeadsOn && paths.Of(path.To).How != IsPerson {
		to := path.To
		if path = paths.Of(to); path.Column != nil {
			way = append(way, Hop{to, path.Column.Name})
		}
	}
	switch path.How {
	case IsPerson, LeadsOn, NamesPerson:
		return way, true, nil
	case NamesActor:
		return nil, false, nil
	case AboutNobody, ByItsParts, LeadsNowhere:
	}
	return nil, false, tx.failed(op, ErrCatalogue.New(op, "%s.%s leads to nobody: it needs a foreign key", m.Table, m.Subject))
}
