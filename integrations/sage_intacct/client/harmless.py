"""The names of elements and attributes whose texts may be kept; a new field is masked until its name stands here.

Never here: passwords, sessions, tax numbers, bank details, e-mail and web addresses, telephone numbers, postal
addresses, comments and files.
"""

from __future__ import annotations

# Of the envelope and of functions.
_PROTOCOL = """
    action authentication basecurrency clock code companyid content control controlid correction cdescription
    customfieldname dateformat description description2 docparid dtdversion endpoint errorid errorno field fieldname
    fields fiscalyear function gmtoffset includewhitespace isreadonly key keys locale locationid logical messageid
    multibasecurrency multicurrency multientityshared numremaining object objectname offset operator pagesize policyid
    query resultid senderid sessiontimeout sessiontimestamp showadditionalerrorinfo showprivate status term totalcount
    transactionid uniqueid userid application preference prefvalue category expression
    locationname userdefined enablecategory isuserdefined label pluralname datatype required
"""
# Of records: names, codes, amounts, dates and switches.
_RECORDS = """
    accessmode accesstime accountlabel accountno accounttype acctno adjustmentno allocation allocationid
    alternativeaccount amount apaccount apaccounttitle apreversekey auditdate auwhencreated baseamount basecurr batchkey
    batchtitle billable billno categoryname class classid closingaccountno closingtype contractid contractname
    costtypeid costtypename createdby createdat creationdate currency customerid customername datatype dateclosed
    datecreated datedue dateposted datereversed day default_lead_time departmentid departmentname department detailid
    detailname discountamount docid docnumber documentnumber donotcutcheck dueday duedate duefrom due_in_days
    employeeid enddate entity entityid entrydescription exchange_rate exchrate exchratedate exchratetype
    exch_rate_date exch_rate_type_id exchratetypeid externalid financialentity firstmonth firstmonthtax folder
    form1099box form1099type glaccount glaccountno glgroup has_ie_relation hidedisplaycontact id inclusivetax invoiceno
    isactive isowner iswon item itemid itemname itemtype line_no lineno linenumber location locationkey locationtype
    maxtaxamt megaentityid megaentitykey megaentityname memo mergepaymentreq mintaxamt modifiedby moduleid modulekey
    month name nogl normalbalance notes objectkey objecttype offsetglaccountno onetime onhold opcountry parentid
    parentkey parentname paymentdate paymentpriority ponumber prbatch prbatchkey projectcategory projectid projectname
    projectstatus rawstate reccode recordid recordkey recordno recordtype recpaymentdate region reportprintas
    retainagepercentage reversecharge source startdate state subtotal supdocid supdocdescription supdocfolderdescription
    supdocfoldername supdocname supdocparentfoldername attachmentname attachmenttype systemgenerated taskid taskname
    taskno taxable taxgroup taxmethod taxrate taxschedule taxsolutionid taxtype termkey termname termvalue title total
    totaldue totalentered totalpaid totalretained totalselected totaltrxamount trx_amount trx_entitydue trx_tax
    trx_totaldue trx_totalentered trx_totalpaid trx_totalselected type unitofmeasure userkey usertype value vendorid
    vendorkey vendorname vendtype vendtype1099type visible warehouseid warehousename weekstart whencreated whendiscount
    whendue whenmodified whenpaid whenposted year
"""
PREFIXES = ("gldim", "require")
# Where a person, the gateway or a proxy before it (as HTML) writes sentences, which may quote anything.
_SENTENCES = """
    cdescription correction description description2 entrydescription memo name notes
    body center h1 h2 p pre title
"""
FREE_TEXTS = frozenset(_SENTENCES.split())
FIELDS = frozenset((_PROTOCOL + _RECORDS).split()) | FREE_TEXTS
_ATTRIBUTES = """
    application controlid count end field businessinfo domain key listtype maxitems numremaining object offset
    requestinfo resultid showprivate start total totalcount transaction
"""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
