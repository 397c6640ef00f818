// Package ending takes a tenant from the cancellation to the certificate of its deletion: its owner is reminded while the data are kept,
// takes them out or expressly waives that, and in the end has a signed certificate of what was deleted, when, and what is kept.
// [github.com/opsmatiq/erp/privacy/ending/certificate] is the certificate's form, and how anybody verifies it.
package ending
