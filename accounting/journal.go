package accounting

import "github.com/opsmatiq/erp/tenancy"

// JournalCode names a journal: the book of first entry that an entry stands in.
type JournalCode string

// The journals that every chart begins with.
const (
	JournalGeneral   JournalCode = "GEN"
	JournalSales     JournalCode = "SAL"
	JournalPurchases JournalCode = "PUR"
	JournalBank      JournalCode = "BNK"
	JournalCash      JournalCode = "CSH"
	JournalStock     JournalCode = "STK"
	JournalOpening   JournalCode = "OPN"
)

// Journal is a book of first entry.
type Journal struct {
	tenancy.Row
	Code JournalCode `bun:"code" privacy:"none"`
	Name string      `bun:"name" privacy:"none"`
}

// NewJournal is the input of [Service.CreateJournal].
type NewJournal struct {
	Code JournalCode `validate:"journal"`
	Name string      `validate:"line=200"`
}

// standardJournals are those of [Service.OpenBooks].
var standardJournals = []NewJournal{
	{JournalGeneral, "General journal"},
	{JournalSales, "Sales journal"},
	{JournalPurchases, "Purchases journal"},
	{JournalBank, "Bank journal"},
	{JournalCash, "Cash journal"},
	{JournalStock, "Stock journal"},
	{JournalOpening, "Opening balances"},
}
