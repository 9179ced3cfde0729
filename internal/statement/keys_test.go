package statement_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

const (
	us      = "https://sp.auth.example.com"
	partner = "auth.partner.example"
)

var (
	now = time.Unix(1_764_000_000, 0)
	app = uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95")
)

func ourKey(t testing.TB) *jws.Key     { return jwstest.Key(t, "ours", jws.RS256) }
func partnerKey(t testing.TB) *jws.Key { return jwstest.Key(t, "partner's", jws.RS256) }
func strangeKey(t testing.TB) *jws.Key { return jwstest.Key(t, "strange", jws.RS256) }

func minter(t testing.TB) statement.Minter {
	key := ourKey(t)
	return statement.Minter{Issuer: us, Key: func() *jws.Key { return key }, Now: func() time.Time { return now }}
}

func verifier(t testing.TB) *statement.Verifier { return verifierOf(t, jws.RS256) }

// verifierOf believes us and a partner, both with keys of the algorithm.
func verifierOf(t testing.TB, alg jws.Algorithm) *statement.Verifier {
	ours := jwstest.Key(t, "ours", alg)
	v := &statement.Verifier{
		Issuer: us,
		Keys: func(kid string) []*jws.Key {
			if kid == ours.ID() {
				return []*jws.Key{ours}
			}
			return nil
		},
		Now: func() time.Time { return now },
	}
	if !alg.Symmetric() {
		v.Trusted = []statement.TrustedIssuer{{Name: partner, Keys: []*jws.Key{jwstest.Public(t, jwstest.Key(t, "partner's", alg), "")}}}
	}
	return v
}

func own(t testing.TB) jwstest.Good     { return ownOf(t, jws.RS256) }
func foreign(t testing.TB) jwstest.Good { return foreignOf(t, jws.RS256) }

// ownOf is a statement of ours in parts.
func ownOf(t testing.TB, alg jws.Algorithm) jwstest.Good {
	return jwstest.Good{
		Key: jwstest.Key(t, "ours", alg), Other: jwstest.Key(t, "strange", alg),
		Header: jwstest.Members("alg", `"`+string(alg)+`"`, "typ", `"software-statement+jwt"`, "kid", `"ours"`),
		Claims: jwstest.Members("iss", `"`+us+`"`, "sub", `"`+app.String()+`"`, "aud", `"`+us+`"`,
			"iat", "1764000000", "nbf", "1764000000", "jti", `"0e4d1f6e-5d3c-4c0e-9d0a-6a2a3c1b2f10"`),
		Required: []string{"iss", "sub", "aud", "iat", "nbf", "jti"},
	}
}

// foreignOf is what a public sample looks like, in parts.
func foreignOf(t testing.TB, alg jws.Algorithm) jwstest.Good {
	return jwstest.Good{
		Key: jwstest.Key(t, "partner's", alg), Other: jwstest.Key(t, "strange", alg),
		Header:   jwstest.Members("alg", `"`+string(alg)+`"`),
		Claims:   jwstest.Members("sub", `"`+app.String()+`"`, "nbf", "1764000000", "iss", `"`+partner+`"`, "iat", "1764000000"),
		Required: []string{"iss", "sub", "iat", "nbf"},
	}
}
