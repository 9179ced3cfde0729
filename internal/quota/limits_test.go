package quota_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/quota"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
	"github.com/caddy-dcr/caddy-dcr/plugins"
	"github.com/caddy-dcr/caddy-dcr/plugins/boltstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/redisstore"
	"github.com/caddy-dcr/caddy-dcr/plugins/storetest/redistest"
)

var (
	statement, application = uuid.New(), uuid.New()
	home                   = netip.MustParseAddr("192.0.2.1")
)

// world says what was counted, and what an operator was told.
type world struct {
	*quota.Limits
	counts  *counts
	keys    *secret.Keyring
	checked map[string]int
	notices []quota.Notice
}

type counts struct {
	live     map[uuid.UUID]uint64
	networks map[state.Network]uint64
	unknown  bool
}

func (c *counts) Statement(id uuid.UUID) (uint64, bool)   { return c.live[id], !c.unknown }
func (c *counts) Application(id uuid.UUID) (uint64, bool) { return c.live[id], !c.unknown }
func (c *counts) Network(n state.Network) (uint64, bool)  { return c.networks[n], !c.unknown }
func (c *counts) Registered(x state.Client, _ time.Time) {
	c.live[x.ApplicationID]++
	c.live[x.StatementID]++
	c.networks[x.Network]++
}

// ring has keys of so many versions.
func ring(t require.TestingT, versions uint8) *secret.Keyring {
	keys := map[uint8][]byte{}
	for v := range versions {
		keys[v+1] = bytes.Repeat([]byte{v}, 32)
	}
	r, err := secret.NewKeyring(keys)
	require.NoError(t, err)
	return r
}

// newWorld has a store of its own where it gets no buckets.
func newWorld(t testing.TB, buckets quota.Buckets) *world {
	if buckets == nil {
		bolt, err := boltstore.Open(t.TempDir() + "/dcr.db")
		require.NoError(t, err)
		t.Cleanup(func() { _ = bolt.Close() })
		buckets = bolt
	}
	w := &world{
		counts:  &counts{live: map[uuid.UUID]uint64{}, networks: map[state.Network]uint64{}},
		keys:    ring(t, 1),
		checked: map[string]int{},
	}
	w.Limits = &quota.Limits{
		WarnAt: 0.8, Buckets: buckets, Counts: w.counts, Now: time.Now, Secrets: func() *secret.Keyring { return w.keys },
		Checked: func(k quota.Kind, r quota.Result) { w.checked[string(k)+" "+string(r)]++ },
		Notify:  func(n quota.Notice) { w.notices = append(w.notices, n) },
	}
	return w
}

// registers says how many of n get through, from one address each or from one.
func (w *world) registers(t require.TestingT, n int, from func(int) netip.Addr) int {
	through := 0
	for i := range n {
		err := w.Register(context.Background(), statement, application, from(i))
		if err == nil {
			w.Registered(state.Client{StatementID: statement, ApplicationID: application, Network: w.Network(from(i))})
			through++
			continue
		}
		require.Equal(t, oautherr.TooManyRequests, oautherr.From(err).Code, "%v", err)
	}
	return through
}

// perHour sets a limit of n in an hour, and as many at once.
func perHour(l *quota.Limit, n int) { l.Rate, l.Burst = float64(n)/3600, n }

func atHome(int) netip.Addr       { return home }
func everywhere(i int) netip.Addr { return netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)}) }

func TestEachLimitLetsThroughWhatItSays(t *testing.T) {
	for name, c := range map[string]struct {
		limit func(*quota.Limits)
		from  func(int) netip.Addr
		want  int
		kind  quota.Kind
	}{
		"none":              {func(*quota.Limits) {}, atHome, 50, ""},
		"an address's rate": {func(l *quota.Limits) { perHour(&l.Address, 7) }, atHome, 7, quota.AddressRate},
		"an address's rate, and others' addresses":   {func(l *quota.Limits) { perHour(&l.Address, 7) }, everywhere, 50, ""},
		"a statement's rate":                         {func(l *quota.Limits) { perHour(&l.Statement, 11) }, everywhere, 11, quota.StatementRate},
		"an application's rate":                      {func(l *quota.Limits) { perHour(&l.Application, 12) }, everywhere, 12, quota.ApplicationRate},
		"a statement's live clients":                 {func(l *quota.Limits) { l.Statement.Live = 13 }, everywhere, 13, quota.StatementLive},
		"an application's live clients":              {func(l *quota.Limits) { l.Application.Live = 14 }, everywhere, 14, quota.ApplicationLive},
		"an address's live clients":                  {func(l *quota.Limits) { l.Address.Live = 16 }, atHome, 16, quota.AddressLive},
		"live clients of other addresses":            {func(l *quota.Limits) { l.Address.Live = 2 }, everywhere, 50, ""},
		"the least of all":                           {func(l *quota.Limits) { perHour(&l.Application, 25); perHour(&l.Statement, 15); l.Application.Live = 26 }, everywhere, 15, quota.StatementRate},
		"one that is near and not reached is silent": {func(l *quota.Limits) { perHour(&l.Statement, 1000) }, everywhere, 50, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			c.limit(w.Limits)
			assert.Equal(t, c.want, w.registers(t, 50, c.from))
			if c.kind == "" {
				assert.Empty(t, w.notices)
				return
			}
			assert.Equal(t, 50-c.want, w.checked[string(c.kind)+" refused"])
			assert.Positive(t, w.checked[string(c.kind)+" near"])
			var near, refused []quota.Notice
			for _, n := range w.notices {
				if n.Kind != c.kind {
					continue
				}
				if n.Result == quota.Near {
					near = append(near, n)
				} else {
					refused = append(refused, n)
				}
			}
			require.Len(t, near, 1, "an operator is told once")
			require.Len(t, refused, 1)
			assert.Less(t, near[0].Used, refused[0].Used, "and before it is too late")
			assert.Equal(t, quota.Notice{Kind: c.kind, ID: near[0].ID, Result: quota.Refused, Used: c.want, Limit: c.want}, refused[0])
		})
	}
}

