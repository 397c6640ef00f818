//go:build soak

package exchange_test

const histories = 60

// everyProgram has each of the programs read every history.
const everyProgram = true
