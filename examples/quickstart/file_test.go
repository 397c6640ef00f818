package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/examples/quickstart/retail/retailgen"
)

// small is a file of every kind of document, with bad debts, gifts, fees and a discount.
func small(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, retailgen.Write(&b, retailgen.Options{Documents: 60, Lines: 420, Seed: 5}))
	return b.String() + strings.Join([]string{
		"C700001,AMAZONFEE,AMAZON FEE,-1,2011-12-20T08:00:00Z,120.50,,United Kingdom",
		"700002,20001,a lantern,2,2011-12-20T09:00:00Z,1.005,12346,EIRE",
		"700002,20002,a gift,1,2011-12-20T09:00:00Z,0,12346,EIRE",
		"700002,D,Discount,-1,2011-12-20T09:00:00Z,0.50,12346,EIRE",
		"A700003,B,Adjust bad debt,1,2011-12-21T09:00:00Z,-11062.06,,United Kingdom",
		"A700004,B,Adjust bad debt,1,2011-12-21T10:00:00Z,1062.06,,United Kingdom",
		"700005,M,Manual,1,2011-12-22T10:00:00Z,0,,United Kingdom",
		"700006,M,Manual,-1,2011-12-22T10:00:00Z,0,,United Kingdom",
		"700007,20003,,3,2011-12-22T11:00:00Z,0,12347,United Kingdom",
		"700008,20003,damaged,-1,2011-12-22T12:00:00Z,0,,United Kingdom",
		"",
	}, "\n")
}

func TestEveryKindOfDocument(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			path, db := writeFile(t, small(t)), newDB(t, engine)
			r := book(t, exitOK, "-in", path, "-db", db)
			require.EqualValues(t, 2, r.Documents.BadDebts)
			require.EqualValues(t, 430, r.Lines)
			again := book(t, exitOK, "-in", path, "-db", db)
			require.EqualValues(t, 68, again.AlreadyBooked, "also those that have nothing to move")
			require.Equal(t, r.figures(), again.figures())
			_, report, _ := program(t, nil, "-in", path, "-db", db)
			require.Contains(t, report, "7100  Bad and doubtful debts                         10,000.00")
			require.Contains(t, report, "6900  Bank, card and marketplace charges                120.50")
		})
	}
}

// A file with bad rows gives the figures of the same file without the documents that they are on.
func TestRefusedRowsChangeNothingElse(t *testing.T) {
	good := small(t)
	row := func(number, code, quantity, when, price string) string {
		return fmt.Sprintf("%s,%s,thing,%s,%s,%s,12346,United Kingdom\n", number, code, quantity, when, price)
	}
	const when = "2011-12-23T08:00:00Z"
	bad := []struct{ rows, reason string }{
		{row("800001", "20001", "six", when, "1.00"), `quantity "six" is not a whole number (invoice 800001 is not booked)`},
		{row("800002", "20001", "6", when, "1.0.0"), `unit_price "1.0.0" is not a number (invoice 800002 is not booked)`},
		{row("800003", "20001", "6", "23/12/2011 08:00", "1.00"), `invoice_date "23/12/2011 08:00" is not a date and time such as 2010-12-01T08:26:00Z (invoice 800003 is not booked)`},
		{"800004,20001,thing,6," + when + "\n", `the row has 5 columns, the header has 8 (invoice 800004 is not booked)`},
		{row("800005", "\xff\xfe", "6", when, "1.00"), `stock_code is not valid UTF-8 (invoice 800005 is not booked)`},
		{row("800006", "20001", "6", when, "99999999999999999999"), `unit_price "99999999999999999999" is too large (invoice 800006 is not booked)`},
		{row("800007", "20001", "99999999", when, "99999999"), `the amount 99999999 x 99999999 is too large (invoice 800007 is not booked)`},
	}
	text, lineNo := good, int64(strings.Count(good, "\n"))
	var refused []retail.Refusal
	for _, b := range bad { // a good row above each, which is not booked either; its goods and its price count nowhere
		number := b.rows[:6]
		text += row(number, "20001", "1000", when, "77.77") + b.rows
		lineNo += 2
		refused = append(refused, retail.Refusal{Line: lineNo, Reason: b.reason})
	}
	without := book(t, exitOK, "-in", writeFile(t, good))
	r := book(t, exitRefused, "-in", writeFile(t, text))
	require.Equal(t, refused, r.Refused)
	r.Refused = without.Refused
	require.Equal(t, without.figures(), r.figures())

	status, report, stderr := program(t, nil, "-in", writeFile(t, text))
	require.Equal(t, exitRefused, status)
	require.Empty(t, stderr)
	require.Contains(t, report, "14 rows are not booked")
	require.Contains(t, report, `quantity "six" is not a whole number`)
}