func TestAnIPv6HomeIsOneAddress(t *testing.T) {
	w := newWorld(t, nil)
	perHour(&w.Address, 3)
	assert.Equal(t, 3, w.registers(t, 20, func(i int) netip.Addr {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", i+1))
	}))
	assert.Equal(t, 1, w.registers(t, 1, func(int) netip.Addr { return netip.MustParseAddr("2001:db8:1:3::1") }))
}

func TestAHomesLiveClientsAreCountedTogether(t *testing.T) {
	w := newWorld(t, nil)
	w.Address.Live = 3
	assert.Equal(t, 3, w.registers(t, 20, func(i int) netip.Addr {
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", i+1))
	}))
	assert.Equal(t, 1, w.registers(t, 1, func(int) netip.Addr { return netip.MustParseAddr("2001:db8:1:3::1") }))
	err := w.Register(t.Context(), statement, application, netip.MustParseAddr("2001:db8:1:2::1"))
	assert.ErrorContains(t, err, "quota address_live of 2001:db8:1:2::/64")
	assert.Equal(t, 20, w.registers(t, 20, func(int) netip.Addr { return netip.Addr{} }), "nobody is one without an address")
}

// A key that is replaced takes no client out of the count, and none that was
// registered under the old one in again.
func TestAnotherKeyForgetsNoLiveClients(t *testing.T) {
	w := newWorld(t, nil)
	w.Address.Live = 5
	assert.Equal(t, 3, w.registers(t, 3, atHome))
	old := w.Network(home)
	w.keys = ring(t, 2)
	assert.NotEqual(t, old, w.Network(home))
	assert.Equal(t, 2, w.registers(t, 20, atHome))
	w.keys = nil
	assert.Equal(t, 20, w.registers(t, 20, atHome), "without a key nothing is registered anyway")
}

func TestWhereNobodyLimitsThemNoNetworkIsPutOnRecord(t *testing.T) {
	w := newWorld(t, nil)
	perHour(&w.Address, 100)
	w.Statement.Live = 100
	assert.Zero(t, w.Network(home))
	w.Address.Live = 1
	assert.NotZero(t, w.Network(home))
	assert.Equal(t, w.Network(home), w.Network(netip.MustParseAddr("::ffff:"+home.String())))
	assert.NotEqual(t, w.Network(home), w.Network(home.Next()))
}

// The chance that a network shares its hash is as documented: of n all in all
// n squared over 2 to the 33rd pairs.
func TestFewNetworksShareAHash(t *testing.T) {
	w := newWorld(t, nil)
	w.Address.Live = 1
	const n = 1 << 18 // eight pairs
	seen := make(map[state.Network]bool, n)
	for i := range n {
		seen[w.Network(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))] = true
	}
	assert.Greater(t, len(seen), n-30)
}

// Otherwise one address could use a whole application's quota up.
func TestWhoIsOverALimitUsesUpNoWiderOne(t *testing.T) {
	w := newWorld(t, nil)
	perHour(&w.Address, 2)
	perHour(&w.Statement, 10)
	perHour(&w.Application, 100)
	assert.Equal(t, 2, w.registers(t, 500, atHome))
	assert.Equal(t, 8, w.registers(t, 500, everywhere), "of the statement's ten the address had two")
	statement2 := uuid.New()
	for range 90 {
		require.NoError(t, w.Register(context.Background(), statement2, application, netip.Addr{}),
			"of the application's hundred the statement had ten")
		statement2 = uuid.New()
	}
	err := w.Register(context.Background(), statement2, application, netip.Addr{})
	assert.Equal(t, oautherr.TooManyRequests, oautherr.From(err).Code)
}

func TestNobodyIsRefusedByACountThatNobodyKnows(t *testing.T) {
	w := newWorld(t, nil)
	w.Statement.Live, w.Application.Live = 1, 1
	w.counts.unknown = true
	assert.Equal(t, 20, w.registers(t, 20, everywhere))
	w.counts.unknown = false
	assert.Zero(t, w.registers(t, 20, everywhere))
}

