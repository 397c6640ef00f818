//go:build !soak

package privacy_test

// A process that is to be killed is killed before every exportStride-th statement. `make soak` does more.
const exportStride = 9
