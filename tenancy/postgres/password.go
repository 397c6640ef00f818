package postgres

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// derivePassword makes a login's password: the same for the same secret and login, and telling nothing of the secret.
func derivePassword(secret, login string) string {
	return base64.RawURLEncoding.EncodeToString(mac([]byte(secret), "erp login password v1:"+login))
}

// scramIterations is PostgreSQL's own number. The derived passwords have 256 bits, so it protects nothing here.
const scramIterations = 4096

// scramVerifier is what the server keeps of a password (RFC 5802, RFC 7677), so that the password itself is in no
// statement and no log.
func scramVerifier(password string) (string, error) {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	salted, err := pbkdf2.Key(sha256.New, password, salt, scramIterations, sha256.Size)
	if err != nil {
		return "", err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return "SCRAM-SHA-256$" + strconv.Itoa(scramIterations) + ":" + encode(salt) + "$" + encode(stored[:]) + ":" + encode(mac(salted, "Server Key")), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
