package gorm

type DB struct{}

func (db *DB) Find(to any) *DB              { return db }
func (db *DB) Create(row any) *DB           { return db }
func (db *DB) Table(name string) *DB        { return db }
func (db *DB) Where(q string, a ...any) *DB { return db }
