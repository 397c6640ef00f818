package einvoice

// Party is BG-4, the seller, or BG-7, the buyer.
type Party struct {
	Name           string       // BT-27, BT-44: the registered name
	TradingName    string       // BT-28, BT-45
	Identifiers    []Identifier // BT-29, BT-46; one with the scheme "SEPA" is BT-90, the creditor's for direct debits
	RegistrationID Identifier   // BT-30, BT-47: of the company register
	TaxID          string       // BT-31, BT-48: the VAT identifier, with the country's prefix
	LocalTaxID     string       // BT-32, the seller's only: another tax registration
	LegalForm      string       // BT-33, the seller's only: capital, form, what the law asks
	Electronic     Identifier   // BT-34, BT-49, of the EAS list: where documents are sent to
	Address        *Address     // BG-5, BG-8
	Contact        *Contact     // BG-6, BG-9
}

// Address is a postal address: BG-5, BG-8, BG-12 or BG-15.
type Address struct {
	Line1       string // BT-35, BT-50, BT-64, BT-75
	Line2       string // BT-36, BT-51, BT-65, BT-76
	Line3       string // BT-162, BT-163, BT-164, BT-165
	City        string // BT-37, BT-52, BT-66, BT-77
	PostCode    string // BT-38, BT-53, BT-67, BT-78
	Subdivision string // BT-39, BT-54, BT-68, BT-79
	Country     string // BT-40, BT-55, BT-69, BT-80: ISO 3166-1 alpha-2
}

// Contact is BG-6 or BG-9.
type Contact struct {
	Name  string // BT-41, BT-56
	Phone string // BT-42, BT-57
	Email string // BT-43, BT-58
}

// Payee is BG-10.
type Payee struct {
	Name           string     // BT-59
	Identifier     Identifier // BT-60
	RegistrationID Identifier // BT-61
}

// TaxRepresentative is BG-11: who answers for the seller's tax.
type TaxRepresentative struct {
	Name    string   // BT-62
	TaxID   string   // BT-63
	Address *Address // BG-12
}

// PaymentMeans is BG-16 with one BG-17. A document to be paid to one of several accounts states it once for each, with the
// same code and remittance (UBL-SR-44, UBL-SR-47) and the text once (UBL-SR-46), which is how UBL carries the group.
type PaymentMeans struct {
	Code       string // BT-81 of UNTDID 4461: "30" credit transfer, "58" SEPA credit transfer, "59" SEPA direct debit
	Text       string // BT-82
	Remittance string // BT-83, what the payer quotes
	Account    *Account
	Card       *Card
	Debit      *DirectDebit
}

// Account is BG-17, where a credit transfer goes.
type Account struct {
	ID   string // BT-84: an IBAN, or a national number
	Name string // BT-85
	BIC  string // BT-86
}

// Card is BG-18: what the document was paid with.
type Card struct {
	Number  string // BT-87: a few digits, the last four or the first six and the last four
	Network string // no term of EN 16931, but UBL asks for it: "VISA"
	Holder  string // BT-88
}

// DirectDebit is BG-19. The creditor's identifier, BT-90, stands among the seller's or payee's with the scheme "SEPA".
type DirectDebit struct {
	Mandate string // BT-89
	Account string // BT-91, the one that is debited
}
