package tenancy

import (
	"fmt"
	"strings"
)

// Privacy is the class of a column, from its tag:
//
//	privacy:"none"                          // never personal: codes, states, currencies
//	privacy:"contact,delete"                // category, what erasure does
//	privacy:"identity,pseudonymise"         // a name in a document that must stand
//	privacy:"contact,delete,sealed"         // encrypted where it lies, under the tenant's key
//	privacy:"free-text,delete,apart"        // apart from what the law demands of the record
//
// Every text column must have one; start-up refuses a column without. Other types default to none.
//
// A sealed column is text that is neither searched nor sorted by: whoever reads through the store sees it as it was
// written, and whoever looks at the database, at a copy of it or at a disk does not. Of a value that is empty or missing,
// that is all that can be seen, and of the others their length.
//
// Apart is what no law asks to be kept with the record that it stands in, such as a note for oneself beside an invoice: an erasure does not wait
// for the record's retention with it. Both parts may stand, sealed first.
type Privacy struct {
	Category Category
	Erasure  Erasure
	Sealed   bool
	Apart    bool
}

// Personal reports whether the column can hold personal data.
func (p Privacy) Personal() bool { return p.Category != NotPersonal }

// Category is the kind of personal data.
type Category string

// The categories.
const (
	NotPersonal Category = "none"
	Identity    Category = "identity"   // names, tax ids
	Contact     Category = "contact"    // addresses, e-mail, telephone
	Financial   Category = "financial"  // bank accounts, terms
	FreeText    Category = "free-text"  // notes, descriptions: anything may stand in them
	Credential  Category = "credential" // password hashes, tokens
	Behaviour   Category = "behaviour"  // addresses of devices, pages, times
)

// Erasure is what erasing the subject does to the column.
type Erasure string

// The erasures.
const (
	EraseDelete       Erasure = "delete"       // emptied, or the row removed
	ErasePseudonymise Erasure = "pseudonymise" // replaced by a value that says nothing
	EraseKeep         Erasure = "keep"         // held until its retention rule ends
)

var (
	categories = map[Category]bool{Identity: true, Contact: true, Financial: true, FreeText: true, Credential: true, Behaviour: true}
	erasures   = map[Erasure]bool{EraseDelete: true, ErasePseudonymise: true, EraseKeep: true}
)

func parsePrivacy(tag string, typ ColumnType) (Privacy, error) {
	switch {
	case tag == "" && typ == Text:
		return Privacy{}, fmt.Errorf("a text column needs a privacy class, such as `privacy:\"none\"` or `privacy:\"contact,delete\"`")
	case tag == "" || tag == "none":
		return Privacy{Category: NotPersonal}, nil
	}
	parts := strings.Split(tag, ",")
	p := Privacy{Category: Category(parts[0])}
	if !categories[p.Category] || len(parts) < 2 {
		return Privacy{}, fmt.Errorf("privacy class %q is not of the form category,erasure[,sealed][,apart]", tag)
	}
	if p.Erasure = Erasure(parts[1]); !erasures[p.Erasure] {
		return Privacy{}, fmt.Errorf("privacy class %q names no known erasure", tag)
	}
	switch rest := strings.Join(parts[2:], ","); rest {
	case "", "sealed", "apart", "sealed,apart":
		p.Sealed, p.Apart = strings.HasPrefix(rest, "sealed"), strings.HasSuffix(rest, "apart")
	default:
		return Privacy{}, fmt.Errorf("privacy class %q ends in something other than sealed or apart", tag)
	}
	switch {
	case p.Sealed && typ != Text:
		return Privacy{}, fmt.Errorf("privacy class %q: only text can be sealed, not a %s", tag, typ)
	case p.Apart && p.Erasure == EraseKeep:
		return Privacy{}, fmt.Errorf("privacy class %q says to keep what nothing asks to be kept", tag)
	}
	return p, nil
}
