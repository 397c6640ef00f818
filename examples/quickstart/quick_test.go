//go:build !soak

package main

// killPoints are spread over a run of so many statements, its beginning and its end among them. Every one of them is
// tried by `make soak`.
func killPoints(engine string, statements int64) []int64 {
	points := int64(8)
	if engine == "postgres" { // each needs a database of its own
		points = 4
	}
	out := []int64{1}
	for i := int64(1); i < points; i++ {
		out = append(out, statements*i/points)
	}
	return append(out, statements)
}

// booksDecember says which costs and methods the month is booked with on which engine: each pair of the three comes together, and
// `make soak` books all eight.
func booksDecember(engine string, twoCosts, fifo bool) bool {
	return (engine == "sqlite") == (twoCosts == fifo)
}
