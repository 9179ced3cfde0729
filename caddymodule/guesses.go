package caddymodule

import (
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/guesses"
)

// GuessConfig says how many wrong client credentials the token endpoint calls
// wrong; more get 429, whether the client is unknown or the secret wrong. Right
// credentials pass at any time, so nobody's guessing locks a client out.
// Each gateway counts by itself.
type GuessConfig struct {
	// PerClient counts by the client that is named. Default 10 in a minute, 20
	// at once.
	PerClient LimitConfig `json:"per_client,omitzero"`
	// PerAddress counts by where they come from: an IPv4 address, or a /64 of
	// IPv6. Default 300 in a minute, 1000 at once: behind one address may be
	// the homes of a town, whose devices are all wrong at one moment when their
	// clients were deleted.
	PerAddress LimitConfig `json:"per_address,omitzero"`
}

var (
	usualPerClient  = LimitConfig{Count: 10, Per: caddy.Duration(time.Minute), Burst: 20}
	usualPerAddress = LimitConfig{Count: 300, Per: caddy.Duration(time.Minute), Burst: 1000}
)

func (c *GuessConfig) defaults() error {
	if err := c.PerClient.or(usualPerClient); err != nil {
		return fmt.Errorf("guesses: per_client: %w", err)
	}
	if err := c.PerAddress.or(usualPerAddress); err != nil {
		return fmt.Errorf("guesses: per_address: %w", err)
	}
	return nil
}

func (c *GuessConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"per_client":  func() error { return c.PerClient.parse(d) },
		"per_address": func() error { return c.PerAddress.parse(d) },
	})
}

// guessLimits makes the counts of wrong credentials, which outlive a reload.
func (a *App) guessLimits() (*guesses.Limits, error) {
	if err := a.Guesses.defaults(); err != nil {
		return nil, err
	}
	l := &guesses.Limits{Refused: metricsOf.GuessRefused}
	var err error
	if l.Clients, err = a.table("guesses per client", a.Guesses.PerClient); err != nil {
		return nil, err
	}
	l.Addresses, err = a.table("guesses per address", a.Guesses.PerAddress)
	return l, err
}
