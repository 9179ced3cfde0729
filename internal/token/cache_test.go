package token

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

func clock() time.Time { return now }

// number makes the nth token's text, and what it stands for: a client of its
// own, and one of ten lineages.
func number(n int) (string, Grant) {
	var id uuid.UUID
	for i := range 8 {
		id[i] = byte(n >> (8 * i))
	}
	id[15] = 1
	return fmt.Sprintf("token-%d", n), Grant{
		TokenID: id, ClientID: id, ClientIssuedAt: int64(n), IssuedAt: int64(n) + 1, ExpiresAt: now.UnixMilli() + 1000,
		Lineage: &Lineage{ApplicationID: app, StatementID: statement, StatementIssuer: us, Platform: fmt.Sprintf("p%d", n%10), KeyID: "k", Scopes: scope.Must("a", "b")},
	}
}

func TestACachedGrantIsTheSame(t *testing.T) {
	c := NewCache(100, clock)
	_, found := c.Get("token-1")
	assert.False(t, found)
	for n := range 50 {
		raw, g := number(n)
		c.Put(raw, g)
		g.Platform += "!" // what the caller does later is its own affair
	}
	assert.Equal(t, 50, c.Len())
	for n := range 50 {
		raw, want := number(n)
		got, found := c.Get(raw)
		require.True(t, found)
		require.Equal(t, want, got)
	}
	for _, raw := range []string{"", "token-", "token-50", "token-1 ", "Token-1", strings.Repeat("a", jws.MaxSize+1)} {
		_, found := c.Get(raw)
		assert.False(t, found, raw)
	}
}

func TestTokensShareTheirLineage(t *testing.T) {
	c := NewCache(1000, clock)
	for n := range 100 {
		c.Put(number(n))
	}
	first, _ := c.Get("token-3")
	second, _ := c.Get("token-13")
	assert.Same(t, first.Lineage, second.Lineage)
	assert.Len(t, c.lineages.numbers, 10)
}

func TestPuttingATokenAgainReplacesIt(t *testing.T) {
	c := NewCache(100, clock)
	raw, g := number(1)
	c.Put(raw, g)
	g.ExpiresAt++
	g.Lineage = &Lineage{Platform: "other"}
	c.Put(raw, g)
	got, _ := c.Get(raw)
	assert.Equal(t, g, got)
	assert.Equal(t, 1, c.Len())
	assert.Len(t, c.lineages.numbers, 1, "the old lineage went with its last token")
}

func TestALongTextIsNotRemembered(t *testing.T) {
	c := NewCache(100, clock)
	_, g := number(1)
	c.Put(strings.Repeat("a", jws.MaxSize+1), g)
	assert.Zero(t, c.Len())
}

func TestACacheForNothingRemembersNothing(t *testing.T) {
	for _, limit := range []int{0, -1} {
		c := NewCache(limit, clock)
		c.Put(number(1))
		_, found := c.Get("token-1")
		assert.False(t, found)
		assert.Zero(t, c.Len())
		assert.Zero(t, c.Sweep())
		assert.Empty(t, c.lineages.numbers)
	}
}

func TestAFullCacheStaysFull(t *testing.T) {
	for _, limit := range []int{1, 100, 5000} {
		c := NewCache(limit, clock)
		for n := range 3 * limit {
			raw, g := number(n)
			c.Put(raw, g)
			_, found := c.Get(raw)
			require.True(t, found, "the newest is there")
			require.LessOrEqual(t, c.Len(), limit+maxShards)
		}
		assert.GreaterOrEqual(t, c.Len(), limit*9/10)
		check(t, c)
	}
}

func TestAFullCacheDropsWhatHasExpiredFirst(t *testing.T) {
	c := NewCache(100, clock)
	for n := range 100 {
		raw, g := number(n)
		if n%2 == 0 {
			g.ExpiresAt = now.UnixMilli()
		}
		c.Put(raw, g)
	}
	for n := range 20 {
		c.Put(number(1000 + n))
	}
	live := 0
	for n := 1; n < 100; n += 2 {
		if _, found := c.Get(fmt.Sprintf("token-%d", n)); found {
			live++
		}
	}
	// A live one goes when nine looks find no expired one: once in two
	// thousand times at the least, once in a hundred at the end.
	assert.GreaterOrEqual(t, live, 45)
}

