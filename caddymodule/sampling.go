package caddymodule

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-dcr/caddy-dcr/internal/event"
)

// EventConfig says how many of the events are raised that come with requests.
// The others are all raised.
type EventConfig struct {
	// Registered is of how many clients that are registered one is told of.
	// Default 1, which is each; a negative number tells of none.
	Registered int `json:"registered,omitempty"`
	// TokenIssued is of how many access tokens one is told of. Default 100; a
	// negative number tells of none.
	TokenIssued int `json:"token_issued,omitempty"`
	// Refused is of how many refusals with the same reason one is told of,
	// beginning with the first. Default 100; a negative number tells of none.
	Refused int `json:"refused,omitempty"`
}

const (
	usualRegistered = 1
	// usualSampled keeps what a listener gets from a busy gateway, or from one
	// that is attacked, to some hundred events a second.
	usualSampled = 100
	mostOneIn    = 1_000_000_000
)

// samplers pick the requests of which listeners are told.
type samplers struct{ registered, tokenIssued, refused event.Sampler }

func (c *EventConfig) samplers() (*samplers, error) {
	for _, field := range []struct {
		name  string
		oneIn *int
		usual int
	}{
		{"registered", &c.Registered, usualRegistered},
		{"token_issued", &c.TokenIssued, usualSampled},
		{"refused", &c.Refused, usualSampled},
	} {
		switch {
		case *field.oneIn == 0:
			*field.oneIn = field.usual
		case *field.oneIn > mostOneIn:
			return nil, fmt.Errorf("events: %s: got one in %d, want at most %d", field.name, *field.oneIn, mostOneIn)
		}
	}
	return &samplers{
		registered:  event.Sampler{OneIn: c.Registered},
		tokenIssued: event.Sampler{OneIn: c.TokenIssued},
		refused:     event.Sampler{OneIn: c.Refused},
	}, nil
}

// parse reads the block:
//
//	events {
//		registered 1/<count> | off
//		token_issued 1/<count> | off
//		refused 1/<count> | off
//	}
func (c *EventConfig) parse(d *caddyfile.Dispenser) error {
	return block(d, map[string]func() error{
		"registered":   func() error { return oneIn(d, &c.Registered) },
		"token_issued": func() error { return oneIn(d, &c.TokenIssued) },
		"refused":      func() error { return oneIn(d, &c.Refused) },
	})
}

// oneIn reads a part such as 1/100.
func oneIn(d *caddyfile.Dispenser, into *int) error {
	name := d.Val()
	var text string
	if err := oneArg(d, &text); err != nil {
		return err
	}
	if text == "off" {
		*into = -1
		return nil
	}
	count, found := strings.CutPrefix(text, "1/")
	n, err := strconv.Atoi(count)
	if !found || err != nil || n < 1 {
		return d.Errf("%s: got %q, want a part such as 1/100, or the word off", name, text)
	}
	*into = n
	return nil
}
