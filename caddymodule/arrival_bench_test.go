//go:build linux

package caddymodule

import (
	"maps"
	"net/http"
	"net/http/httptest"
	goruntime "runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/stretchr/testify/require"
)

// arrival is one request as Caddy's server hands it to its handlers. It can be
// made new again without an allocation, so that what a benchmark counts is the
// guard's.
type arrival struct {
	r        *http.Request
	w        answer
	sent     http.Header
	replacer *caddy.Replacer
	pristine caddy.Replacer
	notes    *caddyhttp.ExtraLogFields
	read     int
}

// answer takes a response and keeps nothing but its status.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return len(p), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }

// deviceInfo is as long as those that applications send.
const deviceInfo = "eyJwcmltYXJ5SGFyZHdhcmVUeXBlIjoiU2V0VG9wQm94IiwibW9kZWwiOiJUViA1dGggR2VuIiwidmVyc2lvbiI6IjE0LjUiLCJt" +
	"YW51ZmFjdHVyZXIiOiJBcHBsZSIsInZlbmRvciI6IkFwcGxlIiwib3NOYW1lIjoidHZPUyIsIm9zRmFtaWx5IjoiRGFyd2luIiwib3NWZW5kb3IiOiJ" +
	"BcHBsZSIsIm9zVmVyc2lvbiI6IjE0LjUiLCJicm93c2VyTmFtZSI6IiIsImRpc3BsYXlXaWR0aCI6MTkyMCwiZGlzcGxheUhlaWdodCI6MTA4MH0="

func arrive(target string) *arrival {
	r := httptest.NewRequest(http.MethodGet, target, http.NoBody)
	a := &arrival{
		w: answer{header: http.Header{}},
		sent: http.Header{
			"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"AppleCoreMedia/1.0.0.18L204 (Apple TV; U; CPU OS 14_5)"},
			"X-Device-Info": {deviceInfo}, "Ap-Device-Identifier": {"fingerprint YmEyM2QxNDEtZDcxNS01NjFjLTk0ZjQtYTllNGM5NjEyMTNl"},
			"X-Forwarded-For": {"192.0.2.7"},
		},
		replacer: caddy.NewReplacer(),
	}
	a.r = caddyhttp.PrepareRequest(r, a.replacer, &a.w, nil)
	a.pristine = *a.replacer
	a.notes = a.r.Context().Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields)
	return a
}

// renew takes back what a guard has done, and presents the authorization.
func (a *arrival) renew(authorization []string) {
	clear(a.r.Header)
	maps.Copy(a.r.Header, a.sent)
	if authorization != nil {
		a.r.Header["Authorization"] = authorization
		// Reading a request leaves its bytes in the processor's cache.
		a.read += strings.Count(authorization[0], "~")
	}
	*a.replacer = a.pristine
	*a.notes = caddyhttp.ExtraLogFields{}
	clear(a.w.header)
	a.w.status = 0
}

// arrivals gives out renewed requests, many at a time, so that reading the
// clock costs nothing.
type arrivals struct {
	batches        [][]*arrival
	authorizations [][]string
	taken          atomic.Int64
}

// batchSize is small enough for the processor's caches, in which a server's
// requests are too.
const batchSize = 128

// newArrivals presents the tokens in turn; without any, none is presented.
func newArrivals(target string, tokens ...string) *arrivals {
	s := new(arrivals)
	for range goruntime.GOMAXPROCS(0) {
		batch := make([]*arrival, batchSize)
		for i := range batch {
			batch[i] = arrive(target)
		}
		s.batches = append(s.batches, batch)
	}
	for _, raw := range tokens {
		s.authorizations = append(s.authorizations, []string{"Bearer " + raw})
	}
	if len(tokens) == 0 {
		s.authorizations = [][]string{nil}
	}
	return s
}

// renew makes a batch new and presents the next tokens.
func (s *arrivals) renew(batch []*arrival) {
	// A prime apart: what was laid out together is not asked for together.
	const stride = 7919
	from := int(s.taken.Add(int64(len(batch)))) * stride
	for i, a := range batch {
		a.renew(s.authorizations[(from+i*stride)%len(s.authorizations)])
	}
}

var handedOn = caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil })

// expect makes sure that the benchmark measures what it says. Status zero is
// that of a request that was handed on.
func (s *arrivals) expect(b *testing.B, g *Guard, status int) {
	b.Helper()
	s.renew(s.batches[0])
	for _, a := range s.batches[0] {
		require.NoError(b, g.ServeHTTP(&a.w, a.r, handedOn))
		require.Equal(b, status, a.w.status)
	}
}

// serve measures the whole handler.
func (s *arrivals) serve(b *testing.B, g *Guard, status int) {
	b.Helper()
	s.expect(b, g, status)
	s.run(b, func(a *arrival) { _ = g.ServeHTTP(&a.w, a.r, handedOn) })
}

// decide measures the decision.
func (s *arrivals) decide(b *testing.B, g *Guard) {
	b.Helper()
	s.expect(b, g, passed)
	s.run(b, func(a *arrival) {
		x := exchanges.Get().(*exchange)
		x.guard, x.r, x.ctx = g, a.r, a.r.Context()
		x.decide()
		*x = exchange{}
		exchanges.Put(x)
	})
}

// run has every core that it is given do the work. Time is counted by a clock
// of its own, which stands still while requests are made new and while somebody
// else has the core.
func (s *arrivals) run(b *testing.B, work func(*arrival)) {
	b.Helper()
	var worker, spent atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		goruntime.LockOSThread()
		defer goruntime.UnlockOSThread()
		batch := s.batches[worker.Add(1)-1]
		for more := true; more; {
			s.renew(batch)
			begun := spentHere()
			for _, a := range batch {
				if more = pb.Next(); !more {
					break
				}
				work(a)
			}
			spent.Add(int64(spentHere() - begun))
		}
	})
	b.ReportMetric(float64(spent.Load())/float64(b.N), "ns/op")
}

// percentiles runs the benchmark with a look at the clock around each request.
func (s *arrivals) percentiles(b *testing.B, g *Guard) {
	b.Helper()
	took := make([]time.Duration, 0, b.N)
	for len(took) < b.N {
		s.renew(s.batches[0])
		for _, a := range s.batches[0] {
			begun := time.Now()
			_ = g.ServeHTTP(&a.w, a.r, handedOn)
			took = append(took, time.Since(begun))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
	b.ReportMetric(0, "ns/op")
}
