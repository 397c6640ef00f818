//go:build !soak

package accounting_test

// Laws walk so many histories on each engine (-rapid.checks asks for another number), and a process of
// TestLegalNumbersSurviveKills is killed before every killStride-th statement. `make soak` does more of both.
const (
	histories              = 4
	killStride, killStages = 59, 4
)
