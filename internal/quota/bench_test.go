package quota_test

import (
	"context"
	"net/netip"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/quota"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

// BenchmarkRegistration is what a registration asks of the store: the quotas,
// and the write of the client. Fifty devices register at once. cpu-µs is what
// this process spends on one, and leaves Redis's own out.
func BenchmarkRegistration(b *testing.B) {
	for name, open := range map[string]func(testing.TB) plugins.Store{"bolt": openBolt, "redis": openRedis} {
		for _, c := range []struct {
			name  string
			limit func(*quota.Limits)
		}{
			{"no quotas", func(*quota.Limits) {}},
			{"live clients", func(l *quota.Limits) { l.Statement.Live, l.Application.Live = 1<<30, 1<<30 }},
			{"one rate", func(l *quota.Limits) { perHour(&l.Statement, 1<<30) }},
			{"three rates and live clients", func(l *quota.Limits) {
				perHour(&l.Statement, 1<<30)
				perHour(&l.Application, 1<<30)
				perHour(&l.Address, 1<<30)
				l.Statement.Live, l.Application.Live = 1<<30, 1<<30
			}},
			{"live clients of an address", func(l *quota.Limits) { l.Address.Live = 1 << 30 }},
		} {
			b.Run(name+"/"+c.name, func(b *testing.B) { benchmarkRegistration(b, open(b), c.limit) })
		}
	}
}

func benchmarkRegistration(b *testing.B, store plugins.Store, limit func(*quota.Limits)) {
	book := &census.Book{}
	book.Replace(state.Census{})
	l := &quota.Limits{
		WarnAt: 0.8, Buckets: store, Counts: book, Now: time.Now,
		Checked: func(quota.Kind, quota.Result) {}, Notify: func(quota.Notice) {},
	}
	keys := ring(b, 1)
	l.Secrets = func() *secret.Keyring { return keys }
	limit(l)
	records := state.Records{Store: store}
	var device atomic.Uint32
	b.ReportAllocs()
	b.SetParallelism(25)
	spent := cpu(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := device.Add(1)
			address := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
			assert.NoError(b, l.Register(context.Background(), statement, application, address))
			c := state.Client{
				ID: uuid.New(), ApplicationID: application, StatementID: statement, Platform: "Roku", SecretMAC: make([]byte, 20),
				CreatedAt: time.Now().UnixMilli(), Network: l.Network(address),
			}
			assert.NoError(b, records.PutClient(context.Background(), c))
			l.Registered(c)
		}
	})
	b.StopTimer()
	b.ReportMetric(float64((cpu(b)-spent).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpu is the processor time that this process has spent.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func openBolt(t testing.TB) plugins.Store {
	store, err := boltstore.Open(t.TempDir() + "/dcr.db")
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func openRedis(t testing.TB) plugins.Store {
	store, err := redisstore.Open(redisstore.Config{Addresses: []string{redistest.Start(t, redistest.Options{}).URL()}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}
