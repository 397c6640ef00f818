//go:build !soak

package laws

const factor = 1
