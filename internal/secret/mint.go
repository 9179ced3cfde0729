// Package secret makes the random strings that clients hold, checks them by
// keyed hashes, and keeps them out of texts.
package secret

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
)

const (
	// ClientPrefix begins a client secret and TokenPrefix an opaque access
	// token, so that people, and programs that look for leaks, know them.
	ClientPrefix = "dcrs_"
	TokenPrefix  = "dcrt_"

	entropy = 32 // bytes
	// encoded is the length of the random part: base64url without padding.
	encoded = (entropy*8 + 5) / 6
)

// Minter makes secrets. The zero Minter is ready.
type Minter struct {
	// Rand is where the randomness comes from; nil is crypto/rand.
	Rand io.Reader
}

// ClientSecret makes a client secret of 256 random bits.
func (m Minter) ClientSecret() (string, error) { return m.mint(ClientPrefix) }

// Token makes an opaque access token of 256 random bits.
func (m Minter) Token() (string, error) { return m.mint(TokenPrefix) }

func (m Minter) mint(prefix string) (string, error) {
	source := m.Rand
	if source == nil {
		source = rand.Reader
	}
	var b [entropy]byte
	if _, err := io.ReadFull(source, b[:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// LooksLikeToken says whether a text has the form of an opaque access token.
// Whether there is such a token is the store's to say.
func LooksLikeToken(text string) bool {
	if len(text) != len(TokenPrefix)+encoded || text[:len(TokenPrefix)] != TokenPrefix {
		return false
	}
	for i := len(TokenPrefix); i < len(text); i++ {
		if !urlSafe(text[i]) {
			return false
		}
	}
	return true
}

func urlSafe(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
