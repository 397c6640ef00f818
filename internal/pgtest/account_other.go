//go:build !unix

package pgtest

import (
	"errors"
	"os"
	"syscall"
)

// Without unix there is no throw-away cluster: ERP_TEST_POSTGRES is the way, and everything here says so.
var errNoUnix = errors.New("no throw-away PostgreSQL on this system: set ERP_TEST_POSTGRES to a superuser's URL")

var quitSignal = os.Kill

type account struct{}

func unprivileged() (account, error)             { return account{}, errNoUnix }
func (account) id() string                       { return "" }
func (account) attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
func (account) own(string) error                 { return errNoUnix }
func (account) owns(string) bool                 { return false }
func baseDir(account) (string, error)            { return "", errNoUnix }
func lockFile(string) (*os.File, error)          { return nil, errNoUnix }
