// Command tenantlint finds the ways round erp's tenancy in a program's own code. It runs by itself or under go vet:
//
//	go run github.com/opsmatiq/erp/tenancy/tenantlint/cmd/tenantlint ./...
//	go vet -vettool=$(which tenantlint) ./...
//
// The rules, and how to allow an exception, are in the documentation of package tenantlint; tenantlint help tenantlint
// lists the flags.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/opsmatiq/erp/tenancy/tenantlint"
)

// multichecker understands go vet's protocol as well as package patterns, and names flags alike in both: -tenantlint.allow.
func main() { multichecker.Main(tenantlint.Analyzer) }
