// Package control lets the rooms beside tenancy (access, audit) reach the control database, which tenancy hands to nobody
// else: domains and hosts cannot import it.
package control

import (
	"time"

	"github.com/uptrace/bun"
)

// Control is the control database of a *tenancy.DB: the platform's own records, under a login of their own.
type Control struct {
	DB *bun.DB
	// Table is the quoted name of "erp_control.name" on the engine.
	Table func(name string) string
	// Now is the database's clock, in UTC and whole microseconds.
	Now func() time.Time
	// Fault turns a driver's error into a fault.
	Fault func(op string, err error) error
}

// Of gives the control database of a *tenancy.DB. Package tenancy sets it.
var Of func(db any) Control
