package tenancy

// Check is one named verification and its result, as erp's Verify returns them.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"` // what was compared, in figures; on failure, the first differences
}
