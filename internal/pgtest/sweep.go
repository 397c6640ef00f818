package pgtest

import (
	"os"
	"path/filepath"
	"time"
)

// dirPrefix names the clusters' directories; short, for a socket's path may have about a hundred bytes.
const dirPrefix = "erp-pg-"

// lockName is the file in each that its process keeps locked while it lives.
const lockName = "lock"

// sweepAge is the age from which an unlocked directory is an orphan's, and not that of a process about to take its lock.
const sweepAge = time.Minute

// sweep removes what killed test processes left. Whatever it cannot remove, the next one may.
func sweep(base string) {
	dirs, err := filepath.Glob(filepath.Join(base, dirPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < sweepAge {
			continue
		}
		lock, err := lockFile(filepath.Join(dir, lockName))
		if err != nil {
			continue // locked: its process lives
		}
		_ = os.RemoveAll(dir)
		_ = lock.Close()
	}
}
