//go:build !soak

package register_test

// killStride is how many statements lie between two kills, histories how many a law is held against. The soak build takes every statement, and more histories.
const (
	killStride = 29
	histories  = 10
)
