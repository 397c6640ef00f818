package tenancy

import "strings"

// Permission names one act, "accounting.post", or a set of acts, "accounting.*".
type Permission string

// AllPermissions allows every act: for owners, background work and tests.
const AllPermissions Permission = "*"

// Permissions is what a scope may do.
type Permissions []Permission

// Allow reports whether the set holds the act, by its own name, by its domain's star, or by [AllPermissions].
func (ps Permissions) Allow(act Permission) bool {
	for _, p := range ps {
		if p == act || p == AllPermissions {
			return true
		}
		if domain, ok := strings.CutSuffix(string(p), "*"); ok && strings.HasSuffix(domain, ".") && strings.HasPrefix(string(act), domain) {
			return true
		}
	}
	return false
}
