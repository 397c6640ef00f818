package closed

import (
	"database/sql" // want `database: database/sql is imported in a package that is closed to databases`
	"database/sql/driver"

	"github.com/jackc/pgx/v5/pgxpool" // want `database: github.com/jackc/pgx/v5/pgxpool is imported`
)

var (
	_ sql.NullString
	_ driver.Value
	_ pgxpool.Pool
)
