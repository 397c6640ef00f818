package inventory

import "github.com/opsmatiq/erp/tenancy/fault"

// The refusals of this package. Whatever is refused has changed nothing: a batch is booked whole or not at all.
var (
	// ErrBadInput: a field is missing, too long, negative, or does not go with the kind of document.
	ErrBadInput = fault.Define(fault.Invalid, "inventory.bad_input", "the input is not usable")
	// ErrTooMany: a batch is larger than one act takes.
	ErrTooMany = fault.Define(fault.Invalid, "inventory.too_many", "this is more than one act takes; split it")
	// ErrNotGoods: a service stands on a stock document. Services have no stock.
	ErrNotGoods = fault.Define(fault.Invalid, "inventory.not_goods", "a service cannot be stocked")
	// ErrUnknownProduct: no product of this tenant has the id.
	ErrUnknownProduct = fault.Define(fault.NotFound, "inventory.unknown_product", "there is no such product")
	// ErrUnknownWarehouse: no warehouse of this tenant has the id.
	ErrUnknownWarehouse = fault.Define(fault.NotFound, "inventory.unknown_warehouse", "there is no such warehouse")
	// ErrUnknownOrigin: a return names an issue, or a return to a vendor or a revaluation a receipt, that does not exist, is of
	// another product, or is something else.
	ErrUnknownOrigin = fault.Define(fault.NotFound, "inventory.unknown_origin", "there is no such issue or receipt to return from")
	// ErrUnknownReservation: no reservation of this tenant has the id, or it is of another product or warehouse.
	ErrUnknownReservation = fault.Define(fault.NotFound, "inventory.unknown_reservation", "there is no such reservation")
	// ErrInsufficientStock: more would leave a warehouse than it holds, or than it holds for nobody else.
	ErrInsufficientStock = fault.Define(fault.Conflict, "inventory.insufficient_stock", "there is not enough stock")
	// ErrOverReturn: more would come back than the original issue took out, less what has come back already; or more would go
	// back to the vendor than the receipt brought, less what has gone back already.
	ErrOverReturn = fault.Define(fault.Conflict, "inventory.over_return", "more would be returned than was issued or received")
	// ErrCostUnknown: goods come in without an original issue or a stated cost, and none are on hand to take an average of.
	ErrCostUnknown = fault.Define(fault.Conflict, "inventory.cost_unknown", "the cost is not stated and cannot be taken from stock on hand")
	// ErrSKUTaken: the SKU belongs to a product that was created with other input.
	ErrSKUTaken = fault.Define(fault.Conflict, "inventory.sku_taken", "the SKU belongs to another product")
	// ErrWarehouseCodeTaken: the code belongs to a warehouse that was created with other input.
	ErrWarehouseCodeTaken = fault.Define(fault.Conflict, "inventory.warehouse_code_taken", "the code belongs to another warehouse")
	// ErrReferenceTaken: the reference was booked before, with other content.
	ErrReferenceTaken = fault.Define(fault.Conflict, "inventory.reference_taken", "the reference was booked before with other content")
	// ErrGroupDate: documents of one group have one date, and so has their entry.
	ErrGroupDate = fault.Define(fault.Conflict, "inventory.group_date", "the group has another date")
	// ErrGroupUnposted: the entry of what a group moved could never be made in a locked period.
	ErrGroupUnposted = fault.Define(fault.Conflict, "inventory.group_unposted", "goods moved in the period are still to be posted: close the tills first")
	// ErrNotConfigured: Configure has not been called for this tenant.
	ErrNotConfigured = fault.Define(fault.Conflict, "inventory.not_configured", "choose the valuation method first (Configure)")
	// ErrMethodFixed: the tenant has chosen another valuation method. It is chosen once.
	ErrMethodFixed = fault.Define(fault.Conflict, "inventory.method_fixed", "the valuation method has been chosen already")
)
