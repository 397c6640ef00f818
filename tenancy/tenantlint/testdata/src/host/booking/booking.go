package booking // want package:"."

import (
	"context"

	"github.com/opsmatiq/erp/sales"
)

type Booker struct{ Sales *sales.Service }

func (b *Booker) Book(what string, ctx context.Context) error { // want Book:`&{\[1\] \[1\]}`
	_, err := b.Sales.Sell(ctx, what)
	return err
}

func Nothing(ctx context.Context) error { return ctx.Err() }
