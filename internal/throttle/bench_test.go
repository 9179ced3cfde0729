package throttle_test

import (
	"net/netip"
	"testing"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

func BenchmarkTake(b *testing.B) {
	table := throttle.NewTable(throttle.Ahead(1e6, 1000), 1<<20, nil)
	b.Run("one device", func(b *testing.B) {
		address := netip.MustParseAddr("192.0.2.1")
		b.ReportAllocs()
		for b.Loop() {
			table.Take(throttle.AddressKey(address, throttle.IPv6Prefix))
		}
	})
	b.Run("a million devices", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(p *testing.PB) {
			for n := uint32(1); p.Next(); n = n*1664525 + 1013904223 {
				address := netip.AddrFrom4([4]byte{10, byte(n >> 24), byte(n >> 16 & 0xf0), byte(n >> 8)})
				table.Take(throttle.AddressKey(address, throttle.IPv6Prefix))
			}
		})
	})
}

func BenchmarkLen(b *testing.B) {
	table := throttle.NewTable(throttle.Ahead(1, 10), 1<<20, nil)
	for b.Loop() {
		table.Len()
	}
}
