//go:build !soak

package exchange_test

// Laws walk so many histories on each engine; -rapid.checks asks for another number, and `make soak` for more.
const histories = 5

// everyProgram has each of the programs read every history, and not one of them in turn (hledger reads all in any case).
const everyProgram = false
