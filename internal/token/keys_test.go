package token

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

const (
	us  = "https://sp.auth.example.com"
	aud = "https://api.example.com"
)

var (
	now       = time.UnixMilli(1_764_000_000_250)
	client    = uuid.MustParse("3f0c1b7e-2f5e-4a55-9f53-6e0b8a4a1d01")
	app       = uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95")
	statement = uuid.MustParse("0e4d1f6e-5d3c-4c0e-9d0a-6a2a3c1b2f10")
)

// algorithms are those that the tests of tokens run with, of each kind.
var algorithms = []jws.Algorithm{jws.HS256, jws.HS512, jws.EdDSA, jws.ES256, jws.ES384, jws.RS256, jws.PS256}

func key(t testing.TB, alg jws.Algorithm) *jws.Key {
	t.Helper()
	return jwstest.Key(t, "k1", alg)
}

func minter(k *jws.Key) Minter {
	return Minter{
		Issuer: us, Audience: aud, Lifetime: 6 * time.Hour,
		Key:  func() *jws.Key { return k },
		Now:  func() time.Time { return now },
		Rand: bytes.NewReader(bytes.Repeat([]byte{0xab}, 16)),
	}
}

func verifier(k *jws.Key) *Verifier {
	return &Verifier{
		Issuer: us, Audience: aud,
		Keys: func(kid string) *jws.Key {
			if kid == k.ID() {
				return k
			}
			return nil
		},
		Now: func() time.Time { return now },
	}
}

// asked is what a client gets a token for.
func asked() Grant {
	return Grant{
		ClientID: client, ClientIssuedAt: 1_763_000_000_123,
		Lineage: &Lineage{
			ApplicationID: app, StatementID: statement, StatementIssuer: us, Platform: "tvOS",
			Scopes: scope.Must("api:client:v2", "analytics:client"),
		},
	}
}

// good is a token in parts.
func good(t testing.TB, alg jws.Algorithm) jwstest.Good {
	return jwstest.Good{
		Key: key(t, alg), Other: jwstest.Key(t, "k2", alg),
		Header: jwstest.Members("alg", `"`+string(alg)+`"`, "typ", `"at+jwt"`, "kid", `"k1"`),
		Claims: jwstest.Members("iss", `"`+us+`"`, "sub", `"`+client.String()+`"`, "client_id", `"`+client.String()+`"`, "aud", `"`+aud+`"`,
			"iat", "1764000000", "nbf", "1764000000", "exp", "1764021600", "jti", `"abababab-abab-4bab-abab-abababababab"`,
			"scope", `"analytics:client api:client:v2"`, "scopes", `"analytics:client,api:client:v2"`,
			"app", `"`+app.String()+`"`, "stm", `"`+statement.String()+`"`, "plt", `"tvOS"`, "cia", "1763000000123", "iam", "1764000000250"),
		Required: []string{"iss", "sub", "client_id", "aud", "iat", "nbf", "exp", "jti", "app", "stm", "cia", "iam"},
	}
}
