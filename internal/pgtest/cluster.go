package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// throwAway are the settings of a cluster whose data need not survive a crash.
var throwAway = []string{
	"fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"shared_buffers=64MB", "jit=off",
}

// durable are the settings of a cluster for benchmarks: the defaults, said aloud so that a changed default is no surprise.
var durable = []string{
	"fsync=on", "synchronous_commit=on", "full_page_writes=on", "shared_buffers=256MB", "max_wal_size=4GB",
}

// common to both.
var common = []string{
	"listen_addresses=", "max_connections=200", "timezone=UTC", "log_timezone=UTC", "log_min_messages=warning",
}

// pollInterval is the time between two attempts to reach a starting server.
const pollInterval = 10 * time.Millisecond

// stopTimeout is how long an immediate shutdown may take before the server is killed.
const stopTimeout = 10 * time.Second

// cluster is one server process and its directory.
type cluster struct {
	install installation
	user    account
	dir     string   // holds data, the socket, the log and the lock
	lock    *os.File // held as long as this process lives: see sweep
	server  *lifeline
}

func startCluster(ctx context.Context, o Options) (*Server, error) {
	install, err := findInstallation(ctx)
	if err != nil {
		return nil, err
	}
	user, err := unprivileged()
	if err != nil {
		return nil, err
	}
	c := &cluster{install: install, user: user}
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.remove())
	}
	s := &Server{
		admin: &url.URL{
			Scheme: "postgres", User: url.User(superuser), Path: "/postgres",
			RawQuery: url.Values{"host": {c.dir}, "port": {port}, "sslmode": {"disable"}}.Encode(),
		},
		stop: c.stop,
	}
	if err := c.start(ctx, o, s); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return s, nil
}

// superuser is the name of the cluster's first role, whoever runs the server.
const superuser = "postgres"

// port is part of the socket's name. It is said on both sides because PGPORT may say otherwise.
const port = "5432"

// prepare makes the directory with an initialised data directory in it.
func (c *cluster) prepare(ctx context.Context) error {
	base, err := baseDir(c.user)
	if err != nil {
		return err
	}
	sweep(base)
	if c.dir, err = os.MkdirTemp(base, dirPrefix); err != nil {
		return err
	}
	if c.lock, err = lockFile(filepath.Join(c.dir, lockName)); err != nil {
		return err
	}
	if err := c.user.own(c.dir); err != nil {
		return err
	}
	return c.prepareData(ctx, base)
}

func (c *cluster) start(ctx context.Context, o Options, s *Server) error {
	settings := throwAway
	if o.Durable {
		settings = durable
	}
	args := []string{"-D", c.data(), "-k", c.dir, "-p", port}
	for _, setting := range append(append([]string{}, common...), settings...) {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(c.log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()                                // the server has its own descriptor
	cmd := c.command(context.WithoutCancel(ctx), "postgres", args...) // the server outlives its starting
	cmd.Stdout, cmd.Stderr = log, log
	if c.server, err = startLifeline(cmd); err != nil {
		return err
	}
	return c.await(ctx, s)
}

// await polls until the server answers, has died, or time is up.
func (c *cluster) await(ctx context.Context, s *Server) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := s.check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-c.server.done:
			return fmt.Errorf("the server did not start: %s", c.logTail())
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer in time: %w: %s", err, c.logTail())
		case <-tick.C:
		}
	}
}

// stop ends the server at once, without a checkpoint, since its data are removed with it.
func (c *cluster) stop() error {
	var err error
	if c.server != nil {
		err = c.server.stop(stopTimeout)
	}
	return errors.Join(err, c.remove())
}

func (c *cluster) remove() error {
	var err error
	if c.dir != "" {
		err = os.RemoveAll(c.dir)
	}
	if c.lock != nil {
		_ = c.lock.Close()
	}
	return err
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }
func (c *cluster) log() string  { return filepath.Join(c.dir, "server.log") }

// logTail is the end of the server's log on one line.
func (c *cluster) logTail() string {
	const limit = 2000
	text, err := os.ReadFile(c.log())
	if err != nil {
		return err.Error()
	}
	if len(text) > limit {
		text = text[len(text)-limit:]
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// command is a program of the installation (or, with a slash or not found there, of PATH), run as the unprivileged user
// from the cluster's directory, which is one that user may enter, and without our PG* variables.
func (c *cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	path := filepath.Join(c.install.bin, name)
	if _, err := os.Stat(path); err != nil {
		path = name
	}
	cmd := exec.CommandContext(ctx, path, args...) // #nosec G204 -- names are constants of this package
	cmd.Dir = c.dir
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "HOME=" + c.dir}
	for _, kept := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(kept); ok {
			cmd.Env = append(cmd.Env, kept+"="+v)
		}
	}
	cmd.SysProcAttr = c.user.attributes()
	return cmd
}

// run runs such a program to its end; its output is in the error.
func (c *cluster) run(ctx context.Context, name string, args ...string) error {
	var out bytes.Buffer
	cmd := c.command(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.Join(strings.Fields(out.String()), " "))
	}
	return nil
}
