package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/opsmatiq/erp"
	"github.com/opsmatiq/erp/examples/quickstart/booking"
	"github.com/opsmatiq/erp/examples/quickstart/retail"
	"github.com/opsmatiq/erp/inventory"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/fault"
)

// The exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1
	exitRefused = 2 // rows of the file were refused; everything else is booked
)

// config is what the command line says.
type config struct {
	in       string
	db       string
	cost     string
	twoCosts bool
	json     bool

	// For tests: what is told of every statement, and how many documents go into a transaction (0: the default).
	onStatement    func(tenancy.Sent)
	batchDocuments int
}

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitFailed // parse has said why
	}
	return c.run(ctx, stdout, stderr)
}

func parse(args []string, stderr io.Writer) (*config, error) {
	c := &config{}
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		_, _ = fmt.Fprint(stderr, "Books a month of trade and shows the books. Without -in: a small sample of two tenants.\n\n")
		f.PrintDefaults()
	}
	f.StringVar(&c.in, "in", "", "a CSV or CSV.gz `file` of the Online Retail form")
	f.StringVar(&c.db, "db", "", "a `directory` (SQLite) or a postgres:// URL; default: a temporary directory")
	f.StringVar(&c.cost, "cost", string(inventory.Average), "how stock is valued: average or fifo")
	f.BoolVar(&c.twoCosts, "two-costs", false, "with -in: begin with stock at two costs, which tells average and fifo apart")
	f.BoolVar(&c.json, "json", false, "with -in: print one JSON object instead of the report")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var wrong string
	switch {
	case f.NArg() > 0:
		wrong = fmt.Sprintf("%q is not understood; a file is given with -in", f.Arg(0))
	case c.cost != string(inventory.Average) && c.cost != string(inventory.FIFO):
		wrong = "-cost is average or fifo"
	case c.in == "" && (c.json || c.twoCosts):
		wrong = "-json and -two-costs go with -in"
	default:
		return c, nil
	}
	_, _ = fmt.Fprintf(stderr, "quickstart: %s\n", wrong)
	return nil, errors.New(wrong)
}

func (c *config) run(ctx context.Context, stdout, stderr io.Writer) int {
	status, err := c.book(ctx, stdout, stderr)
	if err != nil && ctx.Err() != nil && c.db != "" {
		err = errors.New("interrupted; run it again to go on")
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "quickstart: %s\n", explain(err))
		return exitFailed
	}
	return status
}

// explain adds the cause to an error that is no refusal: here its reader and the one who can help are the same person.
func explain(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Internal && f.Err != nil && !strings.Contains(err.Error(), f.Err.Error()) {
		return err.Error() + ": " + f.Err.Error()
	}
	return err.Error()
}

// book opens the file first: a name mistyped should not leave a database behind.
func (c *config) book(ctx context.Context, stdout, stderr io.Writer) (status int, err error) {
	began := time.Now()
	var file *retail.File
	if c.in != "" {
		if file, err = retail.Open(c.in); err != nil {
			return exitFailed, err
		}
		defer func() { _ = file.Close() }() // it was only read
	}
	db, err := openDatabase(ctx, c.db)
	if err != nil {
		return exitFailed, err
	}
	defer func() { err = errors.Join(err, db.cleanUp()) }()
	opt := erp.Options{Migrate: true, Dir: db.dir, Platform: "The platform", OnStatement: c.onStatement}
	if file == nil {
		opt.Clock = lastEvening
	}
	suite, err := erp.Open(ctx, db.engine, opt)
	if err != nil {
		return exitFailed, err
	}
	defer func() { err = errors.Join(err, suite.Close()) }()
	if file == nil {
		return c.showSample(ctx, suite, db, began, stdout)
	}
	return c.showFile(ctx, suite, db, file, began, stdout, stderr)
}

// showFile books the file and prints what came of it.
func (c *config) showFile(ctx context.Context, suite *erp.Suite, db *database, file *retail.File, began time.Time, stdout, stderr io.Writer) (int, error) {
	line := newProgress(stderr)
	outcome, figures, err := c.importFile(ctx, suite, file, line.show)
	line.clear()
	if err != nil {
		return exitFailed, err
	}
	if c.json {
		err = newResult(db.engine.Name(), outcome, figures, time.Since(began)).write(stdout)
	} else {
		p := &page{}
		p.file(file.Name(), db, outcome, figures, time.Since(began))
		err = p.writeTo(stdout)
	}
	switch {
	case err != nil:
		return exitFailed, err
	case !figures.AllOK():
		return exitFailed, nil
	case len(outcome.Survey.Refused) > 0:
		return exitRefused, nil
	}
	return exitOK, nil
}

// importFile books the file as the command line says, and draws up its statements.
func (c *config) importFile(ctx context.Context, suite *erp.Suite, file *retail.File, progress func(booked, total int64)) (*booking.Outcome, *booking.Figures, error) {
	outcome, err := booking.Import(ctx, suite, file, booking.Options{
		Method: inventory.Method(c.cost), TwoCosts: c.twoCosts, BatchDocuments: c.batchDocuments, Progress: progress,
	})
	if err != nil {
		return nil, nil, err
	}
	figures, err := drawOutcome(outcome, suite)
	return outcome, figures, err
}

// drawOutcome draws up the statements of an import, and adds the comparison with the file to the checks.
func drawOutcome(outcome *booking.Outcome, suite *erp.Suite) (*booking.Figures, error) {
	from, to := outcome.Days()
	figures, err := booking.Draw(outcome.Context, suite, from, to)
	if err != nil {
		return nil, err
	}
	figures.Checks = append(figures.Checks, outcome.Check())
	return figures, nil
}
