// Package exchange takes a tenant's books out to other programs and in from them.
package exchange