func TestAConnectionWithoutAnAddressIsNoDevice(t *testing.T) {
	w := newWorld(t, nil)
	perHour(&w.Address, 1)
	assert.Equal(t, 20, w.registers(t, 20, func(int) netip.Addr { return netip.Addr{} }))
}

func TestALimitComesBackWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bolt, err := boltstore.Open(t.TempDir() + "/dcr.db")
		require.NoError(t, err)
		defer bolt.Close()
		w := newWorld(t, bolt)
		perHour(&w.Address, 60)
		assert.Equal(t, 60, w.registers(t, 100, atHome))
		time.Sleep(time.Minute)
		assert.Equal(t, 1, w.registers(t, 100, atHome), "one a minute")
		time.Sleep(time.Hour)
		assert.Equal(t, 60, w.registers(t, 100, atHome))
		assert.Len(t, w.notices, 4, "that it is near, and that it was reached; and an hour later both anew")
	})
}

// The answer is the client endpoint's 429, with a time to come back.
func TestARefusalSaysWhenToComeBack(t *testing.T) {
	for name, c := range map[string]struct {
		limit       func(*quota.Limits)
		least, most int
	}{
		"a rate of sixty": {func(l *quota.Limits) { perHour(&l.Statement, 60) }, 55, 95},
		"a rate of two":   {func(l *quota.Limits) { perHour(&l.Statement, 2) }, 1700, 2800},
		"live clients":    {func(l *quota.Limits) { l.Statement.Live = 1 }, 600, 900},
	} {
		w := newWorld(t, nil)
		c.limit(w.Limits)
		w.registers(t, 100, everywhere)
		err := w.Register(t.Context(), statement, application, home)
		assert.ErrorContains(t, err, "quota statement_", "the operator learns which")
		assert.ErrorContains(t, err, statement.String())
		answer := httptest.NewRecorder()
		wire.WriteError(answer, httptest.NewRequest(http.MethodPost, "/o/client/register", nil), err)
		assert.Equal(t, http.StatusTooManyRequests, answer.Code, name)
		assert.JSONEq(t, `{"error":"too_many_requests","error_description":"too many registrations"}`, answer.Body.String(), name)
		seconds, err := strconv.Atoi(answer.Header().Get("Retry-After"))
		require.NoError(t, err, name)
		assert.GreaterOrEqual(t, seconds, c.least, name)
		assert.LessOrEqual(t, seconds, c.most, name)
	}
}

type broken struct{}

func (broken) Take(context.Context, plugins.Bucket) (plugins.Taken, error) {
	return plugins.Taken{}, fmt.Errorf("dial: %w", plugins.ErrUnavailable)
}

func TestAStoreThatCannotBeAskedIsNoRefusal(t *testing.T) {
	w := newWorld(t, broken{})
	perHour(&w.Statement, 10)
	err := w.Register(t.Context(), statement, application, home)
	require.ErrorIs(t, err, plugins.ErrUnavailable)
	assert.Equal(t, oautherr.TemporarilyUnavailable, oautherr.From(err).Code)
	assert.Empty(t, w.checked)
	perHour(&w.Statement, 0)
	require.NoError(t, w.Register(t.Context(), statement, application, home), "without limits nobody asks")
}

// Two gateways, one limit.
func TestGatewaysShareTheirRates(t *testing.T) {
	url := redistest.Start(t, redistest.Options{}).URL()
	var gateways []*world
	for range 2 {
		store, err := redisstore.Open(redisstore.Config{Addresses: []string{url}})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		w := newWorld(t, store)
		perHour(&w.Address, 30)
		perHour(&w.Statement, 25)
		gateways = append(gateways, w)
	}
	through := 0
	for i := range 80 {
		through += gateways[i%2].registers(t, 1, atHome)
	}
	assert.Equal(t, 25, through)
}

// However limits are set, no more than the least of them get through at once.
func TestNoMoreThanTheLeastLimitGetsThrough(t *testing.T) {
	bolt, err := boltstore.Open(t.TempDir() + "/dcr.db")
	require.NoError(t, err)
	defer bolt.Close()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, bolt)
		statement, application = uuid.New(), uuid.New()
		address := netip.AddrFrom16([16]byte(uuid.New()))
		least := 60
		for name, limit := range map[string]*int{
			"address": &w.Address.Burst, "statement": &w.Statement.Burst, "application": &w.Application.Burst,
			"statement live": &w.Statement.Live, "application live": &w.Application.Live, "address live": &w.Address.Live,
		} {
			if *limit = rapid.IntRange(0, 40).Draw(r, name); *limit > 0 {
				least = min(least, *limit)
			}
		}
		for _, l := range []*quota.Limit{&w.Address, &w.Statement, &w.Application} {
			perHour(l, l.Burst)
		}
		assert.Equal(r, least, w.registers(r, 60, func(int) netip.Addr { return address }))
	})
}
