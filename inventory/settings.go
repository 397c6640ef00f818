package inventory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/opsmatiq/erp/tenancy"
)

// Method is how the cost of what leaves is found. A tenant chooses one, once, in [Service.Configure].
type Method string

// The valuation methods (IAS 2.25 and FRS 102 13.18 allow these two).
const (
	// Average is the moving average: everything on hand of a product in a warehouse is one layer.
	Average Method = "average"
	// FIFO is first in, first out: every receipt and return is a layer, and the oldest is used first.
	FIFO Method = "fifo"
)

// Settings are a tenant's choices about stock. They are made once, by [Service.Configure], and stay.
type Settings struct {
	tenancy.Owned
	Method Method `bun:"method,notnull" privacy:"none"`
	// DefaultWarehouseID is where goods go when a document names no warehouse.
	DefaultWarehouseID uuid.UUID `bun:"default_warehouse_id,notnull"`
	ChosenAt           time.Time `bun:"chosen_at,notnull"`
}

// NewSettings is the input of [Service.Configure].
type NewSettings struct {
	Method Method `validate:"required,oneof=average fifo"`
}

// The warehouse that Configure creates.
const (
	defaultWarehouseCode = "MAIN"
	defaultWarehouseName = "Main warehouse"
)

// Configure chooses the valuation method, before anything is booked, and makes the default warehouse (code MAIN) if there is none. Calling
// it again with the same method changes nothing; another method is refused, since layers of one mean nothing to the other.
//
// From then on the ledger's stock account is the control account of goods: only their movements are booked to it
// ([accounting.Service.KeepStock]). What the books brought along of stock comes in by receipts, against opening equity.
//
// Permission: inventory.setup. Errors: inventory.bad_input, inventory.method_fixed, accounting.books_not_open, accounting.stock_balance (the
// account holds something: it is booked to another account first, and the goods are received against that one).
func (s *Service) Configure(ctx context.Context, in NewSettings) (Settings, error) {
	const op = "inventory.Configure"
	return againstRivals(func() (Settings, error) {
		return tenancy.Act(ctx, s.db, PermSetup, func(ctx context.Context, tx *tenancy.Tx) (Settings, error) {
			if err := checkInput(op, "settings", in); err != nil {
				return Settings{}, err
			}
			known, err := tenancy.Find[Settings](ctx, tx)
			if err != nil {
				return Settings{}, err
			}
			if len(known) > 0 {
				if known[0].Method != in.Method {
					return Settings{}, ErrMethodFixed.New(op, "the method is %s and stays so; asked for %s", known[0].Method, in.Method)
				}
				return known[0], nil
			}
			main, err := defaultWarehouse(ctx, tx)
			if err != nil {
				return Settings{}, err
			}
			chosen := &Settings{Method: in.Method, DefaultWarehouseID: main.ID, ChosenAt: tx.Now()}
			if err := tenancy.Insert(ctx, tx, chosen); err != nil {
				return Settings{}, err
			}
			tx.Forget(settingsMemo)
			_, err = s.books.KeepStock(ctx)
			return *chosen, err
		})
	})
}

// defaultWarehouse is the one with the code MAIN, made when there is none.
func defaultWarehouse(ctx context.Context, tx *tenancy.Tx) (*Warehouse, error) {
	known, err := tenancy.Find[Warehouse](ctx, tx, tenancy.Eq("code", defaultWarehouseCode))
	if err != nil {
		return nil, err
	}
	if len(known) > 0 {
		return &known[0], nil
	}
	w := &Warehouse{Code: defaultWarehouseCode, Name: defaultWarehouseName, CreatedAt: tx.Now()}
	return w, tenancy.Insert(ctx, tx, w)
}

// Settings reads the tenant's choices. Permission: inventory.read. Errors: inventory.not_configured.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	return tenancy.View(ctx, s.db, PermRead, func(ctx context.Context, tx *tenancy.Tx) (Settings, error) {
		return settings(ctx, tx, "inventory.Settings")
	})
}

const settingsMemo = "inventory.settings"

// choices are the settings, none before there are any, and the warehouses that have dimensions of their own.
type choices struct {
	settings   []Settings
	warehouses []Warehouse
}

// chosen are read once a transaction.
func chosen(ctx context.Context, tx *tenancy.Tx) (*choices, error) {
	return tenancy.Memo(tx, settingsMemo, func() (*choices, error) {
		c := new(choices)
		b := tx.Batch()
		tenancy.Load(b, &c.settings)
		tenancy.Load(b, &c.warehouses, tenancy.Ne("dimension_set_id", uuid.Nil)) // none is NULL, and equals nothing
		return c, b.Run(ctx)
	})
}

func settings(ctx context.Context, tx *tenancy.Tx, op string) (Settings, error) {
	c, err := chosen(ctx, tx)
	if err != nil {
		return Settings{}, err
	}
	if len(c.settings) == 0 {
		return Settings{}, ErrNotConfigured.New(op, "")
	}
	return c.settings[0], nil
}
