//go:build soak

package tenancy_test

const killStride, moveStride = 2, 1
