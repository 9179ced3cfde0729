package statement_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

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

// maker makes a key once, since making one of RSA takes long.
func maker(id string) func() (*jws.Key, error) {
	return sync.OnceValues(func() (*jws.Key, error) { return jws.Generate(id, jws.RS256) })
}

var ourKey, partnerKey, strangeKey = maker("ours"), maker(""), maker("ours")

func must(t testing.TB, made func() (*jws.Key, error)) *jws.Key {
	t.Helper()
	key, err := made()
	require.NoError(t, err)
	return key
}

// public is the key as somebody else has it, under another name.
func public(t testing.TB, key *jws.Key, id string) *jws.Key {
	t.Helper()
	p, err := jws.NewKey(id, key.Algorithm(), key.Public())
	require.NoError(t, err)
	return p
}

func minter(t testing.TB) statement.Minter {
	key := must(t, ourKey)
	return statement.Minter{Issuer: us, Key: func() *jws.Key { return key }, Now: func() time.Time { return now }}
}

func verifier(t testing.TB) *statement.Verifier {
	ours := must(t, ourKey)
	return &statement.Verifier{
		Issuer: us,
		Keys: func(kid string) []*jws.Key {
			if kid == ours.ID() {
				return []*jws.Key{ours}
			}
			return nil
		},
		Trusted: []statement.TrustedIssuer{{Name: partner, Keys: []*jws.Key{public(t, must(t, partnerKey), "")}}},
		Now:     func() time.Time { return now },
	}
}

// own is a statement of ours in parts.
func own(t testing.TB) jwstest.Good {
	return jwstest.Good{
		Key: must(t, ourKey), Other: must(t, strangeKey),
		Header: jwstest.Members("alg", `"RS256"`, "typ", `"software-statement+jwt"`, "kid", `"ours"`),
		Claims: jwstest.Members("iss", `"`+us+`"`, "sub", `"`+app.String()+`"`, "aud", `"`+us+`"`,
			"iat", "1764000000", "nbf", "1764000000", "jti", `"0e4d1f6e-5d3c-4c0e-9d0a-6a2a3c1b2f10"`),
		Required: []string{"iss", "sub", "aud", "iat", "nbf", "jti"},
	}
}

// foreign is what a public sample looks like, in parts.
func foreign(t testing.TB) jwstest.Good {
	return jwstest.Good{
		Key: must(t, partnerKey), Other: must(t, strangeKey),
		Header:   jwstest.Members("alg", `"RS256"`),
		Claims:   jwstest.Members("sub", `"`+app.String()+`"`, "nbf", "1764000000", "iss", `"`+partner+`"`, "iat", "1764000000"),
		Required: []string{"iss", "sub", "iat", "nbf"},
	}
}
