package database // want package:"."

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/Masterminds/squirrel"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jmoiron/sqlx"
	"github.com/opsmatiq/erp/sales"
	"github.com/opsmatiq/erp/tenancy"
	"github.com/opsmatiq/erp/tenancy/postgres"
	"github.com/uptrace/bun"
	"gorm.io/gorm"
)

// The host's own tables and connections are its own business.

type call struct{ Note string }

type holder struct{ Key tenancy.Row } // it only holds a key

func ownTables(ctx context.Context, db *sql.DB, b *bun.DB, g *gorm.DB) error {
	if _, err := db.ExecContext(ctx, "CREATE TABLE crm_calls (tenant_id TEXT, note TEXT)"); err != nil {
		return err
	}
	_, _ = db.Query("SELECT note FROM app.sales WHERE note = 'FROM erp.sales' -- FROM erp.sales") // in a value or a comment
	_, _ = db.Query("SELECT erp.id, erp.name FROM enterprise AS erp JOIN x ON erp.id = x.id")
	_, _ = db.Query("SELECT erp.id FROM enterprise erp")
	_, _ = db.Query("SELECT sales FROM reports.erp_sales") // another schema's
	_, _ = db.Query("SELECT erp_synced_at FROM orders")
	_, _ = db.Query("SET LOCAL statement_timeout = '1s'")
	_, _ = db.Query("GRANT erp_app TO host_login") // as Join asks for
	_, _ = db.Query("CREATE ROLE erp_reader")
	_, _ = db.Query("ALTER TABLE crm_calls SET SCHEMA erp_archive")
	_, _ = db.Query("SELECT set_config('app.user', $1, true)")
	_ = b.NewSelect().Model(&holder{}).Scan(ctx)
	_ = b.NewSelect().Model(&call{}).Column("erp.id").Where("erp.id = ?", 1).Scan(ctx)
	g.Create(&call{})
	_, err := db.Exec("INSERT INTO crm_calls VALUES ('x')")
	return err
}

