//go:build soak

package exchange_test

const histories = 40

// everyProgram has each of the programs read every history.
const everyProgram = true
