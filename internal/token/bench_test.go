package token

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
)

var benched = []jws.Algorithm{jws.HS256, jws.EdDSA, jws.ES256, jws.RS256}

func BenchmarkMint(b *testing.B) {
	for _, alg := range benched {
		m := minter(key(b, alg))
		m.Rand = nil
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := m.Mint(asked()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify is what a token costs when it is seen for the first time.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range benched {
		raw, v := good(b, alg).Raw(), verifier(key(b, alg))
		b.Run(string(alg), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRefuse is what an attacker can make us pay.
func BenchmarkRefuse(b *testing.B) {
	g := good(b, jws.ES256)
	v := verifier(g.Key)
	forged := g.Raw()
	for name, raw := range map[string]string{
		"junk":           strings.Repeat("junk", 200),
		"another issuer": jwstest.Compact(g.Key, g.Header.String(), g.Claims.With("iss", `"x"`).String()),
		"unknown key":    jwstest.Compact(g.Key, g.Header.With("kid", `"x"`).String(), g.Claims.String()),
		"forged ES256":   forged[:len(forged)-6] + "AAAAAA",
		"16 KiB of names": func() string {
			c := g.Claims
			for i := range 1100 {
				c = c.And(fmt.Sprintf("m%d", i), "1")
			}
			return jwstest.Compact(g.Key, g.Header.String(), c.With("iss", `"x"`).String())
		}(),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(raw); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}

func filled(n int) (*Cache, []string) {
	c := NewCache(n+n/10+100, clock)
	tail := strings.Repeat("x", 800) // as long as a token is
	texts := make([]string, min(n, 100_000))
	for i := range n {
		_, g := number(i)
		raw := fmt.Sprintf("%d%s", i, tail)
		c.Put(raw, g)
		// Spread over all, so that no processor cache holds what is asked for.
		if step := n / len(texts); i%step == 0 && i/step < len(texts) {
			texts[i/step] = raw
		}
	}
	return c, texts
}

func BenchmarkCacheHit(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		c, texts := filled(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, found := c.Get(texts[i]); !found {
					b.Fatal("lost")
				}
				if i += 7919; i >= len(texts) {
					i %= len(texts)
				}
			}
		})
		b.Run(fmt.Sprintf("%d on every core", n), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				i := 0
				for pb.Next() {
					c.Get(texts[i])
					if i += 7919; i >= len(texts) {
						i %= len(texts)
					}
				}
			})
		})
	}
}

func BenchmarkCachePut(b *testing.B) {
	c, _ := filled(10_000)
	_, g := number(1)
	texts := make([]string, 100_000)
	for i := range texts {
		texts[i] = fmt.Sprintf("put-%d-%s", i, strings.Repeat("x", 800))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		c.Put(texts[i%len(texts)], g)
		i++
	}
}

func BenchmarkSweep(b *testing.B) {
	c, _ := filled(100_000)
	b.ReportAllocs()
	for b.Loop() {
		c.Sweep()
	}
}
