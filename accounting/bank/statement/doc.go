// Package statement reads bank statements: CAMT.053 in its versions 2 to 8 ([ReadCAMT053]), MT940 ([ReadMT940]) and CSV under a
// declared profile ([ReadCSV]). All give the same shape, [Statement], and none asks anybody: no database, no clock, no network.
//
//	read, err := statement.ReadMT940(file)
//
// A reader takes a file whole or refuses it with the line that it stumbled over; it never guesses at a figure. What a bank states and
// what cannot be (30 February, a count that is not the lines') is kept as stated and told in [Statement].Notes. Whether a statement adds
// up is the question of [Statement.Difference], and not of reading it.
//
// A file comes from outside, so all is bounded: its size, its statements and lines, the depth of its XML and the length of its texts. A
// document type declaration, which is where XML entities are defined, is refused.
package statement
