package moving

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// BenchmarkMove copies records of the size of a client's; a record is an
// operation.
func BenchmarkMove(b *testing.B) {
	open := map[string]func() plugins.Store{
		"embedded": func() plugins.Store {
			store, err := boltstore.Open(filepath.Join(b.TempDir(), "dcr.db"))
			if err != nil {
				b.Fatal(err)
			}
			return store
		},
		"redis": func() plugins.Store {
			store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(b, redistest.Options{}).URL()}})
			if err != nil {
				b.Fatal(err)
			}
			return store
		},
	}
	for _, way := range [][2]string{{"embedded", "redis"}, {"redis", "embedded"}} {
		b.Run(way[0]+" to "+way[1], func(b *testing.B) {
			from, to := open[way[0]](), open[way[1]]()
			defer from.Close()
			defer to.Close()
			var waiting sync.WaitGroup
			slots := make(chan struct{}, 500)
			for i := range b.N {
				slots <- struct{}{}
				waiting.Go(func() {
					defer func() { <-slots }()
					_ = from.Put(b.Context(), plugins.Write{Key: fmt.Sprintf("c/%022d", i), Value: make([]byte, 100)})
				})
			}
			waiting.Wait()
			s := New(from, slog.New(slog.DiscardHandler))
			b.ResetTimer()
			if err := s.Begin(b.Context(), to); err != nil {
				b.Fatal(err)
			}
			for is, _, _ := s.Progress(); is == Copying; is, _, _ = s.Progress() {
				time.Sleep(time.Millisecond)
			}
		})
	}
}
