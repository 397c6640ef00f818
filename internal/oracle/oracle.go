// Package oracle asks other people's programs what our exported journals come to, and an engine that is not ours what rules our electronic
// invoices break. They know nothing of this library, so that what they and we say alike is right, or wrong in the same way twice.
package oracle

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// Balances are what a program (hledger, ledger or beancount) makes of a journal: the balance of each account that is not zero, in the
// books' currency, debits positive; amounts in other currencies count at their cost. The journal is held to be wrong if the program
// complains of anything.
func Balances(t require.TestingT, program, dir, journal, currency string) map[string]decimal.Decimal {
	file := filepath.Join(dir, "books."+program)
	switch program {
	case "hledger":
		return table(t, Run(t, file, journal, "hledger", "-f", file, "--strict", "balance", "-B", "--flat", "--no-total", "-O", "csv", "--layout=bare"), 2)
	case "ledger":
		return table(t, "account,balance\n"+Run(t, file, journal, "ledger", "--args-only", "-f", file, "--strict", "--pedantic", "-B", "balance", "--flat", "--no-total", "--format",
			"%(quoted(account)),%(quoted(quantity(scrub(display_total))))\n"), 1)
	case "beancount":
		Run(t, file, journal, "bean-check", "--no-cache", file)
		// str, because bean-query cuts a column of numbers to the width that most of them need: 906.77 beside zeros is printed 906.
		text := Run(t, file, journal, "bean-query", "-f", "csv", file, "SELECT account, str(number(only('"+currency+"', sum(weight)))) AS n GROUP BY account")
		return rounded(table(t, undecimal.Replace(text), 1)) // it keeps a total price as one for each unit, of 28 digits
	}
	require.FailNow(t, "no such program: "+program)
	return nil
}

// undecimal takes Python's word for a number off.
var undecimal = strings.NewReplacer("Decimal('", "", "')", "")

// rounded takes off what is far below any currency's smallest unit.
func rounded(in map[string]decimal.Decimal) map[string]decimal.Decimal {
	for name, n := range in {
		if in[name] = n.Round(9); in[name].IsZero() {
			delete(in, name)
		}
	}
	return in
}

// Holdings are what accounts hold in one currency, other than the books' own, as a program makes it out.
func Holdings(t require.TestingT, program, dir, journal, currency string) map[string]decimal.Decimal {
	file := filepath.Join(dir, "books."+program)
	switch program {
	case "hledger":
		return table(t, Run(t, file, journal, "hledger", "-f", file, "--strict", "balance", "--flat", "--no-total", "-O", "csv", "--layout=bare", "cur:"+currency), 2)
	case "ledger":
		return table(t, "account,balance\n"+Run(t, file, journal, "ledger", "--args-only", "-f", file, "--strict", "--pedantic", "--limit", `commodity == "`+currency+`"`,
			"balance", "--flat", "--no-total", "--format", "%(quoted(account)),%(quoted(quantity(scrub(display_total))))\n"), 1)
	case "beancount":
		text := Run(t, file, journal, "bean-query", "-f", "csv", file, "SELECT account, str(number(only('"+currency+"', sum(units(position))))) AS n WHERE currency = '"+
			currency+"' GROUP BY account")
		return table(t, undecimal.Replace(text), 1)
	}
	require.FailNow(t, "no such program: "+program)
	return nil
}

// Statement asks hledger for one of its own reports (incomestatement, balancesheet, cashflow, balance), which it draws up from the types
// that accounts are declared with: the amount of each account that is not zero, at cost, on the side that the report shows as above
// zero. query is what hledger takes besides, such as -b 2010-01-01.
func Statement(t require.TestingT, dir, journal, report string, query ...string) map[string]decimal.Decimal {
	file := filepath.Join(dir, "books.hledger")
	args := append([]string{"-f", file, "--strict", report, "-B", "--flat", "--no-total", "-O", "csv", "--layout=bare"}, query...)
	rows, err := csv.NewReader(strings.NewReader(Run(t, file, journal, "hledger", args...))).ReadAll()
	require.NoError(t, err)
	out := map[string]decimal.Decimal{}
	for _, row := range rows {
		if n, err := decimal.NewFromString(row[len(row)-1]); err == nil && !n.IsZero() { // titles and headings have no number
			out[row[0]] = n
		}
	}
	return out
}

// Run gives a program a file and says what it answers. A program that is missing fails the test: nothing is passed over.
func Run(t require.TestingT, file, content, program string, args ...string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		require.FailNow(t, program+" is missing: `make setup` installs it (Debian: apt-get install hledger ledger beancount xsltproc)")
	}
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	cmd := exec.Command(path, args...) // #nosec G204 -- a program that the test names
	cmd.Env = append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", "HOME="+filepath.Dir(file))
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	require.NoError(t, cmd.Run(), "%s %v: %s%s", program, args, complaints.String(), out.String())
	return out.String()
}

// table reads what a program prints as CSV, past its header.
func table(t require.TestingT, text string, value int) map[string]decimal.Decimal {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err, text)
	out := map[string]decimal.Decimal{}
	for _, row := range rows[1:] {
		n, err := decimal.NewFromString(strings.TrimSpace(row[value]))
		require.NoError(t, err, text)
		if !n.IsZero() {
			out[strings.TrimSpace(row[0])] = n
		}
	}
	return out
}
