// Package pgtest gives tests and benchmarks a throw-away PostgreSQL.
//
// A test package that needs one writes:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
//
//	func TestPost(t *testing.T) {
//		url := pgtest.Start(t).NewDatabase(t) // superuser; fresh and empty; dropped when t ends
//		...
//	}
//
// There is one cluster per process, started by the first Start and stopped by [Run] (or [Stop], for programs). It speaks
// over a unix socket only and trusts everyone, so a test logs in as any role it made: see [Login]. Roles belong to
// the cluster, not to a database, so tests name theirs apart.
//
// Measured on two shared cores with PostgreSQL 15.18, on a disk (and with TMPDIR=/dev/shm): the first start on a machine
// 1.8 s (0.6 s), for initdb, whose result is kept as a template in the temporary directory; later starts 0.7 s (0.12 s); a new
// database 0.2 s (0.03 s); dropping it or stopping 0.03 s. So a package makes one database, not one for each test. Durable
// clusters belong on a disk, else their fsync proves nothing.
//
// # Where PostgreSQL comes from
//
// ERP_TEST_POSTGRES, the URL of a superuser on an existing server of version 15 or later, is used when it is set. Otherwise the binaries of
// the highest version from 15 on under /usr/lib/postgresql/*/bin, or those on PATH. When there is none, the test fails with
// one line that says so. It never skips.
//
// # Who runs it, and how it ends
//
// PostgreSQL refuses to run as root, so under root the cluster runs as the user postgres or nobody, in a directory that
// user owns. A test process that panics, times out or is killed never reaches Run's end: on Linux the
// kernel then sends the server SIGQUIT (see lifeline), and the next Start on the machine removes the directory
// it left. Elsewhere only the directory is looked after.
package pgtest
