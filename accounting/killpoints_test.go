//go:build !soak

package accounting_test

// A process of TestLegalNumbersSurviveKills is killed before every killStride-th statement; `make soak` tries them all.
const killStride, killStages = 17, 4
