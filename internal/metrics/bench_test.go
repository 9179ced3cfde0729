package metrics

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/guard"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func BenchmarkDecision(b *testing.B) {
	p := New().ForProfile("rest_v2")
	cases := []struct {
		name   string
		reason guard.Reason
		begin  func() time.Time
	}{
		{"allowed, not timed", guard.Allowed, func() time.Time { return time.Time{} }},
		{"refused, not timed", guard.TokenExpired, func() time.Time { return time.Time{} }},
		{"allowed, each timed", guard.Allowed, time.Now},
		{"allowed, one in 16 timed", guard.Allowed, p.Begin},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p.Decided(c.reason, c.begin(), Trace{ID: uuid.UUID{1}})
				}
			})
		})
	}
}

func BenchmarkObserve(b *testing.B) {
	h := newHistogram("x", "x", callBuckets)
	b.ReportAllocs()
	for b.Loop() {
		h.Observe(0.0031)
	}
}

func BenchmarkRegistered(b *testing.B) {
	m := New()
	start := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		m.Registered(registration.Registered, start, Trace{})
	}
}

func BenchmarkTokenFound(b *testing.B) {
	m := New()
	b.ReportAllocs()
	for b.Loop() {
		m.TokenFound()
	}
}

// BenchmarkStoreTake compares a call with one that is counted.
func BenchmarkStoreTake(b *testing.B) {
	inner := &storeDouble{}
	ctx := context.Background()
	for name, s := range map[string]plugins.Store{"plain": inner, "counted": New().Store(inner)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = s.Take(ctx, plugins.Bucket{})
			}
		})
	}
}
