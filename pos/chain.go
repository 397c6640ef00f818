package pos

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Chain is what [Service.VerifyChain] found.
type Chain struct {
	Register string // its code
	Receipts int64
	// Signed is how many have a signature; Checked how many of those the signer has vouched for.
	Signed, Checked int64
	// Broken says what does not hold, at most five findings; none when all does.
	Broken []string
}

// chainPage is how many receipts are checked at a time.
const chainPage = 200

// VerifyChain computes the digests of all receipts of a register anew, in order, and holds the signatures against them where
// the signer can tell (see [Verifier]). A receipt that was changed, added, taken out or moved breaks the chain. It reads all
// receipts of the register, at flat memory.
//
// Permission: pos.read. Errors: tenancy.not_found.
func (s *Service) VerifyChain(ctx context.Context, registerID uuid.UUID) (Chain, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Chain, error) {
		register, err := tenancy.Get[Register](ctx, tx, registerID)
		if err != nil {
			return Chain{}, err
		}
		c := &chain{s: s, Chain: Chain{Register: register.Code}}
		for {
			more, err := c.page(ctx, tx, registerID)
			if err != nil {
				return Chain{}, err
			}
			if !more {
				break
			}
		}
		var drawers []drawer
		b := tx.Batch()
		tenancy.Load(b, &drawers, tenancy.Eq("register_id", registerID))
		if err := b.Run(ctx); err != nil {
			return Chain{}, err
		}
		if len(drawers) == 0 || drawers[0].Receipts != c.Receipts || drawers[0].Digest != c.digest || drawers[0].Signature != c.signature {
			c.breaks("the register's last receipt is not the end of the chain")
		}
		return c.Chain, nil
	})
}

// chain is a verification under way.
type chain struct {
	Chain
	s                 *Service
	digest, signature string // of the receipt before, as stored
}

func (c *chain) breaks(format string, args ...any) {
	if len(c.Broken) < maxShown {
		c.Broken = append(c.Broken, fmt.Sprintf(format, args...))
	}
}

// page checks the next receipts, and says whether there may be more.
func (c *chain) page(ctx context.Context, tx *tenancy.Tx, register uuid.UUID) (more bool, err error) {
	found, err := tenancy.Find[Ticket](ctx, tx, tenancy.Eq("register_id", register), tenancy.Ge("receipt_no", 1), tenancy.Gt("receipt_no", c.Receipts),
		tenancy.OrderBy("receipt_no"), tenancy.Limit(chainPage))
	if err != nil || len(found) == 0 {
		return false, err
	}
	tickets := make([]*Ticket, len(found))
	for i := range found {
		tickets[i] = &found[i]
	}
	if err := complete(ctx, tx, tickets); err != nil {
		return false, err
	}
	origins, err := originNumbers(ctx, tx, tickets)
	if err != nil {
		return false, err
	}
	for _, t := range tickets {
		c.check(ctx, t, origins[t.OriginID])
	}
	return len(found) == chainPage, nil
}

// check holds one receipt against the one before.
func (c *chain) check(ctx context.Context, t *Ticket, origin string) {
	if t.ReceiptNo != c.Receipts+1 {
		c.breaks("%s is receipt %d of the register, after %d", t.Number, t.ReceiptNo, c.Receipts)
	}
	receipt := t.receipt(c.Register, origin)
	receipt.follow(c.digest, c.signature)
	if receipt.Digest != t.Digest {
		c.breaks("%s: its digest is not of its figures and of the receipt before", t.Number)
	}
	if t.Signature != "" {
		c.Signed++
		if v, ok := c.s.signer.(Verifier); ok {
			c.Checked++
			if err := v.Verify(ctx, receipt, Signature{Signer: t.Signer, Text: t.Signature}); err != nil {
				c.breaks("%s: %v", t.Number, err)
			}
		}
	}
	c.Receipts, c.digest, c.signature = t.ReceiptNo, t.Digest, t.Signature
}

// receipt is a stored ticket as it was signed, before it has its place in the chain.
func (t *Ticket) receipt(register, origin string) Receipt {
	lines, payments := make([]*Line, len(t.Lines)), make([]*Payment, len(t.Payments))
	for i := range t.Lines {
		lines[i] = &t.Lines[i]
	}
	for i := range t.Payments {
		payments[i] = &t.Payments[i]
	}
	return newReceipt(t, lines, payments, register, origin)
}

// originNumbers are the numbers of the sales that tickets take back, by id.
func originNumbers(ctx context.Context, tx *tenancy.Tx, tickets []*Ticket) (map[uuid.UUID]string, error) {
	var ids []uuid.UUID
	for _, t := range tickets {
		if t.OriginID != uuid.Nil {
			ids = append(ids, t.OriginID)
		}
	}
	out := map[uuid.UUID]string{}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := tenancy.Find[Ticket](ctx, tx, tenancy.In("id", ids))
	for _, t := range found {
		out[t.ID] = t.Number
	}
	return out, err
}
