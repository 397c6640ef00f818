// Package local has a default for each port of [tenancy], in directories of the machine it runs on: files, a master key, an
// outbox that a mail server is pointed at, and a witness.
//
//	files := local.Files{Dir: "./data"}
//	keys := local.Keys{Path: "./secret/master.key"}
//	anchor := local.Anchor{Files: files, Keys: keys}
//
// The master key is changed by [Keys.Rotate], after which what it wrapped is wrapped anew ([tenancy.Tenants.RewrapKeys],
// [RewrapSigningKey]), and [Keys.DropOld]. Whoever loses its file loses everything that is sealed.
//
// They are meant for one machine and for tests. A witness on the machine that it watches is a weak one, and a master key
// beside the data protects against a stolen disk only if it is kept elsewhere: production points the ports at services
// of its own.
package local
