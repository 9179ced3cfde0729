package token

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

// Leeway is how far the clock of a gateway may be behind that of the one that
// minted a token.
const Leeway = time.Minute

var (
	// ErrInvalid is wrapped by every other error: the token is at fault. The
	// text says why and quotes nothing, so that it may stand in a log.
	ErrInvalid = errors.New("invalid access token")
	// ErrMalformed says that the text is no JWT that anybody should read.
	ErrMalformed = fmt.Errorf("%w: malformed", ErrInvalid)
	// ErrExpired says that the token was good and its time is over. The grant
	// is returned with it, if its signature was looked at.
	ErrExpired = fmt.Errorf("%w: expired", ErrInvalid)
	// ErrUnknownKey says that the token names a key that is none of ours, or
	// one that this gateway has not heard of yet.
	ErrUnknownKey = fmt.Errorf("%w: unknown key", ErrInvalid)
)

func invalid(why string) error { return fmt.Errorf("%w: %s", ErrInvalid, why) }

// They are made once: a flood of junk is not to cost more than good requests.
var (
	errType      = invalid("its typ is not that of an access token")
	errAlgorithm = invalid("its algorithm is not the key's")
	errIssuer    = invalid("another issued it")
	errAudience  = invalid("it is meant for somebody else")
	errTimes     = invalid("a time is missing or is none")
	errNotYet    = invalid("it is not valid yet")
	errClaims    = invalid("a claim is missing or of another form than ours")
	errSignature = invalid("the signature is not the key's")
)

// Verifier decides which access tokens are good. All fields must be set.
type Verifier struct {
	Issuer, Audience string
	// Keys finds the key of an id, or nil.
	Keys func(kid string) *jws.Key
	// Now is the store's clock.
	Now func() time.Time
}

// Verify decides whether a token is one of ours and its time is now.
// Everything that costs little is looked at before the signature, so that junk
// is cheap to refuse; only the end of its time comes after it, since whose
// token has expired matters to the answer.
func (v *Verifier) Verify(raw string) (Grant, error) { return v.VerifyWithin(raw, nil) }

// VerifyWithin is [Verifier.Verify] for a caller who may have spent the budget
// for forged signatures; then a token whose end has come is called expired
// whoever signed it, and any other gets jws.ErrBudget.
func (v *Verifier) VerifyWithin(raw string, b jws.Budget) (Grant, error) {
	m, err := jws.Read(raw)
	if err != nil {
		return Grant{}, ErrMalformed
	}
	if m.Header.Type != Type {
		return Grant{}, errType
	}
	key := v.key(m.Header.KeyID)
	if key == nil {
		return Grant{}, ErrUnknownKey
	}
	if m.Header.Algorithm != key.Algorithm() {
		return Grant{}, errAlgorithm
	}
	now := v.Now()
	g, err := v.read(m, now)
	if err != nil {
		return Grant{}, err
	}
	budgeted := b != nil && !key.Algorithm().Symmetric()
	if budgeted && b.Spent() {
		if g.Expired(now) {
			return Grant{}, ErrExpired
		}
		return Grant{}, jws.ErrBudget
	}
	if m.Verify(key) != nil {
		if budgeted {
			b.Charge()
		}
		return Grant{}, errSignature
	}
	if g.Expired(now) {
		return g, ErrExpired
	}
	return g, nil
}

func (v *Verifier) key(kid string) *jws.Key {
	if kid == "" {
		return nil
	}
	return v.Keys(kid)
}

// read takes the claims over. All of them are written by us, so each must be
// exactly as we write it.
func (v *Verifier) read(m *jws.Message, now time.Time) (Grant, error) {
	if issuer, _, err := m.Claims.String("iss"); err != nil || issuer != v.Issuer {
		return Grant{}, errIssuer
	}
	if audience, _, err := m.Claims.String("aud"); err != nil || audience != v.Audience {
		return Grant{}, errAudience
	}
	times, err := m.Validity()
	if err != nil || times.IssuedAt.IsZero() || times.NotBefore.IsZero() || times.ExpiresAt.IsZero() {
		return Grant{}, errTimes
	}
	if errors.Is(times.Check(now, Leeway), jws.ErrNotYet) {
		return Grant{}, errNotYet
	}
	r := reader{m: m}
	g := Grant{
		TokenID: r.id("jti"), ClientID: r.id("client_id"),
		ClientIssuedAt: r.milliseconds("cia"), IssuedAt: r.milliseconds("iam"), ExpiresAt: times.ExpiresAt.UnixMilli(),
		Lineage: &Lineage{
			ApplicationID: r.id("app"), StatementID: r.id("stm"),
			StatementIssuer: r.text("sti", v.Issuer), StatementKey: r.reference("stk"), Platform: r.text("plt", ""),
			KeyID: m.Header.KeyID, Scopes: r.scopes("scope"),
		},
	}
	// What iat lost to whole seconds, exp lost as well.
	lost := g.IssuedAt - times.IssuedAt.UnixMilli()
	if r.id("sub") != g.ClientID || r.failed || lost < 0 || lost >= 1000 {
		return Grant{}, errClaims
	}
	g.ExpiresAt += lost
	return g, nil
}

// reader reads one claim after the other and remembers whether one failed.
type reader struct {
	m      *jws.Message
	failed bool
}

// id reads a claim that must be a UUID in its usual form, and not that of
// nothing.
func (r *reader) id(name string) uuid.UUID {
	text, _, err := r.m.Claims.String(name)
	if err != nil || len(text) != 36 {
		r.failed = true
		return uuid.Nil
	}
	id, err := uuid.Parse(text)
	r.failed = r.failed || err != nil || id == uuid.Nil
	return id
}

func (r *reader) milliseconds(name string) int64 {
	value, present, err := r.m.Claims.Int64(name)
	r.failed = r.failed || err != nil || !present || value <= 0
	return value
}

// reference reads a key's reference, or none.
func (r *reader) reference(name string) revocation.KeyRef {
	value, present, err := r.m.Claims.Int64(name)
	r.failed = r.failed || present && (err != nil || value <= 0 || value > math.MaxUint32)
	return revocation.KeyRef(value)
}

func (r *reader) text(name, otherwise string) string {
	value, present, err := r.m.Claims.String(name)
	if !present {
		return otherwise
	}
	r.failed = r.failed || err != nil || value == ""
	return value
}

func (r *reader) scopes(name string) scope.Set {
	text := r.text(name, "")
	if text == "" {
		return scope.Set{}
	}
	set, err := scope.Parse(text)
	r.failed = r.failed || err != nil
	return set
}
