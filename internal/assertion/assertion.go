// Package assertion decides which JWTs to believe that clients authenticate
// with (RFC 7523 section 3).
package assertion

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

const (
	// Leeway is how far the clocks of a client and of the gateway may differ.
	Leeway = time.Minute
	// MaxLifetime is how far ahead an assertion may expire, beside the leeway:
	// for so long its id has to be remembered.
	MaxLifetime = 5 * time.Minute
	// maxID is far more than a random id needs.
	maxID = 256
)

// ErrInvalid is wrapped by every error: the assertion is at fault. The text
// says why, quotes nothing, and may be shown to the client.
var ErrInvalid = errors.New("invalid client assertion")

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// They are made once: a flood of junk is not to cost more than good requests.
var (
	errMalformed = invalid("it is not a JWT that is read here")
	errType      = invalid("its typ is that of another kind of token")
	errAlgorithm = invalid("it must be signed with a private key")
	errSubject   = invalid("iss and sub must both be the client_id")
	errAudience  = invalid("aud must be the issuer of this server, and nothing else")
	errNoExpiry  = invalid("exp is missing, or a time is none")
	errExpired   = invalid("it has expired")
	errNotYet    = invalid("it is not valid yet")
	errTooLong   = invalid("exp is too far ahead: five minutes are the most")
	errID        = invalid("jti must be a string of at most 256 bytes")
	errSignature = invalid("it was not signed with a key of the client")
)

// Assertion is one that could be good: everything about it is right but the
// signature, which nobody has looked at yet.
type Assertion struct {
	ClientID uuid.UUID
	// ID is what must be new (jti).
	ID        string
	ExpiresAt time.Time

	message *jws.Message
}

// Reader reads assertions. Both fields must be set.
type Reader struct {
	// Issuer is this server's name. It is the only audience that is accepted:
	// an assertion for the address of an endpoint could be had by another
	// server that names our endpoint as its own (GHSA-3p3g-vpw6-4w66).
	Issuer string
	Now    func() time.Time
}

// Read reads an assertion and checks everything that does not depend on the
// client, so that junk is refused before anybody is looked up.
func (r Reader) Read(raw string) (Assertion, error) {
	m, err := jws.Read(raw)
	if err != nil {
		return Assertion{}, errMalformed
	}
	switch {
	case !isType(m.Header.Type):
		return Assertion{}, errType
	case m.Header.Algorithm.Symmetric():
		return Assertion{}, errAlgorithm
	}
	a := Assertion{message: m}
	if a.ClientID, err = subject(m); err != nil {
		return Assertion{}, err
	}
	if audience, _, err := m.Claims.OneOrMany("aud"); err != nil || len(audience) != 1 || audience[0] != r.Issuer {
		return Assertion{}, errAudience
	}
	if a.ID, _, err = m.Claims.String("jti"); err != nil || a.ID == "" || len(a.ID) > maxID {
		return Assertion{}, errID
	}
	if a.ExpiresAt, err = r.timely(m); err != nil {
		return Assertion{}, err
	}
	return a, nil
}

// isType accepts what clients write: nothing, the type of any JWT, or the one
// that the revision of RFC 7523 gives to client assertions.
func isType(typ string) bool {
	const prefix = "application/"
	if len(typ) > len(prefix) && strings.EqualFold(typ[:len(prefix)], prefix) {
		typ = typ[len(prefix):]
	}
	return typ == "" || strings.EqualFold(typ, "jwt") || strings.EqualFold(typ, "client-authentication+jwt")
}

// subject is the client, which is the issuer as well.
func subject(m *jws.Message) (uuid.UUID, error) {
	issuer, _, err := m.Claims.String("iss")
	if err != nil {
		return uuid.Nil, errSubject
	}
	subject, _, err := m.Claims.String("sub")
	if err != nil || subject != issuer || len(subject) != len(uuid.Nil.String()) {
		return uuid.Nil, errSubject
	}
	id, err := uuid.Parse(subject)
	if err != nil || id == uuid.Nil {
		return uuid.Nil, errSubject
	}
	return id, nil
}

func (r Reader) timely(m *jws.Message) (expires time.Time, err error) {
	times, err := m.Validity()
	if err != nil || times.ExpiresAt.IsZero() {
		return time.Time{}, errNoExpiry
	}
	now := r.Now()
	switch err := times.Check(now, Leeway); {
	case errors.Is(err, jws.ErrExpired):
		return time.Time{}, errExpired
	case err != nil:
		return time.Time{}, errNotYet
	case times.ExpiresAt.After(now.Add(MaxLifetime + Leeway)):
		return time.Time{}, errTooLong
	}
	return times.ExpiresAt, nil
}

// Remember is for how long from now the id must not come again. It is never so
// short that a store would take it for no time at all.
func (a Assertion) Remember(now time.Time) time.Duration {
	return max(a.ExpiresAt.Add(Leeway).Sub(now), time.Second)
}

// Verify says whether one of the client's keys made the signature. Without a
// key that could have, it takes as long as with one.
func (a Assertion) Verify(keys []*jws.Key) error {
	tried := false
	for _, key := range keys {
		kid := a.message.Header.KeyID
		if key.Algorithm() != a.message.Header.Algorithm || kid != "" && key.ID() != "" && kid != key.ID() {
			continue
		}
		tried = true
		if a.message.Verify(key) == nil {
			return nil
		}
	}
	if !tried {
		a.message.VerifyNothing()
	}
	return errSignature
}
