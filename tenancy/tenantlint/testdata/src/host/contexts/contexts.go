package contexts // want package:"."

import (
	"context"
	"net/http"
	"os/signal"
	"time"

	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"golang.org/x/sync/errgroup"
)

type server struct {
	db    *tenancy.DB
	sales *sales.Service
}

// Where there is no request, a fresh context is the only one.

func main() {
	ctx, stop := signal.NotifyContext(context.Background())
	defer stop()
	s := &server{}
	_, _ = s.sales.Sell(ctx, "tea")
	_ = func() error { _, err := s.sales.Sell(context.Background(), "tea"); return err }
}

func (s *server) start() { _, _ = s.sales.Sell(context.TODO(), "tea") }

// In handlers.

func (s *server) handle(w http.ResponseWriter, r *http.Request) {
	_, _ = s.sales.Sell(r.Context(), "tea")
	_, _ = s.sales.Sell(context.WithoutCancel(r.Context()), "tea")
	_, _ = s.sales.Sell(context.Background(), "tea") // want `context: context.Background in a request path: scope, deadline and cancellation are lost. Pass on r.Context\(\), or context.WithoutCancel of it`
	_, _ = s.sales.Sell(context.TODO(), "tea")       // want `context: context.TODO in a request path`
	other(context.Background())
	ctx := context.Background()
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, _ = s.db.Enter(ctx, "x")                                        // want `context: context.Background in a request path`
	_, _ = s.sales.Sell(context.WithoutCancel(ctx), "x")               // want `context: context.Background in a request path`
	_, _ = s.sales.Sell(context.WithValue(values(ctx), "a", "b"), "x") // want `context: context.Background in a request path`
	entered, _ := s.db.Enter(r.Context(), "x")
	_, _ = s.sales.Sell(entered, "tea")
	ctx = r.Context()
	_, _ = s.sales.Sell(ctx, "tea")
	if w != nil {
		ctx = context.TODO()
	}
	_, _ = s.sales.Sell(ctx, "tea") // want `context: context.TODO in a request path`
	go func() {
		_, _ = s.sales.Sell(context.Background(), "tea") // want `context: context.Background in a request path`
	}()
	scope := tenancy.ScopeOf(r.Context())
	go func() { _, _ = s.sales.Sell(scope.Attach(context.Background()), "tea") }() // a scope of its own
	_ = tenancy.ScopeOf(context.Background())
}

var background = context.Background()

func (s *server) typed(_ context.Context, in *struct{}) (*struct{}, error) {
	_, err := s.sales.Sell(background, "tea") // want `context: context.Background in a request path.* Pass on the context that the function is given`
	return nil, err
}

type ginContext struct{ Request *http.Request }

func (s *server) gin(c *ginContext) {
	_, _ = s.sales.Sell(context.Background(), "tea") // want `Pass on c.Request.Context\(\)`
}

type echoContext interface{ Request() *http.Request }

func (s *server) echo(c echoContext) error {
	_, err := s.sales.Sell(context.Background(), "tea") // want `Pass on c.Request\(\).Context\(\)`
	return err
}

type stream interface {
	Context() context.Context
	RecvMsg(any) error
}

func (s *server) stream(c stream) {
	_, _ = s.sales.Sell(context.Background(), "tea") // want `Pass on c.Context\(\)`
}

type command interface{ Context() context.Context }

func (s *server) command(c command) { _, _ = s.sales.Sell(context.Background(), "tea") } // a program's start

func (s *server) withDefault(ctx context.Context) {
	if ctx == nil {
		ctx = context.Background()
	}
	_, _ = s.sales.Sell(ctx, "tea")
	if nil == ctx {
		_, _ = s.sales.Sell(context.Background(), "tea") // want `context: context.Background in a request path`
	}
	if ctx == nil {
		return
	} else {
		ctx = context.Background()
	}
	_, _ = s.sales.Sell(ctx, "tea") // want `context: context.Background in a request path`
}

func (s *server) withoutDefault(ctx context.Context) {
	if ctx != nil {
		ctx = context.Background()
	}
	_, _ = s.sales.Sell(ctx, "tea") // want `context: context.Background in a request path`
}

