// Package audit x.
package audit
