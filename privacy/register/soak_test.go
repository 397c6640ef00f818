//go:build soak

package register_test

const (
	killStride = 1
	histories  = 400
)
