package caddymodule

import (
	"fmt"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/explain"
)

const (
	defaultRefusals   = 10_000
	mostRefusals      = 1_000_000
	defaultSharedRate = 10
	mostSharedRate    = 1000
	shortestKept      = time.Minute
	longestKept       = 7 * 24 * time.Hour
)

// ExplainConfig says how much is remembered of refused requests, for `caddy
// dcr explain`.
type ExplainConfig struct {
	// Size is how many refusals a gateway remembers, at about 350 bytes each
	// and at most 1110: one half for clients that proved who they are, one for
	// everybody else. Default 10000; a negative number remembers none.
	Size int `json:"size,omitempty"`
	// Store is how long refusals are also kept in the store, so that each
	// gateway of a fleet can explain those of the others, and a restart loses
	// none. 1m to 168h. Off by default.
	Store caddy.Duration `json:"store,omitempty"`
	// Rate is how many refusals a second each gateway puts into the store; what
	// is beyond is remembered there alone. Default 10, at most 1000.
	Rate int `json:"rate,omitempty"`
}

// parse reads the block:
//
//	explain off
//	explain {
//		size <count>
//		store <duration> [<per second>]
//	}
func (c *ExplainConfig) parse(d *caddyfile.Dispenser) error {
	if d.NextArg() {
		if d.Val() != "off" || d.NextArg() {
			return d.Err("explain takes a block, or the word off")
		}
		c.Size = -1
		return nil
	}
	return block(d, map[string]func() error{
		"size": func() error {
			var text string
			if err := oneArg(d, &text); err != nil {
				return err
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return d.Errf("size: got %q, want a number of refusals above 0", text)
			}
			c.Size = n
			return nil
		},
		"store": func() error {
			found := d.RemainingArgs()
			if len(found) == 0 || len(found) > 2 {
				return d.Errf("store takes a duration and perhaps a number a second, got %d values", len(found))
			}
			kept, err := caddy.ParseDuration(found[0])
			if err != nil {
				return d.Errf("store: got %q, want a duration such as 1h", found[0])
			}
			c.Store = caddy.Duration(kept)
			if len(found) == 1 {
				return nil
			}
			if c.Rate, err = strconv.Atoi(found[1]); err != nil || c.Rate < 1 {
				return d.Errf("store: got %q, want a number of refusals a second above 0", found[1])
			}
			return nil
		},
	})
}

// defaults fills in what was left out and refuses what cannot be.
func (c *ExplainConfig) defaults() error {
	switch kept := time.Duration(c.Store); {
	case c.Size == 0:
		c.Size = defaultRefusals
	case c.Size > mostRefusals:
		return fmt.Errorf("size: got %d, want at most %d", c.Size, mostRefusals)
	case c.Size < 0 && kept != 0:
		return fmt.Errorf("store: got %s, want none where nothing is remembered", kept)
	}
	if kept := time.Duration(c.Store); kept != 0 && (kept < shortestKept || kept > longestKept) {
		return fmt.Errorf("store: got %s, want %s to %s", kept, shortestKept, longestKept)
	}
	if c.Rate == 0 {
		c.Rate = defaultSharedRate
	}
	if c.Rate < 0 || c.Rate > mostSharedRate {
		return fmt.Errorf("rate: got %d, want 1 to %d", c.Rate, mostSharedRate)
	}
	return nil
}

// memories holds what is remembered of refusals across reloads, by the state
// that they are about and by how much there may be.
var memories = caddy.NewUsagePool()

type pooledMemory struct{ *explain.Memory }

// Destruct implements caddy.Destructor.
func (m pooledMemory) Destruct() error {
	m.Close()
	return nil
}

func (a *App) attachMemory() error {
	if a.Explain.Size < 0 {
		return nil
	}
	c := explain.Config{Size: a.Explain.Size, Shared: metricsOf.RefusalShared}
	if a.Explain.Store != 0 {
		c.Shelf, c.Keep, c.Rate = a.backing.records, time.Duration(a.Explain.Store), a.Explain.Rate
	}
	key := fmt.Sprintf("%s|%+v", a.poolKey, a.Explain)
	value, _, err := memories.LoadOrNew(key, func() (caddy.Destructor, error) {
		return pooledMemory{explain.New(c)}, nil
	})
	if err != nil {
		return err
	}
	a.memoryKey, a.memory = key, value.(pooledMemory).Memory
	return nil
}
