package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"regexp"

	"github.com/google/uuid"
)

// Servers are the resource servers that may ask about every token: of each id
// the hashes of the secrets that count, more than one while one is exchanged.
type Servers map[string][][sha256.Size]byte

var (
	serverID = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,64}$`)
	// A secret of these characters is the same with and without the encoding
	// of RFC 6749 appendix B, and 32 of them cannot be guessed unless a person
	// made them up.
	serverSecret = regexp.MustCompile(`^[A-Za-z0-9._~-]{32,256}$`)
)

// Add adds a resource server. Errors quote no secret.
func (s Servers) Add(id string, secrets []string) error {
	if _, err := uuid.Parse(id); err == nil || !serverID.MatchString(id) {
		return errors.New("want an id of 1 to 64 letters, digits and . _ ~ -, which is not a UUID as clients have them")
	}
	if s.has(id) {
		return errors.New("it is there twice")
	}
	if len(secrets) == 0 {
		return errors.New("want a secret")
	}
	for _, secret := range secrets {
		if !serverSecret.MatchString(secret) {
			return errors.New("want a secret of 32 to 256 letters, digits and . _ ~ -, such as one of: openssl rand -hex 32")
		}
		s[id] = append(s[id], sha256.Sum256([]byte(secret)))
	}
	return nil
}

func (s Servers) has(id string) bool { return len(s[id]) > 0 }

// check compares in a time that does not depend on where the secrets differ.
func (s Servers) check(id, secret string) bool {
	sum, right := sha256.Sum256([]byte(secret)), 0
	for _, known := range s[id] {
		right |= subtle.ConstantTimeCompare(sum[:], known[:])
	}
	return right == 1
}
