package caddymodule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/event"
	"github.com/caddy-dcr/caddy-dcr/internal/quota"
)

// QuotaConfig bounds how many clients are registered. All of it is off by
// default: no number suits both the test of three people and the night of a
// final, and a limit that nobody chose is an outage that nobody expects. Over a
// limit a device gets 429 and comes again later.
type QuotaConfig struct {
	// Statement bounds the registrations with one software statement.
	Statement QuotaLimit `json:"statement,omitzero"`
	// Application bounds the registrations of one application.
	Application QuotaLimit `json:"application,omitzero"`
	// Address bounds the registrations from one IPv4 address or one /64 of
	// IPv6. Behind one address may be the homes of a town. With `live`, the
	// record of each new client holds 32 bits of a keyed hash of it.
	Address QuotaLimit `json:"address,omitzero"`
	// WarnAt is how many percent of a limit are near it: then the log, a metric
	// and an event say so. Default 80.
	WarnAt int `json:"warn_at,omitempty"`
}

// QuotaLimit bounds the registrations under one thing.
type QuotaLimit struct {
	// Rate is how many may be registered in a time, at all gateways that share
	// the store. None by default.
	Rate LimitConfig `json:"rate,omitzero"`
	// Live is how many clients may be there that nothing stops, as of the last
	// census and what this gateway has registered since. Without limit by
	// default.
	Live int `json:"live,omitempty"`
}

const (
	defaultWarnAt = 80
	longestReuse  = 24 * time.Hour
)

func (c *QuotaConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"statement":   func() error { return c.Statement.parse(d) },
		"application": func() error { return c.Application.parse(d) },
		"address":     func() error { return c.Address.parse(d) },
		"warn_at": func() error {
			var text string
			if err := oneArg(d, &text); err != nil {
				return err
			}
			percent, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
			if err != nil || percent < 1 || percent > 100 || !strings.HasSuffix(text, "%") {
				return d.Errf("warn_at: got %q, want a part of the limits such as 80%%", text)
			}
			c.WarnAt = percent
			return nil
		},
	})
}

func (l *QuotaLimit) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"rate": func() error { return l.Rate.parse(d) },
		"live": func() error {
			var text string
			if err := oneArg(d, &text); err != nil {
				return err
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return d.Errf("live: got %q, want a number of clients above 0", text)
			}
			l.Live = n
			return nil
		},
	})
}

// boundClients sets up what keeps clients from growing without bound.
func (s *services) boundClients() (err error) {
	if s.walker, err = s.app.walker(); err != nil {
		return err
	}
	if err := s.app.checkReuse(); err != nil {
		return err
	}
	s.registration.ReuseWithin = time.Duration(s.app.ReuseRegistrations)
	limits, err := s.app.quotas()
	if limits != nil {
		s.registration.Limits = limits
	}
	return err
}

// quotas makes the limits of registrations, or nil where there are none.
func (a *App) quotas() (*quota.Limits, error) {
	if err := a.checkQuotas(); err != nil {
		return nil, err
	}
	c := &a.Quotas
	if c.none() {
		return nil, nil
	}
	l := &quota.Limits{
		WarnAt: float64(c.WarnAt) / 100, Buckets: a.backing.records.Store, Counts: a.backing.book, Secrets: a.backing.keys.Secrets,
		Now: a.backing.replica.Now, Checked: metricsOf.QuotaChecked, Notify: a.tellQuota,
	}
	l.Statement, _ = c.Statement.limit() // they were checked
	l.Application, _ = c.Application.limit()
	l.Address, _ = c.Address.limit()
	return l, nil
}

func (c *QuotaConfig) none() bool {
	return c.Statement == (QuotaLimit{}) && c.Application == (QuotaLimit{}) && c.Address == (QuotaLimit{})
}

// checkQuotas fills in what was left out and refuses what cannot be.
func (a *App) checkQuotas() error {
	c := &a.Quotas
	if c.none() {
		return nil
	}
	if a.Census < 0 && (c.Statement.Live != 0 || c.Application.Live != 0 || c.Address.Live != 0) {
		return errors.New("quotas: live: got a limit, and census off: nobody would count the clients")
	}
	if c.WarnAt == 0 {
		c.WarnAt = defaultWarnAt
	}
	if c.WarnAt < 1 || c.WarnAt > 100 {
		return fmt.Errorf("quotas: warn_at: got %d, want 1 to 100 percent", c.WarnAt)
	}
	for name, limit := range map[string]*QuotaLimit{"statement": &c.Statement, "application": &c.Application, "address": &c.Address} {
		if _, err := limit.limit(); err != nil {
			return fmt.Errorf("quotas: %s: %w", name, err)
		}
	}
	return nil
}

func (a *App) checkReuse() error {
	if reuse := time.Duration(a.ReuseRegistrations); reuse != 0 && (reuse < time.Second || reuse > longestReuse) {
		return fmt.Errorf("reuse_registrations: got %s, want %s to %s", reuse, time.Second, longestReuse)
	}
	return nil
}

// limit reads what was configured. The store keeps any bucket, so the bounds of
// a gateway's own do not matter here.
func (l *QuotaLimit) limit() (quota.Limit, error) {
	if l.Live < 0 {
		return quota.Limit{}, fmt.Errorf("live: got %d, want a number of clients above 0", l.Live)
	}
	if l.Rate.Off || l.Rate == (LimitConfig{}) {
		return quota.Limit{Live: l.Live}, nil
	}
	if l.Rate.Per == 0 || l.Rate.Count < 1 || l.Rate.Per < 0 || l.Rate.Burst < 0 {
		return quota.Limit{}, fmt.Errorf("rate: got %d in %s, want at least one in a time, such as 1000 in 1h",
			l.Rate.Count, time.Duration(l.Rate.Per))
	}
	if l.Rate.Burst == 0 {
		l.Rate.Burst = l.Rate.Count
	}
	bucket := l.Rate.limit()
	return quota.Limit{Rate: bucket.Rate, Burst: bucket.Burst, Live: l.Live}, nil
}

// tellQuota tells an operator that a limit is near or was reached.
func (a *App) tellQuota(n quota.Notice) {
	name, text := event.QuotaNear, "a quota of registrations is nearly used up"
	if n.Result == quota.Refused {
		name, text = event.QuotaReached, "a quota of registrations is used up; devices are told to come again later"
	}
	a.logger.Warn(text+"; this one is not logged again for an hour", "quota", string(n.Kind), "id", n.ID, "used", n.Used, "limit", n.Limit)
	raise(event.Event{Name: name, Data: map[string]any{"quota": string(n.Kind), "id": n.ID, "used": n.Used, "limit": n.Limit}})
}
