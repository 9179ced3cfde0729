package jws_test

import (
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

var benched = []jws.Algorithm{jws.HS256, jws.EdDSA, jws.ES256, jws.ES384, jws.RS256, jws.PS256}

var claims = map[string]any{
	"iss": "https://sp.auth.example.com", "sub": "897029da-2b35-429e-ad45-6f6bf5de7a95",
	"iat": 1764000000, "nbf": 1764000000, "exp": 1764021600, "scope": "api:client:v2",
}

func BenchmarkSign(b *testing.B) {
	for _, alg := range benched {
		k := key(b, alg)
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Sign("at+jwt", claims); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify is reading and verifying; BenchmarkRead says what of it is
// reading.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range benched {
		k := key(b, alg)
		raw, err := k.Sign("at+jwt", claims)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := accept(k, raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	raw, err := key(b, jws.HS256).Sign("at+jwt", claims)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jws.Read(raw); err != nil {
			b.Fatal(err)
		}
	}
}
