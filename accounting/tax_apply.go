package accounting

import (
	"slices"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/opsmatiq/erp/accounting/money"
	"github.com/opsmatiq/erp/tenancy/date"
)

// taxing is what a tax code comes to on a tax point: one tax, or the components of a group, in order.
type taxing struct {
	code  *Tax
	parts []taxPart
	// within is what a price including tax holds of it, in percent of the net amount: the shares of all that is charged.
	within decimal.Decimal
}

// taxPart is one tax with its rate.
type taxPart struct {
	tax  *Tax
	rate decimal.Decimal
	// share is what the tax comes to in percent of the net amount: the rate, and the rate on the components before it.
	share decimal.Decimal
}

type taxingKey struct {
	code    string
	on      date.Date
	retired bool
}

// taxing finds what a code comes to on a day. retired lets a document that corrects another name a tax that is out of use.
// Errors: accounting.unknown_tax, accounting.no_tax_rate.
func (set *setup) taxing(op, where, code string, on date.Date, retired bool) (*taxing, error) {
	key := taxingKey{code, on, retired}
	if t := set.taxings[key]; t != nil {
		return t, nil
	}
	i := slices.IndexFunc(set.taxes, func(t Tax) bool { return t.Code == code && (t.Active || retired) })
	if i < 0 {
		return nil, ErrUnknownTax.New(op, "%sthere is no tax %s", where, code)
	}
	tax := &set.taxes[i]
	t := &taxing{code: tax}
	components := tax.Components
	if tax.Kind != TaxGroup {
		components = []TaxComponent{{TaxID: tax.ID}}
	}
	for _, c := range components {
		member := set.taxByID(c.TaxID)
		rate, ok := member.RateOn(on)
		if !ok {
			return nil, ErrNoTaxRate.New(op, "%s%s has no rate on %s: its first one is valid from %s", where, member.Code, on, member.Rates[0].ValidFrom)
		}
		share := rate
		if c.OnEarlier {
			share = rate.Mul(hundred.Add(t.within)).Shift(-2)
		}
		if member.Kind.charged() {
			t.within = t.within.Add(share)
		}
		t.parts = append(t.parts, taxPart{member, rate, share})
	}
	set.taxings[key] = t
	return t, nil
}

// TaxRounding says how the tax of a document is rounded, half up (away from zero) to the minor unit.
type TaxRounding string

// The ways to round.
const (
	// RoundPerLine rounds the tax of each line. The document's tax is their sum, so nothing is left over.
	RoundPerLine TaxRounding = "line"
	// RoundPerDocument rounds once per tax and rate. What the lines' rounded taxes differ by is the document's TaxResidual. Where
	// prices exclude tax, the residual is a part of the tax and of what is to be paid. Where they include it, what is to be paid
	// stands, so the opposite is booked to [RoleRounding] and is the document's Rounding.
	RoundPerDocument TaxRounding = "document"
)

// documentTaxes are the taxes of one document.
type documentTaxes struct {
	trade    Trade
	included bool
	rounding TaxRounding
	worth    *valuer    // in base
	dims     Dimensions // the document's
	sums     []taxSum
	// dueNow is set where there is no payment to wait for: what is settled at once, or comes to nothing.
	dueNow bool
	// entered is the entry's day and supplied the tax point; advance is set where the supply is paid before (see waits).
	entered, supplied date.Date
	advance           bool
	// residue takes what rounding leaves over. Default [RoleRounding].
	residue AccountRef
	// stood is what taxes stand in the books at, by tax, where that is not the document's rate (see taxStanding). open is what is open of
	// the prepayment that the document credits.
	stood map[uuid.UUID]*taxStanding
	open  int64
	// vendor is the tax that the vendor states, by code.
	vendor map[string]int64
}

// taxSum is one tax at one rate on all the lines that it bears on, in minor units.
type taxSum struct {
	part   *taxPart
	within decimal.Decimal // that prices include, in percent
	base   int64           // what the tax is computed on; rounding to [RoleRounding] is taken off where it is this tax's alone
	stated int64           // the lines' amounts as they are stated: net, or with tax included
	lines  int64           // the sum of the lines' rounded taxes
	tax    int64           // of the document
	cost   int64           // of a purchase's tax: what cannot be claimed
	spread int64           // the part of cost that went to the lines' accounts
	varies int64           // what the vendor states more than we compute
	supply uuid.UUID       // what the lines are analysed by; mixed is set where they differ
	mixed  bool

	inBase, claimInBase int64 // tax, and tax less cost, each converted once (see convert)
	netInBase           int64 // base
}