func sqlOfOurs(ctx context.Context, db *sql.DB, tx *sql.Tx, b *bun.DB, g *gorm.DB, x *sqlx.DB, c *pgx.Conn, table string) {
	_, _ = db.ExecContext(ctx, "UPDATE erp.sales SET reference = 'x'")   // want `database: SQL names the table erp.sales, which is erp's`
	_, _ = db.Query(`SELECT * FROM "erp"."sales"`)                       // want `database: SQL names the table erp.sales`
	_, _ = db.Query(`SELECT * FROM [erp_sales]`)                         // want `database: SQL names the table erp_sales`
	_, _ = db.Query("SELECT ERP_SALE_LINES.id FROM x")                   // want `database: SQL names the table erp_sale_lines`
	_, _ = db.Query("SELECT 1 FROM books.erp.sales")                     // want `database: SQL names the table erp.sales`
	_, _ = db.Query("SELECT 1 FROM main.erp_sales")                      // want `database: SQL names the table erp_sales`
	_, _ = db.Query("SELECT 1 FROM crm_calls, erp.sales")                // want `database: SQL names the table erp.sales`
	_, _ = db.Query("SELECT * FROM erp.of_an_unknown_module")            // want `database: SQL names the table erp.of_an_unknown_module`
	_, _ = db.Query("SELECT state FROM x WHERE erp_control.tenants = 1") // want `database: SQL names the table erp_control.tenants`
	_, _ = db.Query("SET LOCAL erp.tenant = 'x'")                        // want `database: SQL names the setting erp.tenant`
	_, _ = db.Query("SELECT set_config('erp.tenant', $1, true)")         // want `database: SQL names the setting erp.tenant`
	_, _ = db.Query("SET ROLE erp_app")                                  // want `database: SQL names the role erp_app`
	_, _ = db.Query("SET SESSION AUTHORIZATION erp_app")                 // want `database: SQL names the role erp_app`
	_, _ = db.Query("SET search_path = erp, public")                     // want `database: SQL names the schema erp`
	_, _ = db.Query("GRANT USAGE ON SCHEMA erp TO crm")                  // want `database: SQL names the schema erp`
	_, _ = db.Query("DROP SCHEMA IF EXISTS erp_migrations")              // want `database: SQL names the schema erp_migrations`
	_, _ = tx.Exec("DELETE FROM erp.sales")                              // want `database: SQL names the table erp.sales`
	_, _ = db.Query("SELECT * FROM erp." + table)                        // a name made at run time: there is nothing to read
	_, _ = db.Query(fmt.Sprintf("SELECT %s FROM erp.sales", table))      // want `database: SQL names the table erp.sales`
	_ = b.NewSelect().Table("erp.sales").Scan(ctx)                       // want `database: SQL names the table erp.sales`
	_ = b.NewSelect().TableExpr("erp.new AS n").Scan(ctx)                // want `database: SQL names the table erp.new`
	g.Table("erp_sales").Find(&call{})                                   // want `database: SQL names the table erp_sales`
	_ = x.Select(&call{}, "SELECT * FROM erp.sales")                     // want `database: SQL names the table erp.sales`
	_ = c.Exec(ctx, "TRUNCATE erp.sales")                                // want `database: SQL names the table erp.sales`
	new(pgx.Batch).Queue("LOCK erp.sales")                               // want `database: SQL names the table erp.sales`
	_ = c.CopyFrom(ctx, pgx.Identifier{"erp", "sales"})                  // want `database: an identifier names the table erp.sales`
	_ = c.CopyFrom(ctx, pgx.Identifier{"app", "sales"})
	_ = squirrel.Select("id").From("erp.sales s").Where("erp.id = 1") // want `database: SQL names the table erp.sales`
	_, _ = query(db, "SELECT * FROM erp.sales")                       // want `database: SQL names the table erp.sales`
	_ = Exec("DELETE FROM erp.sales", db)                             // want `database: SQL names the table erp.sales`
	say("SELECT * FROM erp.sales")

	text := "SELECT 1 FROM crm"
	if table != "" {
		text += " JOIN erp.sales AS s" // want `database: SQL names the table erp.sales`
	}
	_, _ = db.Query(text)
	text += " WHERE name = '" + table + "' AND id IN (SELECT id FROM erp.sale_lines)" // want `database: SQL names the table erp.sale_lines`
	_, _ = db.Query(text)
}

func query(db *sql.DB, text string) (*sql.Rows, error) { return db.Query(text) }

func Exec(text string, db *sql.DB) error { _, err := db.Exec(text); return err }

func say(string) {}

// A program's own interface over a driver, as generated code has.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

func generated(ctx context.Context, q querier) {
	_, _ = q.QueryContext(ctx, "SELECT * FROM erp.sales")    // want `database: SQL names the table erp.sales`
	_, _ = q.QueryContext(ctx, "SELECT * FROM public.sales") // the host's
}

// Models of ours in other hands.

type laidOver struct {
	bun.BaseModel `bun:"table:erp.sales,alias:s"` // want `database: a model of bun's is laid over the table erp.sales`
	Reference     string                          `bun:"reference"`
}

type ownModel struct {
	bun.BaseModel `bun:"table:app.sales,alias:erp"`
	Reference     string `bun:"erp"`
}

func (laidOver) TableName() string { return "erp.sales" } // want `database: a model is laid over the table erp.sales`
func (ownModel) TableName() string { return "sales" }

