package faults

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
	"github.com/caddy-dcr/caddy-dcr/tests/faults/faultproxy"
)

// spoil is a fault of all the proxies.
func spoil(proxies []*faultproxy.Proxy, f faultproxy.Fault) func(*testing.T) func() {
	return func(t *testing.T) func() {
		for _, proxy := range proxies {
			require.NoError(t, proxy.Set(f))
		}
		return func() {
			for _, proxy := range proxies {
				if f.Kind != faultproxy.Refuse {
					assert.NotZero(t, proxy.Hits(), "the fault met nobody")
				}
				require.NoError(t, proxy.Set(faultproxy.Fault{}))
			}
		}
	}
}

// drop resets all connections again and again.
func drop(proxies []*faultproxy.Proxy) func(*testing.T) func() {
	return func(t *testing.T) func() {
		return again(func() {
			for _, proxy := range proxies {
				proxy.Drop()
			}
		})
	}
}

// again does something every while until the end.
func again(do func()) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			do()
			select {
			case <-stop:
				return
			case <-time.After(150 * time.Millisecond):
			}
		}
	}()
	return func() { close(stop); <-stopped }
}

// behind starts a Redis and a proxy for each of two gateways.
func behind(t *testing.T) (stores []string, proxies []*faultproxy.Proxy) {
	t.Helper()
	redis := redistest.Start(t, redistest.Options{})
	for range 2 {
		proxy := faultproxy.Start(t, redis.Addr())
		proxies = append(proxies, proxy)
		stores = append(stores, "redis redis://"+proxy.Addr)
	}
	return stores, proxies
}

// connections is what happens to connections.
func connections(t *testing.T, r *results) {
	stores, proxies := behind(t)
	l := open(t, r, stores, "")
	sufferAll(t, l, []disorder{
		{name: "connections refused", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Refuse})},
		{name: "connections accepted and reset", lasts: short, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Reset})},
		{name: "connections turned away as too many", lasts: long, begin: full(proxies)},
		{name: "connections dropped again and again", lasts: long, knowledge: patchy, begin: drop(proxies)},
		{name: "connections closed after two commands", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.CloseAfter, After: 2})},
		{name: "a black hole both ways", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Blackhole, On: faultproxy.Both})},
		{name: "a black hole for replies: writes happen unseen", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Blackhole})},
	})
}

// messages is what happens to what Redis says.
func messages(t *testing.T, r *results) {
	stores, proxies := behind(t)
	l := open(t, r, stores, "")
	sufferAll(t, l, []disorder{
		{name: "replies 300 ms late", lasts: short, knowledge: confirmed, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Delay, Delay: 300 * time.Millisecond})},
		{name: "replies 1.8 s late, just within the time-out", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Delay, Delay: 1800 * time.Millisecond})},
		{name: "replies 3 s late", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Delay, Delay: 3 * time.Second})},
		{name: "replies byte by byte", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Trickle, Delay: 50 * time.Millisecond})},
		{name: "replies cut, then closed", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.CutClose})},
		{name: "replies cut, then silence", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.CutHang})},
		{name: "commands cut, then silence", lasts: short, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.CutHang, On: faultproxy.Commands})},
		{name: "replies of garbage", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Garbage})},
		{name: "replies to other commands", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Swap})},
		{name: "replies given twice", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Duplicate})},
	})
}

// refusals is what Redis says when it will not do what it is told.
func refusals(t *testing.T, r *results) {
	stores, proxies := behind(t)
	l := open(t, r, stores, "")
	for i, text := range []string{
		"LOADING Redis is loading the dataset in memory",
		"CLUSTERDOWN The cluster is down",
		"READONLY You can't write against a read only replica.",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"NOPERM User dcr has no permissions to run the 'evalsha' command",
		"NOAUTH Authentication required.",
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
		"ERR max number of clients reached",
	} {
		word, rest, _ := strings.Cut(text, " ")
		d := disorder{name: "error " + word, lasts: short, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Answer, Error: text})}
		if word == "ERR" {
			d.name = "error " + rest
		}
		if i < 2 { // what it does beyond the bound is the same for all
			d.lasts = long
		}
		t.Run(d.name, func(t *testing.T) { l.suffer(t, d) })
	}
}

func sufferAll(t *testing.T, l *lane, disorders []disorder) {
	t.Helper()
	for _, d := range disorders {
		t.Run(d.name, func(t *testing.T) { l.suffer(t, d) })
	}
}

// full turns new connections away, after those that are there have ended.
func full(proxies []*faultproxy.Proxy) func(*testing.T) func() {
	return func(t *testing.T) func() {
		end := spoil(proxies, faultproxy.Fault{Kind: faultproxy.Full})(t)
		for _, proxy := range proxies {
			proxy.Drop()
		}
		return end
	}
}

// mixed repeats what could mix clients up, with tokens that mean nothing
// without the store.
func mixed(t *testing.T, r *results) {
	stores, proxies := behind(t)
	l := open(t, r, stores, "tokens {\n format opaque\n }")
	sufferAll(t, l, []disorder{
		{name: "opaque: connections refused", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Refuse})},
		{name: "opaque: a black hole both ways", lasts: long, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Blackhole, On: faultproxy.Both})},
		{name: "opaque: replies 1.8 s late, just within the time-out", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Delay, Delay: 1800 * time.Millisecond})},
		{name: "opaque: replies cut, then silence", lasts: short, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.CutHang})},
		{name: "opaque: replies of garbage", lasts: short, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Garbage})},
		{name: "opaque: replies to other commands", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Swap})},
		{name: "opaque: replies given twice", lasts: long, knowledge: patchy, begin: spoil(proxies, faultproxy.Fault{Kind: faultproxy.Duplicate})},
	})
}
