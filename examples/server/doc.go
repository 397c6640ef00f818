// Command server is a reference HTTP server on erp: sign-in by session cookie or API key, and one read and one write of each
// domain, described by OpenAPI 3.1. It is thin on purpose: what a product's own server needs around the library, and no more.
//
//	go run .
//
// starts it on an embedded database with two demo tenants, and prints how to call it. README.md says how to run it in earnest.
package main
