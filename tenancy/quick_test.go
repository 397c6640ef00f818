//go:build !soak

package tenancy_test

// A process of TestAMoveWhoseProcessIsKilled is killed before every killStride-th statement, and TestAMoveKilledAnywhere ends a move before
// every moveStride-th in this process. `make soak` does more of the one, and every single one of the other.
const killStride, moveStride = 31, 5
