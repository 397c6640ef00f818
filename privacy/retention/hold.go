package retention

import "github.com/opsmatiq/erp/privacy"

// Hold is what keeps a record from being erased: a rule by its id, such as "de.books", or "legal_hold".
type Hold = privacy.Hold
