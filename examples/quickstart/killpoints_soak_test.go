//go:build soak

package main

// killPoints are all there are.
func killPoints(_ string, statements int64) []int64 {
	var out []int64
	for at := int64(1); at <= statements; at++ {
		out = append(out, at)
	}
	return out
}
