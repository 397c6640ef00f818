package accounting

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/date"
)

// CreateTaxRules adds rules that say which tax a supply bears, all or none.
//
// Permission: accounting.setup. Errors: accounting.bad_input, accounting.too_many, accounting.books_not_open,
// accounting.unknown_tax.
func (s *Service) CreateTaxRules(ctx context.Context, in []NewTaxRule) ([]TaxRule, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) ([]TaxRule, error) {
		const op = "accounting.CreateTaxRules"
		if err := checkBatch(op, "rules", len(in)); err != nil {
			return nil, err
		}
		set, err := s.setup(ctx, tx, op, nil)
		if err != nil {
			return nil, err
		}
		rules := make([]TaxRule, len(in))
		for i := range in {
			r, where := &in[i], fmt.Sprintf("rule %d: ", i+1)
			if err := checkInput(op, where, r); err != nil {
				return nil, err
			}
			if !r.ValidUntil.IsZero() && r.ValidUntil.Before(r.ValidFrom) {
				return nil, ErrBadInput.New(op, "%sValidUntil is before ValidFrom", where)
			}
			t, err := set.tax(op, where, r.TaxCode)
			if err != nil {
				return nil, err
			}
			rules[i] = TaxRule{Row: tenancy.Row{TenantID: tx.Scope().TenantID(), ID: tenancy.NewID()}, Name: r.Name, Rank: r.Rank, ValidFrom: r.ValidFrom,
				ValidUntil: r.ValidUntil, Trade: r.Trade, Establishment: r.Establishment, Place: r.Place, Status: r.Status, Nature: r.Nature,
				Category: r.Category, TaxID: t.ID, Source: r.Source}
		}
		b := tx.Batch()
		tenancy.Put(b, pointers(rules))
		return rules, b.Run(ctx)
	})
}

// EndTaxRule gives a rule its last day. What was determined by it stands.
//
// Permission: accounting.setup. Errors: accounting.bad_input (until is before the rule's first day), tenancy.not_found.
func (s *Service) EndTaxRule(ctx context.Context, id uuid.UUID, until date.Date) (TaxRule, error) {
	return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (TaxRule, error) {
		r, err := tenancy.Lock[TaxRule](ctx, tx, id)
		if err != nil {
			return TaxRule{}, err
		}
		if until.Before(r.ValidFrom) {
			return TaxRule{}, ErrBadInput.New("accounting.EndTaxRule", "the rule is valid from %s", r.ValidFrom)
		}
		r.ValidUntil = until
		return done(r, tenancy.Update(ctx, tx, r, "valid_until"))
	})
}

// ListTaxRules gives all rules in the order in which they are asked.
//
// Permission: accounting.read.
func (s *Service) ListTaxRules(ctx context.Context) ([]TaxRule, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) ([]TaxRule, error) {
		return tenancy.Find[TaxRule](ctx, tx, tenancy.OrderBy("rank", "id"))
	})
}

// DetermineTax says which tax a supply bears, by the tenant's rules, and which of them decided and why. It changes nothing. What
// no rule covers is refused, and so is by name what this library does not do: margin schemes, one-stop-shop returns,
// triangulation, flat-rate schemes, sales tax of the United States, and supplies in territories that belong to a member
// state and not, or not altogether, to its tax territory.
//
// Permission: accounting.read. Errors: accounting.bad_input, accounting.books_not_open, accounting.tax_unsupported,
// accounting.no_tax_rule, accounting.tax_rules_differ, accounting.unknown_tax (the rule's tax is not in use),
// accounting.no_tax_rate.
func (s *Service) DetermineTax(ctx context.Context, in TaxQuestion) (TaxDetermination, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (TaxDetermination, error) {
		const op = "accounting.DetermineTax"
		if err := checkInput(op, "", in); err != nil {
			return TaxDetermination{}, err
		}
		var rules []TaxRule
		set, err := s.setup(ctx, tx, op, func(b *tenancy.Batch) { tenancy.Load(b, &rules, tenancy.OrderBy("rank", "id")) })
		if err != nil {
			return TaxDetermination{}, err
		}
		if in.Establishment == "" {
			in.Establishment = set.books.Country
		}
		if in.Establishment == "" {
			return TaxDetermination{}, ErrBadInput.New(op, "Establishment is needed: the books have no country")
		}
		rule, err := decide(op, rules, &in)
		if err != nil {
			return TaxDetermination{}, err
		}
		tax := set.taxByID(rule.TaxID)
		t, err := set.taxing(op, "rule "+rule.Name+": ", tax.Code, in.Date, false)
		if err != nil {
			return TaxDetermination{}, err
		}
		return TaxDetermination{TaxCode: tax.Code, Kind: tax.Kind, Rate: t.within, Rule: *rule, Why: rule.why(&in)}, nil
	})
}