// lineTax is what a line comes to.
type lineTax struct {
	net  money.Amount
	tax  money.Amount // charged
	cost int64        // tax that cannot be claimed and goes where the line goes
}

// line adds a line to the document. stated is its amount, with or without tax as the document declares, and supply what it is analysed by.
func (d *documentTaxes) line(t *taxing, stated money.Amount, supply uuid.UUID) (out lineTax, err error) {
	out.tax = money.Zero(stated.Currency)
	taxes := make([]int64, len(t.parts))
	for i := range t.parts {
		p := &t.parts[i]
		a, err := d.share(p, t.within, stated.Minor, stated.Currency)
		if err != nil {
			return out, err
		}
		taxes[i] = a
		if p.tax.Kind.charged() {
			out.tax.Minor += a
		}
	}
	out.net = stated
	if d.included {
		out.net.Minor -= out.tax.Minor
	}
	earlier := int64(0)
	for i := range t.parts {
		p := &t.parts[i]
		s := d.sum(p, t.within, supply)
		s.mixed = s.mixed || s.supply != supply
		s.base += out.net.Minor
		if !p.share.Equal(p.rate) {
			s.base += earlier // a tax on taxes
		}
		s.stated += stated.Minor
		s.lines += taxes[i]
		if d.trade == Purchase && p.tax.Kind != TaxWithholding {
			cost := taxes[i] - percentOf(taxes[i], p.tax.Recoverable)
			s.spread += cost
			out.cost += cost
		}
		if p.tax.Kind.charged() {
			earlier += taxes[i]
		}
	}
	return out, nil
}

// share is a tax on a stated amount, rounded once. A seller charges nothing where the buyer owes the tax.
func (d *documentTaxes) share(p *taxPart, within decimal.Decimal, stated int64, cur money.Currency) (int64, error) {
	if p.share.IsZero() || d.trade == Sale && p.tax.Kind.selfAssessed() {
		return 0, nil
	}
	exact := decimal.NewFromInt(stated).Mul(p.share)
	if d.included {
		// A quotient of more digits than any amount has; half a minor unit is met exactly, since there it ends.
		exact = exact.DivRound(hundred.Add(within), quotientDigits)
	} else {
		exact = exact.Shift(-2)
	}
	return rounded(exact, cur)
}

// quotientDigits is how exactly tax is divided out of a price before it is rounded.
const quotientDigits = 30

// rounded is a number of minor units, rounded half up (away from zero).
func rounded(exact decimal.Decimal, cur money.Currency) (int64, error) {
	whole := exact.Round(0)
	if !whole.BigInt().IsInt64() {
		return 0, money.ErrOverflow.New("accounting.tax", "the tax in %s is larger than the books hold", cur)
	}
	return whole.IntPart(), nil
}

// percentOf is a part of an amount in minor units, rounded half up.
func percentOf(minor int64, percent decimal.Decimal) int64 {
	if percent.Equal(hundred) {
		return minor
	}
	return decimal.NewFromInt(minor).Mul(percent).Shift(-2).Round(0).IntPart()
}

// sum finds the sum that a part belongs to; supply is what its first line is analysed by. Documents bear few taxes, so a walk beats a map.
func (d *documentTaxes) sum(p *taxPart, within decimal.Decimal, supply uuid.UUID) *taxSum {
	for i := range d.sums {
		if s := &d.sums[i]; s.part.tax == p.tax && s.part.share.Equal(p.share) && s.within.Equal(within) {
			return s
		}
	}
	d.sums = append(d.sums, taxSum{part: p, within: within, supply: supply})
	return &d.sums[len(d.sums)-1]
}

// documentTax is what all taxes of a document come to, in minor units.
type documentTax struct {
	charged  int64 // added to the net amount
	withheld int64 // kept back from what is paid
	residual int64 // what charged is more than the sum of the lines' rounded taxes
}

