package boltstore

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var client = make([]byte, 100)

func BenchmarkGet(b *testing.B) {
	s, ctx := openTemp(b), context.Background()
	must(b, s.Put(ctx, plugins.Write{Key: "c/1", Value: client}))
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Get(ctx, "c/1")
		must(b, err)
	}
}

func BenchmarkPut(b *testing.B) {
	for _, callers := range []int{1, 50} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, ctx := openTemp(b), context.Background()
			var n atomic.Int64
			b.ReportAllocs()
			b.SetParallelism(callers)
			if callers == 1 {
				for b.Loop() {
					must(b, s.Put(ctx, plugins.Write{Key: fmt.Sprint("c/", n.Add(1)), Value: client}))
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					must(b, s.Put(ctx, plugins.Write{Key: fmt.Sprint("c/", n.Add(1)), Value: client}))
				}
			})
		})
	}
}

// BenchmarkAppendToFollow measures one act from the call to the follower.
func BenchmarkAppendToFollow(b *testing.B) {
	s, ctx := openTemp(b), context.Background()
	position, _, err := s.Tail(ctx)
	must(b, err)
	b.ReportAllocs()
	for b.Loop() {
		done := make(chan plugins.Position)
		go func(after plugins.Position) {
			batch, err := s.Follow(ctx, after, time.Minute)
			must(b, err)
			done <- batch.Position
		}(position)
		_, err := s.Append(ctx, plugins.Write{Key: "r/k", Value: client})
		must(b, err)
		position = <-done
	}
}

func BenchmarkTake(b *testing.B) {
	s, ctx := openTemp(b), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, err := s.Take(ctx, plugins.Bucket{Key: "k", Rate: 1, Burst: 10})
		must(b, err)
	}
}

func must(b *testing.B, err error) {
	if err != nil {
		b.Error(err)
	}
}
