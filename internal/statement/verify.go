package statement

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// TrustedIssuer is somebody else whose statements are believed.
type TrustedIssuer struct {
	// Name is the iss of its statements, compared exactly.
	Name string
	// Keys are its public keys. No other issuer's statement is checked with
	// them, and its own with no others.
	Keys []*jws.Key
}

// Verifier decides which statements to believe. Issuer, Keys and Now must be
// set; see [Verifier.Validate].
type Verifier struct {
	// Issuer is our own name.
	Issuer string
	// Keys finds our own keys by id.
	Keys func(kid string) []*jws.Key
	// Trusted lists the others. An empty list trusts nobody.
	Trusted []TrustedIssuer
	Now     func() time.Time
	// Leeway is how far two clocks may differ; zero is [DefaultLeeway].
	Leeway time.Duration
}

// Validate finds what is wrong with the list of trusted issuers, for when the
// configuration loads.
func (v *Verifier) Validate() error {
	for i, issuer := range v.Trusted {
		switch {
		case issuer.Name == "":
			return fmt.Errorf("trusted issuer %d has no name", i+1)
		case issuer.Name == v.Issuer:
			return fmt.Errorf("trusted issuer %q has our own name", issuer.Name)
		case len(issuer.Keys) == 0:
			return fmt.Errorf("trusted issuer %q has no keys", issuer.Name)
		}
		for _, key := range issuer.Keys {
			if key.Algorithm().Symmetric() {
				return fmt.Errorf("trusted issuer %q: with %s we could sign in its name; public keys are wanted", issuer.Name, key.Algorithm())
			}
		}
		for _, other := range v.Trusted[:i] {
			if other.Name == issuer.Name {
				return fmt.Errorf("trusted issuer %q is there twice", issuer.Name)
			}
			if share(issuer.Keys, other.Keys) {
				return fmt.Errorf("trusted issuers %q and %q have a key in common, so that each could speak for the other", other.Name, issuer.Name)
			}
		}
	}
	return nil
}

func invalid(why error) error { return fmt.Errorf("%w: %w", ErrInvalid, why) }

// ErrUnknownKey wraps ErrInvalid: the statement says to be ours, and names a
// key that is not ours, or that this gateway has not heard of yet.
var ErrUnknownKey = invalid(errors.New("it names a key that is none of ours"))

// They are made once: a flood of junk is not to cost more than good requests.
var (
	errType     = invalid(errors.New("its typ is not that of a software statement"))
	errIssuer   = invalid(errors.New("its issuer is not trusted"))
	errAudience = invalid(errors.New("it is meant for somebody else"))
	errSubject  = invalid(errors.New("its sub is not the UUID of an application"))
	errID       = invalid(errors.New("its jti is not a UUID"))
	errTimes    = invalid(errors.New("it does not say since when it is valid"))
	errToken    = invalid(errors.New("it has claims of an access token"))
	// The keys of others come with the configuration, so an unknown one is no news.
	errForeignKey = invalid(errors.New("its issuer has no key of that name"))
	errSignature  = invalid(jws.ErrSignature)
	errAlgorithm  = invalid(jws.ErrAlgorithm)
)

// Verify decides whether to believe a statement. Everything that costs little
// is looked at before the signature.
func (v *Verifier) Verify(raw string) (Statement, error) {
	return v.VerifyWithin(raw, nil)
}

// VerifyWithin is [Verifier.Verify] for a caller who may have spent the budget
// for forged signatures; then it returns jws.ErrBudget before it looks at one.
func (v *Verifier) VerifyWithin(raw string, b jws.Budget) (Statement, error) {
	s, _, err := v.verify(raw, b)
	return s, err
}

// verify also says which key it was.
func (v *Verifier) verify(raw string, b jws.Budget) (Statement, *jws.Key, error) {
	m, err := jws.Read(raw)
	if err != nil {
		return Statement{}, nil, invalid(err)
	}
	issuer, present, err := m.Claims.String("iss")
	if err != nil || !present {
		return Statement{}, nil, errIssuer
	}
	s := Statement{Issuer: issuer}
	own := issuer == v.Issuer
	var keys []*jws.Key
	if own {
		keys, err = v.own(m)
	} else {
		keys, err = v.foreign(m, issuer)
	}
	if err != nil {
		return Statement{}, nil, err
	}
	if err := v.read(m, own, &s); err != nil {
		return Statement{}, nil, err
	}
	if b != nil && b.Spent() {
		return Statement{}, nil, jws.ErrBudget
	}
	key, err := signer(m, keys)
	if err != nil {
		if b != nil && errors.Is(err, jws.ErrSignature) {
			b.Charge()
		}
		return Statement{}, nil, err
	}
	if s.KeyID = key.ID(); !own {
		s.KeyID = key.Thumbprint()
	}
	return s, key, nil
}

// read takes the claims over.
func (v *Verifier) read(m *jws.Message, own bool, s *Statement) error {
	audience, present, err := m.Claims.OneOrMany("aud")
	if err != nil || own && !present || present && !slices.Contains(audience, v.Issuer) {
		return errAudience
	}
	times, err := m.Validity()
	if err != nil {
		return invalid(err)
	}
	s.IssuedAt, s.NotBefore, s.ExpiresAt = times.IssuedAt, times.NotBefore, times.ExpiresAt
	if s.IssuedAt.IsZero() || s.NotBefore.IsZero() {
		return errTimes
	}
	if err := v.timely(*s); err != nil {
		return err
	}
	subject, _, err := m.Claims.String("sub")
	if err != nil {
		return errSubject
	}
	if s.ApplicationID, err = parseUUID(subject); err != nil {
		return errSubject
	}
	if !own {
		s.ID = derivedID(m.Input())
		return nil
	}
	id, _, err := m.Claims.String("jti")
	if err != nil {
		return errID
	}
	if s.ID, err = parseUUID(id); err != nil {
		return errID
	}
	return nil
}

// timely looks at the clock.
func (v *Verifier) timely(s Statement) error {
	leeway := v.Leeway
	if leeway == 0 {
		leeway = DefaultLeeway
	}
	times := jws.Validity{IssuedAt: s.IssuedAt, NotBefore: s.NotBefore, ExpiresAt: s.ExpiresAt}
	if err := times.Check(v.Now(), leeway); err != nil {
		return invalid(err)
	}
	return nil
}

// parseUUID accepts the hyphenated form alone, in upper case as well, and not
// the UUID of nothing.
func parseUUID(text string) (uuid.UUID, error) {
	if len(text) != 36 {
		return uuid.Nil, errSubject
	}
	id, err := uuid.Parse(text)
	if err == nil && id == uuid.Nil {
		err = errSubject
	}
	return id, err
}

func derivedID(signed string) uuid.UUID {
	sum := sha256.Sum256([]byte(signed))
	id := uuid.UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant
	return id
}
