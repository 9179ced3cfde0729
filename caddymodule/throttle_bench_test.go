//go:build linux

package caddymodule

import (
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// BenchmarkGuardThrottled is what a throttle adds to a known token, beside none,
// and what those cost who are refused by it: a forged signature as little as a
// good token.
func BenchmarkGuardThrottled(b *testing.B) {
	endless := &ThrottleConfig{Rate: 1e6, Burst: mostThrottleBurst}
	for _, tc := range []struct {
		name     string
		throttle *ThrottleConfig
		status   int
	}{
		{"known token, no throttle", nil, passed},
		{"known token, counted by address", endless, passed},
		{"known token, counted by client", &ThrottleConfig{Rate: 1e6, Burst: mostThrottleBurst, Key: "client"}, passed},
		{"refused by address", &ThrottleConfig{Rate: 0.001, Burst: -1}, http.StatusTooManyRequests},
	} {
		b.Run(tc.name, func(b *testing.B) {
			w := newBenchWorld(b, TokenConfig{}, 0, func(a *App) { a.Throttle = tc.throttle })
			requests := newArrivals(benchTarget, w.learn(b, 1000)...)
			for _, batch := range requests.batches {
				for _, a := range batch {
					caddyhttp.SetVar(a.r.Context(), caddyhttp.ClientIPVarKey, "192.0.2.7")
				}
			}
			if tc.status != passed {
				a := requests.batches[0][0]
				_ = w.guard.ServeHTTP(&a.w, a.r, handedOn)
			}
			requests.serve(b, w.guard, tc.status)
		})
	}
}
