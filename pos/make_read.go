package pos

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
)

// read locks the register, then the sales that are taken back in the order of their ids, and asks for all that the batch is
// about.
func (m *making) read(ctx context.Context) error {
	references := make([]string, len(m.drafts))
	wanted := map[uuid.UUID]bool{}
	for i, d := range m.drafts {
		references[i] = d.reference
		if d.origin != uuid.Nil {
			wanted[d.origin] = true
		}
	}
	var drawers []drawer
	var sessions []Session
	var known, sales []Ticket
	var lines []Line
	var payments []Payment
	var texts []TicketText
	q := m.tx.Batch()
	tenancy.Load(q, &drawers, tenancy.Eq("session_id", m.drafts[0].session), tenancy.ForUpdate())
	tenancy.Load(q, &sessions, tenancy.Eq("id", m.drafts[0].session))
	tenancy.Load(q, &known, tenancy.In("reference", references))
	if ids := slices.Collect(maps.Keys(wanted)); len(ids) > 0 {
		tenancy.Load(q, &sales, tenancy.In("id", ids), tenancy.ForUpdate())
		tenancy.Load(q, &lines, tenancy.In("ticket_id", ids), tenancy.OrderBy("ticket_id", "line_no"))
		tenancy.Load(q, &payments, tenancy.In("ticket_id", ids), tenancy.OrderBy("ticket_id", "line_no"))
		tenancy.Load(q, &texts, tenancy.In("ticket_id", ids))
	}
	if err := q.Run(ctx); err != nil {
		return err
	}
	m.tickets = make(map[string]*Ticket, len(known))
	for i := range known {
		m.tickets[known[i].Reference] = &known[i]
	}
	if err := m.sortOut(); err != nil || len(m.fresh) == 0 {
		return err
	}
	var err error
	if m.drawer, m.session, err = usable(m.op, m.tx, drawers, sessions); err != nil {
		return err
	}
	m.gather(sales, lines, payments, texts)
	return m.readMaster(ctx)
}

// sortOut tells the new from what was made before.
func (m *making) sortOut() error {
	for _, d := range m.drafts {
		switch old := m.tickets[d.reference]; {
		case old == nil && d.replayOf == nil:
			m.fresh = append(m.fresh, d)
		case old != nil && old.Fingerprint != d.fingerprint:
			return ErrReferenceTaken.New(m.op, "%s was made before with other content", d.what)
		}
	}
	return nil
}

// usable is the session and its locked drawer, if it still sells. Errors: tenancy.not_found, pos.session_closed,
// pos.session_expired.
func usable(op string, tx *tenancy.Tx, drawers []drawer, sessions []Session) (*drawer, Session, error) {
	switch {
	case len(sessions) == 0:
		return nil, Session{}, tenancy.ErrNotFound.New(op, "there is no such session")
	case len(drawers) == 0 || sessions[0].State == SessionClosed:
		return nil, Session{}, ErrSessionClosed.New(op, "the session of %s is closed", sessions[0].BusinessDate)
	case sessions[0].State != SessionOpen || !tx.Now().Before(sessions[0].ExpiresAt):
		return nil, Session{}, ErrSessionExpired.New(op, "the session of %s expired at %s: close it and open another", sessions[0].BusinessDate,
			sessions[0].ExpiresAt.In(tx.Scope().Zone()).Format("2006-01-02 15:04"))
	}
	return &drawers[0], sessions[0], nil
}

// gather puts the sales that are taken back together.
func (m *making) gather(sales []Ticket, lines []Line, payments []Payment, texts []TicketText) {
	m.origins = make(map[uuid.UUID]*origin, len(sales))
	for _, t := range sales {
		m.origins[t.ID] = &origin{Ticket: t, lines: map[int64]*Line{}, changed: map[int64]*Line{}}
	}
	for i := range lines {
		m.origins[lines[i].TicketID].lines[lines[i].LineNo] = &lines[i]
	}
	for _, p := range payments {
		o := m.origins[p.TicketID]
		o.payments = append(o.payments, p)
	}
	for _, t := range texts {
		m.origins[t.TicketID].texts = listed(t.LineTexts)
	}
}

// listed reads a stored list of texts; none where it was erased.
func listed(text string) []string {
	var out []string
	if json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

// readMaster asks for the register, the books and the products.
func (m *making) readMaster(ctx context.Context) error {
	var registers []Register
	q := m.tx.Batch()
	tenancy.Load(q, &registers, tenancy.Eq("id", m.session.RegisterID))
	if err := q.Run(ctx); err != nil {
		return err
	}
	m.register = registers[0]
	books, err := m.s.books.GetBooks(ctx)
	if err != nil {
		return err
	}
	m.currency = books.Currency
	taxes, err := m.s.books.ListTaxes(ctx)
	if err != nil {
		return err
	}
	m.taxes = make(map[string]accounting.Tax, len(taxes))
	for _, t := range taxes {
		if t.Active {
			m.taxes[t.Code] = t
		}
	}
	products := map[uuid.UUID]bool{}
	for _, d := range m.fresh {
		for _, l := range d.lines {
			if l.ProductID != uuid.Nil {
				products[l.ProductID] = true
			}
		}
	}
	m.products = map[uuid.UUID]inventory.Product{}
	if len(products) > 0 {
		if m.products, err = m.s.stock.ProductsByID(ctx, slices.Collect(maps.Keys(products))); err != nil {
			return err
		}
	}
	return m.readDimensions(ctx)
}

// isGoods reports whether a product has stock.
func (m *making) isGoods(product uuid.UUID) bool {
	return product != uuid.Nil && m.products[product].Kind == inventory.Goods
}