func models(ctx context.Context, b *bun.DB, g *gorm.DB, x *sqlx.DB, db *sql.DB) {
	var rows []sales.Sale
	var sale sales.Sale
	_ = b.NewSelect().Model(&rows).Scan(ctx) // want `database: \[\]sales.Sale is a model of the store|database: github.com/opsmatiq/erp/sales.Sale is a model of the store: Model would read or write its rows without a tenant`
	g.Find(&sales.Line{})                    // want `database: .*sales.Line is a model of the store`
	_ = x.Select(&rows, "SELECT 1")          // want `database: .*sales.Sale is a model of the store`
	_ = db.QueryRow("SELECT 'x'").Scan(&sale.Reference)
	_ = b.NewSelect().Model(&ownModel{}).Scan(ctx)
}

// The engine's own interface.

func engine(ctx context.Context, e postgres.Engine, any tenancy.Engine, s tenancy.Store, n tenancy.Session) {
	_, _ = e.Open(ctx)   // want `database: Open is for tenancy itself`
	_, _ = any.Open(ctx) // want `database: Open is for tenancy itself`
	_ = s.Control()      // want `database: Control is for tenancy itself`
	_ = n.DB()           // want `database: DB is for tenancy itself`
	_ = e.Name()
	_, _ = tenancy.Open(ctx, e)
}

// Inside a transaction of the store.

func inside(ctx context.Context, db *tenancy.DB, own *sql.DB, pool *pgxpool.Pool, b *bun.DB, g *gorm.DB, x *sqlx.DB) error {
	_, _ = own.Exec("UPDATE crm_calls SET note = ''") // outside is the host's own business
	return db.Tx(ctx, func(ctx context.Context, tx *tenancy.Tx) error {
		_, _ = own.QueryContext(ctx, "SELECT email FROM users") // reads do no harm
		_ = pool.QueryRow(ctx, "SELECT email FROM users")
		_, _ = own.ExecContext(ctx, "UPDATE crm_calls SET note = ''")                   // want `database: ExecContext writes over another connection inside a transaction of the store`
		_, _ = own.BeginTx(ctx, nil)                                                    // want `database: BeginTx writes over another connection`
		_ = pool.Exec(ctx, "UPDATE crm_calls SET note = ''")                            // want `database: Exec writes over another connection`
		_ = pool.QueryRow(ctx, "INSERT INTO crm_calls VALUES ('x') RETURNING note")     // want `database: QueryRow writes over another connection`
		_ = own.QueryRow("/* x */ update crm_calls SET note = '' RETURNING note")       // want `database: QueryRow writes over another connection`
		_ = b.NewInsert().Model(&call{}).Exec(ctx)                                      // want `database: NewInsert writes over another connection`
		_, _ = x.Exec("DELETE FROM crm_calls")                                          // want `database: Exec writes over another connection`
		g.Where("x").Create(&call{})                                                    // want `database: Create writes over another connection`
		tx.AfterCommit(func(ctx context.Context) { _, _ = own.Exec("UPDATE x SET y") }) // as it should be
		return tx.Host(ctx, func(host *sql.Tx) error {
			_, _ = own.Exec("UPDATE crm_calls SET note = ''") // want `database: Exec writes over another connection .* use the \*sql.Tx that Host gives`
			_ = b.NewInsert().Model(&call{}).Conn(host).Exec(ctx)
			_, _ = host.Exec("UPDATE erp.sales SET reference = ''") // want `database: SQL names the table erp.sales`
			_, err := host.ExecContext(ctx, "INSERT INTO crm_calls VALUES ('x')")
			return err
		})
	})
}

func helper(ctx context.Context, tx *tenancy.Tx, own *sql.DB) {
	_, _ = own.Exec("UPDATE crm_calls SET note = ''") // want `database: Exec writes over another connection`
}

func joins(ctx context.Context, db *tenancy.DB, own *sql.DB) error {
	host, err := own.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := host.Exec("INSERT INTO crm_calls VALUES ('x')"); err != nil {
		return err
	}
	err = db.Join(ctx, host, func(ctx context.Context, tx *tenancy.Tx) error {
		_, err := host.Exec("INSERT INTO crm_calls VALUES ('y')")
		return err
	})
	if err != nil {
		return err
	}
	return host.Commit()
}
