package statement

// The elements of camt.053.001.02 to .08 that are read, by their names in the ISO 20022 schemas. Where versions differ, both forms stand
// here: a status is text up to version 7 and a choice in version 8; a party stands bare up to version 7 and under Pty in version 8.

type camtStatement struct {
	ID         string `xml:"Id"`
	Electronic string `xml:"ElctrncSeqNb"`
	Legal      string `xml:"LglSeqNb"`
	Page       string `xml:"StmtPgntn>PgNb"` // from version 3
	Account    struct {
		IBAN     string `xml:"Id>IBAN"`
		Other    string `xml:"Id>Othr>Id"`
		Currency string `xml:"Ccy"`
	} `xml:"Acct"`
	Balances []camtBalance `xml:"Bal"`
	Summary  *struct {
		Credits camtTotal `xml:"TtlCdtNtries"`
		Debits  camtTotal `xml:"TtlDbtNtries"`
	} `xml:"TxsSummry"`
	Entries []camtEntry `xml:"Ntry"`
}

type camtTotal struct {
	Number string `xml:"NbOfNtries"`
	Sum    string `xml:"Sum"`
}

type camtAmount struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type camtDate struct {
	Day    string `xml:"Dt"`
	Moment string `xml:"DtTm"`
}

type camtBalance struct {
	Code     string     `xml:"Tp>CdOrPrtry>Cd"`
	Sub      string     `xml:"Tp>SubTp>Cd"`
	Amount   camtAmount `xml:"Amt"`
	Mark     string     `xml:"CdtDbtInd"`
	Date     camtDate   `xml:"Dt"`
	FileLine int        `xml:"-"`
}

type camtEntry struct {
	Reference string     `xml:"NtryRef"`
	Amount    camtAmount `xml:"Amt"`
	Mark      string     `xml:"CdtDbtInd"`
	Reversal  string     `xml:"RvslInd"`
	Status    struct {
		Text string `xml:",chardata"`
		Code string `xml:"Cd"`
	} `xml:"Sts"`
	Booked       camtDate          `xml:"BookgDt"`
	Value        camtDate          `xml:"ValDt"`
	Servicer     string            `xml:"AcctSvcrRef"`
	Code         camtCode          `xml:"BkTxCd"`
	Amounts      camtDetails       `xml:"AmtDtls"`
	Transactions []camtTransaction `xml:"NtryDtls>TxDtls"`
	Additional   string            `xml:"AddtlNtryInf"`
	FileLine     int               `xml:"-"`
}

type camtCode struct {
	Domain      string `xml:"Domn>Cd"`
	Family      string `xml:"Domn>Fmly>Cd"`
	SubFamily   string `xml:"Domn>Fmly>SubFmlyCd"`
	Proprietary string `xml:"Prtry>Cd"`
}

type camtParty struct {
	Name  string `xml:"Nm"`
	Party string `xml:"Pty>Nm"`
	Agent string `xml:"Agt>FinInstnId>Nm"`
}

func (p camtParty) name() string {
	for _, name := range []string{p.Name, p.Party, p.Agent} {
		if name = clean(name); name != "" {
			return name
		}
	}
	return ""
}

type camtAccount struct {
	IBAN  string `xml:"Id>IBAN"`
	Other string `xml:"Id>Othr>Id"`
}

func (a camtAccount) number() string {
	if a.IBAN != "" {
		return accountNumber(a.IBAN)
	}
	return accountNumber(a.Other)
}

// camtDetails are the amounts that an amount came from.
type camtDetails struct {
	Instructed   camtExchanged `xml:"InstdAmt"`
	Transaction  camtExchanged `xml:"TxAmt"`
	CounterValue camtExchanged `xml:"CntrValAmt"`
}

type camtExchanged struct {
	Amount camtAmount `xml:"Amt"`
	Rate   string     `xml:"CcyXchg>XchgRate"`
}

type camtTransaction struct {
	Mark        string      `xml:"CdtDbtInd"` // from version 3; that of the entry before
	Amounts     camtDetails `xml:"AmtDtls"`
	EndToEnd    string      `xml:"Refs>EndToEndId"`
	Servicer    string      `xml:"Refs>AcctSvcrRef"`
	Proprietary []struct {
		Reference string `xml:"Ref"`
	} `xml:"Refs>Prtry"`
	Debtor          camtParty   `xml:"RltdPties>Dbtr"`
	DebtorAccount   camtAccount `xml:"RltdPties>DbtrAcct"`
	Creditor        camtParty   `xml:"RltdPties>Cdtr"`
	CreditorAccount camtAccount `xml:"RltdPties>CdtrAcct"`
	Unstructured    []string    `xml:"RmtInf>Ustrd"`
	Structured      []struct {
		Creditor   string   `xml:"CdtrRefInf>Ref"`
		Documents  []string `xml:"RfrdDocInf>Nb"`
		Additional []string `xml:"AddtlRmtInf"`
	} `xml:"RmtInf>Strd"`
	Additional string `xml:"AddtlTxInf"`
}