// decide finds the rule that decides. The rules are in order.
func decide(op string, rules []TaxRule, in *TaxQuestion) (*TaxRule, error) {
	if err := in.unsupported(op, rules); err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rules, func(r TaxRule) bool { return r.covers(in) })
	if i < 0 {
		return nil, ErrNoTaxRule.New(op, "no rule covers a %s of %s on %s by a business in %s, supplied in %s, the other side a %s", in.Trade, in.what(), in.Date,
			in.Establishment, in.Place, in.Status)
	}
	for j := i + 1; j < len(rules) && rules[j].Rank == rules[i].Rank; j++ {
		if rules[j].TaxID != rules[i].TaxID && rules[j].covers(in) {
			return nil, ErrTaxRulesDiffer.New(op, "%q and %q are both of rank %d", rules[i].Name, rules[j].Name, rules[i].Rank)
		}
	}
	return &rules[i], nil
}

func (in *TaxQuestion) what() string {
	if in.Category == "" {
		return string(in.Nature)
	}
	return string(in.Nature) + " (" + in.Category + ")"
}

// unsupported names what falls under a scheme that is not done.
func (in *TaxQuestion) unsupported(op string, rules []TaxRule) error {
	names := map[TaxScheme]string{SchemeMargin: "margin schemes", SchemeOneStopShop: "one-stop-shop returns", SchemeTriangulation: "triangulation",
		SchemeUSSalesTax: "sales tax of the United States (nexus and sourcing)", SchemeFlatRate: "flat-rate schemes"}
	scheme := in.Scheme
	switch {
	case in.Establishment == "US" && in.Place == "US":
		scheme = SchemeUSSalesTax
	case in.Trade == Sale && in.Status == StatusConsumer && in.abroadInEU() && !slices.ContainsFunc(rules, func(r TaxRule) bool { return r.Place == in.Place && r.covers(in) }):
		// Above the threshold of Art. 59c the tax is the other state's, and whether it is reached is not known here. A rule
		// that names the country says that the business is registered there.
		scheme = SchemeOneStopShop
	}
	if scheme != "" {
		return ErrTaxUnsupported.New(op, "%s are not supported", names[scheme])
	}
	for _, country := range []string{in.Place, in.Establishment} {
		if territory, ok := oddTerritories[country]; ok {
			return ErrTaxUnsupported.New(op, "supplies in %s are not supported", territory)
		}
	}
	return nil
}

// oddTerritories have country codes of their own and are in the tax territory of the European Union in part or by exception.
var oddTerritories = map[string]string{
	"XI": "Northern Ireland under the Windsor Framework", "MC": "Monaco, which is treated as France (Directive 2006/112/EC, Art. 7)",
	"IM": "the Isle of Man, which is treated as the United Kingdom", "AX": "the Åland Islands (Art. 6)", "IC": "the Canary Islands (Art. 6)",
	"EA": "Ceuta and Melilla (Art. 6)", "GF": "French Guiana (Art. 6)", "GP": "Guadeloupe (Art. 6)", "MQ": "Martinique (Art. 6)", "RE": "Réunion (Art. 6)",
}

// covers reports whether all that a rule states is so.
func (r *TaxRule) covers(in *TaxQuestion) bool {
	return !in.Date.Before(r.ValidFrom) && (r.ValidUntil.IsZero() || !r.ValidUntil.Before(in.Date)) &&
		(r.Trade == "" || r.Trade == in.Trade) && (r.Establishment == "" || r.Establishment == in.Establishment) &&
		(r.Status == "" || r.Status == in.Status) && (r.Nature == "" || r.Nature == in.Nature) && (r.Category == "" || r.Category == in.Category) && r.isAt(in)
}

func (r *TaxRule) isAt(in *TaxQuestion) bool {
	switch r.Place {
	case "":
		return true
	case PlaceDomestic:
		return in.Place == in.Establishment
	case PlaceEU:
		return in.abroadInEU()
	case PlaceAbroad:
		return in.Place != in.Establishment && !in.abroadInEU()
	}
	return r.Place == in.Place
}

// abroadInEU reports whether establishment and supply are in two member states.
func (in *TaxQuestion) abroadInEU() bool {
	return in.Place != in.Establishment && memberState(in.Place, in.Date) && memberState(in.Establishment, in.Date)
}

// why tells which rule decided.
func (r *TaxRule) why(in *TaxQuestion) string {
	var so []string
	for _, p := range [][2]string{{string(r.Trade), "a " + string(in.Trade)}, {r.Establishment, "established in " + in.Establishment},
		{r.Place, "supplied in " + in.Place + placed(r.Place)}, {string(r.Status), "the other side is a " + string(in.Status)},
		{string(r.Nature), string(in.Nature)}, {r.Category, in.Category}} {
		if p[0] != "" {
			so = append(so, p[1])
		}
	}
	if len(so) == 0 {
		so = []string{"it covers every supply"}
	}
	return fmt.Sprintf("rule %d %q, from %s: %s; %s", r.Rank, r.Name, r.ValidFrom, strings.Join(so, ", "), r.Source)
}

func placed(place string) string {
	switch place {
	case PlaceDomestic, PlaceEU, PlaceAbroad:
		return " (" + place + ")"
	}
	return ""
}
