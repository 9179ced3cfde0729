package caddymodule

import (
	"context"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/google/uuid"

	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/sightings"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
)

// SpreadConfig says when a client that is seen from many devices is told of.
// Nothing is refused for it. Each gateway counts what it sees itself, by an
// estimate that is usually within a tenth of the truth.
type SpreadConfig struct {
	// Devices is from how many addresses (IPv4 addresses, or /64s of IPv6) a
	// client has to be seen. Default 300: a phone that meets another exit of
	// its network every ten minutes comes to 144 in a day.
	Devices int `json:"devices,omitempty"`
	// Within is the time in which. Default 24h.
	Within caddy.Duration `json:"within,omitempty"`
	// Off looks for none.
	Off bool `json:"off,omitempty"`
}

const (
	usualDevices = 300
	usualWithin  = 24 * time.Hour
	// seenAtOnce is for how many clients a gateway remembers from where they
	// came, at 152 bytes each where they are needed.
	seenAtOnce = 1 << 16
	// sampledOneIn is how many requests with a known token there are for one
	// of which the address is noted.
	sampledOneIn = 64
)

func (c *SpreadConfig) defaults() error {
	if c.Off {
		if *c != (SpreadConfig{Off: true}) {
			return fmt.Errorf("spread: got off and a limit, want one of them")
		}
		return nil
	}
	if c.Devices == 0 {
		c.Devices = usualDevices
	}
	if c.Within == 0 {
		c.Within = caddy.Duration(usualWithin)
	}
	if c.Devices < 2 || c.Devices > 100_000 {
		return fmt.Errorf("spread: devices: got %d, want 2 to 100000", c.Devices)
	}
	if within := time.Duration(c.Within); within < time.Minute || within > 31*24*time.Hour {
		return fmt.Errorf("spread: within: got %s, want 1m to 31d", within)
	}
	return nil
}

// parse reads
//
//	spread {
//		devices <count>
//		within <duration>
//	}
//
// or
//
//	spread off
func (c *SpreadConfig) parse(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() == 0 {
		return block(d, map[string]func() error{
			"devices": func() error { return count(d, &c.Devices) },
			"within":  func() error { return duration(d, &c.Within) },
		})
	}
	if words := d.RemainingArgs(); len(words) != 1 || words[0] != "off" {
		return d.Errf("spread takes a block, or the word off; got %q", words)
	}
	c.Off = true
	return nil
}

// spreadTables holds what was seen across reloads, by what is looked for.
var spreadTables = caddy.NewUsagePool()

type pooledSpread struct{ *sightings.Table }

// Destruct implements caddy.Destructor.
func (pooledSpread) Destruct() error { return nil }

// watch notes from where clients come, and tells of those that come from too
// many places. None watches where it is nil.
type watch struct {
	app   *App
	table *sightings.Table
}

// newWatch finds or makes the table. The app lets it go in [App.Cleanup].
func (a *App) newWatch() (*watch, error) {
	if err := a.Spread.defaults(); err != nil || a.Spread.Off {
		return nil, err
	}
	key := fmt.Sprintf("%+v", a.Spread)
	value, _, err := spreadTables.LoadOrNew(key, func() (caddy.Destructor, error) {
		limit := sightings.Limit{Devices: a.Spread.Devices, Within: time.Duration(a.Spread.Within)}
		return pooledSpread{sightings.NewTable(limit, seenAtOnce, nil)}, nil
	})
	if err != nil {
		return nil, err
	}
	a.spreadKey = key
	return &watch{app: a, table: value.(pooledSpread).Table}, nil
}

// releaseSpread lets the table go.
func (a *App) releaseSpread() error {
	if a.spreadKey == "" {
		return nil
	}
	_, err := spreadTables.Delete(a.spreadKey)
	a.spreadKey = ""
	return err
}

// seen notes from where a client came in the request that the context is of.
// Where nobody can say, as in a test, nothing is noted.
func (w *watch) seen(ctx context.Context, client, application uuid.UUID) {
	if w == nil {
		return
	}
	address := addressIn(ctx)
	if !address.IsValid() {
		return
	}
	devices, spread := w.table.Seen(client, uint64(throttle.AddressKey(address, throttle.IPv6Prefix)))
	if !spread {
		return
	}
	metricsOf.ClientSpread()
	config := &w.app.Spread
	w.app.logger.Warn("a client is seen from very many devices: its credentials may have leaked",
		"client", client, "application", application, "devices", devices, "within", time.Duration(config.Within))
	raise(event.Event{Name: event.ClientSpread, Data: map[string]any{
		"client": client.String(), "application": application.String(), "devices": devices,
		"threshold": config.Devices, "within": time.Duration(config.Within).String(),
	}})
}

// watch notes from where one request in many comes, which the random trace
// chooses: the sample finds a token that many devices share, and costs the
// others nothing.
func (x *exchange) watch() {
	if x.trace[0]%sampledOneIn == 0 && x.known.application != nil {
		x.guard.services.watch.seen(x.r.Context(), x.known.ClientID, x.known.ApplicationID)
	}
}
