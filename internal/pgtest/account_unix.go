//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// quitSignal is PostgreSQL's immediate shutdown: it ends its children and frees its shared memory, which SIGKILL does not.
const quitSignal = syscall.SIGQUIT

// account is who the server runs as: ourselves, or under root somebody without power.
type account struct {
	uid, gid uint32
	switched bool // we are root and become uid
}

func unprivileged() (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uint32(uid), gid: uint32(os.Getegid())}, nil // #nosec G115 -- ids are never negative here
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil && uid != 0 {
			return account{uid: uint32(uid), gid: uint32(gid), switched: true}, nil
		}
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it")
}

func (a account) id() string { return strconv.FormatUint(uint64(a.uid), 10) }

// attributes make a child run as the account.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}

// own gives a file of ours to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// owns reports whether path is a directory of the account's: names in a temporary directory can be taken by anybody.
func (a account) owns(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Uid == a.uid
}

// baseDir is a temporary directory that the account can reach.
func baseDir(a account) (string, error) {
	for _, dir := range []string{os.TempDir(), "/tmp"} {
		if !a.switched || traversable(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("the user with id %s cannot enter %s; set TMPDIR to a directory open to all", a.id(), os.TempDir())
}

// traversable reports whether everybody may enter dir and each folder above, and write in dir.
func traversable(dir string) bool {
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o002 == 0 {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return true
		}
		dir = parent
	}
}

// lockFile takes an exclusive lock on a file, or fails at once. The kernel frees it when the process ends, however it ends;
// Go opens files close-on-exec, so the server does not inherit it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- our own directory
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { // #nosec G115 -- a descriptor fits
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
