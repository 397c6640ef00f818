// Package tidy holds the shape of the tree: which folder may import which, how long a function may be, which words no
// source may contain. Each rule is a [Check] over parsed sources; the package's test runs all of them over this module,
// and first shows for each, on a small made-up tree, that it can fail.
//
// What a rule lets pass is written down beside it, with its reason. A folder that does not exist yet breaks no rule.
package tidy
