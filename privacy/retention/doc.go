// Package retention says for how long records are kept, by which law, and what holds them beyond that; and deletes what has had its time. README.md in this folder has the table of rules
// with their sources, and says what sweeping does to which row.
package retention
