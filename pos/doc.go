// Package pos keeps tills.
package pos
