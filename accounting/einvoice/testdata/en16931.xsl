<?xml version="1.0" encoding="UTF-8"?>
<!--
  A second reading of EN 16931, of the file and not of our Document: what xsltproc finds broken, a line for each, "BR-CO-15" or "BR-S-08 25".
  Written from the wording of the rules (CEN/TC 434), and not the official artefacts, which are EUPL-1.2 and in no registry that `make setup`
  asks. It shares nothing with rules*.go but the ids. XPath 1.0 counts in doubles, so amounts are compared to a hundredth of a minor unit.
  Tax may be off by half of the least unit and no more: it is rounded once.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:x="urn:categories" exclude-result-prefixes="x"
  xmlns:inv="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cn="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <xsl:output method="text" encoding="UTF-8"/>
  <xsl:variable name="nl" select="'&#10;'"/>

  <!-- Each category: its rules' prefix, its rate, who must be identified, and whether it needs a reason. -->
  <x:category id="S" rule="BR-S" rate="above" ids="seller" reason="no" each="rate"/>
  <x:category id="Z" rule="BR-Z" rate="zero" ids="seller" reason="no" each="one"/>
  <x:category id="E" rule="BR-E" rate="zero" ids="seller" reason="yes" each="one"/>
  <x:category id="AE" rule="BR-AE" rate="zero" ids="both" reason="yes" each="one"/>
  <x:category id="K" rule="BR-IC" rate="zero" ids="bothvat" reason="yes" each="one"/>
  <x:category id="G" rule="BR-G" rate="zero" ids="sellervat" reason="yes" each="one"/>
  <x:category id="O" rule="BR-O" rate="none" ids="none" reason="yes" each="one"/>
  <x:category id="L" rule="BR-AF" rate="any" ids="seller" reason="no" each="rate"/>
  <x:category id="M" rule="BR-AG" rate="any" ids="seller" reason="no" each="rate"/>

  <xsl:template match="/*">
    <xsl:text>elements: </xsl:text><xsl:value-of select="concat(count(//*), $nl)"/>
    <xsl:if test="not(self::inv:Invoice or self::cn:CreditNote)">root<xsl:value-of select="$nl"/></xsl:if>
    <xsl:variable name="t" select="cac:LegalMonetaryTotal"/>
    <xsl:variable name="currency" select="string(cbc:DocumentCurrencyCode)"/>
    <xsl:variable name="lines" select="cac:InvoiceLine | cac:CreditNoteLine"/>
    <xsl:variable name="allowances" select="cac:AllowanceCharge[cbc:ChargeIndicator = 'false' or cbc:ChargeIndicator = '0']"/>
    <xsl:variable name="charges" select="cac:AllowanceCharge[cbc:ChargeIndicator = 'true' or cbc:ChargeIndicator = '1']"/>
    <xsl:variable name="breakdown" select="cac:TaxTotal[cbc:TaxAmount/@currencyID = $currency]"/>
    <xsl:variable name="seller" select="cac:AccountingSupplierParty/cac:Party"/>
    <xsl:variable name="buyer" select="cac:AccountingCustomerParty/cac:Party"/>
    <xsl:variable name="type" select="concat(' ', cbc:InvoiceTypeCode, cbc:CreditNoteTypeCode, ' ')"/>

    <xsl:if test="normalize-space(cbc:CustomizationID) = ''">BR-01<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="normalize-space(cbc:ID) = ''">BR-02<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="string-length(cbc:IssueDate) != 10">BR-03<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="normalize-space($type) = ''">BR-04<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="$currency = ''">BR-05<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="not($seller/cac:PartyLegalEntity/cbc:RegistrationName)">BR-06<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="not($buyer/cac:PartyLegalEntity/cbc:RegistrationName)">BR-07<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="not($seller/cac:PostalAddress/cac:Country/cbc:IdentificationCode)">BR-09<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="not($buyer/cac:PostalAddress/cac:Country/cbc:IdentificationCode)">BR-11<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="not($lines)">BR-16<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="cbc:TaxCurrencyCode and not(cac:TaxTotal/cbc:TaxAmount[@currencyID = current()/cbc:TaxCurrencyCode])">BR-53<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="cac:BillingReference[not(cac:InvoiceDocumentReference/cbc:ID)]">BR-55<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="cbc:TaxPointDate and cac:InvoicePeriod/cbc:DescriptionCode">BR-CO-03<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="//cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT'][translate(substring(cbc:CompanyID, 1, 2), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ1', '') != '']">BR-CO-09<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="not($seller/cac:PartyIdentification/cbc:ID or $seller/cac:PartyLegalEntity/cbc:CompanyID or $seller/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT']/cbc:CompanyID)">BR-CO-26<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="self::inv:Invoice and number($t/cbc:PayableAmount) &gt; 0 and not(cbc:DueDate or cac:PaymentMeans/cbc:PaymentDueDate or cac:PaymentTerms/cbc:Note)">BR-CO-25<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="//cbc:EndpointID[not(@schemeID)]">BR-62<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="cac:PaymentMeans[not(cbc:PaymentMeansCode)]">BR-49<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="cac:PaymentMeans[(cbc:PaymentMeansCode = '30' or cbc:PaymentMeansCode = '58') and not(cac:PayeeFinancialAccount/cbc:ID)]">BR-61<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="self::cn:CreditNote and not(contains(' 81 83 261 262 296 308 381 396 420 458 502 503 532 ', $type)) or self::inv:Invoice and contains(' 81 83 261 262 296 308 381 396 420 458 502 503 532 ', $type)">BR-CL-01<xsl:value-of select="$nl"/></xsl:if>

    <!-- Amounts: a currency each, the document's but for the tax in the tax currency; two decimals but in prices. -->
    <xsl:for-each select="//*[contains(local-name(), 'Amount') and namespace-uri() = 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2']">
      <xsl:if test="not(@currencyID)">currencyID<xsl:value-of select="concat(' ', local-name(), $nl)"/></xsl:if>
      <xsl:if test="@currencyID != $currency and not(self::cbc:TaxAmount and parent::cac:TaxTotal[not(cac:TaxSubtotal)] and @currencyID = /*/cbc:TaxCurrencyCode)">BT-5<xsl:value-of select="concat(' ', local-name(), $nl)"/></xsl:if>
      <xsl:if test="not(ancestor::cac:Price) and string-length(substring-after(., '.')) &gt; 2">BR-DEC<xsl:value-of select="concat(' ', local-name(), $nl)"/></xsl:if>
      <xsl:if test="string(number(.)) = 'NaN'">number<xsl:value-of select="concat(' ', local-name(), $nl)"/></xsl:if>
    </xsl:for-each>
    <xsl:if test="count(cac:TaxTotal[cac:TaxSubtotal]) != 1 or count(cac:TaxTotal) &gt; 2 or count($breakdown) != 1">BR-CO-18<xsl:value-of select="$nl"/></xsl:if>

    <!-- Lines. -->
    <xsl:for-each select="$lines">
      <xsl:variable name="q" select="cbc:InvoicedQuantity | cbc:CreditedQuantity"/>
      <xsl:variable name="net" select="number(cbc:LineExtensionAmount)"/>
      <xsl:if test="normalize-space(cbc:ID) = ''">BR-21<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="not($q)">BR-22<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="not($q/@unitCode)">BR-23<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="not(cbc:LineExtensionAmount)">BR-24<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="normalize-space(cac:Item/cbc:Name) = ''">BR-25<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="not(cac:Price/cbc:PriceAmount)">BR-26<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="cac:Price/cbc:PriceAmount &lt; 0">BR-27<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="cac:Price/cac:AllowanceCharge/cbc:BaseAmount &lt; 0">BR-28<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="cac:AllowanceCharge[not(cbc:AllowanceChargeReason or cbc:AllowanceChargeReasonCode)]">BR-CO-23<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="not(cac:Item/cac:ClassifiedTaxCategory[cac:TaxScheme/cbc:ID = 'VAT']/cbc:ID)">BR-CO-04<xsl:value-of select="$nl"/></xsl:if>
    </xsl:for-each>
    <xsl:if test="cac:AllowanceCharge[not(cbc:AllowanceChargeReason or cbc:AllowanceChargeReasonCode)]">BR-CO-21<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="cac:AllowanceCharge[not(cac:TaxCategory[cac:TaxScheme/cbc:ID = 'VAT']/cbc:ID)]">BR-32<xsl:value-of select="$nl"/></xsl:if>

    <!-- Totals. sum(()) is 0, and so is what is not stated. -->
    <xsl:if test="round((sum($t/cbc:LineExtensionAmount) - sum($lines/cbc:LineExtensionAmount)) * 10000) != 0">BR-CO-10<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="round((sum($t/cbc:AllowanceTotalAmount) - sum($allowances/cbc:Amount)) * 10000) != 0">BR-CO-11<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="round((sum($t/cbc:ChargeTotalAmount) - sum($charges/cbc:Amount)) * 10000) != 0">BR-CO-12<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="round((sum($t/cbc:TaxExclusiveAmount) - sum($t/cbc:LineExtensionAmount) + sum($t/cbc:AllowanceTotalAmount) - sum($t/cbc:ChargeTotalAmount)) * 10000) != 0">BR-CO-13<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="round((sum($breakdown/cbc:TaxAmount) - sum($breakdown/cac:TaxSubtotal/cbc:TaxAmount)) * 10000) != 0">BR-CO-14<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="round((sum($t/cbc:TaxInclusiveAmount) - sum($t/cbc:TaxExclusiveAmount) - sum($breakdown/cbc:TaxAmount)) * 10000) != 0">BR-CO-15<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="round((sum($t/cbc:PayableAmount) - sum($t/cbc:TaxInclusiveAmount) + sum($t/cbc:PrepaidAmount) - sum($t/cbc:PayableRoundingAmount)) * 10000) != 0">BR-CO-16<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="count($t/cbc:LineExtensionAmount) != 1">BR-12<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="count($t/cbc:TaxExclusiveAmount) != 1">BR-13<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="count($t/cbc:TaxInclusiveAmount) != 1">BR-14<xsl:value-of select="$nl"/></xsl:if>
    <xsl:if test="count($t/cbc:PayableAmount) != 1">BR-15<xsl:value-of select="$nl"/></xsl:if>

    <!-- Categories. -->
    <xsl:variable name="doc" select="."/>
    <xsl:variable name="sellervat" select="$seller/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT'] | cac:TaxRepresentativeParty/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT']"/>
    <xsl:variable name="buyervat" select="$buyer/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID = 'VAT']"/>
    <xsl:variable name="sellertax" select="$sellervat | $seller/cac:PartyTaxScheme"/>
    <xsl:variable name="used" select="$lines/cac:Item/cac:ClassifiedTaxCategory | cac:AllowanceCharge/cac:TaxCategory"/>
    <xsl:if test="($used | $breakdown/cac:TaxSubtotal/cac:TaxCategory)[not(cbc:ID = document('')/*/x:category/@id)]">BR-CL-17<xsl:value-of select="$nl"/></xsl:if>
    <xsl:for-each select="document('')/*/x:category">
      <xsl:variable name="c" select="."/>
      <xsl:variable name="mine" select="$used[cbc:ID = $c/@id]"/>
      <xsl:variable name="groups" select="$breakdown/cac:TaxSubtotal[cac:TaxCategory/cbc:ID = $c/@id]"/>
      <xsl:if test="$mine and not($groups) or $c/@each = 'one' and count($groups) &gt; 1 or $groups and not($mine)"><xsl:value-of select="concat($c/@rule, '-01', $nl)"/></xsl:if>
      <xsl:if test="$mine and ($c/@ids = 'seller' and not($sellertax) or $c/@ids = 'sellervat' and not($sellervat)
        or $c/@ids = 'both' and not($sellertax and ($buyervat or $buyer/cac:PartyLegalEntity/cbc:CompanyID)) or $c/@ids = 'bothvat' and not($sellervat and $buyervat)
        or $c/@ids = 'none' and ($sellervat or $buyervat))"><xsl:value-of select="concat($c/@rule, '-02', $nl)"/></xsl:if>
      <xsl:for-each select="$mine | $groups/cac:TaxCategory">
        <xsl:if test="$c/@rate = 'above' and not(cbc:Percent &gt; 0) or $c/@rate = 'zero' and not(cbc:Percent = 0) or $c/@rate = 'any' and not(cbc:Percent &gt;= 0)
          or $c/@rate = 'none' and parent::cac:Item and cbc:Percent"><xsl:value-of select="concat($c/@rule, '-05', $nl)"/></xsl:if>
      </xsl:for-each>
      <xsl:for-each select="$groups">
        <xsl:variable name="g" select="."/>
        <xsl:variable name="p" select="sum(cac:TaxCategory/cbc:Percent)"/>
        <xsl:variable name="here" select="$mine[$c/@each = 'one' or number(cbc:Percent) = $p]"/>
        <xsl:variable name="taxable" select="sum($here/parent::cac:Item/../cbc:LineExtensionAmount) - sum($here/parent::cac:AllowanceCharge[cbc:ChargeIndicator = 'false' or cbc:ChargeIndicator = '0']/cbc:Amount)
          + sum($here/parent::cac:AllowanceCharge[cbc:ChargeIndicator = 'true' or cbc:ChargeIndicator = '1']/cbc:Amount)"/>
        <xsl:variable name="off" select="(cbc:TaxAmount - cbc:TaxableAmount * $p div 100) * (1 - 2 * number(cbc:TaxAmount &lt; cbc:TaxableAmount * $p div 100))"/>
        <xsl:variable name="half" select="0.5 * number(not(contains(cbc:TaxAmount, '.'))) + 0.005 * number(contains(cbc:TaxAmount, '.'))"/>
        <xsl:if test="round((cbc:TaxableAmount - $taxable) * 10000) != 0"><xsl:value-of select="concat($c/@rule, '-08 ', $p, $nl)"/></xsl:if>
        <xsl:if test="$off &gt; $half + 0.000001"><xsl:value-of select="concat($c/@rule, '-09 ', $p, $nl)"/></xsl:if>
        <xsl:if test="($c/@reason = 'yes') != boolean(cac:TaxCategory/cbc:TaxExemptionReason | cac:TaxCategory/cbc:TaxExemptionReasonCode)"><xsl:value-of select="concat($c/@rule, '-10', $nl)"/></xsl:if>
        <xsl:if test="count($groups[sum(cac:TaxCategory/cbc:Percent) = $p]) != 1"><xsl:value-of select="concat($c/@rule, '-08 twice ', $p, $nl)"/></xsl:if>
        <xsl:if test="not(cac:TaxCategory[cac:TaxScheme/cbc:ID = 'VAT'])">BR-47<xsl:value-of select="$nl"/></xsl:if>
      </xsl:for-each>
      <xsl:if test="$c/@id = 'K' and $groups and not($doc/cac:Delivery/cbc:ActualDeliveryDate or $doc/cac:InvoicePeriod)">BR-IC-11<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="$c/@id = 'K' and $groups and not($doc/cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country/cbc:IdentificationCode)">BR-IC-12<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="$c/@id = 'O' and $groups and count($breakdown/cac:TaxSubtotal) &gt; 1">BR-O-11<xsl:value-of select="$nl"/></xsl:if>
      <xsl:if test="$c/@id = 'O' and $groups and $used[cbc:ID != 'O']">BR-O-12<xsl:value-of select="$nl"/></xsl:if>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
