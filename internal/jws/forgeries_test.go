package jws_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

func good(t testing.TB, alg jws.Algorithm) jwstest.Good {
	t.Helper()
	return jwstest.Good{
		Key: key(t, alg), Other: jwstest.Key(t, "other", alg),
		Header: jwstest.Members("alg", `"`+string(alg)+`"`, "typ", `"x+jwt"`, "kid", `"k"`),
		Claims: jwstest.Members("iss", `"us"`, "iat", "1764000000", "nbf", "1764000000", "exp", "1764003600"),
	}
}

// accept is the least that a verifier does.
func accept(k *jws.Key, raw string) error {
	m, err := jws.Read(raw)
	if err != nil {
		return err
	}
	if _, err := m.Validity(); err != nil {
		return err
	}
	return m.Verify(k)
}

func TestEveryForgeryIsRefusedForItsFault(t *testing.T) {
	count := 0
	for _, alg := range jws.Algorithms {
		t.Run(string(alg), func(t *testing.T) {
			g := good(t, alg)
			listener := jwstest.Listen(t)
			g.URL = listener.URL
			require.NoError(t, accept(g.Key, g.Raw()))
			forgeries := g.Telling()
			for _, f := range forgeries {
				err := accept(g.Key, f.Raw)
				assert.True(t, err != nil && f.Fault.Blamed(err), "%s: %v", f.Name, err)
			}
			count += len(forgeries)
			listener.Untouched()
		})
	}
	t.Logf("%d forgeries", count)
	assert.Greater(t, count, 3000)
}

// A forgery that is another one, or the good text, would show nothing.
func TestEveryForgeryIsOneOfItsOwn(t *testing.T) {
	for _, alg := range jws.Algorithms {
		forgeries := good(t, alg).Signatures()
		if alg == jws.HS256 {
			forgeries = good(t, alg).Forgeries()
		}
		names := map[string]bool{}
		texts := map[string]string{}
		for _, f := range forgeries {
			assert.False(t, names[f.Name], "two are called %q", f.Name)
			names[f.Name] = true
			other, known := texts[f.Raw]
			assert.False(t, known, "%s: %q is %q", alg, f.Name, other)
			texts[f.Raw] = f.Name
		}
	}
}

func TestWhatIsOddAndAllowedIsAccepted(t *testing.T) {
	for _, alg := range jws.Algorithms {
		for _, v := range good(t, alg).Variants() {
			assert.NoError(t, accept(key(t, alg), v.Raw), "%s: %s", alg, v.Name)
		}
	}
}

// The other keys that a gateway knows are no less somebody else's.
func TestNoKeyVerifiesWhatAnotherSigned(t *testing.T) {
	for _, alg := range jws.Algorithms {
		raw := good(t, alg).Raw()
		for _, other := range jws.Algorithms {
			for _, id := range []string{"k", "other"} {
				err := accept(jwstest.Key(t, id, other), raw)
				switch {
				case other == alg && id == "k":
					assert.NoError(t, err)
				case other == alg:
					assert.ErrorIs(t, err, jws.ErrSignature)
				default:
					assert.ErrorIs(t, err, jws.ErrAlgorithm)
				}
			}
		}
	}
}

func TestNoErrorQuotesTheText(t *testing.T) {
	g := good(t, jws.HS256)
	g.Claims = g.Claims.With("iss", `"hunter2"`)
	for _, f := range g.Forgeries() {
		if err := accept(g.Key, f.Raw); err != nil {
			assert.NotContains(t, err.Error(), "hunter2", f.Name)
			assert.NotContains(t, err.Error(), "eyJ", f.Name)
			assert.True(t, errors.Is(err, jws.ErrMalformed) || errors.Is(err, jws.ErrAlgorithm) || errors.Is(err, jws.ErrSignature), f.Name)
		}
	}
}
