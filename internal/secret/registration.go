package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// RegistrationPrefix begins a registration access token (RFC 7592 section 3).
const RegistrationPrefix = "dcrr_"

// registrationSize is that of the random-looking part: 33 bytes in base64url.
const registrationSize = 44

// RegistrationToken makes the registration access token of a client: one byte
// for the version of the server key, and what that key makes of the client's
// id, 256 bits that nobody without the key can tell from random ones. So
// nothing of it is stored, and a wrong one is known without asking the store.
func (r *Keyring) RegistrationToken(client []byte) string {
	b := append([]byte{r.newest}, sum(r.keys[r.newest], registration, [][]byte{client})...)
	return RegistrationPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// CheckRegistration says whether the token is the client's, in a time that
// does not depend on where they differ.
func (r *Keyring) CheckRegistration(token string, client []byte) bool {
	text, found := strings.CutPrefix(token, RegistrationPrefix)
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The decoder skips line breaks, so the length of the text counts as well.
	if !found || err != nil || len(b) != 1+sha256.Size || len(text) != registrationSize {
		return false
	}
	key, known := r.keys[b[0]]
	return known && hmac.Equal(b[1:], sum(key, registration, [][]byte{client}))
}
