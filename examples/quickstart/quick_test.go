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

// booksDecember says with which costs and method the month is booked on which engine: each of them comes once, and `make soak` books all
// eight.
func booksDecember(engine string, twoCosts, fifo bool) bool {
	return twoCosts == fifo && fifo == (engine == "postgres")
}
