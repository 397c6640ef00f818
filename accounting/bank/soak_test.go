//go:build soak

package bank_test

const histories = 60
