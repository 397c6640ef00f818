// Verifycertificate says whether a certificate of deletion is what the platform signed. It needs the platform's public keys and nothing else: no database, no network.
//
//	verifycertificate -keys keys.pem certificate.json [completion.json]
//
// It prints what the certificate says, and ends with
//
//	0  genuine
//	1  not genuine: altered, or not signed by the key that it names; or the completion is not of this certificate
//	2  it cannot be told: a file is missing or no certificate, the key is not among the keys, the command is wrong
package main

import (
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/opsmatiq/erp/privacy/ending/certificate"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// The exit codes.
const (
	genuine    = 0
	notGenuine = 1
	unknown    = 2
)

// largest bounds what is read of a file.
const largest = 16 << 20

func run(args []string, out, trouble io.Writer) int {
	flags := flag.NewFlagSet("verifycertificate", flag.ContinueOnError)
	flags.SetOutput(trouble)
	flags.Usage = func() {
		_, _ = fmt.Fprintln(trouble, "usage: verifycertificate -keys keys.pem certificate.json [completion.json]")
		flags.PrintDefaults()
	}
	name := flags.String("keys", "", "`file` with the platform's public keys, one PEM block after the other")
	if err := flags.Parse(args); err != nil {
		return unknown
	}
	if *name == "" || flags.NArg() < 1 || flags.NArg() > 2 {
		flags.Usage()
		return unknown
	}
	keys, err := readKeys(*name)
	if err != nil {
		return report(trouble, *name, err)
	}
	first, err := verify(flags.Arg(0), keys)
	if err != nil {
		return report(trouble, flags.Arg(0), err)
	}
	if first.Deletion == nil {
		return report(trouble, flags.Arg(0), fmt.Errorf("%w: it completes one; name that first", certificate.ErrUnreadable))
	}
	text := first.Deletion.Text(first)
	if flags.NArg() == 2 {
		second, err := verify(flags.Arg(1), keys)
		switch {
		case err != nil:
			return report(trouble, flags.Arg(1), err)
		case !second.Completes(first):
			return report(trouble, flags.Arg(1), fmt.Errorf("%w as the completion of %s", certificate.ErrAltered, flags.Arg(0)))
		}
		text += second.Completion.Text(second)
	}
	_, _ = fmt.Fprint(out, "Genuine.\n\n", text)
	return genuine
}

func readKeys(name string) ([]ed25519.PublicKey, error) {
	text, err := read(name)
	if err != nil {
		return nil, err
	}
	return certificate.DecodeKeys(text)
}

func verify(name string, keys []ed25519.PublicKey) (certificate.Signed, error) {
	file, err := read(name)
	if err != nil {
		return certificate.Signed{}, err
	}
	return certificate.Verify(file, keys...)
}

func read(name string) ([]byte, error) {
	f, err := os.Open(name) //nolint:gosec // the file that the caller names
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, largest+1))
	if err = errors.Join(err, f.Close()); err == nil && len(text) > largest {
		err = fmt.Errorf("it is larger than %d bytes", largest)
	}
	return text, err
}

// report says what is wrong, and gives the exit code for it.
func report(trouble io.Writer, name string, err error) int {
	_, _ = fmt.Fprintf(trouble, "%s: %v\n", name, err)
	if errors.Is(err, certificate.ErrAltered) {
		return notGenuine
	}
	return unknown
}
