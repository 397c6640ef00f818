package accounting_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opsmatiq/erp/accounting"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/tenancytest"
)

// BenchmarkPost books entries of two lines in batches of 100, BenchmarkIssue invoices of 20 lines. They are for profiles;
// the ratios that we publish come from make bench.
func BenchmarkPost(b *testing.B) {
	perEngine(b, func(b *testing.B, s *shop) {
		for i := range b.N {
			in := make([]accounting.NewEntry, 100)
			for j := range in {
				in[j] = transfer(fmt.Sprint("E", i, "-", j), "2010-12-01", int64(j+1))
				in[j].Memo = ""
			}
			s.post(in...)
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}

func BenchmarkIssue(b *testing.B) {
	perEngine(b, func(b *testing.B, s *shop) {
		for i := range b.N {
			in := make([]accounting.NewInvoice, 100)
			for j := range in {
				in[j] = invoice(fmt.Sprint("I", i, "-", j), s.ann.ID, "2010-12-01", "1")
				in[j].Lines = in[j].Lines[:0]
				for range 20 {
					in[j].Lines = append(in[j].Lines, accounting.NewInvoiceLine{Description: "WHITE HANGING HEART T-LIGHT HOLDER", Quantity: units(6), UnitPrice: price("2.55")})
				}
			}
			s.issue(in...)
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "documents/s")
	})
}

func BenchmarkPostOne(b *testing.B) {
	perEngine(b, func(b *testing.B, s *shop) {
		for i := range b.N {
			s.post(transfer(fmt.Sprint("E", i), "2010-12-01", 5))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	})
}

// BenchmarkParties writes parties in batches of 100 and reads them in pages of 100: what sealing their contact data costs.
func BenchmarkParties(b *testing.B) {
	perEngine(b, func(b *testing.B, s *shop) {
		ctx := s.env.Tenant(b)
		create := func() {
			in := make([]accounting.NewParty, 100)
			for j := range in {
				in[j] = accounting.NewParty{Name: "Ada Canary-Byron", Customer: true, Email: "ada.canary@example.org", Phone: "+44 20 7946 0000",
					Address: []string{"12 Canary Row", "London SW1A 1AA"}, Country: "GB", TaxID: "GB123456789"}
			}
			_, err := s.books.CreateParties(ctx, in)
			require.NoError(b, err)
		}
		create()
		b.Run("create", func(b *testing.B) {
			for b.Loop() {
				create()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(100*b.N), "us/party")
		})
		b.Run("list", func(b *testing.B) {
			for b.Loop() {
				page, err := s.books.ListParties(ctx, tenancy.PageRequest{Limit: 100})
				require.NoError(b, err)
				require.Len(b, page.Items, 100)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(100*b.N), "us/party")
		})
	})
}

func perEngine(b *testing.B, fn func(*testing.B, *shop)) {
	b.Helper()
	for _, engine := range tenancytest.Engines {
		b.Run(engine, func(b *testing.B) {
			s := newShop(b, tenancytest.Open(b, engine, modules))
			b.ResetTimer()
			fn(b, s)
		})
	}
}
