//go:build !soak

package retention_test

// histories is how many histories each law walks, and killStride how many statements lie between two kills.
const (
	histories  = 6
	killStride = 17
)
