package token

import (
	"math/rand/v2"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

const (
	maxShards = 64
	// worthAShard is how many tokens a shard should hold at least.
	worthAShard = 256
	// sample is how many tokens are looked at to find one that has expired.
	sample = 8
	// sweepSlice is how many tokens are looked at before readers get their turn.
	sweepSlice = 1024
)

// Cache remembers what verified tokens stand for, so that the same token is
// verified once. It holds up to a number of tokens, in about 90 bytes each,
// without pointers that the garbage collector would have to follow, and is
// safe for concurrent use.
//
// A hit says that the token was good when it was put in. Whether it has expired
// or was killed since is for the caller to find out, every time. A cache belongs
// to one issuer and audience: where these change, so must the cache.
type Cache struct {
	digester digester
	lineages lineages
	now      func() time.Time
	shards   []shard
}

// NewCache makes a cache for up to limit tokens, give or take one in each of
// its at most 64 parts; with none it remembers nothing. The clock is the
// store's.
func NewCache(limit int, now func() time.Time) *Cache {
	shards := 1
	for shards < maxShards && limit/shards > worthAShard {
		shards *= 2
	}
	c := &Cache{digester: newDigester(), now: now, shards: make([]shard, shards)}
	for i := range c.shards {
		c.shards[i].limit = min((limit+shards-1)/shards, maxEntries)
	}
	return c
}

// Get gives what a token stands for, if it is remembered. It allocates nothing.
func (c *Cache) Get(raw string) (Grant, bool) {
	if len(raw) > jws.MaxSize {
		return Grant{}, false
	}
	key := c.digester.digest(raw)
	s := c.shard(key)
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, found := s.find(key)
	if !found {
		return Grant{}, false
	}
	e := s.entry(s.number(at))
	// Looked up before the lock is let go: as long as the entry stands, its
	// lineage's number means no other.
	return e.grant(c.lineages.get(e.lineage)), true
}

// Put remembers a token that was verified. A full part first drops a token
// that has expired, if a few random ones show one, and else a random one.
func (c *Cache) Put(raw string, g Grant) {
	if len(raw) > jws.MaxSize {
		return
	}
	key := c.digester.digest(raw)
	s := c.shard(key)
	if s.limit <= 0 {
		return
	}
	e := entry{
		key: key, tokenID: g.TokenID, clientID: g.ClientID,
		clientIssuedAt: g.ClientIssuedAt, issuedAt: g.IssuedAt, expiresAt: g.ExpiresAt,
		lineage: c.lineages.acquire(g.Lineage),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, found := s.find(key); found {
		old := s.entry(s.number(at))
		c.lineages.release(old.lineage)
		*old = e
		return
	}
	if s.count >= s.limit {
		c.drop(s, s.victim(c.now().UnixMilli()))
	}
	s.add(e)
}

// Sweep drops the tokens that have expired, and says how many. Readers never
// wait for more than a slice of a part.
func (c *Cache) Sweep() int {
	now := c.now().UnixMilli()
	dropped := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		next := s.count
		s.mu.RUnlock()
		// Backwards, since the last one takes the place of what is dropped.
		for next > 0 {
			s.mu.Lock()
			next = min(next, s.count)
			for end := max(0, next-sweepSlice); next > end; next-- {
				if s.entry(next-1).expiresAt <= now {
					c.drop(s, next-1)
					dropped++
				}
			}
			s.mu.Unlock()
		}
	}
	return dropped
}

// Forget drops everything.
func (c *Cache) Forget() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for n := range s.count {
			c.lineages.release(s.entry(n).lineage)
		}
		s.clear()
		s.mu.Unlock()
	}
}

// Len counts the tokens that are remembered.
func (c *Cache) Len() int {
	total := 0
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		total += s.count
		s.mu.RUnlock()
	}
	return total
}

func (c *Cache) shard(key digest) *shard { return &c.shards[int(key[0])%len(c.shards)] }

// drop removes the nth entry of a locked shard.
func (c *Cache) drop(s *shard, n int) {
	c.lineages.release(s.entry(n).lineage)
	s.remove(n)
}

// victim chooses which entry to drop. Which token has to be verified again is
// no secret worth good randomness.
func (s *shard) victim(now int64) int {
	chosen := rand.IntN(s.count) //nolint:gosec // see above
	for n, tries := chosen, 0; tries < sample; tries++ {
		if s.entry(n).expiresAt <= now {
			return n
		}
		n = rand.IntN(s.count) //nolint:gosec // see above
	}
	return chosen
}