func (s *server) branches(ctx context.Context, late bool) {
	var own context.Context
	if late {
		own = context.Background()
	} else {
		own = ctx
	}
	_, _ = s.sales.Sell(own, "tea") // want `context: context.Background in a request path`
	for range 2 {
		_, _ = s.sales.Sell(ctx, "tea") // want `context: context.TODO in a request path`
		ctx = context.TODO()
	}
}

func values(ctx context.Context) context.Context { return ctx }

func other(context.Context) {}

// Through a function of the program's own.

func (s *server) service(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return s.deeper("tea", ctx)
}

func (s *server) deeper(what string, ctx context.Context) error {
	_, err := s.sales.Sell(ctx, what)
	return err
}

func (s *server) callsService(w http.ResponseWriter, r *http.Request) {
	_ = s.service(context.Background()) // want `context: context.Background in a request path`
	_ = s.service(r.Context())
}

// In transactions.

func (s *server) transactions(ctx context.Context, platform context.Context) error {
	return s.db.Tx(ctx, func(in context.Context, tx *tenancy.Tx) error {
		_ = tenancy.Insert(in, tx, &sales.Sale{})
		_ = tenancy.Insert(ctx, tx, &sales.Sale{}) // the transaction is told by tx
		_, _ = s.sales.Sell(in, "tea")
		_, _ = s.sales.Sell(context.WithoutCancel(in), "tea")
		_, _ = s.sales.Sell(ctx, "tea") // want `context: ctx is from outside the transaction, where it is refused`
		_ = s.service(ctx)              // want `context: ctx is from outside the transaction`
		later, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		_, _ = s.sales.Sell(later, "tea")                                         // want `context: ctx is from outside the transaction`
		_ = s.db.Tx(ctx, func(context.Context, *tenancy.Tx) error { return nil }) // want `context: ctx is from outside the transaction`
		_, _ = s.db.Tenants().Get(platform, "x")                                  // the platform's own data
		_ = tenancy.ScopeOf(ctx)
		tx.AfterCommit(func(after context.Context) { _, _ = s.sales.Sell(ctx, "tea") })
		each(func() { _, _ = s.sales.Sell(ctx, "tea") }) // want `context: ctx is from outside the transaction`
		_, err := tenancy.Act(in, s.db, "x", func(ctx context.Context, tx *tenancy.Tx) (int, error) {
			_, err := s.sales.Sell(in, "tea") // want `context: in is from outside the transaction`
			return 0, err
		})
		return err
	})
}

func each(f func()) { f() }

var elsewhere context.Context

func (s *server) book(ctx context.Context, tx *tenancy.Tx) error {
	_, _ = s.sales.Sell(elsewhere, "tea") // want `context: elsewhere is from outside the transaction`
	_, err := s.sales.Sell(ctx, "tea")
	return err
}

func (s *server) goroutines(outer context.Context, g *errgroup.Group) error {
	return s.db.Tx(outer, func(ctx context.Context, tx *tenancy.Tx) error {
		go func() {
			_ = tenancy.Insert(context.WithoutCancel(ctx), tx, &sales.Sale{}) // want `context: the transaction tx in another goroutine` `context: the transaction's context in another goroutine`
			_ = tenancy.Insert(nil, tx, &sales.Sale{})                        // said once
		}()
		go s.book(ctx, tx)                                                   // want `context: a transaction handed to another goroutine` `context: the transaction's context handed to another goroutine`
		go s.service(ctx)                                                    // want `context: the transaction's context handed to another goroutine`
		go tx.AfterCommit(nil)                                               // want `context: a transaction handed to another goroutine`
		go func() { _, _ = s.sales.Sell(outer, "tea") }()                    // a transaction of its own
		go other(ctx)                                                        // has nothing to do with erp
		g.Go(func() error { return tenancy.Insert(nil, tx, &sales.Sale{}) }) // want `context: the transaction tx in another goroutine`
		time.AfterFunc(1, func() { _, _ = s.sales.Sell(ctx, "tea") })        // want `context: the transaction's context in another goroutine`
		go func() {
			_ = s.db.Tx(background2(), func(ctx context.Context, tx *tenancy.Tx) error { return tenancy.Insert(ctx, tx, &sales.Sale{}) }) // its own
		}()
		each(func() { _ = tenancy.Insert(ctx, tx, &sales.Sale{}) }) // the same goroutine
		return g.Wait()
	})
}

func background2() context.Context { return nil }
