package main

import "time"

// today is a date that the demo shops' books take.
func today() string { return time.Now().UTC().Format(time.DateOnly) }
