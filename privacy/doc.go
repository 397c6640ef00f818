// Package privacy takes a tenant's data out, brings them in elsewhere, and makes a person unknown.
package privacy
