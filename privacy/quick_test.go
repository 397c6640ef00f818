//go:build !soak

package privacy_test

// A process that is to be killed is killed before every so many statements. `make soak` does more.
const exportStride, erasureStride, backupStride, restoreStride, eraseStride = 17, 9, 9, 29, 7
