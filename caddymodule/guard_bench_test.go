//go:build linux

package caddymodule

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

const (
	benchTarget = "/api/v2/" + benchChannel + "/profiles/TempPass"
	passed      = 0 // no status: the next handler got the request
)

// BenchmarkGuardKnown is what nearly every request costs: the decision alone,
// from the target to the last kill switch; the whole handler, which also tells
// the backend who calls; and how the handler's time is spread, by the wall.
func BenchmarkGuardKnown(b *testing.B) {
	for _, tokens := range []int{1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d tokens", tokens), func(b *testing.B) {
			w := newBenchWorld(b, TokenConfig{CacheSize: tokens + tokens/8}, 0)
			requests := newArrivals(benchTarget, w.learn(b, tokens)...)
			b.Run("decision", func(b *testing.B) { requests.decide(b, w.guard) })
			b.Run("handler", func(b *testing.B) { requests.serve(b, w.guard, passed) })
			b.Run("latency", func(b *testing.B) { requests.percentiles(b, w.guard) })
		})
	}
}

// BenchmarkGuardKnownByApplication is the same where decisions are counted by
// application and platform as well.
func BenchmarkGuardKnownByApplication(b *testing.B) {
	w := newBenchWorld(b, TokenConfig{}, 0, func(a *App) {
		a.Metrics = MetricsConfig{Applications: []string{"demo"}, Platforms: []string{all}}
	})
	requests := newArrivals(benchTarget, w.learn(b, 100_000)...)
	b.Run("handler", func(b *testing.B) { requests.serve(b, w.guard, passed) })
}

// BenchmarkGuardKnownBesideAMillionKills is the same where a million switches
// have been thrown on others. It tells how long the app took to be ready, too.
func BenchmarkGuardKnownBesideAMillionKills(b *testing.B) {
	w := newBenchWorld(b, TokenConfig{}, 1_000_000)
	requests := newArrivals(benchTarget, w.learn(b, 100_000)...)
	b.Run("handler", func(b *testing.B) {
		requests.serve(b, w.guard, passed)
		b.ReportMetric(w.ready.Seconds(), "s-to-start")
	})
}

// BenchmarkGuardFirstSeen is the first request of each token. The table of
// known tokens holds one, so that of two in turn each is always new.
func BenchmarkGuardFirstSeen(b *testing.B) {
	for _, alg := range []jws.Algorithm{jws.HS256, jws.EdDSA, jws.ES256, jws.RS256} {
		b.Run(string(alg), func(b *testing.B) {
			w := newBenchWorld(b, TokenConfig{Algorithm: string(alg), CacheSize: 1}, 0)
			one, _ := w.mint(b, benchScope)
			other, _ := w.mint(b, benchScope)
			requests := newArrivals(benchTarget, one, other)
			b.Run("handler", func(b *testing.B) { requests.serve(b, w.guard, passed) })
		})
	}
}

// BenchmarkGuardRefused is what those cost who get nothing.
func BenchmarkGuardRefused(b *testing.B) {
	w := newBenchWorld(b, TokenConfig{}, 0)
	good, _ := w.mint(b, benchScope)
	powerless, _ := w.mint(b, "some:other:scope")
	dead, grant := w.mint(b, benchScope)
	w.kill(b, revocation.Client, grant.ClientID.String())
	for _, tc := range []struct {
		name, target string
		tokens       []string
		status       int
	}{
		{"no token", benchTarget, nil, http.StatusUnauthorized},
		{"junk", benchTarget, []string{strings.Repeat("junk", 150)}, http.StatusUnauthorized},
		{"forged signature HS256", benchTarget, []string{forge(good)}, http.StatusUnauthorized},
		{"wrong scope", benchTarget, []string{powerless}, http.StatusForbidden},
		{"wrong channel", "/api/v2/OTHER/profiles/TempPass", []string{good}, http.StatusUnauthorized},
		{"killed client", benchTarget, []string{dead}, http.StatusUnauthorized},
		{"no such route", "/api/v2/no/such/route/at/all", []string{good}, http.StatusNotFound},
	} {
		b.Run(tc.name, func(b *testing.B) { newArrivals(tc.target, tc.tokens...).serve(b, w.guard, tc.status) })
	}
	for _, alg := range []jws.Algorithm{jws.EdDSA, jws.ES256} {
		b.Run("forged signature "+string(alg), func(b *testing.B) {
			w := newBenchWorld(b, TokenConfig{Algorithm: string(alg)}, 0)
			raw, _ := w.mint(b, benchScope)
			newArrivals(benchTarget, forge(raw)).serve(b, w.guard, http.StatusUnauthorized)
		})
		b.Run("forged signature "+string(alg)+" beyond the budget", func(b *testing.B) {
			w := newBenchWorld(b, TokenConfig{Algorithm: string(alg)}, 0, func(a *App) {
				a.Forgeries = LimitConfig{Count: 1, Per: caddy.Duration(time.Hour), Burst: batchSize}
			})
			raw, _ := w.mint(b, benchScope)
			requests := newArrivals(benchTarget, forge(raw))
			requests.expect(b, w.guard, http.StatusUnauthorized)
			requests.serve(b, w.guard, http.StatusTooManyRequests)
		})
	}
}

// forge spoils the signature, whose encoding stays right.
func forge(raw string) string { return raw[:len(raw)-10] + "AAAAAA" + raw[len(raw)-4:] }
