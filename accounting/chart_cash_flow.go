package accounting

// chartCashFlows says which accounts of the templates stand elsewhere in the statement of cash flows than their role or type has
// it. An account of equipment is investing, and so are its depreciation to date, the expense of depreciation and what a disposal
// gains: together they come to what was paid and received (IAS 7.16, 7.20(b)).
var chartCashFlows = map[Chart]map[CashFlow][]string{
	ChartGeneral: {
		CashFlowCash: {"1090"}, CashFlowCustomers: {"2400"}, CashFlowSuppliers: {"1400", "2300"}, CashFlowEmployees: {"2200", "6000"},
		CashFlowOperating: {"4900"}, CashFlowInterestPaid: {"7500"}, CashFlowIncomeTax: {"7900"},
		CashFlowInvesting: {"1500", "1590", "7400"}, CashFlowFinancing: {"2500"}, CashFlowDividendsPaid: {"3300"},
	},
	ChartUK: {
		CashFlowCash: {"1310"}, CashFlowSuppliers: {"1010", "1250", "2300"}, CashFlowEmployees: {"2200", "2210", "2220", "5030", "6000", "6010", "6020", "6030"},
		CashFlowOperating: {"4800", "4900"}, CashFlowInterestPaid: {"7100"}, CashFlowInterestReceived: {"4910"}, CashFlowIncomeTax: {"2400", "7900"},
		CashFlowInvesting: {"0010", "0019", "0020", "0029", "0030", "0039", "0040", "0049", "0050", "0059", "7000"},
		CashFlowFinancing: {"2500", "2600", "2700"}, CashFlowDividendsPaid: {"3300"},
	},
	ChartUKRetail: {
		CashFlowCustomers: {"1320", "2400"}, CashFlowSuppliers: {"1200", "2300"}, CashFlowEmployees: {"2200", "2210", "6000", "6010"},
		CashFlowOperating: {"4900"}, CashFlowInterestPaid: {"7300"}, CashFlowIncomeTax: {"2500", "7900"},
		CashFlowInvesting: {"0100", "0190", "0200", "0290", "7200"}, CashFlowFinancing: {"2600", "2700"}, CashFlowDividendsPaid: {"3300"},
	},
	ChartUS: {
		CashFlowCash: {"1010", "1090"}, CashFlowCustomers: {"2410"}, CashFlowSuppliers: {"1300", "2300", "2310"},
		CashFlowEmployees: {"2200", "2210", "2220", "5200", "6000", "6010", "6020"}, CashFlowOperating: {"4900"}, CashFlowInterestPaid: {"7100"},
		CashFlowInterestReceived: {"7000"}, CashFlowIncomeTax: {"2500", "7900"},
		CashFlowInvesting: {"1400", "1500", "1510", "1520", "1530", "1540", "1550", "1590", "1600", "6900", "7200"},
		CashFlowFinancing: {"2600", "2700", "2800"}, CashFlowDividendsPaid: {"3300"},
	},
	ChartGermany: {
		CashFlowCash: {"1310", "1510"}, CashFlowCustomers: {"3600", "3900"}, CashFlowSuppliers: {"1900"},
		CashFlowEmployees: {"3500", "3510", "3520", "6000", "6010", "6020"}, CashFlowOperating: {"4900", "7300"}, CashFlowInterestPaid: {"7100"},
		CashFlowInterestReceived: {"7000"}, CashFlowIncomeTax: {"3000", "7200"},
		CashFlowInvesting: {"0100", "0150", "0200", "0250", "0300", "0350", "0400", "0450", "0500", "0550", "0600", "6100"},
		CashFlowFinancing: {"3100", "3150"}, CashFlowDividendsPaid: {"2300"},
	},
	ChartFrance: {
		CashFlowCash: {"580000"}, CashFlowCustomers: {"467000", "487000"}, CashFlowSuppliers: {"486000"},
		CashFlowEmployees: {"421000", "431000", "641000", "645000"}, CashFlowOperating: {"635000", "671000", "758000", "771000"},
		CashFlowInterestPaid: {"661000"}, CashFlowInterestReceived: {"764000"}, CashFlowIncomeTax: {"444000", "695000"},
		CashFlowInvesting: {"205000", "211000", "213000", "215000", "218000", "275000", "280000", "281000", "681000"},
		CashFlowFinancing: {"164000", "455000"}, CashFlowDividendsPaid: {"108000"},
	},
}

// CashFlow is where the template's account with the code stands in the statement of cash flows; "" where there is no such account,
// or where its role and type say it.
func (c Chart) CashFlow(code string) CashFlow {
	for place, codes := range chartCashFlows[c] {
		for _, marked := range codes {
			if marked == code {
				return place
			}
		}
	}
	return ""
}
