package web // want package:"."

import (
	"context"
	"net/http"

	"host/booking"
)

func handle(b *booking.Booker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_ = b.Book("tea", r.Context())
		_ = b.Book("tea", context.Background()) // want `context: context.Background in a request path`
		_ = booking.Nothing(context.Background())
	}
}
