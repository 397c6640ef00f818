//go:build !soak

package ending_test

// killStride is how many statements lie between two points at which a purge is killed.
const killStride = 19

// workStride is the same of a piece of background work.
const workStride = 5
