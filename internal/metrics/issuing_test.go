package metrics

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/registration"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestIssuingCountsEveryOutcomeForItself(t *testing.T) {
	m := New()
	for _, outcome := range registration.Outcomes {
		m.Registered(outcome, time.Now())
		assert.EqualValues(t, 1, count(t, m, "registrations_total", string(outcome)))
	}
	assert.EqualValues(t, len(registration.Outcomes), count(t, m, "registration_duration_seconds"))
	for _, outcome := range TokenOutcomes {
		m.TokenRequested(outcome, time.Now())
		assert.EqualValues(t, 1, count(t, m, "tokens_total", string(outcome)))
	}
	assert.EqualValues(t, len(TokenOutcomes), count(t, m, "token_duration_seconds"))
	for _, source := range device.Sources {
		m.DeviceDescribed(source)
		assert.EqualValues(t, 1, count(t, m, "device_source_total", string(source)))
	}
	m.PlatformMismatched()
	assert.EqualValues(t, 1, count(t, m, "platform_mismatches_total"))
}

func TestATokenRequestsErrorHasItsOutcome(t *testing.T) {
	cases := []struct {
		name string
		err  error
		want TokenOutcome
	}{
		{"no error is a token", nil, TokenIssued},
		{"a malformed request", oautherr.New(oautherr.InvalidRequest, ""), TokenRequestInvalid},
		{"a wrong method", oautherr.New(oautherr.MethodNotAllowed, ""), TokenRequestInvalid},
		{"an early request", oautherr.New(oautherr.TooEarly, ""), TokenRequestInvalid},
		{"an unknown client", oautherr.New(oautherr.InvalidClient, ""), TokenClientInvalid},
		{"a wrapped error", fmt.Errorf("issuing: %w", oautherr.New(oautherr.InvalidClient, "")), TokenClientInvalid},
		{"a client that may not", oautherr.New(oautherr.UnauthorizedClient, ""), TokenClientForbidden},
		{"another grant", oautherr.New(oautherr.UnsupportedGrantType, ""), TokenGrantUnknown},
		{"too much of a scope", oautherr.New(oautherr.InvalidScope, ""), TokenScopeInvalid},
		{"too many requests", oautherr.New(oautherr.TooManyRequests, ""), TokenThrottled},
		{"a store that is away is our fault", plugins.ErrUnavailable, TokenUnavailable},
		{"an error that nobody expected is our fault", errors.New("x"), TokenUnavailable},
		{"a code that no token request has is our fault", oautherr.New(oautherr.NotFound, ""), TokenUnavailable},
	}
	reached := map[TokenOutcome]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, TokenOutcomeOf(c.err))
			assert.True(t, slices.Contains(TokenOutcomes, c.want))
		})
		reached[c.want] = true
	}
	assert.Len(t, reached, len(TokenOutcomes), "every outcome has a case")
}
