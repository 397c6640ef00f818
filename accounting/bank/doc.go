// Package bank holds what banks say beside the books.
package bank
