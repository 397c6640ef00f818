package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"
)

// TB is the part of testing.TB that this package needs, so that programs which are no tests can bring their own.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Options choose between clusters. Each distinct value has a cluster of its own in the process.
type Options struct {
	// Durable keeps fsync, synchronous_commit, full_page_writes and the usual WAL settings on, as a benchmark
	// needs. The default is off: a test's data need not survive its machine. Ignored with ERP_TEST_POSTGRES.
	Durable bool
}

// Server is a running PostgreSQL. It is safe for concurrent use.
type Server struct {
	admin *url.URL // superuser, database postgres
	stop  func() error
}

// started holds this process's clusters. A failed start is kept too, so that a hundred tests fail at once and alike.
var started struct {
	sync.Mutex
	servers map[Options]*startResult
}

type startResult struct {
	server *Server
	err    error
}

// startTimeout bounds initdb, start and the first connection together. A loaded machine needs a few seconds.
const startTimeout = 60 * time.Second

// Start returns the process's server with the default options, starting it if need be. It fails tb when it cannot.
func Start(tb TB) *Server {
	tb.Helper()
	s, err := Open(context.Background(), Options{})
	if err != nil {
		tb.Fatalf("%v", err)
		return nil // a TB that is no test may return from Fatalf
	}
	return s
}

// Open is Start for programs: it returns its error, and the caller defers [Stop].
func Open(ctx context.Context, o Options) (*Server, error) {
	started.Lock()
	defer started.Unlock()
	if r, ok := started.servers[o]; ok {
		return r.server, r.err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s, err := open(ctx, o)
	if err != nil {
		err = fmt.Errorf("pgtest: %w", err)
	}
	if started.servers == nil {
		started.servers = make(map[Options]*startResult)
	}
	started.servers[o] = &startResult{s, err}
	return s, err
}

func open(ctx context.Context, o Options) (*Server, error) {
	if given := os.Getenv("ERP_TEST_POSTGRES"); given != "" {
		return openExisting(ctx, given)
	}
	return startCluster(ctx, o)
}

// Stop stops and removes every cluster of this process. A later Start starts anew.
func Stop() error {
	started.Lock()
	defer started.Unlock()
	var first error
	for _, r := range started.servers {
		if r.server == nil || r.server.stop == nil {
			continue
		}
		if err := r.server.stop(); err != nil && first == nil {
			first = fmt.Errorf("pgtest: %w", err)
		}
	}
	started.servers = nil
	return first
}

// Run runs the tests, stops what they started, and returns the exit status for os.Exit. It belongs in TestMain.
func Run(m interface{ Run() int }) (status int) {
	defer func() {
		if err := Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = max(status, 1)
		}
	}()
	return m.Run()
}
