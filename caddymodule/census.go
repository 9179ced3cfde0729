package caddymodule

import (
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/census"
	"github.com/caddy-dcr/caddy-dcr/internal/reaper"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const (
	defaultCensus  = time.Hour
	shortestCensus = time.Second
	// longestCensus leaves room within the time for which a census is believed.
	longestCensus = 24 * time.Hour
	// countedFrom is how old the state may be while clients are counted: what
	// was killed must not be counted as living for want of news.
	countedFrom = 5 * time.Second

	reaperObserves = "observe"
	reaperRemoves  = "remove"
)

// ReaperConfig removes clients that nobody has used for a long time. Off by
// default.
type ReaperConfig struct {
	// Unused is for how long a client did not get a token, at the least 30
	// days. Only time that is on record counts: a store that was restored, or
	// that no gateway counted for three days, begins anew.
	Unused caddy.Duration `json:"unused,omitempty"`
	// Mode is `observe` (the default), which counts them, or `remove`. A device
	// whose client was removed is told invalid_client, and registers again.
	Mode string `json:"mode,omitempty"`
}

func (c *ReaperConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"unused": func() error { return duration(d, &c.Unused) },
		"mode":   func() error { return oneArg(d, &c.Mode) },
	})
}

// parseCensus writes the word off as a negative value, because the zero value
// of the JSON field stands for the default.
func (a *App) parseCensus(d *caddyfile.Dispenser) error {
	name, words := d.Val(), d.RemainingArgs()
	if len(words) == 1 && words[0] == "off" {
		a.Census = -1
		return nil
	}
	if len(words) != 1 {
		return d.Errf("%s takes a duration or the word off, got %d values", name, len(words))
	}
	every, err := caddy.ParseDuration(words[0])
	if err != nil || every <= 0 {
		return d.Errf("%s: got %q, want a duration such as 1h, or the word off", name, words[0])
	}
	a.Census = caddy.Duration(every)
	return nil
}

// walker makes what counts the clients, or nil where nobody does.
func (a *App) walker() (*census.Walker, error) {
	if err := a.checkCensus(); err != nil {
		return nil, err
	}
	every := time.Duration(a.Census)
	switch {
	case every < 0:
		return nil, nil
	case every == 0:
		every = defaultCensus
	}
	w := &census.Walker{
		Records: a.backing.records, State: counting{a.backing.replica}, Book: a.backing.book,
		Issuer: a.Issuer, Node: a.backing.nodes.Name, Every: every, Observer: metricsOf, Logger: a.logger,
	}
	if c := &a.Reaper; *c != (ReaperConfig{}) {
		w.Visitor = &reaper.Reaper{
			Clients: a.backing.records, Unused: time.Duration(c.Unused), Remove: c.Mode == reaperRemoves,
			Now: a.backing.replica.Now, Reaped: metricsOf.ClientReaped, Logger: a.logger,
		}
	}
	return w, nil
}

// checkCensus fills in the reaper's mode, and refuses what cannot be.
func (a *App) checkCensus() error {
	c, every := &a.Reaper, time.Duration(a.Census)
	if *c != (ReaperConfig{}) {
		if c.Mode == "" {
			c.Mode = reaperObserves
		}
		if c.Mode != reaperObserves && c.Mode != reaperRemoves {
			return fmt.Errorf("reaper: mode: got %q, want %s or %s", c.Mode, reaperObserves, reaperRemoves)
		}
		if d := time.Duration(c.Unused); d < reaper.Least {
			return fmt.Errorf("reaper: unused: got %s, want %s or more: a device may be away for a month", d, reaper.Least)
		}
		if every < 0 {
			return errors.New("reaper: got one, and census off: nobody would look for unused clients")
		}
	}
	if every > 0 && (every < shortestCensus || every > longestCensus) {
		return fmt.Errorf("census: got %s, want %s to %s, or off", every, shortestCensus, longestCensus)
	}
	return nil
}

// counting is the state for whoever counts clients.
type counting struct{ *state.Replica }

// Fresh implements census.State.
func (c counting) Fresh() error { return c.Replica.Fresh(countedFrom) }
