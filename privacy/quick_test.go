//go:build !soak

package privacy_test

// A process that is to be killed is killed before every killStride-th statement. `make soak` does more.
const killStride = 9