func TestADatabaseTakesOneFileInOneWay(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			path, db := writeFile(t, small(t)), newDB(t, engine)
			r := book(t, exitOK, "-in", path, "-db", db)
			for reason, args := range map[string][]string{
				"this database was used before for something else: it holds the books of another file; take another -db":         {"-in", writeFile(t, small(t)+"\n")},
				"this database was used before for something else: its stock is not valued by fifo; take another -db":            {"-in", path, "-cost", "fifo"},
				"this database was used before for something else: its opening stock was booked with one cost; take another -db": {"-in", path, "-two-costs"},
			} {
				status, stdout, stderr := program(t, nil, append(args, "-db", db)...)
				require.Equal(t, exitFailed, status)
				require.Empty(t, stdout)
				require.Equal(t, "quickstart: "+reason+"\n", stderr)
			}
			require.Equal(t, r.figures(), book(t, exitOK, "-in", path, "-db", db).figures(), "a refused attempt changes nothing")
		})
	}
}

func TestInterruptedAndRunAgain(t *testing.T) {
	path, db := writeFile(t, small(t)), newDB(t, "sqlite")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &config{in: path, db: db, cost: "average", batchDocuments: killBatch, onStatement: countTo(300, cancel)}
	var out, err bytes.Buffer
	require.Equal(t, exitFailed, c.run(ctx, &out, &err))
	require.Equal(t, "quickstart: interrupted; run it again to go on\n", err.String())
	require.Positive(t, book(t, exitOK, "-in", path, "-db", db).AlreadyBooked)
}

func TestNothingToBook(t *testing.T) {
	head, _, _ := strings.Cut(small(t), "\n")
	db := newDB(t, "sqlite")
	r := book(t, exitOK, "-in", writeFile(t, head+"\n"), "-db", db)
	require.Equal(t, "0.00", r.NetProfit)
	require.Equal(t, r.figures(), book(t, exitOK, "-in", writeFile(t, head+"\n"), "-db", db).figures())
	require.Equal(t, []retail.Refusal{{Line: 2, Reason: "the row has 1 columns, the header has 8 (invoice x is not booked)"}},
		book(t, exitRefused, "-in", writeFile(t, head+"\nx\n")).Refused)
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere.csv")
	for message, args := range map[string][]string{
		`"x.csv" is not understood; a file is given with -in`: {"x.csv"},
		"-cost is average or fifo":                            {"-cost", "lifo"},
		"-json and -two-costs go with -in":                    {"-json"},
		"the file cannot be opened: open " + nowhere:          {"-in", nowhere, "-db", filepath.Join(t.TempDir(), "db")},
		"lacks unit_price":                                    {"-in", writeFile(t, "invoice_no,stock_code,description,quantity,invoice_date,customer_id,country\n")},
	} {
		var out, err bytes.Buffer
		require.Equal(t, exitFailed, run(t.Context(), args, &out, &err), message)
		require.Empty(t, out.String())
		require.Contains(t, err.String(), message)
	}
	var out, err bytes.Buffer
	require.Equal(t, exitOK, run(t.Context(), []string{"-h"}, &out, &err))
	require.Contains(t, err.String(), "-two-costs")
}

func TestAFileThatIsNotThereLeavesNoDatabase(t *testing.T) {
	db := newDB(t, "sqlite")
	status, _, _ := program(t, nil, "-in", filepath.Join(t.TempDir(), "nowhere.csv"), "-db", db)
	require.Equal(t, exitFailed, status)
	_, err := os.Stat(db)
	require.ErrorIs(t, err, os.ErrNotExist)
}
