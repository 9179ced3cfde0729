package secret_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var client = []byte("0123456789abcdef")

func TestARegistrationTokenIsTheClientsAndNobodyElses(t *testing.T) {
	both := ring(t, 3, 7)
	token := both.RegistrationToken(client)
	assert.Regexp(t, `^dcrr_[A-Za-z0-9_-]{44}$`, token)
	assert.Equal(t, token, both.RegistrationToken(client), "it can be made again, so it need not be stored")
	old := ring(t, 3).RegistrationToken(client)
	assert.NotEqual(t, old, token)

	for name, c := range map[string]struct {
		token string
		of    []byte
		right bool
	}{
		"the right one":                    {token, client, true},
		"one of an older key":              {old, client, true},
		"one of a key that is not here":    {ring(t, 9).RegistrationToken(client), client, false},
		"another client's":                 {both.RegistrationToken([]byte("another")), client, false},
		"for another client":               {token, []byte("another"), false},
		"one that says to be of another":   {"dcrr_" + versioned(3, token), client, false},
		"nothing":                          {"", client, false},
		"the prefix alone":                 {"dcrr_", client, false},
		"without the prefix":               {strings.TrimPrefix(token, "dcrr_"), client, false},
		"a client secret":                  {"dcrs_" + strings.Repeat("a", 43), client, false},
		"a character short":                {token[:len(token)-1], client, false},
		"a character more":                 {token + "A", client, false},
		"with padding":                     {token + "=", client, false},
		"with a line break":                {token + "\n", client, false},
		"in the other base64":              {strings.NewReplacer("-", "+", "_", "/").Replace(token), client, false},
		"of zeros":                         {"dcrr_" + strings.Repeat("A", 44), client, false},
		"of zeros, by a key that is there": {"dcrr_" + base64.RawURLEncoding.EncodeToString(append([]byte{3}, make([]byte, 32)...)), client, false},
	} {
		assert.Equal(t, c.right, both.CheckRegistration(c.token, c.of), name)
	}
}

// versioned makes a token say that it is of another version.
func versioned(version byte, token string) string {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "dcrr_"))
	if err != nil {
		panic(err)
	}
	b[0] = version
	return base64.RawURLEncoding.EncodeToString(b)
}

// The form of the token is in the hands of every client.
func TestTheRegistrationTokenIsTheDocumentedOne(t *testing.T) {
	key := []byte(strings.Repeat("\x01", 32))
	want := hmac.New(sha256.New, key)
	want.Write([]byte("\x00\x00\x00\x00\x00\x00\x00\x19registration access token\x00\x00\x00\x00\x00\x00\x00\x02id"))
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(ring(t, 1).RegistrationToken([]byte("id")), "dcrr_"))
	require.NoError(t, err)
	assert.Equal(t, append([]byte{1}, want.Sum(nil)...), b)
}
