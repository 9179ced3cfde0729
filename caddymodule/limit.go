package caddymodule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// LimitConfig is how often something may happen.
type LimitConfig struct {
	// Count is how many are allowed in the time Per.
	Count int `json:"count,omitempty"`
	// Per is the time in which as many are allowed again. Default 1s.
	Per caddy.Duration `json:"per,omitempty"`
	// Burst is how many may come at once. Default: as many as Count.
	Burst int `json:"burst,omitempty"`
	// Off sets no limit.
	Off bool `json:"off,omitempty"`
}

// or fills in the default where nothing was written, and refuses what cannot be.
func (c *LimitConfig) or(usual LimitConfig) error {
	if *c == (LimitConfig{}) {
		*c = usual
	}
	if c.Off {
		if *c != (LimitConfig{Off: true}) {
			return fmt.Errorf("got off and a limit, want one of them")
		}
		return nil
	}
	if c.Per == 0 {
		c.Per = caddy.Duration(time.Second)
	}
	if c.Burst == 0 {
		c.Burst = c.Count
	}
	if c.Count < 1 || c.Per < 0 {
		return fmt.Errorf("got %d in %s, want at least one in a time, such as 10 in 1m", c.Count, time.Duration(c.Per))
	}
	return c.limit().Validate()
}

func (c *LimitConfig) limit() throttle.Limit {
	return throttle.Limit{Rate: float64(c.Count) / time.Duration(c.Per).Seconds(), Burst: c.Burst}
}

// parse reads
//
//	<option> <count>/<s|m|h|d|duration> [burst <count>] | off
func (c *LimitConfig) parse(d *caddyfile.Dispenser) error {
	name, words := d.Val(), d.RemainingArgs()
	wrong := d.Errf("%s: got %q, want a limit such as 10/m burst 20, or the word off", name, strings.Join(words, " "))
	if len(words) == 1 && words[0] == "off" {
		*c = LimitConfig{Off: true}
		return nil
	}
	if len(words) != 1 && (len(words) != 3 || words[1] != "burst") {
		return wrong
	}
	count, per, found := strings.Cut(words[0], "/")
	if per = strings.TrimSpace(per); per != "" && (per[0] < '0' || per[0] > '9') {
		per = "1" + per
	}
	every, err := caddy.ParseDuration(per)
	if !found || err != nil || every <= 0 {
		return wrong
	}
	c.Per = caddy.Duration(every)
	if c.Count, err = strconv.Atoi(count); err != nil || c.Count < 1 {
		return wrong
	}
	if len(words) == 3 {
		if c.Burst, err = strconv.Atoi(words[2]); err != nil || c.Burst < 1 {
			return wrong
		}
	}
	return nil
}

// limitTables holds what was counted across reloads, by what is counted and its
// limit. A limit that a reload changes begins anew.
var limitTables = caddy.NewUsagePool()

type pooledLimit struct{ *throttle.Table }

// Destruct implements caddy.Destructor.
func (pooledLimit) Destruct() error { return nil }

// countedAtOnce is of how many clients or addresses a limit keeps count at once,
// at 24 bytes each where they are needed.
const countedAtOnce = 1 << 17

// table gives the table of a limit, or nil where it is off. The app lets it go
// in [App.releaseTables].
func (a *App) table(of string, c LimitConfig) (*throttle.Table, error) {
	if c.Off {
		return nil, nil
	}
	key := fmt.Sprintf("%s %+v", of, c)
	value, _, err := limitTables.LoadOrNew(key, func() (caddy.Destructor, error) {
		return pooledLimit{throttle.NewTable(c.limit(), countedAtOnce, nil)}, nil
	})
	if err != nil {
		return nil, err
	}
	a.tables = append(a.tables, key)
	return value.(pooledLimit).Table, nil
}

// releaseTables lets the tables go that other configurations do not use.
func (a *App) releaseTables() (err error) {
	for _, key := range a.tables {
		if _, failed := limitTables.Delete(key); failed != nil {
			err = failed
		}
	}
	a.tables = nil
	return err
}
