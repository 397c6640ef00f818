// Package ending takes a tenant from the cancellation to the certificate of its deletion.
package ending
