//go:build !soak

package bank_test

// Laws walk so many histories on each engine; -rapid.checks asks for another number, and `make soak` for more.
const histories = 4
