//go:build !soak

package privacy_test

// A process is killed before every so many statements.
const backupStride, restoreStride, eraseStride = 5, 17, 7
