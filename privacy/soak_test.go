//go:build soak

package privacy_test

const exportStride = 1
