package statement

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
)

// defaultCached is far more statements than are in use: every copy of a
// version of an app presents the same one.
const defaultCached = 4096

// Cached is a [Verifier] that checks the signature of the same text once. It
// remembers what it believed, never what it refused. The times, and whether
// our key is still one of ours, are looked at each time.
type Cached struct {
	Verifier *Verifier
	// Size is how many statements are remembered; zero is 4096.
	Size int
	// Checked is told what came of each statement; nil is nobody.
	Checked func(Check)

	mu      sync.RWMutex
	entries map[[sha256.Size]byte]remembered
}

type remembered struct {
	statement Statement
	own       bool
	key       *jws.Key
}

// Verify decides as [Verifier.Verify] does.
func (c *Cached) Verify(raw string) (Statement, error) { return c.VerifyWithin(raw, nil) }

// VerifyWithin decides as [Verifier.VerifyWithin] does; what is remembered is
// no matter of any budget.
func (c *Cached) VerifyWithin(raw string, b jws.Budget) (Statement, error) {
	s, check, err := c.check(raw, b)
	if c.Checked != nil {
		c.Checked(check)
	}
	return s, err
}

func (c *Cached) check(raw string, b jws.Budget) (Statement, Check, error) {
	if len(raw) > jws.MaxSize {
		s, err := c.Verifier.Verify(raw) // which refuses it without hashing it
		return s, CheckRefused, err
	}
	sum := sha256.Sum256([]byte(raw))
	c.mu.RLock()
	known, found := c.entries[sum]
	c.mu.RUnlock()
	if found && c.current(known) {
		if err := c.Verifier.timely(known.statement); err != nil {
			return Statement{}, CheckRefused, err
		}
		return known.statement, CheckRemembered, nil
	}
	s, key, err := c.Verifier.verify(raw, b)
	if err != nil {
		return Statement{}, CheckRefused, err
	}
	c.remember(sum, remembered{s, s.Issuer == c.Verifier.Issuer, key})
	return s, CheckVerified, nil
}

// Recall tells what a text says that was believed before, and does not judge it
// again: it costs no signature, and says nothing about now.
func (c *Cached) Recall(raw string) (Statement, bool) {
	if raw == "" || len(raw) > jws.MaxSize {
		return Statement{}, false
	}
	sum := sha256.Sum256([]byte(raw))
	c.mu.RLock()
	defer c.mu.RUnlock()
	known, found := c.entries[sum]
	return known.statement, found
}

// Believed lists what is remembered, in no order: the statements that were
// presented since the start, or the newest of very many.
func (c *Cached) Believed() []Statement {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make([]Statement, 0, len(c.entries))
	for _, known := range c.entries {
		all = append(all, known.statement)
	}
	return all
}

// current says whether the key would still be asked. The keys of others do not
// change while a verifier lives.
func (c *Cached) current(known remembered) bool {
	return !known.own || slices.ContainsFunc(c.Verifier.Keys(known.statement.KeyID), func(key *jws.Key) bool {
		return key.Algorithm() == known.key.Algorithm() && jws.SameMaterial(key, known.key)
	})
}

func (c *Cached) remember(sum [sha256.Size]byte, entry remembered) {
	size := c.Size
	if size == 0 {
		size = defaultCached
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[[sha256.Size]byte]remembered{}
	}
	for old := range c.entries {
		if len(c.entries) < size {
			break
		}
		delete(c.entries, old) // a random one: maps are walked in no order
	}
	c.entries[sum] = entry
}

// Ends tells how long until the first of the statements that are remembered
// expires, and false where none of them does.
func (c *Cached) Ends() (time.Duration, bool) {
	now, found := c.Verifier.Now(), false
	var soonest time.Duration
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, known := range c.entries {
		left := known.statement.ExpiresAt.Sub(now)
		if !known.statement.ExpiresAt.IsZero() && left > 0 && (!found || left < soonest) {
			soonest, found = left, true
		}
	}
	return soonest, found
}

// Len counts what is remembered.
func (c *Cached) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.entries)
}
