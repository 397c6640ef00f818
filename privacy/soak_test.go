//go:build soak

package privacy_test

const killStride = 1
