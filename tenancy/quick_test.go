//go:build !soak

package tenancy_test

// A process of TestAMoveWhoseProcessIsKilled is killed before every killStride-th statement. (TestAMoveKilledAnywhere ends a move before
// every single one, in this process.)
const killStride = 31
