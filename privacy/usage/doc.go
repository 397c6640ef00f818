// Package usage keeps the access log, of a closed list of fields, and counts how features are used over many tenants, never by one person.
package usage
