//go:build !soak

package request_test

// killStride is how many statements lie between two points at which an act is killed.
const killStride = 7
