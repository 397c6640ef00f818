package sqltext

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFirstWord(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1": "select", " \n( (select 1) UNION ...": "select", "/* a /* b */ c */ -- d\n update t": "update", "with x as (...)": "with",
		"": "", "--": "", "/* open": "", "'x'": "", "(": "", "set_config": "set_config",
	} {
		require.Equal(t, want, FirstWord(text), text)
	}
}

func TestEndsTransaction(t *testing.T) {
	for text, want := range map[string]bool{
		"COMMIT": true, "commit work": true, "END": true, "ABORT": true, "ROLLBACK": true, "rollback work": true, "ROLLBACK AND CHAIN": true, "BEGIN": true,
		"START TRANSACTION": true, "PREPARE TRANSACTION 'x'": true, "COMMIT PREPARED 'x'": true, "ROLLBACK PREPARED 'x'": true,
		"SELECT 1;COMMIT": true, "SELECT ';';\n-- x\nCOMMIT;": true, `SELECT E'\'; x'; COMMIT`: true, `SELECT '\'; COMMIT`: true, "SELECT $$;$$; COMMIT": true,
		"SELECT $a$ $b$ ; $a$; COMMIT": true, `SELECT ";"; COMMIT`: true, "SELECT a$b$; COMMIT": true, "SELECT $1; COMMIT": true, "; ;COMMIT": true,
		"SELECT 1": false, "ROLLBACK TO SAVEPOINT x": false, "ROLLBACK WORK TO x": false, "SAVEPOINT x": false, "RELEASE x": false,
		"SELECT 'x; COMMIT'": false, `SELECT E'\'; COMMIT'`: false, "SELECT $$; COMMIT $$": false, "-- x; \n/* ; COMMIT */ SELECT 1": false, `SELECT "; COMMIT"`: false,
		"DO $x$ BEGIN COMMIT; END $x$": false, "PREPARE q AS SELECT 1": false, "SELECT commit FROM t": false, "": false, "SELECT 'doubled ''; COMMIT'": false,
	} {
		_, found := EndsTransaction(text)
		require.Equal(t, want, found, text)
	}
}

func TestIsSingle(t *testing.T) {
	for text, want := range map[string]bool{"SELECT 1": true, "SELECT 1; -- done": true, "SELECT ';'": true, "SELECT 1; SELECT 2": false, "; SELECT 1": false} {
		require.Equal(t, want, IsSingle(text), text)
	}
}
