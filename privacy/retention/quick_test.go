//go:build !soak

package retention_test

// killStride is how many statements lie between two kills.
const killStride = 17
