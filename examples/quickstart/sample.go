package main
import ("context";"io";"time";"github.com/opsmatiq/erp")
func (c *config) showSample(ctx context.Context, suite *erp.Suite, db *database, began time.Time, stdout io.Writer) (int, error) { return 0, nil }