// finish rounds as the document declares.
func (d *documentTaxes) finish(cur money.Currency) (out documentTax, err error) {
	for i := range d.sums {
		s := &d.sums[i]
		s.tax, s.cost = s.lines, s.spread
		if d.rounding == RoundPerDocument {
			if s.tax, err = d.share(s.part, s.within, s.stated, cur); err != nil {
				return out, err
			}
			if d.trade == Purchase && s.part.tax.Kind != TaxWithholding {
				s.cost = s.tax - percentOf(s.tax, s.part.tax.Recoverable)
			}
		}
		d.takeStated(s)
		switch {
		case s.part.tax.Kind.charged():
			if d.included && s.within.Equal(s.part.share) {
				s.base -= s.tax - s.lines // so that base and tax are together what is paid
			}
			out.charged += s.tax
			out.residual += s.tax - s.lines
		case s.part.tax.Kind == TaxWithholding:
			out.withheld += s.tax
		}
	}
	return out, nil
}

// inBase is what the taxes come to in base: charged, and withheld.
func (d *documentTaxes) inBase() (charged, withheld int64) {
	for i := range d.sums {
		s := &d.sums[i]
		switch {
		case s.part.tax.Kind.charged():
			charged += s.inBase
		case s.part.tax.Kind == TaxWithholding:
			withheld += s.inBase
		}
	}
	return charged, withheld
}

// owed is where a tax stands when it is owed, claim where it is claimed; on accounts of their own while it waits.
func (set *setup) taxPlaces(op, where string, t *Tax, waits bool) (owed, claim uuid.UUID, err error) {
	owed, claim = t.AccountID, t.ClaimID
	if waits {
		o, err := set.ordinary(op, where, ByRole(RoleTaxNotDue))
		if err != nil {
			return owed, claim, err
		}
		c, err := set.ordinary(op, where, ByRole(RoleInputTaxNotDue))
		if err != nil {
			return owed, claim, err
		}
		owed, claim = o.ID, c.ID
	}
	for _, id := range []uuid.UUID{owed, claim} {
		if _, err := set.ordinary(op, where, ByID(id)); err != nil {
			return owed, claim, err
		}
	}
	return owed, claim, nil
}

// parts adds what goes to tax accounts, and to [RoleRounding], to the parts of the entry: of a sale what is credited, of a
// purchase what is debited. In a foreign currency each tax is a part of its own, for it is converted once.
func (d *documentTaxes) parts(op, where string, set *setup, dims *dimensionBook, parts *[]partSum, residual int64) error {
	var rounding int64
	add := func(account uuid.UUID, minor, base int64) error {
		of, err := dims.whole(where, set.byID[account], d.dims)
		if err == nil && d.worth.foreign() {
			*parts = append(*parts, partSum{account, of, minor, base})
		} else if err == nil {
			addPart(parts, account, of, minor)
		}
		return err
	}
	for i := range d.sums {
		s := &d.sums[i]
		waits, _ := d.waits(s.part.tax)
		owed, claim, err := set.taxPlaces(op, where, s.part.tax, waits)
		if err != nil {
			return err
		}
		kind := s.part.tax.Kind
		switch {
		case s.tax == 0 && s.spread == 0:
		case d.trade == Sale && kind.charged():
			err = add(owed, s.tax, s.inBase)
		case d.trade == Sale:
			err = add(claim, -s.tax, -s.inBase) // withheld by the customer, claimed from the state
		case kind == TaxWithholding:
			err = add(owed, -s.tax, -s.inBase)
		default:
			rounding += s.cost - s.spread
			if err = add(claim, s.tax-s.cost, s.claimInBase); err == nil && kind.selfAssessed() {
				err = add(owed, -s.tax, -s.inBase)
			}
		}
		if err != nil {
			return err
		}
	}
	if d.included {
		rounding -= residual
	}
	if rounding == 0 {
		return nil
	}
	a, err := set.ordinary(op, where, d.residue.orDefault(RoleRounding))
	if err != nil {
		return err
	}
	base, err := d.worth.of(rounding)
	if err != nil {
		return err
	}
	return add(a.ID, rounding, base)
}
