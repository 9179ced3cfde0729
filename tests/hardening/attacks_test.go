package hardening

import (
	"context"
	"flag"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	h2 "golang.org/x/net/http2"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/tests/hardening/rawhttp"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// An attack is bounded in what it sends, since it shares a machine with those
// who must not suffer; what it takes from the gateway is what counts.
type attack struct {
	name string
	// lanes is how many do it at once.
	lanes int
	// once does one piece of it on a lane of its own, until it ends or ctx does.
	// It says when it is under way.
	once func(ctx context.Context, w *world, underWay func())
}

// again is how long a lane waits before it does it again.
const again = 5 * time.Millisecond

// run begins the attack, waits until every lane is under way, and answers how
// to end it, and how often it was done.
func (a attack) run(t *testing.T, w *world) (end func() int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	var lanes, done atomic.Int64
	for range a.lanes {
		all.Go(func() {
			var first sync.Once
			for ctx.Err() == nil {
				a.once(ctx, w, func() { first.Do(func() { lanes.Add(1) }) })
				done.Add(1)
				pause(ctx, again)
			}
		})
	}
	harness.Eventually(t, "for the attack to be under way", func() bool { return lanes.Load() == int64(a.lanes) })
	return func() int64 {
		cancel()
		all.Wait()
		return done.Load()
	}
}

// pause waits, and says whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// drip sends a beginning over a connection of its own, and then a piece now
// and then.
func drip(ctx context.Context, w *world, underWay func(), beginning, piece string) {
	conn, err := rawhttp.OpenHTTP1(ctx, w.tls)
	if err != nil {
		return
	}
	defer conn.Close()
	_, err = io.WriteString(conn, beginning)
	underWay()
	for err == nil && pause(ctx, 200*time.Millisecond) {
		_, err = io.WriteString(conn, piece)
	}
}

// frames opens a connection of HTTP/2 and writes frames for as long as that
// goes, some at a time. What comes back is read and dropped.
func frames(ctx context.Context, w *world, underWay func(), write func(framer *h2.Framer, stream uint32) error) {
	conn, framer, err := rawhttp.OpenHTTP2(ctx, w.tls)
	if err != nil {
		return
	}
	defer conn.Close()
	go func() {
		for {
			if _, err := framer.ReadFrame(); err != nil {
				conn.Close()
				return
			}
		}
	}()
	for stream := uint32(1); ; stream += 2 {
		if write(framer, stream) != nil {
			return
		}
		underWay()
		if stream%20 == 1 && !pause(ctx, 10*time.Millisecond) {
			return
		}
	}
}

const postHead = " HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 60000\r\nContent-Type: "

func attacks(w *world, bearer string, bombs []jwstest.Bomb) []attack {
	call := rawhttp.HTTP2Headers(w.tls, rawhttp.Request{Method: http.MethodGet, Target: v2Call, Lines: []string{bearer}})
	piece := strings.Repeat("x", 16<<10)
	var next atomic.Int64
	return []attack{
		{"200 connections that send headers slowly", 200, func(ctx context.Context, w *world, underWay func()) {
			drip(ctx, w, underWay, "GET "+v2Call+" HTTP/1.1\r\nHost: "+host+"\r\n", "X-A: b\r\n")
		}},
		{"200 connections that send bodies slowly", 200, func(ctx context.Context, w *world, underWay func()) {
			if next.Add(1)%2 == 0 {
				drip(ctx, w, underWay, "POST /o/client/register"+postHead+"application/json\r\n\r\n", "x")
			} else {
				drip(ctx, w, underWay, "POST /o/client/token"+postHead+"application/x-www-form-urlencoded\r\n\r\n", "x")
			}
		}},
		{"400 connections that do nothing", 400, func(ctx context.Context, w *world, underWay func()) {
			drip(ctx, w, underWay, "", "")
		}},
		{"bodies of a mebibyte", 8, func(ctx context.Context, w *world, underWay func()) {
			p := rawhttp.Protocols[next.Add(1)%3]
			underWay()
			// Whether the answer or the reset comes first is the network's affair.
			_, _ = p.Send(ctx, w.tls, rawhttp.Request{
				Method: http.MethodPost, Target: "/o/client/register", Lines: []string{"Content-Type: application/json", "Content-Length: 1048576"},
				Slowly: func(write func(string) error) {
					for range 64 {
						if write(piece) != nil {
							return
						}
					}
				},
			})
		}},
		{"rapid reset (CVE-2023-44487)", 2, func(ctx context.Context, w *world, underWay func()) {
			frames(ctx, w, underWay, func(framer *h2.Framer, stream uint32) error {
				if err := framer.WriteHeaders(h2.HeadersFrameParam{StreamID: stream, BlockFragment: call, EndStream: true, EndHeaders: true}); err != nil {
					return err
				}
				return framer.WriteRSTStream(stream, h2.ErrCodeCancel)
			})
		}},
		{"headers without end (CVE-2024-27316)", 4, func(ctx context.Context, w *world, underWay func()) {
			begun := false
			frames(ctx, w, underWay, func(framer *h2.Framer, _ uint32) error {
				if !begun {
					begun = true
					return framer.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: call})
				}
				return framer.WriteContinuation(1, false, call)
			})
		}},
		{"pings and settings without end (CVE-2019-9512)", 4, func(ctx context.Context, w *world, underWay func()) {
			frames(ctx, w, underWay, func(framer *h2.Framer, _ uint32) error {
				if err := framer.WritePing(false, [8]byte{}); err != nil {
					return err
				}
				return framer.WriteSettings()
			})
		}},
		{"hostile tokens of 16 KiB", 8, func(ctx context.Context, w *world, underWay func()) {
			i := int(next.Add(1))
			underWay()
			_, _ = rawhttp.Protocols[i%3].Send(ctx, w.tls, rawhttp.Request{Method: http.MethodGet, Target: v2Call, Lines: []string{"Authorization: Bearer " + bombs[i%len(bombs)].Raw}})
		}},
	}
}

// The default shows that good clients are served; to measure how well takes 2s.
var lasts = flag.Duration("attack", time.Second, "how long each attack lasts")

// Attacks share a gateway with good clients, who are served all the same.
func TestGoodClientsAreServedDuringAnAttack(t *testing.T) {
	// As Caddyfile.example has them.
	w := newWorld(t, settings{global: "servers {\n timeouts {\n read_header 10s\n read_body 30s\n write 2m\n idle 2m\n }\n }"})
	good := gather(t, w)
	_, _, token := w.Enroll(everything())
	g := goodToken(t, jws.HS256)
	g.Key = g.Other // whoever throws bombs does not have the key
	for _, a := range attacks(w, token.Bearer(), g.Bombs()) {
		t.Run(a.name, func(t *testing.T) {
			before, had := good.whole(t), w.memory(t)
			end := a.run(t, w)
			during := good.call(t, *lasts)
			took := w.memory(t) - had
			times := end()
			t.Logf("before: %s; during: %s; done %d times; %.0f MiB more", before, during, times, took/(1<<20))
			assert.Empty(t, during.failed)
			assert.Less(t, during.at(.99), longest)
			assert.Less(t, during.at(.5), 20*before.at(.5)+time.Second)
			assert.Less(t, took, float64(512<<20), "bytes")
			assert.NotZero(t, times)
		})
	}
}
