//go:build soak

package laws

const factor = 10
