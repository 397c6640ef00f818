// Package usage keeps the access log, of a closed list of fields, and counts how features are used over many tenants, never by one person.
// [Service.Watch] does both for net/http; README.md in this folder says what is kept, where and for how long.
package usage