func TestSweepDropsWhatHasExpired(t *testing.T) {
	moment := now
	c := NewCache(100_000, func() time.Time { return moment })
	for n := range 20_000 {
		raw, g := number(n)
		g.ExpiresAt += int64(n % 3)
		c.Put(raw, g)
	}
	assert.Zero(t, c.Sweep())
	moment = now.Add(1001 * time.Millisecond)
	assert.Equal(t, 13334, c.Sweep())
	assert.Equal(t, 6666, c.Len())
	check(t, c)
	for n := range 20_000 {
		_, found := c.Get(fmt.Sprintf("token-%d", n))
		require.Equal(t, n%3 == 2, found)
	}
	moment = now.Add(time.Hour)
	assert.Equal(t, 6666, c.Sweep())
	assert.Zero(t, c.Len())
	assert.Empty(t, c.lineages.numbers, "nothing that belonged to tokens outlives them")
	check(t, c)
}

func TestForget(t *testing.T) {
	c := NewCache(100_000, clock)
	for n := range 10_000 {
		c.Put(number(n))
	}
	c.Forget()
	assert.Zero(t, c.Len())
	assert.Empty(t, c.lineages.numbers)
	_, found := c.Get("token-1")
	assert.False(t, found)
	c.Put(number(1))
	_, found = c.Get("token-1")
	assert.True(t, found)
	check(t, c)
}

// The cache is compared with a map through a long random life.
func TestACacheIsAMapThatMayForget(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	moment := now
	c := NewCache(3000, func() time.Time { return moment })
	model := map[string]Grant{}
	for step := range 60_000 {
		raw, g := number(random.IntN(6000))
		switch random.IntN(4) {
		case 0, 1:
			g.ExpiresAt = moment.UnixMilli() + random.Int64N(5000)
			g.Lineage.Platform = fmt.Sprint(random.IntN(200))
			c.Put(raw, g)
			model[raw] = g
		case 2:
			if got, found := c.Get(raw); found {
				require.Equal(t, model[raw], got)
			}
		case 3:
			moment = moment.Add(time.Millisecond)
			if step%500 == 0 {
				c.Sweep()
				check(t, c)
			}
		}
	}
	check(t, c)
}

// check looks at what must be true of the inside at any time.
func check(t *testing.T, c *Cache) {
	t.Helper()
	counted := map[uint32]int{}
	for i := range c.shards {
		s := &c.shards[i]
		taken := 0
		for _, slot := range s.index {
			if slot != 0 {
				taken++
			}
		}
		require.Equal(t, s.count, taken)
		for n := range s.count {
			e := s.entry(n)
			at, found := s.find(e.key)
			require.True(t, found)
			require.Equal(t, n, s.number(at))
			require.Same(t, s, c.shard(e.key))
			counted[e.lineage]++
		}
		require.LessOrEqual(t, len(s.chunks)*chunkSize, s.count+3*chunkSize, "room is given back")
	}
	require.Len(t, c.lineages.numbers, len(counted))
	for number, tokens := range counted {
		require.Equal(t, tokens, c.lineages.tokens[number])
		require.NotNil(t, c.lineages.get(number))
	}
}

func TestTheCacheIsSafeForConcurrentUse(t *testing.T) {
	c := NewCache(500, clock)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 5000 {
				raw, want := number((i*7 + worker) % 1500)
				if i%3 == 0 {
					want.Platform = fmt.Sprint(i % 40)
					c.Put(raw, want)
				}
				if got, found := c.Get(raw); found {
					assert.Equal(t, want.ClientID, got.ClientID)
					assert.Equal(t, app, got.ApplicationID)
				}
				if i%1000 == 0 {
					c.Sweep()
				}
				if i == 2500 && worker == 0 {
					c.Forget()
				}
			}
		})
	}
	wg.Wait()
	check(t, c)
}

// Memory is a promise: at most 100 bytes for each known token.
func TestAMillionTokensCostLessThanAHundredBytesEach(t *testing.T) {
	const million = 1_000_000
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	lineage := asked().Lineage
	before := heap()
	c := NewCache(million+million/20, clock)
	for n := range million {
		g := Grant{ClientIssuedAt: int64(n), Lineage: lineage}
		c.Put(fmt.Sprint(n), g)
	}
	each := float64(heap()-before) / million
	assert.Equal(t, million, c.Len())
	assert.LessOrEqual(t, each, 100.0)
	t.Logf("%.1f bytes for each token", each)
	runtime.KeepAlive(c)
}

func TestALookupAllocatesNothing(t *testing.T) {
	c := NewCache(1000, clock)
	raw, _, err := minter(key(t, jws.HS256)).Mint(asked())
	require.NoError(t, err)
	_, g := number(1)
	c.Put(raw, g)
	// The scratch space of a digest is allocated again now and then, after a
	// garbage collection, which the average does not show.
	assert.Zero(t, testing.AllocsPerRun(1000, func() { c.Get(raw) }))
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { c.Get("unknown") }), 0.0)
}
